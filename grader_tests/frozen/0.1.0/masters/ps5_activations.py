# %% q1_sigmoid
class Sigmoid:
    def forward(self, x):
        """The sigmoid of every entry.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.output = 0.5 * (1.0 + np.tanh(0.5 * x))
        return self.output

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return upstream * self.output * (1.0 - self.output)

# %% q1_sigmoid_forward
check.forward(
    Sigmoid,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[0.119203, 0.268941, 0.5, 0.731059, 0.880797],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    Sigmoid,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    like=lambda x: (1 + np.tanh(x / 2)) / 2,
)
check.forward(Sigmoid, at=dict(x=np.array([3, -1, -2])), like=lambda x: (1 + np.tanh(x / 2)) / 2)
### END HIDDEN TESTS

# %% q1_sigmoid_backward
check.backward(Sigmoid, at=check.points(x=(3, 4), seed=10))
### BEGIN HIDDEN TESTS
check.backward(
    Sigmoid,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    of=lambda x: (1 + np.tanh(x / 2)) / 2,
)
check.backward(Sigmoid, at=dict(x=np.array([3, -1, -2])), of=lambda x: (1 + np.tanh(x / 2)) / 2)
### END HIDDEN TESTS

# %% q2_tanh
class Tanh:
    def forward(self, x):
        """The hyperbolic tangent of every entry.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.output = np.tanh(x)
        return self.output

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return upstream * (1.0 - self.output**2)

# %% q2_tanh_forward
check.forward(
    Tanh,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[-0.964028, -0.761594, 0.0, 0.761594, 0.964028],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    Tanh,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    like=lambda x: np.tanh(x),
)
check.forward(Tanh, at=dict(x=np.array([3, -1, -2])), like=lambda x: np.tanh(x))
### END HIDDEN TESTS

# %% q2_tanh_backward
check.backward(Tanh, at=check.points(x=(3, 4), seed=20))
### BEGIN HIDDEN TESTS
check.backward(
    Tanh,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    of=lambda x: np.tanh(x),
)
check.backward(Tanh, at=dict(x=np.array([3, -1, -2])), of=lambda x: np.tanh(x))
### END HIDDEN TESTS

# %% q3_relu
class ReLU:
    def forward(self, x):
        """Every entry, but 0 for the negative ones.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.on = x > 0
        return np.where(self.on, x, 0.0)

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return np.where(self.on, upstream, 0.0)

# %% q3_relu_forward
check.forward(
    ReLU,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[0.0, 0.0, 0.0, 1.0, 2.0],
)
### BEGIN HIDDEN TESTS
check.forward(
    ReLU,
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    like=lambda x: np.maximum(x, 0),
)
### END HIDDEN TESTS

# %% q3_relu_backward
check.backward(ReLU, at=check.points(x=(3, 4), seed=30))
### BEGIN HIDDEN TESTS
check.backward(
    ReLU,
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    of=lambda x: np.maximum(x, 0),
)
### END HIDDEN TESTS

# %% q4_leakyrelu
class LeakyReLU:
    def __init__(self, slope=0.1):
        """slope: a number between 0 and 1, the slope for negative inputs."""
        self.slope = slope

    def forward(self, x):
        """Every entry, the negative ones times the slope.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.local = np.where(x > 0, 1.0, self.slope)
        return self.local * x

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return upstream * self.local

# %% q4_leakyrelu_forward
check.forward(
    LeakyReLU,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[-0.2, -0.1, 0.0, 1.0, 2.0],
)
### BEGIN HIDDEN TESTS
check.forward(
    LeakyReLU,
    made_with=(0.25,),
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    like=lambda x: np.where(x > 0, x, 0.25 * x),
)
check.forward(
    LeakyReLU,
    made_with=(0.25,),
    at=dict(x=np.array([3, -1, -2])),
    like=lambda x: np.where(x > 0, x, 0.25 * x),
)
### END HIDDEN TESTS

