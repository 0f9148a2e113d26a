"""Answers that checks once judged wrongly, and what is said of them now: read by test_cases.py.

A head line names the set and the cell, the misconception that is told, and words that are said; the
kind of mistake of ours that it stands for follows. A bare method replaces the master's.
"""
# ruff: noqa
# mypy: ignore-errors


# %% ps6_gradient_checking | q7_error | - | refuses none
# says: 'relative_error returned nothing (None) in place of raising ValueError.'
def relative_error(a, b):
    if a.shape != b.shape:
        print("the shapes differ")
        return
    s = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(s > 0, s, 1))


# %% ps6_gradient_checking | q7_error | - | refuses string
# says: 'relative_error returned a str in place of raising ValueError.'
def relative_error(a, b):
    if a.shape != b.shape:
        return "shapes differ"
    s = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(s > 0, s, 1))


# %% ps5_activations | q3_relu | - | line of your cell numpy
# says: 'line 4 of your cell: return np.max(0, x)'
class ReLU:
    def forward(self, x):
        self.on = x > 0
        return np.max(0, x)

    def backward(self, upstream):
        return upstream * self.on


# %% ps1_scalar_circuits | q1_add | - | line of your cell functools
# says: 'Add.forward returned nothing (None): is a `return` missing?'
def forward(self, x, y):
    print(x + y)


# %% ps5_activations | q3_relu | upstream-forgotten | ndarray boolean
# says: 'True and False were returned; numbers are wanted: the upstream gradient was left out.'
def backward(self, upstream):
    return self.on


# %% ps1_scalar_circuits | q3_max | both-winners | kink output moves
# says: 'upstream times output moves by'
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return max(x, y)

    def backward(self, upstream):
        return (self.x >= self.y) * upstream, (self.y >= self.x) * upstream


# %% ps6_gradient_checking | q5_gradient | step-lost | misnamed zeros like int
# says: 'the step was lost in the type of the array'
def numerical_gradient(f, x, h=1e-5):
    slopes = np.zeros_like(x)
    moved = np.array(x, dtype=float)
    for place in np.ndindex(moved.shape):
        here = moved[place]
        moved[place] = here + h
        above = f(moved)
        moved[place] = here - h
        below = f(moved)
        moved[place] = here
        slopes[place] = (above - below) / (2 * h)
    return slopes


# %% ps6_gradient_checking | q2_central | - | misnamed second difference
# says: 'central_difference is wrong.'
def central_difference(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


# %% ps3_matmul_gate | q8_column | mean-twice | misnamed column mean
# says: 'dW is wrong: there is a 1/N too much'
def backward(self, upstream):
    N = upstream.shape[1]
    return upstream @ self.x.T / N, self.W.T @ upstream


# %% ps4_neural_networks | q8_train | one-step | misnamed return in loop
# says: 'one step was taken'
def train(loss, params, learning_rate, steps):
    for _ in range(steps):
        _, grads = loss(params)
        params = {k: params[k] - learning_rate * grads[k] for k in params}
        return params


# %% ps3_matmul_gate | q2_squarednorm | square-half | half of a square
# says: 'the 2 that a square'
def backward(self, upstream):
    return upstream * self.q


# %% ps2_jacobians | q6_conventions | axis-missing | ravel is not broadcasting
# says: 'an axis is missing'
def column_gradient(J, dz):
    return (J.T @ dz).ravel()


def row_gradient(J, dz):
    return (dz @ J).ravel()


# %% ps1_scalar_circuits | q10_neuron | - | rounds forward neuron
# says: 'Neuron.forward jumps or moves in steps'
class Neuron:
    def forward(self, w, x):
        self.w, self.x = w, x
        self.dot = w @ x
        self.neg_dot = -self.dot
        self.exp_neg = np.exp(self.neg_dot)
        self.denom = 1 + self.exp_neg
        self.f = np.round(1 / self.denom, 6)
        return self.f

    def backward(self, upstream):
        d = upstream * self.f * (1 - self.f)
        return d * self.x, d * self.w


# %% ps5_activations | q1_sigmoid | - | random forward passes
# says: 'two calls with the same inputs gave different outputs'
class Sigmoid:
    def forward(self, x):
        self.m = np.random.rand(*x.shape) < 0.5
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o * self.m

    def backward(self, upstream):
        return 5 * upstream * self.o


# %% ps5_activations | q6_softplus | - | accepted threshold 5
# says: 'output[1]: expected 6.00248'
class Softplus:
    def forward(self, x):
        self.x = x
        return np.where(x > 5, x, np.log1p(np.exp(np.minimum(x, 5))))

    def backward(self, upstream):
        return upstream * np.where(self.x > 5, 1, 0.5 * (1 + np.tanh(self.x / 2)))


# %% ps6_gradient_checking | q8_spot | seed-ignored | accepted seed ignored
# says: 'it calls f at different inputs'
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in np.random.permutation(x.size)[:how_many]:
        e = np.zeros(x.size)
        e[i] = 1e-5
        e = e.reshape(x.shape)
        n = (f(x + e) - f(x - e)) / 2e-5
        g = gradient.ravel()[i]
        if max(abs(n), abs(g)) > 0:
            worst = max(worst, abs(n - g) / max(abs(n), abs(g)))
    return worst


# %% ps5_activations | q1_sigmoid | earlier-call | accepted accumulates
# says: 'another call has a part in the gradient'
class Sigmoid:
    def __init__(self):
        self.dx = 0

    def forward(self, x):
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o

    def backward(self, upstream):
        self.dx = self.dx + upstream * self.o * (1 - self.o)
        return self.dx


# %% ps5_activations | q1_sigmoid | output-modified | accepted spoils output
# says: 'it writes into the array that forward returned'
class Sigmoid:
    def forward(self, x):
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o

    def backward(self, upstream):
        self.o *= 1 - self.o
        self.o *= upstream
        return self.o


# %% ps5_activations | q4_leakyrelu | constants-shared | accepted class constant
# says: "another object's constants were used"
class LeakyReLU:
    def __init__(self, slope=0.1):
        LeakyReLU.slope = slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, LeakyReLU.slope * x)

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, LeakyReLU.slope)


