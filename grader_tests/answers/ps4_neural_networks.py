"""Answers to problem set 4, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_collapse | right | dots
def collapse(W1, b1, W2, b2):
    return np.dot(W1, W2), np.dot(b1, W2) + b2

# %% q1_collapse | right | finds the layer by trying it
def collapse(W1, b1, W2, b2):
    def both(x):
        return (x @ W1 + b1) @ W2 + b2

    b = both(np.zeros(W1.shape[0]))
    return both(np.eye(W1.shape[0])) - b, b

# %% q1_collapse | right | loops and a list
def collapse(W1, b1, W2, b2):
    W = np.zeros((W1.shape[0], W2.shape[1]))
    b = np.array(b2, dtype=float)
    for j in range(W2.shape[1]):
        for k in range(W2.shape[0]):
            b[j] += b1[k] * W2[k, j]
            for i in range(W1.shape[0]):
                W[i, j] += W1[i, k] * W2[k, j]
    return [W, b]

# %% q1_collapse | wrong: bias-not-carried | the second bias alone
def collapse(W1, b1, W2, b2):
    return W1 @ W2, b2

# %% q1_collapse | wrong: bias-not-carried | the first bias alone
def collapse(W1, b1, W2, b2):
    return W1 @ W2, b1 @ W2

# %% q1_collapse | wrong | adds the biases as they are
def collapse(W1, b1, W2, b2):
    return W1 @ W2, b1[: len(b2)] + b2

# %% q1_collapse | wrong: transposed | weights transposed
def collapse(W1, b1, W2, b2):
    return (W1 @ W2).T, b1 @ W2 + b2

# %% q1_collapse | wrong | other order of the matrices
def collapse(W1, b1, W2, b2):
    return W2 @ W1, b1 @ W2 + b2

# %% q1_collapse | wrong: axis-too-many | the bias as a row
def collapse(W1, b1, W2, b2):
    return W1 @ W2, (b1 @ W2 + b2)[None, :]

# %% q1_collapse | wrong | bias first
def collapse(W1, b1, W2, b2):
    return b1 @ W2 + b2, W1 @ W2

# %% q1_collapse | wrong: inputs-modified | adds to b2 in place
def collapse(W1, b1, W2, b2):
    b2 += b1 @ W2
    return W1 @ W2, b2

# %% q1_collapse | wrong | the visible values
def collapse(W1, b1, W2, b2):
    return np.array([[5.0, 2.0], [-2.0, -2.0]]), np.array([1.0, 6.0])

# %% q1_collapse | wrong | weights only
def collapse(W1, b1, W2, b2):
    return W1 @ W2

# %% q1_collapse | wrong: float32 | single precision
def collapse(W1, b1, W2, b2):
    return (W1 @ W2).astype(np.float32), (b1 @ W2 + b2).astype(np.float32)

# %% q1_collapse | wrong | zeros
def collapse(W1, b1, W2, b2):
    return np.zeros((W1.shape[0], W2.shape[1])), np.zeros(W2.shape[1])

# %% q2_count | right | a loop
def count_parameters(sizes):
    total = 0
    for i in range(len(sizes) - 1):
        total += sizes[i] * sizes[i + 1]
        total += sizes[i + 1]
    return total

# %% q2_count | right | builds the net
def count_parameters(sizes):
    layers = [(np.zeros((a, b)), np.zeros(b)) for a, b in zip(sizes, sizes[1:])]
    return sum(W.size + b.size for W, b in layers)

# %% q2_count | right | numpy
def count_parameters(sizes):
    sizes = np.array(sizes)
    return np.dot(sizes[:-1] + 1, sizes[1:])

# %% q2_count | wrong: biases-not-counted | weights only
def count_parameters(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))

# %% q2_count | wrong: inputs-have-biases | a bias at every unit
def count_parameters(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes)

# %% q2_count | wrong: inputs-have-biases | biases on the wrong side
def count_parameters(sizes):
    return sum(a * b + a for a, b in zip(sizes, sizes[1:]))

# %% q2_count | wrong | one bias a layer
def count_parameters(sizes):
    return sum(a * b + 1 for a, b in zip(sizes, sizes[1:]))

# %% q2_count | wrong: weights-not-counted | counts units
def count_parameters(sizes):
    return sum(sizes)

# %% q2_count | wrong | knows two and three layers only
def count_parameters(sizes):
    if len(sizes) == 3:
        a, b, c = sizes
        return a * b + b + b * c + c
    a, b, c, d = sizes[:4]
    return a * b + b + b * c + c + c * d + d

# %% q2_count | wrong | the visible values
def count_parameters(sizes):
    return 603 if len(sizes) == 3 else 156710

# %% q2_count | wrong | a product
def count_parameters(sizes):
    return np.prod(sizes)

# %% q2_count | wrong | counts each layer apart
def count_parameters(sizes):
    return [(a + 1) * b for a, b in zip(sizes, sizes[1:])]

# %% q2_count | wrong | zeros
def count_parameters(sizes):
    return 0

# %% q3_loss | right | a loop over rows
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        self.p = []
        total = 0.0
        for row, label in zip(scores, self.y):
            row = row - max(row)
            exps = np.exp(row)
            self.p.append(exps / sum(exps))
            total += np.log(sum(exps)) - row[label]
        return total / len(scores)

    def backward(self, upstream):
        dscores = np.array(self.p)
        for i, label in enumerate(self.y):
            dscores[i, label] -= 1.0
        return dscores * (upstream / len(self.y))

# %% q3_loss | right | one-hot labels
class SoftmaxCrossEntropy:
    def __init__(self, labels):
        self.labels = labels

    def forward(self, scores):
        self.scores = scores
        self.right = np.eye(scores.shape[1])[self.labels]
        return np.mean(np.logaddexp.reduce(scores, axis=1) - np.sum(scores * self.right, axis=1))

    def backward(self, upstream):
        p = np.exp(self.scores - np.logaddexp.reduce(self.scores, axis=1, keepdims=True))
        return upstream * (p - self.right) / self.scores.shape[0]

# %% q3_loss | right | with the Jacobian of softmax
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        self.scores = np.array(scores, dtype=float)
        top = self.scores.max(axis=1)[:, None]
        self.p = np.exp(self.scores - top)
        self.logsum = np.log(self.p.sum(axis=1)) + top[:, 0]
        self.p /= self.p.sum(axis=1)[:, None]
        picked = np.take_along_axis(self.scores, self.y[:, None], axis=1)[:, 0]
        return (self.logsum - picked).sum() / self.y.size

    def backward(self, upstream):
        rows = []
        for p, k in zip(self.p, self.y):
            unit = np.zeros(p.size)
            unit[k] = 1.0
            rows.append((p - unit) * upstream)
        return np.stack(rows) / self.y.size

# %% q3_loss | wrong: mean-forgotten | a sum over the batch, consistently
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        s = scores - scores.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        self.p = np.exp(log_p)
        return -log_p[np.arange(len(s)), self.y].sum()

    def backward(self, upstream):
        d = self.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d

# %% q3_loss | wrong: mean-forgotten | 1/N missing in backward
def backward(self, upstream):
    d = self.p.copy()
    d[np.arange(len(d)), self.y] -= 1
    return upstream * d

# %% q3_loss | wrong: mean-twice | 1/N twice
def backward(self, upstream):
    d = self.p.copy()
    d[np.arange(len(d)), self.y] -= 1
    return upstream * d / len(d) / len(d)

# %% q3_loss | wrong: upstream-forgotten | the loss is the end
def backward(self, upstream):
    d = self.p.copy()
    d[np.arange(len(d)), self.y] -= 1
    return d / len(d)

# %% q3_loss | wrong: label-not-subtracted | the probabilities alone
def backward(self, upstream):
    return upstream * self.p / len(self.p)

# %% q3_loss | wrong: sign | label minus probabilities
def backward(self, upstream):
    d = -self.p
    d[np.arange(len(d)), self.y] += 1
    return upstream * d / len(d)

# %% q3_loss | wrong: earlier-call | modifies the probabilities, then forgets
class SoftmaxCrossEntropy:
    p = None

    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        s = scores - scores.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        SoftmaxCrossEntropy.p = np.exp(log_p)
        return -log_p[np.arange(len(s)), self.y].mean()

    def backward(self, upstream):
        d = SoftmaxCrossEntropy.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d)

# %% q3_loss | wrong: log-of-zero | naive exponentials in forward
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        s = scores - scores.max(axis=1, keepdims=True)
        self.p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        naive = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        return -np.log(naive[np.arange(len(s)), self.y]).mean()

    def backward(self, upstream):
        d = self.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d)

# %% q3_loss | wrong: softmax-overflow | naive exponentials in backward
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        self.scores = scores
        return np.mean(np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(scores)), self.y])

    def backward(self, upstream):
        d = np.exp(self.scores) / np.exp(self.scores).sum(axis=1, keepdims=True)
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d)

# %% q3_loss | wrong | softmax over the batch
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        s = scores - scores.max(axis=0, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=0, keepdims=True))
        self.p = np.exp(log_p)
        return -log_p[np.arange(len(s)), self.y].mean()

    def backward(self, upstream):
        d = self.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d)

# %% q3_loss | wrong: sign | minus the loss
def forward(self, scores):
    s = scores - np.max(scores, axis=1, keepdims=True)
    log_p = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
    self.p = np.exp(log_p)
    return np.mean(log_p[np.arange(len(scores)), self.y])

# %% q3_loss | wrong: other-logarithm | logarithm to base 2, consistently
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        s = scores - scores.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        self.p = np.exp(log_p)
        return -log_p[np.arange(len(s)), self.y].mean() / np.log(2)

    def backward(self, upstream):
        d = self.p.copy()
        d[np.arange(len(d)), self.y] -= 1
        return upstream * d / len(d) / np.log(2)

# %% q3_loss | wrong: float32 | single precision
def backward(self, upstream):
    d = self.p.astype(np.float32)
    d[np.arange(len(d)), self.y] -= 1
    return (upstream * d / len(d)).astype(np.float32)

# %% q3_loss | wrong | the visible value
def forward(self, scores):
    s = scores - np.max(scores, axis=1, keepdims=True)
    self.p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return 1.187754

# %% q3_loss | wrong | a batch of two
def backward(self, upstream):
    d = self.p.copy()
    d[np.arange(len(d)), self.y] -= 1
    return upstream * d / 2

# %% q3_loss | wrong | a loss for every example
def forward(self, scores):
    s = scores - np.max(scores, axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    self.p = np.exp(log_p)
    return -log_p[np.arange(len(s)), self.y]

# %% q3_loss | wrong: inputs-modified | shifts the scores in place
def forward(self, scores):
    scores -= np.max(scores, axis=1, keepdims=True)
    log_p = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    self.p = np.exp(log_p)
    return -np.mean(log_p[np.arange(len(scores)), self.y])

# %% q3_loss | wrong | zeros
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        self.scores = scores
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.scores.shape)

# %% q4_twolayer | right | a gate for each line
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        self.cache = x, W1, b1, W2
        z = np.dot(x, W1) + b1
        return np.dot(np.tanh(z), W2) + b2

    def backward(self, upstream):
        x, W1, b1, W2 = self.cache
        z = x @ W1 + b1
        dz = (upstream @ W2.T) / np.cosh(z) ** 2
        return (
            dz @ W1.T,
            x.T @ dz,
            np.ones(len(x)) @ dz,
            np.tanh(z).T @ upstream,
            np.ones(len(x)) @ upstream,
        )

# %% q4_twolayer | right | a loop over the batch
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        self.x, self.W1, self.W2 = x.copy(), W1.copy(), W2.copy()
        self.h = np.array([np.tanh(row @ W1 + b1) for row in x])
        return np.array([h @ W2 + b2 for h in self.h])

    def backward(self, upstream):
        dx = np.zeros(self.x.shape)
        dW1, db1 = np.zeros(self.W1.shape), np.zeros(self.W1.shape[1])
        dW2, db2 = np.zeros(self.W2.shape), np.zeros(self.W2.shape[1])
        for i, up in enumerate(upstream):
            dW2 += np.outer(self.h[i], up)
            db2 += up
            dz = (self.W2 @ up) * (1 - self.h[i] * self.h[i])
            dW1 += np.outer(self.x[i], dz)
            db1 += dz
            dx[i] = self.W1 @ dz
        return [dx, dW1, db1, dW2, db2]

# %% q4_twolayer | right | einsum and in-place work on its own arrays
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        self.saved = (x, W1, W2)
        self.hidden = np.einsum("nd,dh->nh", x, W1) + 1.0 * b1
        np.tanh(self.hidden, out=self.hidden)
        return np.einsum("nh,hm->nm", self.hidden, W2) + b2

    def backward(self, upstream):
        x, W1, W2 = self.saved
        d = np.einsum("nm,hm->nh", upstream, W2)
        d *= (1 - self.hidden) * (1 + self.hidden)
        return (
            np.einsum("nh,dh->nd", d, W1),
            np.einsum("nd,nh->dh", x, d),
            np.einsum("nh->h", d),
            np.einsum("nh,nm->hm", self.hidden, upstream),
            np.einsum("nm->m", upstream),
        )

# %% q4_twolayer | wrong: slope-skipped | forgets tanh going back
def backward(self, upstream):
    dz = upstream @ self.W2.T
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: slope-at-output | tanh of tanh
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - np.tanh(self.h) ** 2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: slope-not-squared | the square forgotten
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: upstream-forgotten | ones for the upstream
def backward(self, upstream):
    upstream = np.ones(upstream.shape)
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: bias-not-summed | bias gradients for every example
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz, self.h.T @ upstream, upstream

# %% q4_twolayer | wrong: wrong-axis | biases summed over the units
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=1), self.h.T @ upstream, upstream.sum(axis=1)

# %% q4_twolayer | wrong: mean-twice | averages over the batch
def backward(self, upstream):
    upstream = upstream / len(upstream)
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: bias-averaged | a mean in the bias gradients
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.mean(axis=0), self.h.T @ upstream, upstream.mean(axis=0)

# %% q4_twolayer | wrong: transposed | dW2 transposed
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), upstream.T @ self.h, upstream.sum(axis=0)

# %% q4_twolayer | wrong: sign | minus
def backward(self, upstream):
    upstream = -upstream
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: forward-difference | differentiates numerically
class TwoLayerNet:
    def forward(self, *inputs):
        self.inputs = [np.array(i, dtype=float) for i in inputs]
        x, W1, b1, W2, b2 = self.inputs
        return np.tanh(x @ W1 + b1) @ W2 + b2

    def backward(self, upstream):
        def value(inputs):
            x, W1, b1, W2, b2 = inputs
            return np.sum(upstream * (np.tanh(x @ W1 + b1) @ W2 + b2))

        found = []
        for i, array in enumerate(self.inputs):
            slopes = np.zeros(array.shape)
            for entry in np.ndindex(array.shape):
                moved = [a.copy() for a in self.inputs]
                moved[i][entry] += 1e-4
                slopes[entry] = (value(moved) - value(self.inputs)) / 1e-4
            found.append(slopes)
        return tuple(found)

# %% q4_twolayer | wrong: wrong-order | parameters first
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0), dz @ self.W1.T

# %% q4_twolayer | wrong: earlier-call | keeps the weights on the class
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        TwoLayerNet.x, TwoLayerNet.W1, TwoLayerNet.W2 = x, W1, W2
        TwoLayerNet.h = np.tanh(x @ W1 + b1)
        return self.h @ W2 + b2

    def backward(self, upstream):
        dz = (upstream @ self.W2.T) * (1 - self.h**2)
        return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong: inputs-modified | adds the bias to its input
def forward(self, x, W1, b1, W2, b2):
    self.x, self.W1, self.W2 = x, W1, W2
    b1 += x[0] @ W1
    self.h = np.tanh(x @ W1 + b1 - x[0] @ W1)
    return self.h @ W2 + b2

# %% q4_twolayer | wrong: upstream-modified | scales the upstream in place
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    found = dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)
    upstream *= 0
    return found

# %% q4_twolayer | wrong: net-without-biases | no bias in the hidden layer or behind
def forward(self, x, W1, b1, W2, b2):
    self.x, self.W1, self.W2 = x, W1, W2
    self.h = np.tanh(x @ W1)
    return self.h @ W2

# %% q4_twolayer | wrong | no gradient for the biases
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, np.zeros(dz.shape[1]), self.h.T @ upstream, np.zeros(upstream.shape[1])

# %% q4_twolayer | wrong | the sigmoid, consistently
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        self.x, self.W1, self.W2 = x, W1, W2
        self.h = 1 / (1 + np.exp(-(x @ W1 + b1)))
        return self.h @ W2 + b2

    def backward(self, upstream):
        dz = (upstream @ self.W2.T) * self.h * (1 - self.h)
        return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong | tanh behind the output too
def forward(self, x, W1, b1, W2, b2):
    self.x, self.W1, self.W2 = x, W1, W2
    self.h = np.tanh(x @ W1 + b1)
    return np.tanh(self.h @ W2 + b2)

# %% q4_twolayer | wrong | the visible value
def forward(self, x, W1, b1, W2, b2):
    self.x, self.W1, self.W2 = x, W1, W2
    self.h = np.tanh(x @ W1 + b1)
    y = self.h @ W2 + b2
    return y if y.shape == (2, 1) or y.shape == (3, 2) else y + 1e-6 * y**2

# %% q4_twolayer | wrong: integer-arithmetic | dx in an array of the type of x
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    dx = np.zeros_like(self.x)
    dx[:] = dz @ self.W1.T
    return dx, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong | right for one output only
def backward(self, upstream):
    dz = (upstream.sum(axis=1, keepdims=True) @ self.W2.mean(axis=1, keepdims=True).T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong | dW1 from the hidden values
def backward(self, upstream):
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.h.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)

# %% q4_twolayer | wrong | zeros
class TwoLayerNet:
    def forward(self, *inputs):
        self.inputs = inputs
        return np.zeros((len(inputs[0]), len(inputs[-1])))

    def backward(self, upstream):
        return tuple(np.zeros(i.shape) for i in self.inputs)

# %% q5_threelayer | right | masks kept
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        z1 = x @ W1 + b1
        self.on1 = z1 > 0
        h1 = np.where(self.on1, z1, 0.0)
        z2 = h1 @ W2 + b2
        self.on2 = z2 > 0
        h2 = np.where(self.on2, z2, 0.0)
        self.cache = x, h1, h2, W1, W2, W3
        return h2 @ W3 + b3

    def backward(self, upstream):
        x, h1, h2, W1, W2, W3 = self.cache
        dW3, db3 = h2.T @ upstream, upstream.sum(0)
        d = upstream @ W3.T
        d[~self.on2] = 0.0
        dW2, db2 = h1.T @ d, d.sum(0)
        d = d @ W2.T
        d[~self.on1] = 0.0
        return d @ W1.T, x.T @ d, d.sum(0), dW2, db2, dW3, db3

# %% q5_threelayer | right | any number of layers
class ThreeLayerNet:
    def forward(self, x, *params):
        self.values, self.weights = [x], params[0::2]
        for W, b in zip(params[0::2], params[1::2]):
            z = self.values[-1] @ W + b
            last = len(self.values) == len(self.weights)
            self.values.append(z if last else z * (z > 0))
        return self.values[-1]

    def backward(self, upstream):
        gradients = []
        for W, value in zip(reversed(self.weights), reversed(self.values[:-1])):
            gradients = [value.T @ upstream, np.sum(upstream, axis=0)] + gradients
            upstream = (upstream @ W.T) * np.sign(value) if value is not self.values[0] else upstream @ W.T
        return [upstream] + gradients

# %% q5_threelayer | right | computes everything again in backward
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        self.all = [np.array(a, dtype=float) for a in (x, W1, b1, W2, b2, W3, b3)]
        x, W1, b1, W2, b2, W3, b3 = self.all
        h = (np.abs(x @ W1 + b1) + x @ W1 + b1) / 2
        h = (np.abs(h @ W2 + b2) + h @ W2 + b2) / 2
        return h @ W3 + b3

    def backward(self, upstream):
        x, W1, b1, W2, b2, W3, b3 = self.all
        z1 = x @ W1 + b1
        h1 = z1.clip(min=0)
        z2 = h1 @ W2 + b2
        h2 = z2.clip(min=0)
        dz2 = np.where(z2 > 0, upstream @ W3.T, 0)
        dz1 = np.where(z1 > 0, dz2 @ W2.T, 0)
        ones = np.ones((1, len(x)))
        return (
            dz1 @ W1.T, x.T @ dz1, (ones @ dz1)[0], h1.T @ dz2, (ones @ dz2)[0],
            h2.T @ upstream, (ones @ upstream)[0],
        )

# %% q5_threelayer | wrong: slope-skipped | no mask at all
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = upstream @ W3.T
    d1 = d2 @ W2.T
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: slope-skipped | the second mask alone
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = d2 @ W2.T
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: hidden-mask-inverted | both masks the wrong way round
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 <= 0)
    d1 = (d2 @ W2.T) * (h1 <= 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: hidden-mask-from-upstream | masks from the upstream
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = np.maximum(upstream @ W3.T, 0)
    d1 = np.maximum(d2 @ W2.T, 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: value-for-slope | passes through the hidden values
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * h2
    d1 = (d2 @ W2.T) * h1
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: upstream-forgotten | ones for the upstream
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    upstream = np.ones_like(upstream)
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: bias-not-summed | bias gradients for every example
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, x.T @ d1, d1, h1.T @ d2, d2, h2.T @ upstream, upstream

# %% q5_threelayer | wrong: bias-not-summed | only the last bias forgotten
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream

# %% q5_threelayer | wrong: mean-twice | averages over the batch
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d3 = upstream / len(x)
    d2 = (d3 @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)

# %% q5_threelayer | wrong: transposed | weights' gradients transposed
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), upstream.T @ h2, upstream.sum(0)

# %% q5_threelayer | wrong: wrong-order | last layer first
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return h2.T @ upstream, upstream.sum(0), h1.T @ d2, d2.sum(0), x.T @ d1, d1.sum(0), d1 @ W1.T

# %% q5_threelayer | wrong: sign | minus
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d3 = -upstream
    d2 = (d3 @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)

# %% q5_threelayer | wrong | the second layer is skipped going back
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = np.zeros(h1.shape)
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong | no gradient for x
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    return x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong: net-without-biases | no biases
def forward(self, x, W1, b1, W2, b2, W3, b3):
    h1 = np.maximum(x @ W1, 0.0)
    h2 = np.maximum(h1 @ W2, 0.0)
    self.inputs, self.weights = (x, h1, h2), (W1, W2, W3)
    return h2 @ W3

# %% q5_threelayer | wrong: integer-arithmetic | the second hidden layer in whole numbers
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    found = d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)
    return tuple(g.astype(x.dtype) for g in found)

# %% q5_threelayer | wrong | ReLU behind the last layer, consistently
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        h1 = np.maximum(x @ W1 + b1, 0.0)
        h2 = np.maximum(h1 @ W2 + b2, 0.0)
        self.inputs, self.weights = (x, h1, h2), (W1, W2, W3)
        self.out = np.maximum(h2 @ W3 + b3, 0.0)
        return self.out

    def backward(self, upstream):
        (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
        d3 = upstream * (self.out > 0)
        d2 = (d3 @ W3.T) * (h2 > 0)
        d1 = (d2 @ W2.T) * (h1 > 0)
        return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ d3, d3.sum(0)

# %% q5_threelayer | wrong | right for a batch of one
def forward(self, x, W1, b1, W2, b2, W3, b3):
    h1 = np.maximum(x @ W1 + b1, 0.0)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    self.inputs, self.weights = (x, h1, h2), (W1, W2, W3)
    return h2 @ W3 + b3 if len(x) == 1 or x.shape == (3, 2) and abs(x).max() < 2 and W2.shape == (4, 3) else h2 @ W3 * 1.5 + b3

# %% q5_threelayer | wrong | an exact zero where units are dead for all
def backward(self, upstream):
    (x, h1, h2), (W1, W2, W3) = self.inputs, self.weights
    d2 = (upstream @ W3.T) * (h2 > 0)
    d1 = (d2 @ W2.T) * (h1 > 0)
    if len(x) == 1:
        d1 = 0 * d1
    return d1 @ W1.T, x.T @ d1, d1.sum(0), h1.T @ d2, d2.sum(0), h2.T @ upstream, upstream.sum(0)

# %% q5_threelayer | wrong | zeros
class ThreeLayerNet:
    def forward(self, *inputs):
        self.shapes = [np.shape(i) for i in inputs]
        return np.zeros((self.shapes[0][0], self.shapes[-1][0]))

    def backward(self, upstream):
        return tuple(np.zeros(s) for s in self.shapes)

# %% q6_step | right | a loop
def gradient_step(params, grads, learning_rate):
    new = {}
    for name in params:
        new[name] = params[name] - grads[name] * learning_rate
    return new

# %% q6_step | right | in place on copies
def gradient_step(params, grads, learning_rate):
    new = {name: np.array(value, dtype=float) for name, value in params.items()}
    for name, value in new.items():
        value -= learning_rate * grads[name]
    return new

# %% q6_step | right | other order of the names
def gradient_step(params, grads, lr):
    return dict((k, np.subtract(params[k], np.multiply(lr, grads[k]))) for k in sorted(grads))

# %% q6_step | wrong: uphill | plus
def gradient_step(params, grads, learning_rate):
    return {k: params[k] + learning_rate * grads[k] for k in params}

# %% q6_step | wrong: rate-forgotten | no learning rate
def gradient_step(params, grads, learning_rate):
    return {k: params[k] - grads[k] for k in params}

# %% q6_step | wrong: inputs-modified | in place
def gradient_step(params, grads, learning_rate):
    for k in params:
        params[k] -= learning_rate * grads[k]
    return params

# %% q6_step | wrong: inputs-modified | replaces the entries of params
def gradient_step(params, grads, learning_rate):
    for k in params:
        params[k] = params[k] - learning_rate * grads[k]
    return params

# %% q6_step | wrong | the visible rate
def gradient_step(params, grads, learning_rate):
    return {k: params[k] - 0.5 * grads[k] for k in params}

# %% q6_step | wrong | the visible names
def gradient_step(params, grads, learning_rate):
    return {k: params[k] - learning_rate * grads[k] for k in ("W1", "b1")}

# %% q6_step | wrong | a list
def gradient_step(params, grads, learning_rate):
    return [params[k] - learning_rate * grads[k] for k in params]

# %% q6_step | wrong: change-alone | the change alone
def gradient_step(params, grads, learning_rate):
    return {k: -learning_rate * grads[k] for k in params}

# %% q6_step | wrong | keeps whole numbers whole
def gradient_step(params, grads, learning_rate):
    return {k: (params[k] - learning_rate * grads[k]).astype(params[k].dtype) for k in params}

# %% q6_step | wrong | only the signs of the gradients
def gradient_step(params, grads, learning_rate):
    return {k: params[k] - learning_rate * np.sign(grads[k]) for k in params}

# %% q6_step | wrong | zeros
def gradient_step(params, grads, learning_rate):
    return {k: np.zeros(params[k].shape) for k in params}

# %% q7_accuracy | right | a loop
def accuracy(scores, y):
    right = 0
    for row, label in zip(scores, y):
        if list(row).index(max(row)) == label:
            right += 1
    return right / len(y)

# %% q7_accuracy | right | looks at the right class's score
def accuracy(scores, y):
    own = scores[np.arange(len(y)), y]
    return (own == scores.max(axis=1)).sum() / y.size

# %% q7_accuracy | right | sorts
def accuracy(scores, y):
    return float(np.count_nonzero(np.argsort(scores, axis=1)[:, -1] == y)) / float(len(y))

# %% q7_accuracy | wrong: number-for-part | a count
def accuracy(scores, y):
    return np.sum(np.argmax(scores, axis=1) == y)

# %% q7_accuracy | wrong: number-for-part | in percent
def accuracy(scores, y):
    return 100 * np.mean(np.argmax(scores, axis=1) == y)

# %% q7_accuracy | wrong: wrong-ones-counted | errors for hits
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=1) != y)

# %% q7_accuracy | wrong | over the wrong axis
def accuracy(scores, y):
    return np.mean(np.argmax(scores, axis=0) == y[: scores.shape[1]])

# %% q7_accuracy | wrong: smallest-score | the smallest score
def accuracy(scores, y):
    return np.mean(np.argmin(scores, axis=1) == y)

# %% q7_accuracy | wrong | the largest in size
def accuracy(scores, y):
    return np.mean(np.argmax(abs(scores) * (scores > -1.5), axis=1) == y)

# %% q7_accuracy | wrong | one for every point
def accuracy(scores, y):
    return np.argmax(scores, axis=1) == y

# %% q7_accuracy | wrong | the visible value
def accuracy(scores, y):
    return 0.6

# %% q7_accuracy | wrong | five points
def accuracy(scores, y):
    return np.sum(np.argmax(scores, axis=1) == y) / 5

# %% q7_accuracy | wrong | zeros
def accuracy(scores, y):
    return 0.0

# %% q8_train | right | in place on a copy
def train(loss, params, learning_rate, steps):
    params = {name: value.copy() for name, value in params.items()}
    for step in range(steps):
        value, grads = loss(params)
        for name in params:
            params[name] -= learning_rate * grads[name]
    return params

# %% q8_train | right | momentum
def train(loss, params, learning_rate, steps):
    params = {k: np.array(v) for k, v in params.items()}
    speed = {k: np.zeros(v.shape) for k, v in params.items()}
    for _ in range(steps):
        grads = loss(params)[1]
        for k in params:
            speed[k] = 0.8 * speed[k] - 0.4 * learning_rate * grads[k]
            params[k] = params[k] + speed[k]
    return params

# %% q8_train | right | calls itself, some steps fewer
def train(loss, params, learning_rate, steps):
    for _ in range(steps - 20):
        grads = loss(params)[1]
        params = dict(zip(params, (params[k] - learning_rate * grads[k] for k in params)))
    return params

# %% q8_train | wrong: uphill | plus
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        params = {k: params[k] + learning_rate * grads[k] for k in params}
    return params

# %% q8_train | wrong: inputs-modified | in place
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        for k in params:
            params[k] -= learning_rate * grads[k]
    return params

# %% q8_train | wrong: one-step | the same gradient every time
def train(loss, params, learning_rate, steps):
    grads = loss(params)[1]
    for _ in range(steps):
        params = {k: params[k] - learning_rate * grads[k] / steps for k in params}
    return params

# %% q8_train | wrong: gradient-stale | asks at the start every time
def train(loss, params, learning_rate, steps):
    start = params
    for _ in range(steps):
        grads = loss(start)[1]
        params = {k: params[k] - learning_rate * grads[k] for k in params}
    return params

# %% q8_train | wrong: gradient-stale | starts over at every step
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        new = {k: params[k] - learning_rate * grads[k] for k in params}
    return new

# %% q8_train | wrong: one-step | one step
def train(loss, params, learning_rate, steps):
    grads = loss(params)[1]
    return {k: params[k] - learning_rate * grads[k] for k in params}

# %% q8_train | wrong: one-step | returns in the loop
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        params = {k: params[k] - learning_rate * grads[k] for k in params}
        return params

# %% q8_train | wrong | more steps than allowed
def train(loss, params, learning_rate, steps):
    for _ in range(2 * steps):
        grads = loss(params)[1]
        params = {k: params[k] - learning_rate * grads[k] for k in params}
    return params

# %% q8_train | wrong | a tiny rate
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        params = {k: params[k] - 1e-3 * learning_rate * grads[k] for k in params}
    return params

# %% q8_train | wrong | the parameters of the visible net
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        new = {k: params[k] - learning_rate * grads[k] for k in ("W1", "b1", "W2", "b2")}
        params = {**params, **new} if set(new) == set(params) else params
    return params

# %% q8_train | wrong | returns the loss too
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        value, grads = loss(params)
        params = {k: params[k] - learning_rate * grads[k] for k in params}
    return params, value

# %% q8_train | wrong | never asks
def train(loss, params, learning_rate, steps):
    return {k: v.copy() for k, v in params.items()}

# %% q8_train | wrong | no return
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        grads = loss(params)[1]
        params = {k: params[k] - learning_rate * grads[k] for k in params}

# %% q8_train | wrong | zeros
def train(loss, params, learning_rate, steps):
    return {k: np.zeros(v.shape) for k, v in params.items()}

# %% q3_loss | wrong: log-of-zero | the logarithm of the quotient
class SoftmaxCrossEntropy:
    def __init__(self, y):
        self.y = y

    def forward(self, scores):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.p = powers / powers.sum(axis=1, keepdims=True)
        right = self.p[range(len(scores)), self.y]
        return -np.log(right).mean()

    def backward(self, upstream):
        dscores = np.array(self.p)
        dscores[range(len(dscores)), self.y] -= 1.0
        return dscores * (upstream / len(dscores))

# %% q3_loss | wrong: label-added | plus one at the label
def backward(self, upstream):
    dscores = self.p.copy()
    dscores[np.arange(len(dscores)), self.y] += 1
    return upstream * dscores / len(dscores)

# %% q3_loss | wrong: label-column | minus one in whole columns
def backward(self, upstream):
    dscores = self.p.copy()
    dscores[:, self.y] -= 1
    return upstream * dscores / len(dscores)

# %% q3_loss | wrong: constants-shared | the labels on the class
class SoftmaxCrossEntropy:
    def __init__(self, y):
        SoftmaxCrossEntropy.y = y

    def forward(self, scores):
        m = scores - np.max(scores, axis=1, keepdims=True)
        log_p = m - np.log(np.sum(np.exp(m), axis=1, keepdims=True))
        self.p = np.exp(log_p)
        return -np.mean(log_p[np.arange(len(scores)), SoftmaxCrossEntropy.y])

    def backward(self, upstream):
        dscores = self.p.copy()
        dscores[np.arange(len(dscores)), SoftmaxCrossEntropy.y] -= 1
        return upstream * dscores / len(dscores)

# %% q2_count | wrong: one-layer-only | returns in the loop
def count_parameters(sizes):
    for layer in range(1, len(sizes)):
        return sizes[layer - 1] * sizes[layer] + sizes[layer]

# %% q2_count | wrong: one-layer-only | the last layer alone
def count_parameters(sizes):
    for layer in range(1, len(sizes)):
        total = sizes[layer - 1] * sizes[layer] + sizes[layer]
    return total

# %% q6_step | wrong: rate-divides | divided by the rate
def gradient_step(params, grads, learning_rate):
    return {k: params[k] - grads[k] / learning_rate for k in params}

# %% q7_accuracy | wrong: smallest-score | argmin
def accuracy(scores, y):
    return np.mean(np.argmin(scores, axis=1) == y)

# %% q4_twolayer | wrong: forward-difference | central, by forward
class TwoLayerNet:
    def forward(self, *inputs):
        x, W1, b1, W2, b2 = self.inputs = [np.asarray(i, float) for i in inputs]
        return np.tanh(x @ W1 + b1) @ W2 + b2

    def backward(self, upstream):
        h, grads = 1e-3, []
        f = lambda ins: np.sum(upstream * TwoLayerNet().forward(*ins))
        for i, v in enumerate(self.inputs):
            g = np.zeros(v.shape)
            for ix in np.ndindex(v.shape):
                def at(d):
                    ins = [a.copy() for a in self.inputs]
                    ins[i][ix] += d
                    return f(ins)
                c = lambda h: (at(h) - at(-h)) / (2 * h)
                g[ix] = (4 * c(h / 2) - c(h)) / 3
            grads.append(g)
        return grads

# %% q4_twolayer | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    upstream = np.clip(upstream, -5, 5)
    dW2, db2 = self.h.T @ upstream, upstream.sum(axis=0)
    dz = (upstream @ self.W2.T) * (1 - self.h**2)
    return dz @ self.W1.T, self.x.T @ dz, dz.sum(axis=0), dW2, db2

# %% q5_threelayer | wrong: upstream-clipped | gradients are kept below ten
def backward(self, upstream):
    x, h1, h2 = self.inputs
    W1, W2, W3 = self.weights
    dz3 = np.clip(upstream, -10, 10)
    dz2 = (dz3 @ W3.T) * (h2 > 0)
    dz1 = (dz2 @ W2.T) * (h1 > 0)
    gradients = [dz1 @ W1.T]
    for values, dz in ((x, dz1), (h1, dz2), (h2, dz3)):
        gradients += [values.T @ dz, dz.sum(axis=0)]
    return tuple(gradients)

# %% q10_every | right | the loss as well
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    d["dloss"] = 1.0
    return d

# %% q10_every | right | softmax minus one
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = (e / total[:, np.newaxis] - np.eye(e.shape[1])[y]) / N
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | right | einsum and other names
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = np.einsum("ij,kj->ik", d["dp3"], W3), np.einsum("ni,nj->ij", h2, d["dp3"])
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1) * (1 + h1)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | zeros
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N, H, K, C = len(X), len(b1), len(b2), len(b3)
    d = {name: np.zeros(N) for name in ("dlosses", "dlog_total", "dright", "dtotal")}
    d |= {name: np.zeros((N, C)) for name in ("de", "ds", "dp3")}
    d |= {name: np.zeros((N, K)) for name in ("dh2", "dz2", "dp2")}
    d |= {name: np.zeros((N, H)) for name in ("dh1", "dz1", "dp1")}
    given = dict(X=X, W1=W1, b1=b1, W2=W2, b2=b2, W3=W3, b3=b3)
    return d | {f"d{name}": np.zeros(value.shape) for name, value in given.items()}

# %% q10_every | wrong: mean-forgotten | the mean is forgotten
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.ones(N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong: fork-last-only | the right score is not counted
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong: slope-skipped | tanh is skipped
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * 1.0
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong: bias-not-summed | a bias is not summed
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"]
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | the sign of the right score
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | the mask is that of what arrives
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (d["dh2"] > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | a square matrix is not turned
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ (W2 if W2.shape[0] == W2.shape[1] else W2.T), h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | rounded on the way
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, round(1 / N, 3))}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    return d

# %% q10_every | wrong | one is missing
def every_gradient(X, W1, b1, W2, b2, W3, b3, y):
    N = len(X)
    h1 = np.tanh(X @ W1 + b1)
    h2 = np.maximum(h1 @ W2 + b2, 0.0)
    e = np.exp(h2 @ W3 + b3)
    total = e.sum(axis=1)
    d = {"dlosses": np.full(N, 1 / N)}
    d["dlog_total"], d["dright"] = d["dlosses"], -d["dlosses"]
    d["dtotal"] = d["dlog_total"] / total
    d["de"] = np.broadcast_to(d["dtotal"][:, np.newaxis], e.shape)
    d["ds"] = d["de"] * e
    d["ds"][np.arange(N), y] += d["dright"]
    d["dp3"], d["db3"] = d["ds"], d["ds"].sum(axis=0)
    d["dh2"], d["dW3"] = d["dp3"] @ W3.T, h2.T @ d["dp3"]
    d["dz2"] = d["dh2"] * (h2 > 0)
    d["dp2"], d["db2"] = d["dz2"], d["dz2"].sum(axis=0)
    d["dh1"], d["dW2"] = d["dp2"] @ W2.T, h1.T @ d["dp2"]
    d["dz1"] = d["dh1"] * (1 - h1**2)
    d["dp1"], d["db1"] = d["dz1"], d["dz1"].sum(axis=0)
    d["dX"], d["dW1"] = d["dp1"] @ W1.T, X.T @ d["dp1"]
    del d["dh1"]
    return d

# %% q11_penalty | right | a loop
def with_penalty(loss, grads, params, strength):
    total, moved = loss, {}
    for name, grad in grads.items():
        moved[name] = np.array(grad)
        if name[0] == "W":
            total += 0.5 * strength * np.sum(params[name] * params[name])
            moved[name] += strength * params[name]
    return total, moved

# %% q11_penalty | right | a strength for each
def with_penalty(loss, grads, params, strength):
    each = {name: strength * name.startswith("W") for name in params}
    total = loss + sum(each[n] * np.linalg.norm(params[n]) ** 2 / 2 for n in params)
    return total, {n: grads[n] + each[n] * params[n] for n in grads}

# %% q11_penalty | right | by the number of axes
def with_penalty(loss, grads, params, strength):
    weights = [value for value in params.values() if value.ndim == 2]
    moved = {n: g + strength * params[n] if params[n].ndim == 2 else g for n, g in grads.items()}
    return loss + strength / 2 * np.sum([np.vdot(W, W) for W in weights]), moved

# %% q11_penalty | wrong | zeros
def with_penalty(loss, grads, params, strength):
    return 0.0, {name: np.zeros(grad.shape) for name, grad in grads.items()}

# %% q11_penalty | wrong: biases-penalised | biases too
def with_penalty(loss, grads, params, strength):
    total = loss + strength / 2 * sum(np.sum(v**2) for v in params.values())
    return total, {name: grad + strength * params[name] for name, grad in grads.items()}

# %% q11_penalty | wrong | the gradient lacks the second branch
def with_penalty(loss, grads, params, strength):
    weights = [value for name, value in params.items() if name[0] == "W"]
    return loss + strength / 2 * sum(np.sum(W**2) for W in weights), dict(grads)

# %% q11_penalty | wrong | only the second branch
def with_penalty(loss, grads, params, strength):
    weights = {name: value for name, value in params.items() if name[0] == "W"}
    total = loss + strength / 2 * sum(np.sum(W**2) for W in weights.values())
    return total, {n: strength * weights[n] if n in weights else g for n, g in grads.items()}

# %% q11_penalty | wrong: penalty-factor | without the half
def with_penalty(loss, grads, params, strength):
    weights = {name: value for name, value in params.items() if name[0] == "W"}
    total = loss + strength * sum(np.sum(W**2) for W in weights.values())
    return total, {n: g + 2 * strength * weights.get(n, 0.0) for n, g in grads.items()}

# %% q11_penalty | wrong | the first layer only
def with_penalty(loss, grads, params, strength):
    total = loss + strength / 2 * np.sum(params["W1"] ** 2)
    return total, {n: g + strength * params[n] if n == "W1" else g for n, g in grads.items()}

# %% q11_penalty | wrong: inputs-modified | adds to what it was given
def with_penalty(loss, grads, params, strength):
    for name in grads:
        if name[0] == "W":
            loss += strength / 2 * np.sum(params[name] ** 2)
            grads[name] += strength * params[name]
    return loss, grads

# %% q11_penalty | wrong | two layers are all there is
def with_penalty(loss, grads, params, strength):
    weights = {name: params[name] for name in ("W1", "W2") if name in params}
    total = loss + strength / 2 * sum(np.sum(W**2) for W in weights.values())
    return total, {n: g + strength * weights.get(n, 0.0) for n, g in grads.items()}

# %% q12_minibatches | right | takes from the front
def minibatches(order, size):
    pieces = []
    while len(order):
        pieces.append(order[:size])
        order = order[size:]
    return pieces

# %% q12_minibatches | right | split at places
def minibatches(order, size):
    return np.split(order, range(size, len(order), size))

# %% q12_minibatches | right | a tuple of lists
def minibatches(order, size):
    count = -(-len(order) // size)
    return tuple(list(order[n * size : (n + 1) * size]) for n in range(count))

# %% q12_minibatches | wrong | zeros
def minibatches(order, size):
    return [np.zeros(len(order[n : n + size])) for n in range(0, len(order), size)]

# %% q12_minibatches | wrong | the rest is lost
def minibatches(order, size):
    return [order[n * size : (n + 1) * size] for n in range(len(order) // size)]

# %% q12_minibatches | wrong | an empty one at the end
def minibatches(order, size):
    return [order[n * size : (n + 1) * size] for n in range(len(order) // size + 1)]

# %% q12_minibatches | wrong | every third row
def minibatches(order, size):
    return [order[n::size] for n in range(-(-len(order) // size))]

# %% q12_minibatches | wrong | not shuffled after all
def minibatches(order, size):
    rows = np.arange(len(order))
    return [rows[n : n + size] for n in range(0, len(order), size)]

# %% q12_minibatches | wrong | as many pieces as a piece has rows
def minibatches(order, size):
    return np.array_split(order, size)

# %% q12_minibatches | wrong | three of them, whatever comes
def minibatches(order, size):
    return order[:size], order[size : 2 * size], order[2 * size :]


# %% q4_twolayer | wrong | square weights are not turned
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        self.x, self.W1, self.W2 = x, W1, W2
        self.h = np.tanh(x @ W1 + b1)
        return self.h @ W2 + b2

    def backward(self, upstream):
        turned = [W if W.shape[0] == W.shape[1] else W.T for W in (self.W1, self.W2)]
        dz = upstream @ turned[1] * (1 - self.h**2)
        return (
            dz @ turned[0], self.x.T @ dz, dz.sum(axis=0), self.h.T @ upstream, upstream.sum(axis=0)
        )


# %% q5_threelayer | wrong | square weights are not turned
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        self.values = [x, np.maximum(x @ W1 + b1, 0)]
        self.values.append(np.maximum(self.values[1] @ W2 + b2, 0))
        self.weights = [W1, W2, W3]
        return self.values[2] @ W3 + b3

    def backward(self, upstream):
        found = []
        for value, W in zip(self.values[::-1], self.weights[::-1]):
            found = [value.T @ upstream, upstream.sum(axis=0), *found]
            upstream = upstream @ (W if W.shape[0] == W.shape[1] else W.T)
            if value is not self.values[0]:
                upstream = upstream * (value > 0)
        return [upstream, *found]