# %% q4_leakyrelu_backward
check.backward(LeakyReLU, at=check.points(x=(3, 4), seed=40))
### BEGIN HIDDEN TESTS
check.backward(
    LeakyReLU,
    made_with=(0.25,),
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    of=lambda x: np.where(x > 0, x, 0.25 * x),
)
check.backward(
    LeakyReLU,
    made_with=(0.25,),
    at=dict(x=np.array([3, -1, -2])),
    of=lambda x: np.where(x > 0, x, 0.25 * x),
)
### END HIDDEN TESTS

# %% q5_elu
class ELU:
    def __init__(self, alpha=1.0):
        """alpha: a positive number, how far below 0 the gate can go."""
        self.alpha = alpha

    def forward(self, x):
        """Every entry, the negative ones bent towards -alpha.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.positive = x > 0
        self.output = np.where(self.positive, x, self.alpha * np.expm1(np.minimum(x, 0.0)))
        return self.output

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return upstream * np.where(self.positive, 1.0, self.output + self.alpha)

# %% q5_elu_forward
check.forward(
    ELU,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[-0.864665, -0.632121, 0.0, 1.0, 2.0],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    ELU,
    made_with=(0.5,),
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    like=lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))),
)
check.forward(
    ELU,
    made_with=(0.5,),
    at=dict(x=np.array([3, -1, -2])),
    like=lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))),
)
### END HIDDEN TESTS

# %% q5_elu_backward
check.backward(ELU, at=check.points(x=(3, 4), seed=50))
### BEGIN HIDDEN TESTS
check.backward(
    ELU,
    made_with=(0.5,),
    at=dict(x=np.array([[-1000.0, -3.0, 0.0], [2.0, 0.0, 1000.0]])),
    of=lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))),
)
check.backward(
    ELU,
    made_with=(0.5,),
    at=dict(x=np.array([3, -1, -2])),
    of=lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))),
)
### END HIDDEN TESTS

# %% q6_softplus
class Softplus:
    def forward(self, x):
        """The logarithm of 1 + e to the power x, for every entry.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.x = x
        return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))

    def backward(self, upstream):
        """What goes back to x: upstream x local, entry by entry.

        upstream: array of the shape of x, the gradient that arrives at the output.
        Returns dx, an array of the shape of x.
        """
        return upstream * 0.5 * (1.0 + np.tanh(0.5 * self.x))

# %% q6_softplus_forward
check.forward(
    Softplus,
    at=dict(x=np.array([-2.0, -1.0, 0.0, 1.0, 2.0])),
    gives=[0.126928, 0.313262, 0.693147, 1.313262, 2.126928],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    Softplus,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    like=lambda x: np.logaddexp(x, 0),
)
### END HIDDEN TESTS

# %% q6_softplus_backward
check.backward(Softplus, at=check.points(x=(3, 4), seed=60))
### BEGIN HIDDEN TESTS
check.backward(
    Softplus,
    at=dict(x=np.array([[[-1000.0, -3.0, 0.001]], [[2.0, 30.0, 1000.0]]])),
    of=lambda x: np.logaddexp(x, 0),
)
check.backward(Softplus, at=dict(x=np.array([3, -1, -2])), of=lambda x: np.logaddexp(x, 0))
### END HIDDEN TESTS

# %% q7_maxout
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        """The larger of two linear layers, entry by entry.

        x: array of shape (N, D), an example in each row.
        w1, w2: arrays of shape (D, M), the weights of the layers.
        b1, b2: arrays of shape (M,), their biases.
        Returns an array of shape (N, M).
        """
        self.x, self.w1, self.w2 = x, w1, w2
        first, second = x @ w1 + b1, x @ w2 + b2
        self.first_wins = first >= second
        return np.where(self.first_wins, first, second)

    def backward(self, upstream):
        """What goes back to the batch, and to the parameters of both layers.

        upstream: array of shape (N, M), the gradient that arrives at the output.
        Returns (dx, dw1, db1, dw2, db2), arrays of the shapes of the inputs.
        """
        d1 = np.where(self.first_wins, upstream, 0.0)
        d2 = upstream - d1
        dx = d1 @ self.w1.T + d2 @ self.w2.T
        return dx, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout_forward
