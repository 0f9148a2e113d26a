# %% q1_collapse
def collapse(W1, b1, W2, b2):
    """The one linear layer that does what two do.

    W1: array of shape (D, H); b1: array of shape (H,).
    W2: array of shape (H, M); b2: array of shape (M,).
    Returns (W, b), arrays of shapes (D, M) and (M,).
    """
    return W1 @ W2, b1 @ W2 + b2

# %% q1_collapse_value
check.function(
    collapse,
    at=dict(
        W1=np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 1.0]]),
        b1=np.array([1.0, 0.0, -1.0]),
        W2=np.array([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]]),
        b2=np.array([0.0, 5.0]),
    ),
    gives=(np.array([[5.0, 2.0], [-2.0, -2.0]]), np.array([1.0, 6.0])),
    parts=("W", "b"),
)
### BEGIN HIDDEN TESTS
check.function(
    collapse,
    at=[
        *check.points(W1=(2, 4), b1=(4,), W2=(4, 3), b2=(3,), seed=11, scale=[1e-3, 1, 1e3]),
        *check.points(W1=(3, 1), b1=(1,), W2=(1, 2), b2=(2,), seed=12, integers=True),
    ],
    like=lambda W1, b1, W2, b2: (
        np.stack([(row @ W1) @ W2 for row in np.eye(len(W1))]),
        b1 @ W2 + b2,
    ),
    parts=("W", "b"),
)
### END HIDDEN TESTS

# %% q2_count
def count_parameters(sizes):
    """How many weights and biases a net has.

    sizes: a tuple of two or more whole numbers: inputs, the width of each hidden layer, outputs.
    Returns a whole number.
    """
    total = 0
    for layer in range(1, len(sizes)):
        total += sizes[layer - 1] * sizes[layer] + sizes[layer]
    return total

# %% q2_count_value
check.function(count_parameters, at=dict(sizes=(2, 100, 3)), gives=603)
check.function(count_parameters, at=dict(sizes=(3072, 50, 50, 10)), gives=156710)
### BEGIN HIDDEN TESTS
check.function(
    count_parameters,
    at=[
        dict(sizes=(5, 7, 4)),
        dict(sizes=(4, 6, 3, 2)),
        dict(sizes=(9, 2)),
        dict(sizes=(2, 3, 4, 3, 2)),
    ],
    like=lambda sizes: sum(
        np.zeros(sizes[i : i + 2]).size + np.zeros(sizes[i + 1]).size for i in range(len(sizes) - 1)
    ),
)
### END HIDDEN TESTS

# %% q3_loss
class SoftmaxCrossEntropy:
    def __init__(self, y):
        """y: array of N whole numbers, the right class of each row, from 0 to C - 1."""
        self.y = y

    def forward(self, scores):
        """The mean over the batch of -log(probability of the right class).

        scores: array of shape (N, C).
        Returns a number.
        """
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        self.p = np.exp(log_p)
        return -np.mean(log_p[np.arange(len(scores)), self.y])

    def backward(self, upstream):
        """What goes back to the scores.

        upstream: a number, the gradient that arrives at the loss.
        Returns dscores, an array of shape (N, C).
        """
        dscores = self.p.copy()
        dscores[np.arange(len(dscores)), self.y] -= 1
        return upstream * dscores / len(dscores)

# %% q3_loss_forward
check.forward(
    SoftmaxCrossEntropy,
    made_with=(np.array([1, 0, 1]),),
    at=dict(scores=np.array([[1.0, 2.0], [0.0, 3.0], [-1.0, 0.5]])),
    gives=1.187754,
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    SoftmaxCrossEntropy,
    made_with=(np.array([3, 0, 1]),),
    at=[
        *check.points(scores=(3, 4), seed=31, scale=[1e-3, 1, 1e3]),
        *check.points(scores=(3, 4), seed=32, integers=True),
    ],
    like=lambda s: np.mean(np.logaddexp.reduce(s, axis=1) - s[[0, 1, 2], [3, 0, 1]]),
)
### END HIDDEN TESTS

