# %% q1_square
class Square:
    def forward(self, x):
        """The square of every entry.

        x: array of shape (n,).
        Returns an array of shape (n,).
        """
        self.x = x
        return x**2

    def jacobian(self):
        """How much each output follows each input.

        Returns an array of shape (n, n), outputs by inputs.
        """
        return np.diag(2.0 * self.x)

    def backward(self, upstream):
        """What goes back to x, without the matrix.

        upstream: array of shape (n,), the gradient that arrives at the output.
        Returns dx, an array of shape (n,).
        """
        return upstream * 2.0 * self.x

# %% q1_square_forward
check.forward(Square, at=dict(x=np.array([1.0, -2.0, 3.0])), gives=[1.0, 4.0, 9.0])
### BEGIN HIDDEN TESTS
check.forward(Square, at=check.points(x=(4,), seed=11, scale=[1e-3, 1e3]), like=lambda x: x * x)
### END HIDDEN TESTS

# %% q1_square_jacobian
check.jacobian(Square, at=check.points(x=(3,), seed=12))
### BEGIN HIDDEN TESTS
check.jacobian(Square, at=check.points(x=(2,), seed=13, scale=[1e-3, 1e3]), of=lambda x: x * x)
check.jacobian(Square, at=dict(x=np.array([3, -1])), of=lambda x: x * x)
### END HIDDEN TESTS

# %% q1_square_backward
check.backward(Square, at=check.points(x=(3,), seed=14))
### BEGIN HIDDEN TESTS
check.backward(Square, at=check.points(x=(4,), seed=15, scale=[1e-3, 1e3]), of=lambda x: x * x)
check.backward(Square, at=dict(x=np.array([3, -1])), of=lambda x: x * x)
### END HIDDEN TESTS

# %% q2_linearmap
class LinearMap:
    def __init__(self, A):
        """A: array of shape (m, n)."""
        self.A = A

    def forward(self, x):
        """The matrix times the vector.

        x: array of shape (n,).
        Returns an array of shape (m,).
        """
        return self.A @ x

    def jacobian(self):
        """How much each output follows each input.

        Returns an array of shape (m, n), outputs by inputs.
        """
        return self.A.copy()

    def backward(self, upstream):
        """What goes back to x.

        upstream: array of shape (m,), the gradient that arrives at the output.
        Returns dx, an array of shape (n,).
        """
        return self.A.T @ upstream

# %% q2_linearmap_forward
A = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0]])
check.forward(LinearMap, made_with=(A,), at=dict(x=np.array([2.0, 1.0, -1.0])), gives=[4.0, -4.5])
### BEGIN HIDDEN TESTS
B = np.array([[1.0, -2.0], [0.25, 3.0], [4.0, 0.5]])
check.forward(
    LinearMap,
    made_with=(B,),
    at=check.points(x=(2,), seed=21, scale=[1e-3, 1e3]),
    like=lambda x: B @ x,
)
### END HIDDEN TESTS

# %% q2_linearmap_jacobian
A = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0]])
check.jacobian(LinearMap, made_with=(A,), at=check.points(x=(3,), seed=22))
### BEGIN HIDDEN TESTS
B = np.array([[1.0, -2.0], [0.25, 3.0], [4.0, 0.5]])
check.jacobian(LinearMap, made_with=(B,), at=check.points(x=(2,), seed=23), of=lambda x: B @ x)
### END HIDDEN TESTS

# %% q2_linearmap_backward
S = np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0], [0.25, -0.5, 2.0]])
check.backward(LinearMap, made_with=(S,), at=check.points(x=(3,), seed=24))
### BEGIN HIDDEN TESTS
B = np.array([[1.0, -2.0], [0.25, 3.0], [4.0, 0.5]])
check.backward(LinearMap, made_with=(B,), at=check.points(x=(2,), seed=25), of=lambda x: B @ x)
### END HIDDEN TESTS

# %% q3_softmax
class Softmax:
    def forward(self, x):
        """The softmax of a vector.

        x: array of shape (n,).
        Returns an array of shape (n,), which sums to 1.
        """
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def jacobian(self):
        """How much each output follows each input.

        Returns an array of shape (n, n), outputs by inputs.
        """
        return np.diag(self.s) - np.outer(self.s, self.s)

    def backward(self, upstream):
        """What goes back to x, without the matrix.

        upstream: array of shape (n,), the gradient that arrives at the output.
        Returns dx, an array of shape (n,).
        """
        return self.s * (upstream - np.sum(self.s * upstream))