check.forward(
    Maxout,
    at=dict(
        x=np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]),
        w1=np.array([[1.0], [2.0]]),
        b1=np.array([0.5]),
        w2=np.array([[2.0], [-1.0]]),
        b2=np.array([0.25]),
    ),
    gives=[[5.5], [1.25], [5.5]],
)
### BEGIN HIDDEN TESTS
check.forward(
    Maxout,
    at=check.points(x=(3, 2), w1=(2, 4), b1=(4,), w2=(2, 4), b2=(4,), seed=71, scale=[1e-3, 1e3]),
    like=lambda x, w1, b1, w2, b2: np.maximum(x @ w1 + b1, x @ w2 + b2),
)
### END HIDDEN TESTS

# %% q7_maxout_backward
check.backward(
    Maxout,
    at=check.points(x=(4, 2), w1=(2, 3), b1=(3,), w2=(2, 3), b2=(3,), seed=73),
    fork=lambda x_1, w1, b1, x_2, w2, b2: np.maximum(x_1 @ w1 + b1, x_2 @ w2 + b2),
)
### BEGIN HIDDEN TESTS
check.backward(
    Maxout,
    at=check.points(x=(3, 1), w1=(1, 2), b1=(2,), w2=(1, 2), b2=(2,), seed=75, scale=[1e-3, 1e3]),
    of=lambda x, w1, b1, w2, b2: np.maximum(x @ w1 + b1, x @ w2 + b2),
)
tie = dict(w1=np.array([[1, -2]]), b1=np.array([1, 4]), w2=np.array([[1, 2]]), b2=np.array([1, 0]))
check.backward(
    Maxout,
    at=dict(x=np.array([[3]])) | tie,
    of=lambda x, w1, b1, w2, b2: np.maximum(x @ w1 + b1, x @ w2 + b2),
)
### END HIDDEN TESTS

# %% q8_sigmoidstack
class SigmoidStack:
    def __init__(self, depth):
        """depth: how many sigmoids stand in a row, a whole number."""
        self.depth = depth

    def forward(self, x):
        """The sigmoid, applied again and again.

        x: array of any shape.
        Returns an array of the shape of x.
        """
        self.outputs = []
        for _ in range(self.depth):
            x = 0.5 * (1.0 + np.tanh(0.5 * x))
            self.outputs.append(x)
        return x

    def backward(self, upstream):
        """What goes back to x, through all levels.

        upstream: array of the shape of x, the gradient that arrives at the last output.
        Returns dx, an array of the shape of x.
        """
        for output in reversed(self.outputs):
            upstream = upstream * output * (1.0 - output)
        return upstream

# %% q8_sigmoidstack_forward
check.forward(
    SigmoidStack,
    made_with=(3,),
    at=dict(x=np.array([-2.0, 0.0, 2.0])),
    gives=[0.629428, 0.650778, 0.669735],
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    SigmoidStack,
    made_with=(2,),
    at=dict(x=np.array([[-1000.0, -3.0], [0.5, 1000.0]])),
    like=lambda x: (1 + np.tanh((1 + np.tanh(x / 2)) / 4)) / 2,
)
### END HIDDEN TESTS

# %% q8_sigmoidstack_backward
check.backward(SigmoidStack, made_with=(3,), at=check.points(x=(2, 3), seed=80))
### BEGIN HIDDEN TESTS
check.backward(
    SigmoidStack,
    made_with=(2,),
    at=dict(x=np.array([[-1000.0, -3.0, 0.5], [2.0, 30.0, 1000.0]])),
    of=lambda x: (1 + np.tanh((1 + np.tanh(x / 2)) / 4)) / 2,
)
### END HIDDEN TESTS
