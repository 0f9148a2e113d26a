# %% q1_matmul
class MatMul:
    def forward(self, x, W):
        """The matrix product of a batch and a weight matrix.

        x: array of shape (N, D), an example in each row.
        W: array of shape (D, M), the weights.
        Returns an array of shape (N, M).
        """
        self.x, self.W = x, W
        return x @ W

    def backward(self, upstream):
        """What goes back to the batch and to the weights.

        upstream: array of shape (N, M), the gradient that arrives at the product.
        Returns (dx, dW), arrays of shape (N, D) and (D, M).
        """
        return upstream @ self.W.T, self.x.T @ upstream

# %% q1_matmul_forward
lecture = dict(x=np.array([[0.2, 0.4]]), W=np.array([[0.1, 0.5], [-0.3, 0.8]]))
check.forward(MatMul, at=lecture, gives=[[-0.1, 0.42]])
### BEGIN HIDDEN TESTS
check.forward(
    MatMul,
    at=check.points(x=(3, 2), W=(2, 4), seed=11, scale=[1e-3, 1e3]),
    like=lambda x, W: x @ W,
)
check.forward(
    MatMul,
    at=dict(x=np.array([[3, -1, 2]]), W=np.array([[0.5, -1.25], [2.5, 1.5], [-0.5, 0.75]])),
    like=lambda x, W: x @ W,
)
### END HIDDEN TESTS

# %% q1_matmul_backward
check.backward(MatMul, at=check.points(x=(3, 4), W=(4, 2), seed=10))
### BEGIN HIDDEN TESTS
check.backward(
    MatMul,
    at=check.points(x=(3, 2), W=(2, 4), seed=11, scale=[1e-3, 1e3]),
    of=lambda x, W: x @ W,
)
check.backward(
    MatMul,
    at=dict(x=np.array([[3, -1, 2]]), W=np.array([[0.5, -1.25], [2.5, 1.5], [-0.5, 0.75]])),
    of=lambda x, W: x @ W,
)
### END HIDDEN TESTS

# %% q2_squarednorm
class SquaredNorm:
    def forward(self, q):
        """The sum of the squares of all entries.

        q: array of any shape.
        Returns a number.
        """
        self.q = q
        return np.sum(q**2)

    def backward(self, upstream):
        """What goes back to q.

        upstream: a number, the gradient that arrives at f.
        Returns dq, an array of the shape of q.
        """
        return upstream * 2 * self.q

# %% q2_squarednorm_forward
check.forward(SquaredNorm, at=dict(q=np.array([[-0.1, 0.42]])), gives=0.1864)
### BEGIN HIDDEN TESTS
check.forward(
    SquaredNorm,
    at=check.points(q=(3, 2), seed=21, scale=[1e-3, 1e3]),
    like=lambda q: (q * q).sum(),
)
### END HIDDEN TESTS

# %% q2_squarednorm_backward
check.backward(SquaredNorm, at=check.points(q=(3, 4), seed=20))
### BEGIN HIDDEN TESTS
check.backward(
    SquaredNorm,
    at=check.points(q=(3, 2), seed=21, scale=[1e-3, 1e3]),
    of=lambda q: (q * q).sum(),
)
check.backward(SquaredNorm, at=dict(q=np.array([3, -1, 2])), of=lambda q: (q * q).sum())
### END HIDDEN TESTS

# %% q3_matmulsquarednorm
class MatMulSquaredNorm:
    def forward(self, x, W):
        """The squared norm of x W.

        x: array of shape (N, D), an example in each row.
        W: array of shape (D, M), the weights.
        Returns a number.
        """
        self.x, self.W = x, W
        self.q = x @ W
        return np.sum(self.q**2)

    def backward(self, upstream):
        """What goes back to the batch and to the weights.

        upstream: a number, the gradient that arrives at f.
        Returns (dx, dW), arrays of shape (N, D) and (D, M).
        """
        dq = upstream * 2 * self.q
        return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm_forward
lecture = dict(x=np.array([[0.2, 0.4]]), W=np.array([[0.1, 0.5], [-0.3, 0.8]]))
check.forward(MatMulSquaredNorm, at=lecture, gives=0.1864)
### BEGIN HIDDEN TESTS
check.forward(
    MatMulSquaredNorm,
    at=check.points(x=(2, 3), W=(3, 1), seed=31, scale=[1e-3, 1e3]),
    like=lambda x, W: ((x @ W) ** 2).sum(),
)
### END HIDDEN TESTS