# %% q3_softmax_forward
check.forward(
    Softmax,
    at=dict(x=np.array([1.0, 2.0, 3.0])),
    gives=[0.090031, 0.244728, 0.665241],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    Softmax,
    at=dict(x=np.array([998.0, 1000.0, -1000.0, 999.0])),
    like=lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
)
### END HIDDEN TESTS

# %% q3_softmax_jacobian
check.jacobian(Softmax, at=check.points(x=(3,), seed=32))
### BEGIN HIDDEN TESTS
check.jacobian(
    Softmax,
    at=dict(x=np.array([998.0, 1000.0, -1000.0, 999.0])),
    of=lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
)
### END HIDDEN TESTS

# %% q3_softmax_backward
check.backward(Softmax, at=check.points(x=(3,), seed=34))
### BEGIN HIDDEN TESTS
check.backward(
    Softmax,
    at=dict(x=np.array([998.0, 1000.0, -1000.0, 999.0])),
    of=lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
)
### END HIDDEN TESTS

# %% q4_pairmax
class PairMax:
    def forward(self, x):
        """The larger entry of each pair of neighbours.

        x: array of shape (n,), n even.
        Returns an array of shape (n/2,).
        """
        pairs = x.reshape(-1, 2)
        self.n = len(x)
        self.winner = 2 * np.arange(len(pairs)) + np.argmax(pairs, axis=1)
        return x[self.winner]

    def jacobian(self):
        """How much each output follows each input.

        Returns an array of shape (n/2, n), outputs by inputs.
        """
        J = np.zeros((len(self.winner), self.n))
        J[np.arange(len(self.winner)), self.winner] = 1.0
        return J

    def backward(self, upstream):
        """What goes back to x, without the matrix.

        upstream: array of shape (n/2,), the gradient that arrives at the output.
        Returns dx, an array of shape (n,).
        """
        dx = np.zeros(self.n)
        dx[self.winner] = upstream
        return dx

# %% q4_pairmax_forward
check.forward(PairMax, at=dict(x=np.array([1.0, 4.0, -2.0, -3.0, 5.0, 0.5])), gives=[4.0, -2.0, 5.0])
### BEGIN HIDDEN TESTS
check.forward(
    PairMax,
    at=check.points(x=(8,), seed=41, scale=[1e-3, 1e3]),
    like=lambda x: np.maximum(x[::2], x[1::2]),
)
### END HIDDEN TESTS

# %% q4_pairmax_jacobian
check.jacobian(PairMax, at=dict(x=np.array([1.0, 4.0, -2.0, -3.0, 5.0, 0.5])))
### BEGIN HIDDEN TESTS
check.jacobian(
    PairMax,
    at=check.points(x=(4,), seed=44, scale=[1e-3, 1e3]),
    of=lambda x: np.maximum(x[::2], x[1::2]),
)
### END HIDDEN TESTS

# %% q4_pairmax_backward
check.backward(PairMax, at=dict(x=np.array([1.0, 4.0, -2.0, -3.0, 5.0, 0.5])))
### BEGIN HIDDEN TESTS
check.backward(
    PairMax,
    at=dict(x=np.array([2.0, 2.0, -1.0, -1.0])),
    of=lambda x: np.maximum(x[::2], x[1::2]),
)
### END HIDDEN TESTS

# %% q5_batchsoftmax
class BatchSoftmax:
    def forward(self, x):
        """The softmax of each row.

        x: array of shape (N, M), an example in each row.
        Returns an array of shape (N, M), each row of which sums to 1.
        """
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        self.s = e / np.sum(e, axis=1, keepdims=True)
        return self.s

    def backward(self, upstream):
        """What goes back to x, without a matrix.

        upstream: array of shape (N, M), the gradient that arrives at the output.
        Returns dx, an array of shape (N, M).
        """
        common = np.sum(self.s * upstream, axis=1, keepdims=True)
        return self.s * (upstream - common)

# %% q5_batchsoftmax_forward
check.forward(
    BatchSoftmax,
    at=dict(x=np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])),
    gives=[[0.090031, 0.244728, 0.665241], [0.333333, 0.333333, 0.333333]],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    BatchSoftmax,
    at=dict(x=np.array([[1000.0, 999.0], [-1000.0, -998.0], [0.5, -1.0]])),
    like=lambda x: np.exp(x - x.max(1)[:, None]) / np.exp(x - x.max(1)[:, None]).sum(1)[:, None],
)
### END HIDDEN TESTS

