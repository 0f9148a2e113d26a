"""Answers to problem set 3, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_matmul | right | einsum
class MatMul:
    def forward(self, x, W):
        self.cache = (x, W)
        return np.einsum("nd,dm->nm", x, W)

    def backward(self, upstream):
        x, W = self.cache
        return np.einsum("nm,dm->nd", upstream, W), np.einsum("nm,nd->dm", upstream, x)

# %% q1_matmul | right | loops over the batch
class MatMul:
    def forward(self, x, W):
        self.x, self.W = x.copy(), W.copy()
        return np.array([[sum(x[n, d] * W[d, m] for d in range(len(W))) for m in range(W.shape[1])] for n in range(len(x))])

    def backward(self, upstream):
        dx = np.zeros(self.x.shape)
        dW = np.zeros(self.W.shape)
        for n in range(len(self.x)):
            dx[n] = self.W @ upstream[n]
            dW += np.outer(self.x[n], upstream[n])
        return dx, dW

# %% q1_matmul | right | keeps the transposes, in place on its own arrays
class MatMul:
    def forward(self, x, W):
        self.xT, self.WT = np.array(x.T, dtype=float), np.array(W.T, dtype=float)
        return np.dot(x, W)

    def backward(self, upstream):
        dW = self.xT.dot(upstream)
        dW *= 1.0
        return [np.matmul(upstream, self.WT), dW]

# %% q1_matmul | right | extended precision inside
class MatMul:
    def forward(self, x, W):
        self.x, self.W = x.astype(np.longdouble), W.astype(np.longdouble)
        return (self.x @ self.W).astype(float)

    def backward(self, upstream):
        return (upstream @ self.W.T).astype(float), (self.x.T @ upstream).astype(float)

# %% q1_matmul | wrong: upstream-forgotten | ones for the upstream
def backward(self, upstream):
    ones = np.ones_like(upstream)
    return ones @ self.W.T, self.x.T @ ones

# %% q1_matmul | wrong: wrong-order | weights first
def backward(self, upstream):
    return self.x.T @ upstream, upstream @ self.W.T

# %% q1_matmul | wrong: transposed | dW turned
def backward(self, upstream):
    return upstream @ self.W.T, upstream.T @ self.x

# %% q1_matmul | wrong: transposed | both turned
def backward(self, upstream):
    return self.W @ upstream.T, upstream.T @ self.x

# %% q1_matmul | wrong: sign | minus in dx
def backward(self, upstream):
    return -upstream @ self.W.T, self.x.T @ upstream

# %% q1_matmul | wrong: factor-two | the 2 of the norm already
def backward(self, upstream):
    return 2 * upstream @ self.W.T, 2 * self.x.T @ upstream

# %% q1_matmul | wrong: mean-twice | dW averaged over the batch
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream / len(self.x)

# %% q1_matmul | wrong: earlier-call | keeps it on the class
class MatMul:
    def forward(self, x, W):
        MatMul.x, MatMul.W = x, W
        return x @ W

    def backward(self, upstream):
        return upstream @ MatMul.W.T, MatMul.x.T @ upstream

# %% q1_matmul | wrong: float32 | single precision
def backward(self, upstream):
    u = upstream.astype(np.float32)
    return u @ self.W.T.astype(np.float32), self.x.T.astype(np.float32) @ u

# %% q1_matmul | wrong: integer-arithmetic | an output of the type of x
def forward(self, x, W):
    self.x, self.W = x, W
    q = np.zeros((len(x), W.shape[1]), dtype=x.dtype)
    q[...] = x @ W
    return q

# %% q1_matmul | wrong: integer-arithmetic | zeros_like for dx
def backward(self, upstream):
    dx = np.zeros_like(self.x)
    dx[...] = upstream @ self.W.T
    return dx, self.x.T @ upstream

# %% q1_matmul | wrong: upstream-modified | scales the upstream in place
def backward(self, upstream):
    dx = upstream @ self.W.T
    upstream *= self.x.sum()
    return dx, upstream

# %% q1_matmul | wrong | shapes do not fit
def backward(self, upstream):
    return upstream @ self.W, self.x @ upstream

# %% q1_matmul | wrong | rounded for display
def forward(self, x, W):
    self.x, self.W = x, W
    return np.round(x @ W, 6)

# %% q1_matmul | wrong | clipped, consistently
class MatMul:
    def forward(self, x, W):
        self.x, self.W, self.q = x, W, x @ W
        return np.clip(self.q, -100, 100)

    def backward(self, upstream):
        upstream = upstream * (np.abs(self.q) < 100)
        return upstream @ self.W.T, self.x.T @ upstream

# %% q1_matmul | wrong | dx of one example only
def backward(self, upstream):
    return upstream[:1] @ self.W.T, self.x.T @ upstream

# %% q1_matmul | wrong | zeros
class MatMul:
    def forward(self, x, W):
        self.x, self.W = x, W
        return np.zeros((len(x), W.shape[1]))

    def backward(self, upstream):
        return np.zeros_like(self.x), np.zeros_like(self.W)

# %% q1_matmul | wrong | clips large products
def forward(self, x, W):
    self.x, self.W = x, W
    return np.clip(x @ W, -100, 100)

# %% q1_matmul | wrong | clips large gradients
def backward(self, upstream):
    return np.clip(upstream @ self.W.T, -100, 100), np.clip(self.x.T @ upstream, -100, 100)

# %% q2_squarednorm | right | dot product of the flat array
class SquaredNorm:
    def forward(self, q):
        self.q = q
        return np.dot(q.ravel(), q.ravel())

    def backward(self, upstream):
        return 2.0 * upstream * self.q

# %% q2_squarednorm | right | the entry twice
class SquaredNorm:
    def forward(self, q):
        self.q = np.array(q, dtype=float)
        return float(np.linalg.norm(self.q) ** 2)

    def backward(self, upstream):
        dq = upstream * self.q
        dq += upstream * self.q
        return dq

# %% q2_squarednorm | right | a loop
class SquaredNorm:
    def forward(self, q):
        self.local = 2 * q
        total = 0.0
        for value in np.ravel(q):
            total += value * value
        return total

    def backward(self, upstream):
        return np.multiply(self.local, upstream)

# %% q2_squarednorm | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 2 * self.q

# %% q2_squarednorm | wrong: square-half | the 2 is lost
def backward(self, upstream):
    return upstream * self.q

# %% q2_squarednorm | wrong: factor-two | four
def backward(self, upstream):
    return upstream * 4 * self.q

# %% q2_squarednorm | wrong: sign | minus
def backward(self, upstream):
    return -upstream * 2 * self.q

# %% q2_squarednorm | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + 2 * self.q

# %% q2_squarednorm | wrong: square-forgotten | the length, consistently
class SquaredNorm:
    def forward(self, q):
        self.q = q
        return np.sqrt(np.sum(q**2))

    def backward(self, upstream):
        return upstream * self.q / np.sqrt(np.sum(self.q**2))

# %% q2_squarednorm | wrong: square-forgotten | the gradient of the length
def backward(self, upstream):
    return upstream * self.q / np.sqrt(np.sum(self.q**2))

# %% q2_squarednorm | wrong: forward-difference | a small step
def backward(self, upstream):
    h = 1e-4
    base = self.forward(self.q)
    dq = np.zeros(self.q.shape)
    q = np.array(self.q, dtype=float)
    for i in np.ndindex(q.shape):
        moved = q.copy()
        moved[i] += h
        dq[i] = (np.sum(moved**2) - base) / h * upstream
    return dq

# %% q2_squarednorm | wrong: inputs-modified | squares in place
class SquaredNorm:
    def forward(self, q):
        self.q = q.copy()
        q *= q
        return q.sum()

    def backward(self, upstream):
        return upstream * 2 * self.q

# %% q2_squarednorm | wrong: earlier-call | keeps the first call
class SquaredNorm:
    q = None

    def forward(self, q):
        if self.q is None:
            self.q = q
        return np.sum(q**2)

    def backward(self, upstream):
        return upstream * 2 * self.q

# %% q2_squarednorm | wrong: integer-arithmetic | a gradient of the type of q
def backward(self, upstream):
    dq = np.empty_like(self.q)
    dq[...] = upstream * 2 * self.q
    return dq

# %% q2_squarednorm | wrong | summed
def backward(self, upstream):
    return np.sum(upstream * 2 * self.q)

# %% q2_squarednorm | wrong | rounded for display
def forward(self, q):
    self.q = q
    return np.round(np.sum(q**2), 6)

# %% q2_squarednorm | wrong | capped, consistently
class SquaredNorm:
    def forward(self, q):
        self.q = np.clip(q, -50, 50)
        self.inside = np.abs(q) < 50
        return np.sum(self.q**2)

    def backward(self, upstream):
        return upstream * 2 * self.q * self.inside

# %% q2_squarednorm | wrong | zeros
class SquaredNorm:
    def forward(self, q):
        self.q = q
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.q.shape)

# %% q2_squarednorm | wrong | clips a large norm
def forward(self, q):
    self.q = q
    return min(np.sum(q**2), 1000.0)

# %% q2_squarednorm | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    return np.clip(upstream * 2 * self.q, -100, 100)

# %% q3_matmulsquarednorm | right | einsum
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W = x, W
        return np.einsum("nd,dm,ne,em->", x, W, x, W)

    def backward(self, upstream):
        q = self.x @ self.W
        return 2 * upstream * (q @ self.W.T), 2 * upstream * (self.x.T @ q)

# %% q3_matmulsquarednorm | right | through the Gram matrices
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W = x, W
        return np.trace(x @ W @ W.T @ x.T)

    def backward(self, upstream):
        return 2 * upstream * self.x @ (self.W @ self.W.T), 2 * upstream * (self.x.T @ self.x) @ self.W

# %% q3_matmulsquarednorm | right | two gates inside
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.cache = x.copy(), W.copy(), x @ W
        return (self.cache[2] ** 2).sum()

    def backward(self, upstream):
        x, W, q = self.cache
        dq = np.full(q.shape, 2.0)
        dq *= q
        dq *= upstream
        return dq @ W.T, (dq.T @ x).T

# %% q3_matmulsquarednorm | wrong: upstream-forgotten | as if f were the end
def backward(self, upstream):
    dq = 2 * self.q
    return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: square-half | the 2 is lost
def backward(self, upstream):
    dq = upstream * self.q
    return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: wrong-order | weights first
def backward(self, upstream):
    dq = upstream * 2 * self.q
    return self.x.T @ dq, dq @ self.W.T

# %% q3_matmulsquarednorm | wrong: transposed | dx turned
def backward(self, upstream):
    dq = upstream * 2 * self.q
    return self.W @ dq.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: sign | minus
def backward(self, upstream):
    dq = -upstream * 2 * self.q
    return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: square-forgotten | the length
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W, self.q = x, W, x @ W
        self.f = np.sqrt(np.sum(self.q**2))
        return self.f

    def backward(self, upstream):
        dq = upstream * self.q / self.f
        return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: mean-twice | dW averaged over the batch
def backward(self, upstream):
    dq = upstream * 2 * self.q
    return dq @ self.W.T, self.x.T @ dq / len(self.x)

# %% q3_matmulsquarednorm | wrong: factor-two | the 2 twice
def backward(self, upstream):
    dq = upstream * 4 * self.q
    return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong: earlier-call | keeps it on the class
class MatMulSquaredNorm:
    def forward(self, x, W):
        MatMulSquaredNorm.cache = x, W, x @ W
        return np.sum((x @ W) ** 2)

    def backward(self, upstream):
        x, W, q = MatMulSquaredNorm.cache
        dq = upstream * 2 * q
        return dq @ W.T, x.T @ dq

# %% q3_matmulsquarednorm | wrong | the norm's gradient left out
def backward(self, upstream):
    ones = np.ones_like(self.q) * upstream
    return ones @ self.W.T, self.x.T @ ones

# %% q3_matmulsquarednorm | wrong | the lecture's numbers
def backward(self, upstream):
    return np.array([[0.4, 0.732]]), np.array([[-0.04, 0.168], [-0.08, 0.336]])

# %% q3_matmulsquarednorm | wrong | rounded for display
def forward(self, x, W):
    self.x, self.W, self.q = x, W, x @ W
    return np.round(np.sum(self.q**2), 4)

# %% q3_matmulsquarednorm | wrong | capped, consistently
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W, self.q = x, W, x @ W
        self.inside = np.abs(self.q) < 100
        return np.sum(np.clip(self.q, -100, 100) ** 2)

    def backward(self, upstream):
        dq = upstream * 2 * self.q * self.inside
        return dq @ self.W.T, self.x.T @ dq

# %% q3_matmulsquarednorm | wrong | zeros
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W = x, W
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.x.shape), np.zeros(self.W.shape)

# %% q3_matmulsquarednorm | wrong | clips a large norm
def forward(self, x, W):
    self.x, self.W, self.q = x, W, x @ W
    return min(np.sum(self.q**2), 1e4)

# %% q3_matmulsquarednorm | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    dq = np.clip(upstream * 2 * self.q, -1000, 1000)
    return dq @ self.W.T, self.x.T @ dq

# %% q4_linear | right | ones times the upstream
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.b = x, W, b
        return np.dot(x, W) + b[np.newaxis, :]

    def backward(self, upstream):
        return upstream.dot(self.W.T), self.x.T.dot(upstream), np.ones(len(self.x)) @ upstream

# %% q4_linear | right | bias as a row of the weights
class Linear:
    def forward(self, x, W, b):
        self.x = np.hstack([x, np.ones((len(x), 1))])
        self.W = np.vstack([W, b])
        return self.x @ self.W

    def backward(self, upstream):
        dx, dW = upstream @ self.W.T, self.x.T @ upstream
        return dx[:, :-1], dW[:-1], dW[-1]

# %% q4_linear | right | a loop, adding in place
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.b = x, W, b
        return np.stack([row @ W + b for row in x])

    def backward(self, upstream):
        dx, dW, db = np.zeros(self.x.shape), np.zeros(self.W.shape), np.zeros(self.b.shape)
        for n, row in enumerate(upstream):
            dx[n] += self.W @ row
            dW += self.x[n][:, None] * row
            db += row
        return dx, dW, db

# %% q4_linear | wrong: bias-not-summed | the upstream goes to b
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, upstream

# %% q4_linear | wrong: wrong-axis | over the outputs
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=1)

# %% q4_linear | wrong: all-axes-summed | over everything
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, upstream.sum()

# %% q4_linear | wrong: axis-too-many | keepdims
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0, keepdims=True)

# %% q4_linear | wrong: bias-averaged | mean for the bias
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, upstream.mean(axis=0)

# %% q4_linear | wrong | nothing for the bias
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.b = x, W, b
        return x @ W + b

    def backward(self, upstream):
        return upstream @ self.W.T, self.x.T @ upstream, np.zeros_like(self.b)

# %% q4_linear | wrong: upstream-forgotten | ones for the bias
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream, np.full(upstream.shape[1], float(len(upstream)))

# %% q4_linear | wrong: transposed | dW turned
def backward(self, upstream):
    return upstream @ self.W.T, upstream.T @ self.x, upstream.sum(axis=0)

# %% q4_linear | wrong: wrong-order | bias before weights
def backward(self, upstream):
    return upstream @ self.W.T, upstream.sum(axis=0), self.x.T @ upstream

# %% q4_linear | wrong: wrong-order | weights, bias, input
def backward(self, upstream):
    return self.x.T @ upstream, upstream.sum(axis=0), upstream @ self.W.T

# %% q4_linear | wrong: integer-arithmetic | the bias in an array of the type of x
def forward(self, x, W, b):
    self.x, self.W = x, W
    out = (x @ W)
    out[...] = (out + b).astype(out.dtype)
    return out

# %% q4_linear | wrong: integer-arithmetic | zeros_like for dW
def backward(self, upstream):
    dW = np.zeros_like(self.W)
    dW[...] = self.x.T @ upstream
    return upstream @ self.W.T, dW, upstream.sum(axis=0)

# %% q4_linear | wrong: inputs-modified | adds the upstream to b
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.b = x, W, b
        return x @ W + b

    def backward(self, upstream):
        self.b -= 0.1 * upstream.sum(axis=0)
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)

# %% q4_linear | wrong | rounded for display
def forward(self, x, W, b):
    self.x, self.W = x, W
    return np.round(x @ W + b, 4)

# %% q4_linear | wrong | clipped, consistently
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.q = x, W, x @ W + b
        return np.clip(self.q, -100, 100)

    def backward(self, upstream):
        upstream = upstream * (np.abs(self.q) < 100)
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)

# %% q4_linear | wrong | one gradient short
def backward(self, upstream):
    return upstream @ self.W.T, self.x.T @ upstream

# %% q4_linear | wrong | zeros
class Linear:
    def forward(self, x, W, b):
        self.x, self.W, self.b = x, W, b
        return np.zeros((len(x), len(b)))

    def backward(self, upstream):
        return np.zeros(self.x.shape), np.zeros(self.W.shape), np.zeros(self.b.shape)

# %% q4_linear | wrong | clips large outputs
def forward(self, x, W, b):
    self.x, self.W = x, W
    return np.clip(x @ W + b, -100, 100)

# %% q4_linear | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    return np.clip(upstream @ self.W.T, -100, 100), np.clip(self.x.T @ upstream, -100, 100), upstream.sum(axis=0)

# %% q5_rownorms | right | einsum
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.einsum("nm,nm->n", q, q)

    def backward(self, upstream):
        return np.einsum("n,nm->nm", 2 * upstream, self.q)

# %% q5_rownorms | right | a loop over rows
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.array([row @ row for row in q])

    def backward(self, upstream):
        return np.array([2.0 * u * row for u, row in zip(upstream, self.q)])

# %% q5_rownorms | right | turned twice
class RowNorms:
    def forward(self, q):
        self.q = np.array(q, dtype=float)
        return np.linalg.norm(self.q, axis=1) ** 2

    def backward(self, upstream):
        dq = self.q.T.copy()
        dq *= 2 * upstream
        return dq.T

# %% q5_rownorms | right | a diagonal matrix
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.diag(q @ q.T)

    def backward(self, upstream):
        return 2 * np.diag(upstream) @ self.q

# %% q5_rownorms | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 2 * self.q

# %% q5_rownorms | wrong: square-half | the 2 is lost
def backward(self, upstream):
    return upstream[:, None] * self.q

# %% q5_rownorms | wrong: factor-two | twice the 2
def backward(self, upstream):
    return upstream[:, None] * 4 * self.q

# %% q5_rownorms | wrong: sign | minus
def backward(self, upstream):
    return -upstream[:, None] * 2 * self.q

# %% q5_rownorms | wrong: transposed | not turned back
def backward(self, upstream):
    return upstream * 2 * self.q.T

# %% q5_rownorms | wrong: wrong-axis | over the rows
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.sum(q**2, axis=0)

    def backward(self, upstream):
        return upstream * 2 * self.q

# %% q5_rownorms | wrong: axis-too-many | keepdims
def forward(self, q):
    self.q = q
    return np.sum(q**2, axis=1, keepdims=True)

# %% q5_rownorms | wrong: mean-twice | averaged
def backward(self, upstream):
    return upstream[:, None] * 2 * self.q / len(self.q)

# %% q5_rownorms | wrong: integer-arithmetic | a gradient of the type of q
def backward(self, upstream):
    dq = np.zeros_like(self.q)
    for n in range(len(dq)):
        dq[n] = upstream[n] * 2 * self.q[n]
    return dq

# %% q5_rownorms | wrong: float32 | single precision
def backward(self, upstream):
    return (upstream[:, None] * 2 * self.q).astype(np.float32)

# %% q5_rownorms | wrong | shapes do not fit
def backward(self, upstream):
    return upstream * 2 * self.q

# %% q5_rownorms | wrong | the first upstream for all
def backward(self, upstream):
    return upstream[0] * 2 * self.q

# %% q5_rownorms | wrong | rounded for display
def forward(self, q):
    self.q = q
    return np.round(np.sum(q**2, axis=1), 6)

# %% q5_rownorms | wrong | capped, consistently
class RowNorms:
    def forward(self, q):
        self.q, self.inside = q, np.abs(q) < 50
        return np.sum(np.clip(q, -50, 50) ** 2, axis=1)

    def backward(self, upstream):
        return upstream[:, None] * 2 * self.q * self.inside

# %% q5_rownorms | wrong | zeros
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.zeros(len(q))

    def backward(self, upstream):
        return np.zeros(self.q.shape)

# %% q5_rownorms | wrong | clips large norms
def forward(self, q):
    self.q = q
    return np.minimum(np.sum(q**2, axis=1), 1000.0)

# %% q5_rownorms | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    return np.clip(upstream[:, None] * 2 * self.q, -100, 100)

# %% q6_meannorm | right | mean of the row sums
class MeanNorm:
    def forward(self, q):
        self.q = q
        return (q**2).sum(axis=1).mean()

    def backward(self, upstream):
        N, M = self.q.shape
        return 2 * upstream / N * self.q

# %% q6_meannorm | right | gate by gate
class MeanNorm:
    def forward(self, q):
        self.q = q
        return np.mean(np.sum(q * q, axis=1))

    def backward(self, upstream):
        d_norms = np.full(len(self.q), upstream / len(self.q))
        return d_norms[:, None] * 2 * self.q

# %% q6_meannorm | right | keeps the local gradient
class MeanNorm:
    def forward(self, q):
        self.local = np.array(q, dtype=float)
        self.local *= 2 / q.shape[0]
        return float(np.vdot(q, q)) / q.shape[0]

    def backward(self, upstream):
        return self.local * upstream

# %% q6_meannorm | wrong: mean-forgotten | the gradient of the sum
def backward(self, upstream):
    return upstream * 2 * self.q

# %% q6_meannorm | wrong: mean-twice | divides once more
def backward(self, upstream):
    return upstream * 2 * self.q / len(self.q) ** 2

# %% q6_meannorm | wrong: mean-over-entries | np.mean, consistently
class MeanNorm:
    def forward(self, q):
        self.q = q
        return np.mean(q**2)

    def backward(self, upstream):
        return upstream * 2 * self.q / self.q.size

# %% q6_meannorm | wrong: mean-over-entries | size for length
def backward(self, upstream):
    return upstream * 2 * self.q / self.q.size

# %% q6_meannorm | wrong: mean-forgotten | a sum, consistently
class MeanNorm:
    def forward(self, q):
        self.q = q
        return np.sum(q**2)

    def backward(self, upstream):
        return upstream * 2 * self.q

# %% q6_meannorm | wrong: square-half | the 2 is lost
def backward(self, upstream):
    return upstream * self.q / len(self.q)

# %% q6_meannorm | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 2 * self.q / len(self.q)

# %% q6_meannorm | wrong: sign | minus
def backward(self, upstream):
    return -upstream * 2 * self.q / len(self.q)

# %% q6_meannorm | wrong: integer-arithmetic | floor division of whole numbers
def backward(self, upstream):
    dq = np.zeros_like(self.q)
    dq[:] = upstream * 2 * self.q / len(self.q)
    return dq

# %% q6_meannorm | wrong: inputs-modified | divides its input
def backward(self, upstream):
    self.q /= len(self.q)
    return upstream * 2 * self.q

# %% q6_meannorm | wrong: columns-counted | divides by the features
def backward(self, upstream):
    return upstream * 2 * self.q / self.q.shape[1]

# %% q6_meannorm | wrong | rounded for display
def forward(self, q):
    self.q = q
    return np.round(np.sum(q**2) / len(q), 6)

# %% q6_meannorm | wrong | capped, consistently
class MeanNorm:
    def forward(self, q):
        self.q, self.inside = q, np.abs(q) < 50
        return np.sum(np.clip(q, -50, 50) ** 2) / len(q)

    def backward(self, upstream):
        return upstream * 2 * self.q * self.inside / len(self.q)

# %% q6_meannorm | wrong | zeros
class MeanNorm:
    def forward(self, q):
        self.q = q
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.q.shape)

# %% q6_meannorm | wrong | clips a large norm
def forward(self, q):
    self.q = q
    return min(np.sum(q**2) / len(q), 1000.0)

# %% q6_meannorm | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    return np.clip(upstream * 2 * self.q / len(self.q), -50, 50)

# %% q7_squarederror | right | targets as a column
class SquaredError:
    def forward(self, q, t):
        self.error = q - t.reshape(-1, 1)
        return np.mean(self.error**2)

    def backward(self, upstream):
        dq = upstream * 2 * self.error / len(self.error)
        return dq, -dq[:, 0]

# %% q7_squarederror | right | a loop
class SquaredError:
    def forward(self, q, t):
        self.pairs = [(float(a), float(b)) for a, b in zip(q.ravel(), t)]
        return sum((a - b) ** 2 for a, b in self.pairs) / len(self.pairs)

    def backward(self, upstream):
        d = np.array([2 * upstream * (a - b) / len(self.pairs) for a, b in self.pairs])
        return d.reshape(-1, 1), -d

# %% q7_squarederror | right | squeezed
class SquaredError:
    def forward(self, q, t):
        self.q, self.t = np.squeeze(q, axis=1), t
        return ((self.t - self.q) ** 2).sum() / t.size

    def backward(self, upstream):
        dt = upstream * 2 * (self.t - self.q) / self.t.size
        return -dt[:, None], dt

# %% q7_squarederror | wrong: broadcast | all pairs, consistently
class SquaredError:
    def forward(self, q, t):
        self.error = q - t
        return np.mean(self.error**2)

    def backward(self, upstream):
        d = upstream * 2 * self.error / self.error.size
        return d.sum(axis=1, keepdims=True), -d.sum(axis=0)

# %% q7_squarederror | wrong: axis-missing | a flat dq
def backward(self, upstream):
    d = upstream * 2 * self.error / len(self.error)
    return d, -d

# %% q7_squarederror | wrong: axis-too-many | dt as a column
def backward(self, upstream):
    d = upstream * 2 * self.error / len(self.error)
    return d[:, None], -d[:, None]

# %% q7_squarederror | wrong: mean-forgotten | the gradient of the sum
def backward(self, upstream):
    d = upstream * 2 * self.error
    return d[:, None], -d

# %% q7_squarederror | wrong: square-half | the 2 is lost
def backward(self, upstream):
    d = upstream * self.error / len(self.error)
    return d[:, None], -d

# %% q7_squarederror | wrong: sign | the same for both
def backward(self, upstream):
    d = upstream * 2 * self.error / len(self.error)
    return d[:, None], d

# %% q7_squarederror | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    d = 2 * self.error / len(self.error)
    return d[:, None], -d

# %% q7_squarederror | wrong: mean-twice | divides once more
def backward(self, upstream):
    d = upstream * 2 * self.error / len(self.error) ** 2
    return d[:, None], -d

# %% q7_squarederror | wrong: earlier-call | keeps it on the class
class SquaredError:
    def forward(self, q, t):
        SquaredError.error = q[:, 0] - t
        return np.mean(SquaredError.error**2)

    def backward(self, upstream):
        d = upstream * 2 * SquaredError.error / len(SquaredError.error)
        return d[:, None], -d

# %% q7_squarederror | wrong: integer-arithmetic | a gradient of the type of t
class SquaredError:
    def forward(self, q, t):
        self.error = q[:, 0] - t
        self.dt = np.zeros_like(t)
        return np.mean(self.error**2)

    def backward(self, upstream):
        d = upstream * 2 * self.error / len(self.error)
        self.dt[:] = -d
        return d[:, None], self.dt

# %% q7_squarederror | wrong | rounded for display
def forward(self, q, t):
    self.error = q[:, 0] - t
    return np.round(np.mean(self.error**2), 6)

# %% q7_squarederror | wrong | capped, consistently
class SquaredError:
    def forward(self, q, t):
        self.error = q[:, 0] - t
        self.inside = np.abs(self.error) < 50
        return np.mean(np.clip(self.error, -50, 50) ** 2)

    def backward(self, upstream):
        d = upstream * 2 * self.error * self.inside / len(self.error)
        return d[:, None], -d

# %% q7_squarederror | wrong | zeros
class SquaredError:
    def forward(self, q, t):
        self.q, self.t = q, t
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.q.shape), np.zeros(self.t.shape)

# %% q7_squarederror | wrong | clips a large error
def forward(self, q, t):
    self.error = q[:, 0] - t
    return min(np.mean(self.error**2), 1000.0)

# %% q7_squarederror | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    d = np.clip(upstream * 2 * self.error / len(self.error), -50, 50)
    return d[:, np.newaxis], -d

# %% q8_column | right | einsum
class ColumnMatMul:
    def forward(self, W, x):
        self.W, self.x = W, x
        return np.einsum("md,dn->mn", W, x)

    def backward(self, upstream):
        return np.einsum("mn,dn->md", upstream, self.x), np.einsum("mn,md->dn", upstream, self.W)

# %% q8_column | right | the row gate, turned
class ColumnMatMul:
    def forward(self, W, x):
        self.rows, self.weights = x.T, W.T
        return (self.rows @ self.weights).T

    def backward(self, upstream):
        dq = upstream.T
        return (self.rows.T @ dq).T, (dq @ self.weights.T).T

# %% q8_column | right | outer products, one example at a time
class ColumnMatMul:
    def forward(self, W, x):
        self.W, self.x = W, x
        return W.dot(x)

    def backward(self, upstream):
        dW = np.zeros(self.W.shape)
        for n in range(self.x.shape[1]):
            dW += np.outer(upstream[:, n], self.x[:, n])
        return dW, self.W.T.dot(upstream)

# %% q8_column | wrong: upstream-forgotten | ones for the upstream
def backward(self, upstream):
    ones = np.ones_like(upstream)
    return ones @ self.x.T, self.W.T @ ones

# %% q8_column | wrong: wrong-order | batch first
def backward(self, upstream):
    return self.W.T @ upstream, upstream @ self.x.T

# %% q8_column | wrong: transposed | dW turned
def backward(self, upstream):
    return self.x @ upstream.T, self.W.T @ upstream

# %% q8_column | wrong: transposed | both turned
def backward(self, upstream):
    return self.x @ upstream.T, upstream.T @ self.W

# %% q8_column | wrong: sign | minus
def backward(self, upstream):
    return -upstream @ self.x.T, -self.W.T @ upstream

# %% q8_column | wrong: factor-two | the norm's 2
def backward(self, upstream):
    return 2 * upstream @ self.x.T, 2 * self.W.T @ upstream

# %% q8_column | wrong: transposed | the row convention's output
def forward(self, W, x):
    self.W, self.x = W, x
    return x.T @ W.T

# %% q8_column | wrong | the row convention
class ColumnMatMul:
    def forward(self, W, x):
        self.x, self.W = x, W
        return x @ W

    def backward(self, upstream):
        return upstream @ self.W.T, self.x.T @ upstream

# %% q8_column | wrong | rounded for display
def forward(self, W, x):
    self.W, self.x = W, x
    return np.round(W @ x, 6)

# %% q8_column | wrong | the lecture's gradients
def backward(self, upstream):
    return np.array([[0.088, 0.176], [0.104, 0.208]]), np.array([[-0.112], [0.636]])

# %% q8_column | wrong | clipped, consistently
class ColumnMatMul:
    def forward(self, W, x):
        self.W, self.x, self.q = W, x, W @ x
        return np.clip(self.q, -100, 100)

    def backward(self, upstream):
        upstream = upstream * (np.abs(self.q) < 100)
        return upstream @ self.x.T, self.W.T @ upstream

# %% q8_column | wrong | zeros
class ColumnMatMul:
    def forward(self, W, x):
        self.W, self.x = W, x
        return np.zeros((len(W), x.shape[1]))

    def backward(self, upstream):
        return np.zeros(self.W.shape), np.zeros(self.x.shape)

# %% q8_column | wrong | clips large products
def forward(self, W, x):
    self.W, self.x = W, x
    return np.clip(W @ x, -100, 100)

# %% q8_column | wrong | clips large gradients
def backward(self, upstream):
    return np.clip(upstream @ self.x.T, -100, 100), np.clip(self.W.T @ upstream, -100, 100)

# %% q4_linear | wrong: bias-missed | forward without the bias
class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        return x @ W

    def backward(self, upstream):
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)

# %% q4_linear | wrong: integer-arithmetic | the bias in place
class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        result = x @ W
        result += b
        return result

    def backward(self, upstream):
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)

# %% q4_linear | wrong: second-backward | gradients that add up
class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        self.dW, self.db = 0.0, 0.0
        return x @ W + b

    def backward(self, upstream):
        self.dW = self.dW + self.x.T @ upstream
        self.db = self.db + upstream.sum(axis=0)
        return upstream @ self.W.T, self.dW, self.db

# %% q4_linear | wrong: forward-difference | central, by forward
class Linear:
    def forward(self, x, W, b):
        self.inputs = [np.asarray(i, float) for i in (x, W, b)]
        return x @ W + b

    def backward(self, upstream):
        h, found = 1e-3, []
        for k, value in enumerate(self.inputs):
            slopes = np.zeros(value.shape)
            for place in np.ndindex(value.shape):
                two = []
                for sign in (1, -1):
                    moved = [one.copy() for one in self.inputs]
                    moved[k][place] += sign * h
                    two.append(np.sum(upstream * Linear().forward(*moved)))
                slopes[place] = (two[0] - two[1]) / (2 * h)
            found.append(slopes)
        return tuple(found)

# %% q1_matmul | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    upstream = np.clip(upstream, -5, 5)
    return upstream @ self.W.T, self.x.T @ upstream

# %% q2_squarednorm | wrong: second-backward | writes into what it kept
class SquaredNorm:
    def forward(self, q):
        self.q = np.array(q, dtype=float)
        return np.sum(self.q**2)

    def backward(self, upstream):
        self.q *= 2 * upstream
        return self.q

# %% q8_column | wrong: mean-twice | divides by the number of columns
def backward(self, upstream):
    N = upstream.shape[1]
    return upstream @ self.x.T / N, self.W.T @ upstream / N

# %% q6_meannorm | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    return min(max(upstream, -5.0), 5.0) * 2 * self.q / len(self.q)

# %% q5_rownorms | right | a list of rows
def backward(self, upstream):
    return [list(2 * u * row) for u, row in zip(upstream, self.q)]


# %% q1_matmul | wrong: jacobian-side | a square matrix is not turned
class MatMul:
    def forward(self, x, W):
        self.x, self.W = x, W
        return x @ W

    def backward(self, upstream):
        rows, columns = self.W.shape
        turned = self.W if rows == columns else self.W.T
        return upstream @ turned, self.x.T @ upstream


# %% q3_matmulsquarednorm | wrong | a square batch is not turned
class MatMulSquaredNorm:
    def forward(self, x, W):
        self.x, self.W = x, W
        self.q = x @ W
        return np.sum(self.q**2)

    def backward(self, upstream):
        dq = 2 * upstream * self.q
        rows, columns = self.x.shape
        return dq @ self.W.T, (self.x if rows == columns else self.x.T) @ dq


# %% q4_linear | wrong | a square batch is summed along its rows
class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        return x @ W + b

    def backward(self, upstream):
        axis = upstream.shape.index(self.W.shape[1])
        db = upstream.sum(axis=1 - axis) if axis else upstream.sum(axis=1)
        return upstream @ self.W.T, self.x.T @ upstream, db


# %% q5_rownorms | wrong | only for more columns than rows
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.sum(q**2, axis=1)

    def backward(self, upstream):
        rows, columns = self.q.shape
        return 2 * self.q * (upstream[:, np.newaxis] if rows < columns else upstream[:columns])


# %% q8_column | wrong: jacobian-side | a square matrix is not turned
class ColumnMatMul:
    def forward(self, W, x):
        self.W, self.x = W, x
        return W @ x

    def backward(self, upstream):
        rows, columns = self.W.shape
        turned = self.W if rows == columns else self.W.T
        return upstream @ self.x.T, turned @ upstream