# %% q3_matmulsquarednorm_backward
check.backward(MatMulSquaredNorm, at=check.points(x=(3, 4), W=(4, 2), seed=30))
lecture = dict(x=np.array([[0.2, 0.4]]), W=np.array([[0.1, 0.5], [-0.3, 0.8]]))
check.backward(
    MatMulSquaredNorm,
    at=lecture,
    upstream=1.0,
    gives=([[0.4, 0.732]], [[-0.04, 0.168], [-0.08, 0.336]]),
)
### BEGIN HIDDEN TESTS
check.backward(
    MatMulSquaredNorm,
    at=check.points(x=(2, 3), W=(3, 1), seed=31, scale=[1e-3, 1e3]),
    of=lambda x, W: ((x @ W) ** 2).sum(),
)
### END HIDDEN TESTS

# %% q4_linear
class Linear:
    def forward(self, x, W, b):
        """A linear layer.

        x: array of shape (N, D), an example in each row.
        W: array of shape (D, M), the weights.
        b: array of shape (M,), the bias.
        Returns an array of shape (N, M).
        """
        self.x, self.W = x, W
        return x @ W + b

    def backward(self, upstream):
        """What goes back to the batch, to the weights and to the bias.

        upstream: array of shape (N, M), the gradient that arrives at the output.
        Returns (dx, dW, db), arrays of shape (N, D), (D, M) and (M,).
        """
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)

# %% q4_linear_forward
check.forward(
    Linear,
    at=dict(
        x=np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]),
        W=np.array([[1.0, 0.0], [2.0, -1.0]]),
        b=np.array([0.5, -0.5]),
    ),
    gives=[[5.5, -2.5], [-1.5, 0.5], [5.5, -1.5]],
)
### BEGIN HIDDEN TESTS
check.forward(
    Linear,
    at=check.points(x=(3, 1), W=(1, 2), b=(2,), seed=41, scale=[1e-3, 1e3]),
    like=lambda x, W, b: x @ W + b,
)
check.forward(
    Linear,
    at=dict(x=np.array([[3, -1]]), W=np.array([[1, 2, 4], [0, 5, -2]]), b=np.array([0.5, 0.25, -0.75])),
    like=lambda x, W, b: x @ W + b,
)
### END HIDDEN TESTS

# %% q4_linear_backward
check.backward(Linear, at=check.points(x=(3, 2), W=(2, 4), b=(4,), seed=40))
### BEGIN HIDDEN TESTS
check.backward(
    Linear,
    at=check.points(x=(3, 1), W=(1, 2), b=(2,), seed=41, scale=[1e-3, 1e3]),
    of=lambda x, W, b: x @ W + b,
)
check.backward(
    Linear,
    at=dict(x=np.array([[3, -1]]), W=np.array([[1, 2, 4], [0, 5, -2]]), b=np.array([0.5, 0.25, -0.75])),
    of=lambda x, W, b: x @ W + b,
)
### END HIDDEN TESTS

# %% q5_rownorms
class RowNorms:
    def forward(self, q):
        """The squared norm of each row.

        q: array of shape (N, M), an example in each row.
        Returns an array of shape (N,).
        """
        self.q = q
        return np.sum(q**2, axis=1)

    def backward(self, upstream):
        """What goes back to q.

        upstream: array of shape (N,), the gradient that arrives at each norm.
        Returns dq, an array of shape (N, M).
        """
        return upstream[:, np.newaxis] * 2 * self.q

# %% q5_rownorms_forward
check.forward(RowNorms, at=dict(q=np.array([[3.0, 4.0], [1.0, -2.0], [0.5, 0.5]])), gives=[25.0, 5.0, 0.5])
### BEGIN HIDDEN TESTS
check.forward(
    RowNorms,
    at=check.points(q=(2, 3), seed=51, scale=[1e-3, 1e3]),
    like=lambda q: (q * q).sum(axis=1),
)
### END HIDDEN TESTS

# %% q5_rownorms_backward
check.backward(RowNorms, at=check.points(q=(3, 4), seed=50))
### BEGIN HIDDEN TESTS
check.backward(
    RowNorms,
    at=check.points(q=(2, 3), seed=51, scale=[1e-3, 1e3]),
    of=lambda q: (q * q).sum(axis=1),
)
check.backward(RowNorms, at=dict(q=np.array([[3, -1, 2]])), of=lambda q: (q * q).sum(axis=1))
### END HIDDEN TESTS

# %% q6_meannorm
class MeanNorm:
    def forward(self, q):
        """The mean over the rows of their squared norms.

        q: array of shape (N, M), an example in each row.
        Returns a number.
        """
        self.q = q
        return np.sum(q**2) / len(q)

    def backward(self, upstream):
        """What goes back to q.

        upstream: a number, the gradient that arrives at the mean.
        Returns dq, an array of shape (N, M).
        """
        return upstream * 2 * self.q / len(self.q)