# %% q5_batchsoftmax_backward
check.backward(BatchSoftmax, at=check.points(x=(3, 4), seed=50))
### BEGIN HIDDEN TESTS
check.backward(
    BatchSoftmax,
    at=dict(x=np.array([[1000.0, 999.0], [-1000.0, -998.0], [0.5, -1.0]])),
    of=lambda x: np.exp(x - x.max(1)[:, None]) / np.exp(x - x.max(1)[:, None]).sum(1)[:, None],
)
### END HIDDEN TESTS

# %% q6_conventions
def column_gradient(J, dz):
    """The gradient of the inputs, as a column.

    J: array of shape (m, n), the Jacobian, outputs by inputs.
    dz: array of shape (m, 1), the gradient of the outputs.
    Returns dx, an array of shape (n, 1).
    """
    return J.T @ dz


def row_gradient(J, dz):
    """The gradient of the inputs, as a row.

    J: array of shape (m, n), the Jacobian, outputs by inputs.
    dz: array of shape (1, m), the gradient of the outputs.
    Returns dx, an array of shape (1, n).
    """
    return dz @ J

# %% q6_conventions_column
J = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
check.function(
    column_gradient,
    at=dict(J=J, dz=np.array([[1.0], [2.0], [-1.0]])),
    gives=np.array([[-2.0], [-0.5]]),
)
### BEGIN HIDDEN TESTS
check.function(
    column_gradient,
    at=check.points(J=(2, 4), dz=(2, 1), seed=61),
    like=lambda J, dz: np.einsum("ij,ik->jk", J, dz),
)
### END HIDDEN TESTS

# %% q6_conventions_row
J = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]])
check.function(
    row_gradient,
    at=dict(J=J, dz=np.array([[1.0, 2.0, -1.0]])),
    gives=np.array([[-2.0, -0.5]]),
)
### BEGIN HIDDEN TESTS
check.function(
    row_gradient,
    at=check.points(J=(2, 4), dz=(1, 2), seed=62),
    like=lambda J, dz: np.einsum("ij,ki->kj", J, dz),
)
### END HIDDEN TESTS

# %% q7_size
def jacobian_entries(n, batch):
    """How many entries the whole Jacobian of a batch has.

    n: how many numbers an example has; batch: how many examples there are.
    Returns a whole number.
    """
    return (n * batch) ** 2


def jacobian_bytes(n, batch):
    """How many bytes it takes in float64.

    n, batch: as above.
    Returns a whole number.
    """
    return 8 * jacobian_entries(n, batch)

# %% q7_size_entries
check.function(jacobian_entries, at=dict(n=4096, batch=1), gives=16_777_216)
### BEGIN HIDDEN TESTS
check.function(jacobian_entries, at=dict(n=50, batch=3), like=lambda n, batch: (n * batch) ** 2)
### END HIDDEN TESTS

# %% q7_size_bytes
check.function(jacobian_bytes, at=dict(n=4096, batch=1), gives=134_217_728)
### BEGIN HIDDEN TESTS
check.function(
    jacobian_bytes,
    at=dict(n=4096, batch=100),
    like=lambda n, batch: 8 * (n * batch) ** 2,
)
### END HIDDEN TESTS

# %% q8_large
class LargeSoftmax:
    def forward(self, x):
        """The softmax of a vector.

        x: array of shape (n,), n may be 4096.
        Returns an array of shape (n,), which sums to 1.
        """
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def backward(self, upstream):
        """What goes back to x, without any array of n times n entries.

        upstream: array of shape (n,), the gradient that arrives at the output.
        Returns dx, an array of shape (n,).
        """
        return self.s * (upstream - np.sum(self.s * upstream))

# %% q8_large_forward
check.forward(LargeSoftmax, at=dict(x=np.zeros(4096)), gives=np.full(4096, 1 / 4096))
### BEGIN HIDDEN TESTS
check.forward(
    LargeSoftmax,
    at=check.points(x=(4096,), seed=81),
    like=lambda x: np.exp(x) / np.exp(x).sum(),
)
### END HIDDEN TESTS

# %% q8_large_backward
check.backward(LargeSoftmax, at=check.points(x=(3,), seed=82))
check.memory(LargeSoftmax, at=dict(x=np.linspace(-1.0, 1.0, 4096)), under=2 * 1024**2)
### BEGIN HIDDEN TESTS
check.backward(
    LargeSoftmax,
    at=dict(x=np.array([998.0, 1000.0, -1000.0, 999.0])),
    of=lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
)
# So long that the matrix, 3.2 GB, is more than the grader lets anybody have.
check.memory(
    LargeSoftmax,
    at=dict(x=np.linspace(-1.0, 1.0, 20_000)),
    under=8 * 1024**2,
    of=lambda x: np.exp(x) / np.exp(x).sum(),
)
### END HIDDEN TESTS