# %% q3_loss_backward
check.backward(
    SoftmaxCrossEntropy,
    made_with=(np.array([1, 0, 1]),),
    at=dict(scores=np.array([[1.0, 2.0], [0.0, 3.0], [-1.0, 0.5]])),
)
### BEGIN HIDDEN TESTS
check.backward(
    SoftmaxCrossEntropy,
    made_with=(np.array([3, 0, 1]),),
    at=[
        *check.points(scores=(3, 4), seed=31, scale=[1e-3, 1, 1e3]),
        *check.points(scores=(3, 4), seed=32, integers=True),
    ],
    of=lambda s: np.mean(np.logaddexp.reduce(s, axis=1) - s[[0, 1, 2], [3, 0, 1]]),
)
### END HIDDEN TESTS

# %% q4_twolayer
class TwoLayerNet:
    def forward(self, x, W1, b1, W2, b2):
        """tanh(x @ W1 + b1) @ W2 + b2.

        x: array of shape (N, D), a batch.
        W1: array of shape (D, H); b1: array of shape (H,).
        W2: array of shape (H, M); b2: array of shape (M,).
        Returns an array of shape (N, M).
        """
        self.x, self.W1, self.W2 = x, W1, W2
        self.h = np.tanh(x @ W1 + b1)
        return self.h @ W2 + b2

    def backward(self, upstream):
        """What goes back to the batch and to every parameter.

        upstream: array of shape (N, M), the gradient that arrives at the output.
        Returns (dx, dW1, db1, dW2, db2), each of the shape of its input.
        """
        dW2, db2 = self.h.T @ upstream, upstream.sum(axis=0)
        dh = upstream @ self.W2.T
        dz = dh * (1 - self.h**2)
        dW1, db1 = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W1.T, dW1, db1, dW2, db2

# %% q4_twolayer_forward
check.forward(
    TwoLayerNet,
    at=dict(
        x=np.array([[0.5, -1.0], [2.0, 0.0]]),
        W1=np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]]),
        b1=np.array([0.0, 0.1, -0.1]),
        W2=np.array([[1.0], [-2.0], [0.5]]),
        b2=np.array([0.25]),
    ),
    gives=np.array([[1.123694], [1.261059]]),
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    TwoLayerNet,
    at=[
        *check.points(
            x=(3, 2), W1=(2, 4), b1=(4,), W2=(4, 3), b2=(3,), seed=41, scale=[1e-3, 0.5, 1e3]
        ),
        *check.points(x=(1, 3), W1=(3, 2), b1=(2,), W2=(2, 2), b2=(2,), seed=42, integers=True),
    ],
    like=lambda x, W1, b1, W2, b2: np.tanh(x @ W1 + b1) @ W2 + b2,
)
### END HIDDEN TESTS

# %% q4_twolayer_backward
check.backward(
    TwoLayerNet,
    at=check.points(x=(3, 2), W1=(2, 4), b1=(4,), W2=(4, 2), b2=(2,), seed=40, scale=0.5),
)
### BEGIN HIDDEN TESTS
check.backward(
    TwoLayerNet,
    at=[
        *check.points(x=(3, 2), W1=(2, 4), b1=(4,), W2=(4, 3), b2=(3,), seed=41, scale=[1e-2, 0.5]),
        dict(
            x=np.array([[1, -1]]),
            W1=np.array([[1, 2, 0], [1, 1, -1]]),
            b1=np.array([1, -1, 0]),
            W2=np.array([[2, -1], [1, 3], [-4, 1]]),
            b2=np.array([5, -2]),
        ),
    ],
    of=lambda x, W1, b1, W2, b2: np.tanh(x @ W1 + b1) @ W2 + b2,
)
### END HIDDEN TESTS