# %% q6_meannorm_forward
check.forward(
    MeanNorm,
    at=dict(q=np.array([[1.0, 2.0, -2.0, 4.0], [1.0, -1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]])),
    gives=10.0,
)
### BEGIN HIDDEN TESTS
check.forward(
    MeanNorm,
    at=check.points(q=(5, 3), seed=61, scale=[1e-3, 1e3]),
    like=lambda q: (q * q).sum() / len(q),
)
### END HIDDEN TESTS

# %% q6_meannorm_backward
check.backward(MeanNorm, at=check.points(q=(3, 4), seed=60))
### BEGIN HIDDEN TESTS
check.backward(
    MeanNorm,
    at=check.points(q=(5, 3), seed=61, scale=[1e-3, 1e3]),
    of=lambda q: (q * q).sum() / len(q),
)
check.backward(MeanNorm, at=dict(q=np.array([[3, -1, 2]])), of=lambda q: (q * q).sum() / len(q))
### END HIDDEN TESTS

# %% q7_squarederror
class SquaredError:
    def forward(self, q, t):
        """The mean over the examples of (q - t) squared.

        q: array of shape (N, 1), a score for each example.
        t: array of shape (N,), its target.
        Returns a number.
        """
        self.error = q[:, 0] - t
        return np.mean(self.error**2)

    def backward(self, upstream):
        """What goes back to the scores and to the targets.

        upstream: a number, the gradient that arrives at the mean.
        Returns (dq, dt), arrays of shape (N, 1) and (N,).
        """
        d_error = upstream * 2 * self.error / len(self.error)
        return d_error[:, np.newaxis], -d_error

# %% q7_squarederror_forward
check.forward(
    SquaredError,
    at=dict(q=np.array([[1.0], [2.0], [4.0], [0.0]]), t=np.array([1.0, 3.0, 1.0, 0.0])),
    gives=2.5,
)
### BEGIN HIDDEN TESTS
check.forward(
    SquaredError,
    at=check.points(q=(3, 1), t=(3,), seed=71, scale=[1e-3, 1e3]),
    like=lambda q, t: ((q[:, 0] - t) ** 2).mean(),
)
### END HIDDEN TESTS

# %% q7_squarederror_backward
check.backward(SquaredError, at=check.points(q=(4, 1), t=(4,), seed=70))
### BEGIN HIDDEN TESTS
check.backward(
    SquaredError,
    at=check.points(q=(3, 1), t=(3,), seed=71, scale=[1e-3, 1e3]),
    of=lambda q, t: ((q[:, 0] - t) ** 2).mean(),
)
check.backward(
    SquaredError,
    at=dict(q=np.array([[3], [-1], [2]]), t=np.array([1, 1, 4])),
    of=lambda q, t: ((q[:, 0] - t) ** 2).mean(),
)
### END HIDDEN TESTS

# %% q8_column
class ColumnMatMul:
    def forward(self, W, x):
        """The matrix product of a weight matrix and a batch of columns.

        W: array of shape (M, D), the weights.
        x: array of shape (D, N), an example in each column.
        Returns an array of shape (M, N).
        """
        self.W, self.x = W, x
        return W @ x

    def backward(self, upstream):
        """What goes back to the weights and to the batch.

        upstream: array of shape (M, N), the gradient that arrives at the product.
        Returns (dW, dx), arrays of shape (M, D) and (D, N).
        """
        return upstream @ self.x.T, self.W.T @ upstream

# %% q8_column_forward
lecture = dict(W=np.array([[0.1, 0.5], [-0.3, 0.8]]), x=np.array([[0.2], [0.4]]))
check.forward(ColumnMatMul, at=lecture, gives=[[0.22], [0.26]])
### BEGIN HIDDEN TESTS
check.forward(
    ColumnMatMul,
    at=check.points(W=(4, 2), x=(2, 3), seed=81, scale=[1e-3, 1e3]),
    like=lambda W, x: W @ x,
)
### END HIDDEN TESTS

# %% q8_column_backward
check.backward(ColumnMatMul, at=check.points(W=(4, 3), x=(3, 2), seed=80))
lecture = dict(W=np.array([[0.1, 0.5], [-0.3, 0.8]]), x=np.array([[0.2], [0.4]]))
check.backward(
    ColumnMatMul,
    at=lecture,
    upstream=np.array([[0.44], [0.52]]),
    gives=([[0.088, 0.176], [0.104, 0.208]], [[-0.112], [0.636]]),
)
### BEGIN HIDDEN TESTS
check.backward(
    ColumnMatMul,
    at=check.points(W=(4, 2), x=(2, 1), seed=81, scale=[1e-3, 1e3]),
    of=lambda W, x: W @ x,
)
### END HIDDEN TESTS
