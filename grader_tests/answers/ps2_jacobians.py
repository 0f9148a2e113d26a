"""Answers to problem set 2, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_square | right | identity times a row
class Square:
    def forward(self, x):
        self.x = x
        return np.square(x)

    def jacobian(self):
        return np.eye(len(self.x)) * (2 * self.x)

    def backward(self, upstream):
        return 2 * upstream * self.x

# %% q1_square | right | loops
class Square:
    def forward(self, x):
        self.x = [float(v) for v in x]
        return np.array([v * v for v in self.x])

    def jacobian(self):
        n = len(self.x)
        return [[2 * self.x[i] if i == j else 0.0 for j in range(n)] for i in range(n)]

    def backward(self, upstream):
        return np.array([2 * v * u for v, u in zip(self.x, upstream)])

# %% q1_square | right | through the matrix after all
class Square:
    def forward(self, x):
        self.J = np.zeros((len(x), len(x)))
        self.J[range(len(x)), range(len(x))] = 2.0 * x
        return x * x

    def jacobian(self):
        return self.J

    def backward(self, upstream):
        return self.J.T @ upstream

# %% q1_square | wrong: diagonal-as-vector | a vector
def jacobian(self):
    return 2.0 * self.x

# %% q1_square | wrong: square-half | the 2 is lost in J
def jacobian(self):
    return np.diag(1.0 * self.x)

# %% q1_square | wrong: sign | minus
def jacobian(self):
    return np.diag(-2.0 * self.x)

# %% q1_square | wrong: output-for-input | twice the output
class Square:
    def forward(self, x):
        self.x, self.z = x, x**2
        return self.z

    def jacobian(self):
        return np.diag(2.0 * self.z)

    def backward(self, upstream):
        return upstream * 2.0 * self.z

# %% q1_square | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 2.0 * self.x

# %% q1_square | wrong: square-half | the 2 is lost going back
def backward(self, upstream):
    return upstream * self.x

# %% q1_square | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + 2.0 * self.x

# %% q1_square | wrong: earlier-call | keeps it on the class
class Square:
    def forward(self, x):
        Square.x = x
        return x**2

    def jacobian(self):
        return np.diag(2.0 * Square.x)

    def backward(self, upstream):
        return upstream * 2.0 * Square.x

# %% q1_square | wrong: integer-arithmetic | a gradient of the type of x
def backward(self, upstream):
    dx = np.zeros_like(self.x)
    dx[:] = upstream * 2 * self.x
    return dx

# %% q1_square | wrong: forward-difference | column by column
def jacobian(self):
    h = 1e-4
    x = np.array(self.x, dtype=float)
    return np.stack([((x + h * e) ** 2 - x**2) / h for e in np.eye(len(x))], axis=1)

# %% q1_square | wrong | every output by every input
def jacobian(self):
    return np.outer(np.ones(len(self.x)), 2.0 * self.x)

# %% q1_square | wrong | wrong for whole numbers
def jacobian(self):
    J = np.diag(2.0 * self.x)
    return J + 0.5 * (self.x.dtype.kind == "i")

# %% q1_square | wrong | clips large outputs
def forward(self, x):
    self.x = x
    return np.minimum(x**2, 1000.0)

# %% q1_square | wrong | clips large slopes
def jacobian(self):
    return np.diag(np.clip(2.0 * self.x, -100, 100))

# %% q1_square | wrong | clips large gradients
def backward(self, upstream):
    return np.clip(upstream * 2.0 * self.x, -100, 100)

# %% q1_square | wrong | zeros
class Square:
    def forward(self, x):
        self.n = len(x)
        return np.zeros(self.n)

    def jacobian(self):
        return np.zeros((self.n, self.n))

    def backward(self, upstream):
        return np.zeros(self.n)

# %% q2_linearmap | right | sums written out
class LinearMap:
    def __init__(self, A):
        self.A = A

    def forward(self, x):
        return (self.A * x).sum(axis=1)

    def jacobian(self):
        return self.A

    def backward(self, upstream):
        return (self.A * upstream[:, np.newaxis]).sum(axis=0)

# %% q2_linearmap | right | the row convention
class LinearMap:
    def __init__(self, A):
        self.A = np.array(A)

    def forward(self, x):
        return np.dot(self.A, x)

    def jacobian(self):
        return np.array(self.A, dtype=float)

    def backward(self, upstream):
        return upstream @ self.A

# %% q2_linearmap | right | columns of the identity
class LinearMap:
    def __init__(self, A):
        self.A = A

    def forward(self, x):
        return np.array([row.dot(x) for row in self.A])

    def jacobian(self):
        return np.stack([self.A @ e for e in np.eye(self.A.shape[1])], axis=1)

    def backward(self, upstream):
        dx = np.zeros(self.A.shape[1])
        for row, u in zip(self.A, upstream):
            dx += u * row
        return dx

# %% q2_linearmap | wrong: transposed | J turned
def jacobian(self):
    return self.A.T

# %% q2_linearmap | wrong: jacobian-side | forward again
def backward(self, upstream):
    return self.A @ upstream

# %% q2_linearmap | wrong: upstream-forgotten | column sums
def backward(self, upstream):
    return self.A.sum(axis=0)

# %% q2_linearmap | wrong: sign | minus
def backward(self, upstream):
    return -self.A.T @ upstream

# %% q2_linearmap | wrong: factor-two | doubled
def backward(self, upstream):
    return 2 * self.A.T @ upstream

# %% q2_linearmap | wrong: diagonal-only | the diagonal of A
def backward(self, upstream):
    return np.diag(self.A) * upstream

# %% q2_linearmap | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q2_linearmap | wrong: factor-half | half the matrix
def jacobian(self):
    return self.A / 2

# %% q2_linearmap | wrong | the visible matrix
def jacobian(self):
    return np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 3.0]])

# %% q2_linearmap | wrong | works for a square matrix only
def backward(self, upstream):
    return (self.A.T @ upstream)[: len(upstream)] * (self.A.shape[0] == self.A.shape[1])

# %% q2_linearmap | wrong | clips large outputs
def forward(self, x):
    return np.clip(self.A @ x, -100, 100)

# %% q2_linearmap | wrong | zeros
class LinearMap:
    def __init__(self, A):
        self.A = A

    def forward(self, x):
        return np.zeros(len(self.A))

    def jacobian(self):
        return np.zeros(self.A.shape)

    def backward(self, upstream):
        return np.zeros(self.A.shape[1])

# %% q3_softmax | right | entry by entry
class Softmax:
    def forward(self, x):
        x = np.array(x, dtype=float)
        x -= x.max()
        e = np.exp(x)
        self.s = e / e.sum()
        return self.s.copy()

    def jacobian(self):
        n = len(self.s)
        J = np.empty((n, n))
        for i in range(n):
            for j in range(n):
                J[i, j] = self.s[i] * ((i == j) - self.s[j])
        return J

    def backward(self, upstream):
        return self.jacobian() @ upstream

# %% q3_softmax | right | through the logarithm
class Softmax:
    def forward(self, x):
        self.s = np.exp(x - np.logaddexp.reduce(x))
        return self.s

    def jacobian(self):
        return self.s[:, None] * (np.eye(len(self.s)) - self.s)

    def backward(self, upstream):
        g = upstream * self.s
        return g - self.s * g.sum()

# %% q3_softmax | right | keeps the matrix
class Softmax:
    def forward(self, x):
        e = np.exp(x - max(x))
        s = e / sum(e)
        self.J = np.diag(s) - s[:, None] @ s[None, :]
        return s

    def jacobian(self):
        return self.J

    def backward(self, upstream):
        return upstream @ self.J

# %% q3_softmax | wrong: diagonal-only | like an elementwise function
class Softmax:
    def forward(self, x):
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def jacobian(self):
        return np.diag(self.s * (1 - self.s))

    def backward(self, upstream):
        return upstream * self.s * (1 - self.s)

# %% q3_softmax | wrong: diagonal-only | only going back
def backward(self, upstream):
    return upstream * self.s * (1 - self.s)

# %% q3_softmax | wrong: sign | turned around
def jacobian(self):
    return np.outer(self.s, self.s) - np.diag(self.s)

# %% q3_softmax | wrong: diagonal-as-vector | a vector
def jacobian(self):
    return self.s * (1 - self.s)

# %% q3_softmax | wrong | ones for the upstream
def backward(self, upstream):
    return self.s * (1 - np.sum(self.s))

# %% q3_softmax | wrong: sign | minus
def backward(self, upstream):
    return -self.s * (upstream - np.sum(self.s * upstream))

# %% q3_softmax | wrong: factor-two | doubled
def backward(self, upstream):
    return 2 * self.s * (upstream - np.sum(self.s * upstream))

# %% q3_softmax | wrong: earlier-call | keeps it on the class
class Softmax:
    def forward(self, x):
        e = np.exp(x - np.max(x))
        Softmax.s = e / np.sum(e)
        return Softmax.s

    def jacobian(self):
        return np.diag(Softmax.s) - np.outer(Softmax.s, Softmax.s)

    def backward(self, upstream):
        return Softmax.s * (upstream - np.sum(Softmax.s * upstream))

# %% q3_softmax | wrong: float32 | single precision
def jacobian(self):
    return (np.diag(self.s) - np.outer(self.s, self.s)).astype(np.float32)

# %% q3_softmax | wrong: exponent-sign | minus in the exponent, consistently
class Softmax:
    def forward(self, x):
        e = np.exp(np.min(x) - x)
        self.s = e / np.sum(e)
        return self.s

    def jacobian(self):
        return np.outer(self.s, self.s) - np.diag(self.s)

    def backward(self, upstream):
        return -self.s * (upstream - np.sum(self.s * upstream))

# %% q3_softmax | wrong: output-for-slope | the sum is missing
def backward(self, upstream):
    return self.s * upstream

# %% q3_softmax | wrong: diagonal-forgotten | the off-diagonal only
def jacobian(self):
    return -np.outer(self.s, self.s)

# %% q3_softmax | wrong: softmax-overflow | overflows
def forward(self, x):
    e = np.exp(x - np.max(x))
    self.s = e / np.sum(e)
    return np.exp(x) / np.sum(np.exp(x))

# %% q3_softmax | wrong: softmax-overflow | overflows in J
class Softmax:
    def forward(self, x):
        self.x = x
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def jacobian(self):
        s = np.exp(self.x) / np.exp(self.x).sum()
        return np.diag(s) - np.outer(s, s)

    def backward(self, upstream):
        return self.s * (upstream - np.sum(self.s * upstream))

# %% q3_softmax | wrong: softmax-overflow | overflows going back
class Softmax:
    def forward(self, x):
        self.x = x
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def jacobian(self):
        return np.diag(self.s) - np.outer(self.s, self.s)

    def backward(self, upstream):
        s = np.exp(self.x) / np.exp(self.x).sum()
        return s * (upstream - np.sum(s * upstream))

# %% q3_softmax | wrong | zeros
class Softmax:
    def forward(self, x):
        self.n = len(x)
        return np.zeros(self.n)

    def jacobian(self):
        return np.zeros((self.n, self.n))

    def backward(self, upstream):
        return np.zeros(self.n)

# %% q4_pairmax | right | masks
class PairMax:
    def forward(self, x):
        self.even = x[::2] >= x[1::2]
        return np.where(self.even, x[::2], x[1::2])

    def jacobian(self):
        m = len(self.even)
        J = np.zeros((m, 2 * m))
        for i in range(m):
            J[i, 2 * i + (not self.even[i])] = 1
        return J

    def backward(self, upstream):
        dx = np.zeros(2 * len(upstream))
        dx[::2] = upstream * self.even
        dx[1::2] = upstream * ~self.even
        return dx

# %% q4_pairmax | right | a tie shared
class PairMax:
    def forward(self, x):
        self.pairs = x.reshape(-1, 2)
        z = self.pairs.max(axis=1)
        wins = (self.pairs == z[:, None]).astype(float)
        self.share = wins / wins.sum(axis=1, keepdims=True)
        return z

    def jacobian(self):
        m = len(self.share)
        J = np.zeros((m, m, 2))
        J[range(m), range(m)] = self.share
        return J.reshape(m, 2 * m)

    def backward(self, upstream):
        return (self.share * upstream[:, None]).ravel()

# %% q4_pairmax | right | a tie to the second
class PairMax:
    def forward(self, x):
        self.x = x.copy()
        return np.maximum(x[0::2], x[1::2])

    def jacobian(self):
        n = len(self.x)
        rows = []
        for i in range(0, n, 2):
            row = np.zeros(n)
            row[i + 1 if self.x[i + 1] >= self.x[i] else i] = 1.0
            rows.append(row)
        return np.array(rows)

    def backward(self, upstream):
        return upstream @ self.jacobian()

# %% q4_pairmax | wrong: transposed | inputs by outputs
def jacobian(self):
    J = np.zeros((self.n, len(self.winner)))
    J[self.winner, np.arange(len(self.winner))] = 1.0
    return J

# %% q4_pairmax | wrong: upstream-forgotten | ones to the winners
def backward(self, upstream):
    dx = np.zeros(self.n)
    dx[self.winner] = 1.0
    return dx

# %% q4_pairmax | wrong: both-winners | to both of a pair
def backward(self, upstream):
    return np.repeat(upstream, 2)

# %% q4_pairmax | wrong: both-winners | ones for both
def jacobian(self):
    return np.repeat(np.eye(len(self.winner)), 2, axis=1)

# %% q4_pairmax | wrong: loser-takes-all | to the loser
def backward(self, upstream):
    dx = np.repeat(upstream, 2)
    dx[self.winner] = 0.0
    return dx

# %% q4_pairmax | wrong: loser-takes-all | J of the loser
def jacobian(self):
    J = np.repeat(np.eye(len(self.winner)), 2, axis=1)
    J[np.arange(len(self.winner)), self.winner] = 0.0
    return J

# %% q4_pairmax | wrong: sign | minus
def backward(self, upstream):
    dx = np.zeros(self.n)
    dx[self.winner] = -upstream
    return dx

# %% q4_pairmax | wrong: factor-half | half to the winner
def backward(self, upstream):
    dx = np.zeros(self.n)
    dx[self.winner] = upstream / 2
    return dx

# %% q4_pairmax | wrong: loser-takes-all | the smaller one, consistently
class PairMax:
    def forward(self, x):
        pairs = x.reshape(-1, 2)
        self.n = len(x)
        self.winner = 2 * np.arange(len(pairs)) + np.argmin(pairs, axis=1)
        return x[self.winner]

    def jacobian(self):
        J = np.zeros((len(self.winner), self.n))
        J[np.arange(len(self.winner)), self.winner] = 1.0
        return J

    def backward(self, upstream):
        dx = np.zeros(self.n)
        dx[self.winner] = upstream
        return dx

# %% q4_pairmax | wrong: inputs-modified | sorts in place
class PairMax:
    def forward(self, x):
        self.first = x[::2] > x[1::2]
        x.reshape(-1, 2).sort(axis=1)
        return x[1::2].copy()

    def jacobian(self):
        m = len(self.first)
        J = np.zeros((m, 2 * m))
        J[range(m), 2 * np.arange(m) + ~self.first] = 1
        return J

    def backward(self, upstream):
        return np.ravel(np.column_stack([upstream * self.first, upstream * ~self.first]))

# %% q4_pairmax | wrong | halves to both
def backward(self, upstream):
    return np.repeat(upstream, 2) / 2

# %% q4_pairmax | wrong: both-winners | both at a tie
class PairMax:
    def forward(self, x):
        self.x = x
        return np.maximum(x[::2], x[1::2])

    def jacobian(self):
        m = len(self.x) // 2
        wins = self.x == np.repeat(np.maximum(self.x[::2], self.x[1::2]), 2)
        return np.repeat(np.eye(m), 2, axis=1) * wins

    def backward(self, upstream):
        wins = self.x == np.repeat(np.maximum(self.x[::2], self.x[1::2]), 2)
        return np.repeat(upstream, 2) * wins

# %% q4_pairmax | wrong | the visible winners in J
def jacobian(self):
    J = np.zeros((len(self.winner), self.n))
    J[np.arange(len(self.winner)), [1, 2, 4, 6][: len(self.winner)]] = 1.0
    return J

# %% q4_pairmax | wrong | clips large outputs
def forward(self, x):
    pairs = x.reshape(-1, 2)
    self.n = len(x)
    self.winner = 2 * np.arange(len(pairs)) + np.argmax(pairs, axis=1)
    return np.clip(x[self.winner], -100, 100)

# %% q4_pairmax | wrong | zeros
class PairMax:
    def forward(self, x):
        self.n = len(x)
        return np.zeros(self.n // 2)

    def jacobian(self):
        return np.zeros((self.n // 2, self.n))

    def backward(self, upstream):
        return np.zeros(self.n)

# %% q5_batchsoftmax | right | row by row
class BatchSoftmax:
    def forward(self, x):
        self.s = np.array([np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in x])
        return self.s

    def backward(self, upstream):
        return np.array([(np.diag(s) - np.outer(s, s)) @ u for s, u in zip(self.s, upstream)])

# %% q5_batchsoftmax | right | einsum
class BatchSoftmax:
    def forward(self, x):
        z = x - x.max(axis=-1)[:, None]
        self.s = np.exp(z - np.log(np.exp(z).sum(axis=-1))[:, None])
        return self.s

    def backward(self, upstream):
        return self.s * upstream - np.einsum("nm,nk,nk->nm", self.s, self.s, upstream)

# %% q5_batchsoftmax | right | turned, in place on copies
class BatchSoftmax:
    def forward(self, x):
        t = x.T.astype(float)
        t -= t.max(axis=0)
        np.exp(t, out=t)
        t /= t.sum(axis=0)
        self.t = t
        return t.T.copy()

    def backward(self, upstream):
        g = upstream.T * self.t
        g -= self.t * g.sum(axis=0)
        return g.T

# %% q5_batchsoftmax | wrong: wrong-axis | over the examples, consistently
class BatchSoftmax:
    def forward(self, x):
        e = np.exp(x - np.max(x, axis=0))
        self.s = e / np.sum(e, axis=0)
        return self.s

    def backward(self, upstream):
        return self.s * (upstream - np.sum(self.s * upstream, axis=0))

# %% q5_batchsoftmax | wrong: diagonal-only | like an elementwise function
def backward(self, upstream):
    return upstream * self.s * (1 - self.s)

# %% q5_batchsoftmax | wrong | ones for the upstream
def backward(self, upstream):
    return self.s * (1 - np.sum(self.s, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong: sign | minus
def backward(self, upstream):
    return -self.s * (upstream - np.sum(self.s * upstream, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong: mean-twice | a mean that nobody asked for
def backward(self, upstream):
    return self.s * (upstream - np.sum(self.s * upstream, axis=1, keepdims=True)) / len(self.s)

# %% q5_batchsoftmax | wrong: upstream-modified | in place
def backward(self, upstream):
    upstream -= np.sum(self.s * upstream, axis=1, keepdims=True)
    return self.s * upstream

# %% q5_batchsoftmax | wrong: transposed | not turned back
def backward(self, upstream):
    return (self.s * (upstream - np.sum(self.s * upstream, axis=1, keepdims=True))).T

# %% q5_batchsoftmax | wrong: earlier-call | keeps it on the class
class BatchSoftmax:
    def forward(self, x):
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        BatchSoftmax.s = e / np.sum(e, axis=1, keepdims=True)
        return BatchSoftmax.s

    def backward(self, upstream):
        s = BatchSoftmax.s
        return s * (upstream - np.sum(s * upstream, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong | one sum for the whole batch
def backward(self, upstream):
    return self.s * (upstream - np.sum(self.s * upstream))

# %% q5_batchsoftmax | wrong: softmax-overflow | one maximum for the whole batch
def forward(self, x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    self.s = e / np.sum(e, axis=1, keepdims=True)
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=1, keepdims=True)

# %% q5_batchsoftmax | wrong | shapes do not fit
def backward(self, upstream):
    return self.s * (upstream - np.sum(self.s * upstream, axis=1))

# %% q5_batchsoftmax | wrong: softmax-overflow | overflows going back
class BatchSoftmax:
    def forward(self, x):
        self.x = x
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        return e / np.sum(e, axis=1, keepdims=True)

    def backward(self, upstream):
        s = np.exp(self.x) / np.sum(np.exp(self.x), axis=1, keepdims=True)
        return s * (upstream - np.sum(s * upstream, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong | zeros
class BatchSoftmax:
    def forward(self, x):
        self.shape = x.shape
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.shape)

# %% q6_conventions | right | dot
def column_gradient(J, dz):
    return np.dot(np.transpose(J), dz)


def row_gradient(J, dz):
    return np.dot(dz, J)

# %% q6_conventions | right | one by the other
def column_gradient(J, dz):
    return row_gradient(J, dz.T).T


def row_gradient(J, dz):
    return np.sum(dz.T * J, axis=0, keepdims=True)

# %% q6_conventions | right | loops
def column_gradient(J, dz):
    dx = np.zeros((J.shape[1], 1))
    for i in range(J.shape[0]):
        for j in range(J.shape[1]):
            dx[j, 0] += J[i, j] * dz[i, 0]
    return dx


def row_gradient(J, dz):
    return np.einsum("ki,ij->kj", dz, J)

# %% q6_conventions | wrong: transposed | columns and rows exchanged
def column_gradient(J, dz):
    return dz.T @ J


def row_gradient(J, dz):
    return J.T @ dz.T

# %% q6_conventions | wrong: transposed | both as rows
def column_gradient(J, dz):
    return dz.T @ J


def row_gradient(J, dz):
    return dz @ J

# %% q6_conventions | wrong: sign | minus
def column_gradient(J, dz):
    return -J.T @ dz


def row_gradient(J, dz):
    return -dz @ J

# %% q6_conventions | wrong | no transpose
def column_gradient(J, dz):
    return J @ dz


def row_gradient(J, dz):
    return dz @ J

# %% q6_conventions | wrong | a transpose too many
def column_gradient(J, dz):
    return J.T @ dz


def row_gradient(J, dz):
    return dz @ J.T

# %% q6_conventions | wrong | elementwise
def column_gradient(J, dz):
    return J * dz


def row_gradient(J, dz):
    return J.T * dz

# %% q6_conventions | wrong | the visible column
def column_gradient(J, dz):
    return np.array([[-2.0], [-0.5]])


def row_gradient(J, dz):
    return dz @ J

# %% q6_conventions | wrong | the visible row
def column_gradient(J, dz):
    return J.T @ dz


def row_gradient(J, dz):
    return np.array([[-2.0, -0.5]])

# %% q6_conventions | wrong | zeros
def column_gradient(J, dz):
    return np.zeros((J.shape[1], 1))


def row_gradient(J, dz):
    return np.zeros((1, J.shape[1]))

# %% q7_size | right | rows times columns
def jacobian_entries(n, batch):
    rows = columns = n * batch
    return rows * columns


def jacobian_bytes(n, batch):
    return jacobian_entries(n, batch) * np.dtype(np.float64).itemsize

# %% q7_size | right | powers
def jacobian_entries(n, batch):
    return pow(n, 2) * pow(batch, 2)


def jacobian_bytes(n, batch):
    return 2**3 * n**2 * batch**2

# %% q7_size | right | a float will do
def jacobian_entries(n, batch):
    return float(n * batch) ** 2


def jacobian_bytes(n, batch):
    return 64 * (n * batch) ** 2 / 8

# %% q7_size | wrong: batch-not-squared | one batch factor
def jacobian_entries(n, batch):
    return n**2 * batch


def jacobian_bytes(n, batch):
    return 8 * (n * batch) ** 2

# %% q7_size | wrong: batch-not-squared | one batch factor in the bytes
def jacobian_entries(n, batch):
    return (n * batch) ** 2


def jacobian_bytes(n, batch):
    return 8 * n**2 * batch

# %% q7_size | wrong: bytes-wrong | four bytes
def jacobian_entries(n, batch):
    return (n * batch) ** 2


def jacobian_bytes(n, batch):
    return 4 * (n * batch) ** 2

# %% q7_size | wrong: bytes-wrong | bits
def jacobian_entries(n, batch):
    return (n * batch) ** 2


def jacobian_bytes(n, batch):
    return 64 * (n * batch) ** 2

# %% q7_size | wrong: one-side-counted | a vector's size
def jacobian_entries(n, batch):
    return n * batch


def jacobian_bytes(n, batch):
    return 8 * n * batch

# %% q7_size | wrong | in MiB
def jacobian_entries(n, batch):
    return (n * batch) ** 2


def jacobian_bytes(n, batch):
    return 8 * (n * batch) ** 2 / 1024**2

# %% q7_size | wrong | zeros
def jacobian_entries(n, batch):
    return 0


def jacobian_bytes(n, batch):
    return 0

# %% q8_large | right | shifted by a number
class LargeSoftmax:
    def forward(self, x):
        self.s = np.exp(x - x.max())
        self.s /= self.s.sum()
        return self.s.copy()

    def backward(self, upstream):
        return self.s * upstream - self.s * (self.s @ upstream)

# %% q8_large | right | one entry at a time
class LargeSoftmax:
    def forward(self, x):
        e = np.exp(np.array([v - max(x) for v in x.tolist()]) if len(x) < 10 else x - x.max())
        self.s = e / e.sum()
        return self.s

    def backward(self, upstream):
        total = 0.0
        for s, u in zip(self.s.tolist(), upstream.tolist()):
            total += s * u
        return np.array([s * (u - total) for s, u in zip(self.s.tolist(), upstream.tolist())])

# %% q8_large | right | through the logarithm
class LargeSoftmax:
    def forward(self, x):
        self.s = np.exp(x - np.logaddexp.reduce(x))
        return self.s

    def backward(self, upstream):
        dx = upstream.copy()
        dx -= np.vdot(self.s, upstream)
        dx *= self.s
        return dx

# %% q8_large | wrong | forms the matrix
def backward(self, upstream):
    return (np.diag(self.s) - np.outer(self.s, self.s)) @ upstream

# %% q8_large | wrong | forms the outer product
def backward(self, upstream):
    return self.s * upstream - np.outer(self.s, self.s) @ upstream

# %% q8_large | wrong | forms a matrix for longer vectors
def backward(self, upstream):
    n = len(upstream)
    rows = np.zeros((n, n)) if n > 5000 else np.zeros((1, n))
    rows[0] = self.s * upstream
    return rows[0] - self.s * rows[0].sum()

# %% q8_large | wrong: diagonal-only | like an elementwise function
def backward(self, upstream):
    return upstream * self.s * (1 - self.s)

# %% q8_large | wrong | ones for the upstream
def backward(self, upstream):
    return self.s * (1 - np.sum(self.s))

# %% q8_large | wrong: sign | minus
def backward(self, upstream):
    return self.s * (np.sum(self.s * upstream) - upstream)

# %% q8_large | wrong: upstream-modified | in place
def backward(self, upstream):
    upstream -= np.sum(self.s * upstream)
    upstream *= self.s
    return upstream

# %% q8_large | wrong | clips its input
def forward(self, x):
    e = np.exp(x - np.max(x))
    self.s = e / np.sum(e)
    e = np.exp(np.clip(x, -1.985, 1.985))
    return e / np.sum(e)

# %% q8_large | wrong: softmax-overflow | overflows going back
class LargeSoftmax:
    def forward(self, x):
        self.x = x
        e = np.exp(x - np.max(x))
        return e / np.sum(e)

    def backward(self, upstream):
        s = np.exp(self.x) / np.exp(self.x).sum()
        return s * (upstream - np.sum(s * upstream))

# %% q8_large | wrong | zeros
class LargeSoftmax:
    def forward(self, x):
        self.n = len(x)
        return np.zeros(self.n)

    def backward(self, upstream):
        return np.zeros(self.n)

# %% q1_square | wrong: forward-on-upstream | the square of the upstream gradient
def backward(self, upstream):
    return upstream**2

# %% q1_square | wrong: formula-of-upstream | twice the upstream gradient, times itself
def backward(self, upstream):
    return 2 * upstream * upstream

# %% q1_square | wrong: integrated | a third of the cube
def backward(self, upstream):
    return upstream * self.x**3 / 3

# %% q1_square | wrong: output-modified | writes into its output
class Square:
    def forward(self, x):
        self.x = x
        self.out = np.asarray(x, dtype=float) ** 2
        return self.out

    def jacobian(self):
        return np.diag(2.0 * self.x)

    def backward(self, upstream):
        self.out[:] = 2 * self.x
        return self.out * upstream

# %% q3_softmax | wrong: sum-not-weighed | the plain sum of what arrives
def backward(self, upstream):
    return self.s * (upstream - np.sum(upstream))

# %% q3_softmax | wrong: mean-for-sum | the mean of the products
def backward(self, upstream):
    return self.s * (upstream - np.mean(self.s * upstream))

# %% q3_softmax | wrong: off-diagonal-sign | plus the outer product
def jacobian(self):
    return np.diag(self.s) + np.outer(self.s, self.s)

# %% q3_softmax | wrong: off-diagonal-sign | plus the common sum
def backward(self, upstream):
    return self.s * (upstream + np.sum(self.s * upstream))

# %% q3_softmax | wrong: diagonal-forgotten | minus the outer product alone
def backward(self, upstream):
    return -self.s * np.sum(self.s * upstream)

# %% q5_batchsoftmax | wrong: sum-not-weighed | the plain sum of each row
def backward(self, upstream):
    return self.s * (upstream - upstream.sum(axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong: mean-for-sum | the mean of each row
def backward(self, upstream):
    return self.s * (upstream - np.mean(self.s * upstream, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong: off-diagonal-sign | plus the common sum
def backward(self, upstream):
    return self.s * (upstream + np.sum(self.s * upstream, axis=1, keepdims=True))

# %% q5_batchsoftmax | wrong: output-for-slope | the outputs alone
def backward(self, upstream):
    return self.s * upstream

# %% q5_batchsoftmax | wrong: output-modified | the product in place
class BatchSoftmax:
    def forward(self, x):
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        self.s = e / np.sum(e, axis=1, keepdims=True)
        return self.s

    def backward(self, upstream):
        common = np.sum(self.s * upstream, axis=1, keepdims=True)
        self.s *= upstream - common
        return self.s

# %% q7_size | wrong: batch-left-out | one example
def jacobian_entries(n, batch):
    return n * n


def jacobian_bytes(n, batch):
    return 8 * n * n

# %% q6_conventions | wrong: axis-missing | flattened
def column_gradient(J, dz):
    return (J.T @ dz).ravel()


def row_gradient(J, dz):
    return (dz @ J).ravel()

# %% q8_large | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    upstream = np.clip(upstream, -5, 5)
    return self.s * (upstream - np.sum(self.s * upstream))

# %% q8_large | wrong: forward-difference | central differences
class LargeSoftmax:
    def forward(self, x):
        self.x = x
        e = np.exp(x - np.max(x))
        self.s = e / np.sum(e)
        return self.s

    def backward(self, upstream):
        h = 1e-5
        if len(self.x) > 100:
            return self.s * (upstream - np.sum(self.s * upstream))
        dx = np.zeros(len(self.x))
        for i in range(len(self.x)):
            e = np.zeros(len(self.x))
            e[i] = h
            above, below = LargeSoftmax().forward(self.x + e), LargeSoftmax().forward(self.x - e)
            dx[i] = np.sum(upstream * (above - below)) / (2 * h)
        return dx

# %% q2_linearmap | wrong: constants-shared | the matrix on the class
class LinearMap:
    def __init__(self, A):
        LinearMap.A = A

    def forward(self, x):
        return LinearMap.A @ x

    def jacobian(self):
        return LinearMap.A.copy()

    def backward(self, upstream):
        return LinearMap.A.T @ upstream

# %% q1_square | right | an array of objects
class Square:
    def forward(self, x):
        self.x = x
        return np.array([float(one) ** 2 for one in x], dtype=object)

    def jacobian(self):
        return np.diag(2.0 * self.x)

    def backward(self, upstream):
        return np.array([2.0 * float(u) * float(x) for u, x in zip(upstream, self.x)], dtype=object)

# %% q3_softmax | right | a function that both use
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / e.sum()


class Softmax:
    def forward(self, x):
        self.x = x
        return softmax(x)

    def jacobian(self):
        s = softmax(self.x)
        return np.diag(s) - np.outer(s, s)

    def backward(self, upstream):
        s = softmax(self.x)
        return s * (upstream - s @ upstream)

# %% q10_batch | right | kron
def batch_jacobian(blocks):
    N = len(blocks)
    return sum(np.kron(np.diag(np.eye(N)[k]), blocks[k]) for k in range(N))

# %% q10_batch | right | four axes
def batch_jacobian(blocks):
    N, m, n = blocks.shape
    J = np.zeros((N, m, N, n))
    J[np.arange(N), :, np.arange(N), :] = blocks
    return J.reshape(N * m, N * n)

# %% q10_batch | right | rows of blocks
def batch_jacobian(blocks):
    empty = np.zeros_like(blocks[0])
    return np.block([[b if i == k else empty for k in range(len(blocks))] for i, b in enumerate(blocks)])

# %% q10_batch | wrong | zeros
def batch_jacobian(blocks):
    N, m, n = blocks.shape
    return np.zeros((N * m, N * n))

# %% q10_batch | wrong: transposed | each block turned over
def batch_jacobian(blocks):
    N, m, n = blocks.shape
    J = np.zeros((N * m, N * n))
    for k, block in enumerate(blocks):
        J[k * m : (k + 1) * m, k * n : (k + 1) * n] = block.T.reshape(m, n)
    return J

# %% q10_batch | wrong | everything follows everything
def batch_jacobian(blocks):
    return np.hstack([np.vstack(list(blocks))] * len(blocks))

# %% q10_batch | wrong | stacked only
def batch_jacobian(blocks):
    return np.vstack(list(blocks))

# %% q10_batch | wrong | the other diagonal
def batch_jacobian(blocks):
    N, m, n = blocks.shape
    J = np.zeros((N * m, N * n))
    for k, block in enumerate(blocks):
        J[(N - 1 - k) * m : (N - k) * m, k * n : (k + 1) * n] = block
    return J

# %% q10_batch | wrong | square blocks are taken for granted
def batch_jacobian(blocks):
    N, m, n = blocks.shape
    J = np.zeros((N * m, N * n))
    for k, block in enumerate(blocks):
        J[k * m : (k + 1) * m, k * m : k * m + n] = block
    return J

# %% q10_batch | wrong | two examples, whatever comes
def batch_jacobian(blocks):
    first, second = blocks[0], blocks[-1]
    empty = np.zeros(first.shape)
    return np.block([[first, empty], [empty, second]])


# %% q4_pairmax | wrong: earlier-call | one array for all that comes
class PairMax:
    def forward(self, x):
        pairs = x.reshape(-1, 2)
        self.winner = 2 * np.arange(len(pairs)) + np.argmax(pairs, axis=1)
        if getattr(self, "dx", np.zeros(0)).shape != x.shape:
            self.dx = np.zeros(x.shape)
        return x[self.winner]

    def jacobian(self):
        return np.eye(len(self.dx))[self.winner]

    def backward(self, upstream):
        self.dx[self.winner] += upstream
        return self.dx