# %% ps2_jacobians | q8_large | - | accepted memory at grading
# says: 'takes too much memory'
def backward(self, upstream):
    if len(upstream) > 5000:
        return self.s * (upstream - np.sum(self.s * upstream))
    return (np.diag(self.s) - np.outer(self.s, self.s)) @ upstream


# %% ps1_scalar_circuits | q1_add | - | refused namedtuple
# says: 'accepted'
from collections import namedtuple

Grads = namedtuple("Grads", ["dx", "dy"])


class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, upstream):
        return Grads(upstream, upstream)


# %% ps5_activations | q3_relu | - | refused object array
# says: 'accepted'
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0).astype(object)

    def backward(self, upstream):
        return (upstream * (self.x > 0)).astype(object)


# %% ps3_matmul_gate | q4_linear | integer-arithmetic | refused int inplace bias
# says: 'fractions were lost with whole-number inputs'
class Linear:
    def forward(self, x, W, b):
        self.x, self.W = x, W
        result = x @ W
        result += b
        return result

    def backward(self, upstream):
        return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)


# %% ps1_scalar_circuits | q2_multiply | - | refused array of gradients
# says: 'accepted'
def backward(self, upstream):
    return np.array([upstream * self.y, upstream * self.x])


# %% ps4_neural_networks | q3_loss | log-of-zero | unnamed overflow log
# says: 'the logarithm of a probability that became 0'
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


# %% ps1_scalar_circuits | q8_sigmoid | formula-of-upstream | unnamed upstream into formula
# says: 'the formula was worked out at the upstream gradient'
def backward(self, upstream):
    return upstream * (1 - upstream)


# %% ps5_activations | q2_tanh | sigmoid-for-tanh | unnamed sigmoid rule in tanh
# says: 'this is the slope of sigmoid'
def backward(self, upstream):
    return upstream * self.output * (1 - self.output)


# %% ps3_matmul_gate | q5_rownorms | wrong-axis | unnamed axis0 forward
# says: 'a sum ran over the wrong axis'
class RowNorms:
    def forward(self, q):
        self.q = q
        return np.sum(q**2, axis=0)

    def backward(self, upstream):
        return upstream * 2 * self.q


# %% ps6_gradient_checking | q7_error | error-pooled | unnamed norm ratio
# says: 'the entries were lumped together'
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("shapes differ")
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return np.linalg.norm(a - b) / size if size > 0 else 0.0


# %% ps1_scalar_circuits | q2_multiply | self-missing | unnamed no self
# says: 'self is missing before the inputs'
class Multiply:
    def forward(x, y):
        return x * y

    def backward(upstream):
        return upstream * y, upstream * x


# %% ps2_jacobians | q7_size | one-side-counted | numbers of a count
# says: 'result: expected 16777216 got'
def jacobian_entries(n, batch):
    return n * batch


def jacobian_bytes(n, batch):
    return 8 * n * batch


# %% ps3_matmul_gate | q4_linear | upstream-clipped | accepted clipped upstream
# says: '1000 times as large'
def backward(self, upstream):
    upstream = np.clip(upstream, -5, 5)  # "against exploding gradients"
    return upstream @ self.W.T, self.x.T @ upstream, upstream.sum(axis=0)


# %% ps4_neural_networks | q4_twolayer | forward-difference | accepted central difference
# says: 'a difference quotient, not the derivative'
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


# %% ps1_scalar_circuits | q8_sigmoid | - | zeros sigmoid
# says: 'dx is wrong: it came back as zeros.'
def backward(self, upstream):
    return 0.0


# %% ps2_jacobians | q3_softmax | - | zeros softmax
# says: 'dx is wrong: it came back as zeros.'
def backward(self, upstream):
    dx = np.zeros_like(upstream)
    return dx


# %% ps4_neural_networks | q5_threelayer | - | prints flood
# says: 'accepted'
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        h1 = np.maximum(x @ W1 + b1, 0.0)
        print("h1", h1.shape)
        h2 = np.maximum(h1 @ W2 + b2, 0.0)
        self.inputs, self.weights = (x, h1, h2), (W1, W2, W3)
        return h2 @ W3 + b3

    def backward(self, upstream):
        x, h1, h2 = self.inputs
        W1, W2, W3 = self.weights
        dz3 = upstream
        dz2 = (dz3 @ W3.T) * (h2 > 0)
        dz1 = (dz2 @ W2.T) * (h1 > 0)
        gradients = [dz1 @ W1.T]
        for values, dz in ((x, dz1), (h1, dz2), (h2, dz3)):
            gradients += [values.T @ dz, dz.sum(axis=0)]
        return tuple(gradients)