# %% q5_threelayer
class ThreeLayerNet:
    def forward(self, x, W1, b1, W2, b2, W3, b3):
        """relu(relu(x @ W1 + b1) @ W2 + b2) @ W3 + b3.

        x: array of shape (N, D), a batch.
        W1: array of shape (D, H); b1: array of shape (H,).
        W2: array of shape (H, K); b2: array of shape (K,).
        W3: array of shape (K, M); b3: array of shape (M,).
        Returns an array of shape (N, M).
        """
        h1 = np.maximum(x @ W1 + b1, 0.0)
        h2 = np.maximum(h1 @ W2 + b2, 0.0)
        self.inputs, self.weights = (x, h1, h2), (W1, W2, W3)
        return h2 @ W3 + b3

    def backward(self, upstream):
        """What goes back to the batch and to every parameter.

        upstream: array of shape (N, M), the gradient that arrives at the output.
        Returns (dx, dW1, db1, dW2, db2, dW3, db3), each of the shape of its input.
        """
        x, h1, h2 = self.inputs
        W1, W2, W3 = self.weights
        dz3 = upstream
        dz2 = (dz3 @ W3.T) * (h2 > 0)
        dz1 = (dz2 @ W2.T) * (h1 > 0)
        gradients = [dz1 @ W1.T]
        for values, dz in ((x, dz1), (h1, dz2), (h2, dz3)):
            gradients += [values.T @ dz, dz.sum(axis=0)]
        return tuple(gradients)

# %% q5_threelayer_forward
check.forward(
    ThreeLayerNet,
    at=dict(
        x=np.array([[1.0, -2.0]]),
        W1=np.array([[2.0, -1.0, 1.0], [0.5, -1.0, 1.0]]),
        b1=np.array([0.0, 1.0, 0.0]),
        W2=np.array([[3.0, -1.0], [1.0, 1.0], [1.0, 1.0]]),
        b2=np.array([-1.0, -2.0]),
        W3=np.array([[2.0, 1.0, -1.0], [5.0, 5.0, 5.0]]),
        b3=np.array([0.5, 0.0, 1.0]),
    ),
    gives=np.array([[8.5, 4.0, -3.0]]),
)
### BEGIN HIDDEN TESTS
check.forward(
    ThreeLayerNet,
    at=[
        *check.points(
            x=(3, 2),
            W1=(2, 4),
            b1=(4,),
            W2=(4, 5),
            b2=(5,),
            W3=(5, 3),
            b3=(3,),
            seed=51,
            scale=[1e-3, 1, 1e3],
        ),
        *check.points(
            x=(1, 2),
            W1=(2, 3),
            b1=(3,),
            W2=(3, 2),
            b2=(2,),
            W3=(2, 1),
            b3=(1,),
            seed=53,
            integers=True,
        ),
    ],
    like=lambda x, W1, b1, W2, b2, W3, b3: (
        np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    ),
)
### END HIDDEN TESTS

# %% q5_threelayer_backward
check.backward(
    ThreeLayerNet,
    at=check.points(x=(3, 2), W1=(2, 4), b1=(4,), W2=(4, 3), b2=(3,), W3=(3, 2), b3=(2,), seed=54),
)
### BEGIN HIDDEN TESTS
check.backward(
    ThreeLayerNet,
    at=[
        *check.points(
            x=(3, 2),
            W1=(2, 4),
            b1=(4,),
            W2=(4, 3),
            b2=(3,),
            W3=(3, 2),
            b3=(2,),
            seed=51,
            scale=[1e-2, 1],
        ),
        *check.points(
            x=(1, 2),
            W1=(2, 3),
            b1=(3,),
            W2=(3, 2),
            b2=(2,),
            W3=(2, 1),
            b3=(1,),
            seed=53,
            integers=True,
        ),
    ],
    of=lambda x, W1, b1, W2, b2, W3, b3: (
        np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3
    ),
)
### END HIDDEN TESTS

# %% q6_step
def gradient_step(params, grads, learning_rate):
    """Every parameter a step downhill.

    params: dict, name -> array.
    grads: dict with the same names, each array of the shape of its parameter.
    learning_rate: a number.
    Returns a dict with the same names and shapes; params and grads stay as they are.
    """
    return {name: value - learning_rate * grads[name] for name, value in params.items()}

# %% q6_step_value
check.function(
    gradient_step,
    at=dict(
        params=dict(W1=np.array([[1.0, 2.0], [-3.0, 4.0], [0.0, 0.5]]), b1=np.array([0.5, -0.5])),
        grads=dict(W1=np.array([[10.0, 0.0], [-4.0, 2.0], [1.0, 6.0]]), b1=np.array([1.0, -2.0])),
        learning_rate=0.5,
    ),
    gives=dict(W1=np.array([[-4.0, 2.0], [-1.0, 3.0], [-0.5, -2.5]]), b1=np.array([0.0, 0.5])),
)
### BEGIN HIDDEN TESTS
shapes = dict(W1=(2, 3), b1=(3,), W2=(3, 1), b2=(1,))
check.function(
    gradient_step,
    at=[
        dict(params=params, grads=grads, learning_rate=rate)
        for rate in (0.1, 1e-3)
        for grads in check.points(seed=63, **shapes)
        for params in (
            *check.points(seed=61, scale=[1e-3, 1e3], **shapes),
            *check.points(seed=62, integers=True, **shapes),
        )
    ],
    like=lambda params, grads, rate: {k: params[k] - rate * grads[k] for k in params},
)
### END HIDDEN TESTS

# %% q7_accuracy
def accuracy(scores, y):
    """The part of the points whose right class has the largest score.

    scores: array of shape (N, C); no row has a tie.
    y: array of N whole numbers, the right classes.
    Returns a number from 0 to 1.
    """
    return np.mean(np.argmax(scores, axis=1) == y)

# %% q7_accuracy_value
check.function(
    accuracy,
    at=dict(
        scores=np.array(
            [
                [1.0, 2.0, 0.0],
                [0.3, 0.1, 0.2],
                [-1.0, -2.0, -3.0],
                [4.0, 5.0, 6.0],
                [5.0, 1.0, -9.0],
            ]
        ),
        y=np.array([1, 2, 0, 2, 1]),
    ),
    gives=0.6,
)
### BEGIN HIDDEN TESTS
check.function(
    accuracy,
    at=[
        dict(
            scores=np.array([[-5.0, 3.0], [2e-3, 1e-3], [700.0, 900.0], [0.0, -1.0], [8.0, 9.0]]),
            y=np.array([1, 0, 0, 1, 0]),
        ),
        dict(scores=np.array([[1, 4, 3, 2]]), y=np.array([1])),
        dict(scores=np.array([[-1, -4, -3], [5, 0, 2]]), y=np.array([2, 1])),
    ],
    like=lambda scores, y: sum(s[y[i]] == max(s) for i, s in enumerate(scores)) / len(y),
)
### END HIDDEN TESTS

# %% q8_train
def train(loss, params, learning_rate, steps):
    """Gradient descent.

    loss: a function; loss(params) returns (a number, dict of gradients named as params).
    params: dict, name -> array; where to start.
    learning_rate: a number.
    steps: how many steps to take; loss may be called so often, and no more.
    Returns a dict of trained parameters; params stays as it is.
    """
    for _ in range(steps):
        _, grads = loss(params)
        params = {name: value - learning_rate * grads[name] for name, value in params.items()}
    return params

# %% q8_train_reaches
check.trained(
    train,
    loss=spiral_loss,
    accuracy=spiral_accuracy,
    start=start,
    learning_rate=1.0,
    steps=300,
    reaches=0.95,
)
### BEGIN HIDDEN TESTS
other_X, other_y = spiral(20, arms=2, seed=8)
check.trained(
    train,
    loss=lambda params: nets.loss_and_gradients(params, other_X, other_y),
    accuracy=lambda params: nets.accuracy(params, other_X, other_y),
    start=nets.initial_parameters((2, 12, 10, 2), seed=8),
    learning_rate=0.5,
    steps=200,
    reaches=0.95,
)
### END HIDDEN TESTS
