# %% q1_add
class Add:
    def forward(self, x, y):
        """The sum of two numbers.

        x, y: numbers.
        Returns a number.
        """
        return x + y

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the sum.
        Returns (dx, dy), two numbers.
        """
        return upstream, upstream

# %% q1_add_forward
check.forward(Add, at=dict(x=-2.0, y=5.0), gives=3.0)
### BEGIN HIDDEN TESTS
check.forward(
    Add,
    at=check.points(x=(), y=(), seed=11, scale=[1e-3, 1, 1e3]),
    like=lambda x, y: x + y,
)
check.forward(Add, at=check.points(x=(), y=(), seed=12, integers=True), like=lambda x, y: x + y)
### END HIDDEN TESTS

# %% q1_add_backward
check.backward(Add, at=dict(x=-2.0, y=5.0))
### BEGIN HIDDEN TESTS
check.backward(
    Add,
    at=check.points(x=(), y=(), seed=11, scale=[1e-3, 1, 1e3]),
    of=lambda x, y: x + y,
)
check.backward(Add, at=check.points(x=(), y=(), seed=12, integers=True), of=lambda x, y: x + y)
### END HIDDEN TESTS

# %% q2_multiply
class Multiply:
    def forward(self, x, y):
        """The product of two numbers.

        x, y: numbers.
        Returns a number.
        """
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the product.
        Returns (dx, dy), two numbers.
        """
        return upstream * self.y, upstream * self.x

# %% q2_multiply_forward
check.forward(Multiply, at=dict(x=3.0, y=-4.0), gives=-12.0)
### BEGIN HIDDEN TESTS
check.forward(
    Multiply,
    at=check.points(x=(), y=(), seed=21, scale=[1e-3, 1, 1e3]),
    like=lambda x, y: x * y,
)
check.forward(
    Multiply,
    at=check.points(x=(), y=(), seed=22, integers=True),
    like=lambda x, y: x * y,
)
### END HIDDEN TESTS

# %% q2_multiply_backward
check.backward(Multiply, at=dict(x=3.0, y=-4.0))
### BEGIN HIDDEN TESTS
check.backward(
    Multiply,
    at=check.points(x=(), y=(), seed=21, scale=[1e-3, 1, 1e3]),
    of=lambda x, y: x * y,
)
check.backward(Multiply, at=check.points(x=(), y=(), seed=22, integers=True), of=lambda x, y: x * y)
### END HIDDEN TESTS

# %% q3_max
class Max:
    def forward(self, x, y):
        """The larger of two numbers.

        x, y: numbers.
        Returns a number.
        """
        self.first_wins = x >= y
        return x if self.first_wins else y

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the maximum.
        Returns (dx, dy), two numbers.
        """
        if self.first_wins:
            return upstream, 0.0
        return 0.0, upstream

# %% q3_max_forward
check.forward(Max, at=[dict(x=2.0, y=-1.0), dict(x=-3.0, y=4.0)], gives=[2.0, 4.0])
### BEGIN HIDDEN TESTS
check.forward(
    Max,
    at=check.points(x=(), y=(), seed=31, count=3, scale=[1e-3, 1, 1e3]),
    like=lambda x, y: max(x, y),
)
### END HIDDEN TESTS

# %% q3_max_backward
check.backward(Max, at=[dict(x=2.0, y=-1.0), dict(x=-3.0, y=4.0)])
### BEGIN HIDDEN TESTS
check.backward(
    Max,
    at=check.points(x=(), y=(), seed=31, count=3, scale=[1e-3, 1, 1e3]),
    of=lambda x, y: max(x, y),
)
check.backward(Max, at=dict(x=1.5, y=1.5), of=lambda x, y: max(x, y))
### END HIDDEN TESTS

# %% q4_addconstant
class AddConstant:
    def __init__(self, c):
        """c: a number, the gate's constant."""
        self.c = c

    def forward(self, x):
        """The input plus the constant.

        x: a number.
        Returns a number.
        """
        return x + self.c

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the sum.
        Returns dx, a number.
        """
        return upstream

# %% q4_addconstant_forward
check.forward(AddConstant, made_with=(2.5,), at=dict(x=0.5), gives=3.0)
### BEGIN HIDDEN TESTS
check.forward(
    AddConstant,
    made_with=(-2.5,),
    at=check.points(x=(), seed=41, scale=[1e-3, 1, 1e3]),
    like=lambda x: x - 2.5,
)
### END HIDDEN TESTS

# %% q4_addconstant_backward
check.backward(AddConstant, made_with=(2.5,), at=dict(x=0.5))
### BEGIN HIDDEN TESTS
check.backward(
    AddConstant,
    made_with=(-2.5,),
    at=check.points(x=(), seed=41, scale=[1e-3, 1, 1e3]),
    of=lambda x: x - 2.5,
)
### END HIDDEN TESTS

# %% q5_scale
class Scale:
    def __init__(self, c):
        """c: a number, the gate's constant."""
        self.c = c

    def forward(self, x):
        """The constant times the input.

        x: a number.
        Returns a number.
        """
        return self.c * x

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the product.
        Returns dx, a number.
        """
        return upstream * self.c

# %% q5_scale_forward
check.forward(Scale, made_with=(3.0,), at=dict(x=-2.0), gives=-6.0)
### BEGIN HIDDEN TESTS
check.forward(
    Scale,
    made_with=(-1.5,),
    at=check.points(x=(), seed=51, scale=[1e-3, 1, 1e3]),
    like=lambda x: -1.5 * x,
)
### END HIDDEN TESTS

# %% q5_scale_backward
check.backward(Scale, made_with=(3.0,), at=dict(x=-2.0))
### BEGIN HIDDEN TESTS
check.backward(
    Scale,
    made_with=(-1.5,),
    at=check.points(x=(), seed=51, scale=[1e-3, 1, 1e3]),
    of=lambda x: -1.5 * x,
)
### END HIDDEN TESTS

# %% q6_exp
class Exp:
    def forward(self, x):
        """e to the power x.

        x: a number.
        Returns a number.
        """
        self.output = math.exp(x)
        return self.output

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the output.
        Returns dx, a number.
        """
        return upstream * self.output

# %% q6_exp_forward
check.forward(Exp, at=dict(x=-1.0), gives=0.367879, decimals=6)
### BEGIN HIDDEN TESTS
check.forward(
    Exp,
    at=check.points(x=(), seed=61, count=2, scale=[1e-3, 1, 10]),
    like=lambda x: math.exp(x),
)
### END HIDDEN TESTS

# %% q6_exp_backward
check.backward(Exp, at=dict(x=-1.0))
### BEGIN HIDDEN TESTS
check.backward(
    Exp,
    at=check.points(x=(), seed=61, count=2, scale=[1e-3, 1, 10]),
    of=lambda x: math.exp(x),
)
### END HIDDEN TESTS

# %% q7_reciprocal
class Reciprocal:
    def forward(self, x):
        """One over x.

        x: a number, not zero.
        Returns a number.
        """
        self.x = x
        return 1.0 / x

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the output.
        Returns dx, a number.
        """
        return -upstream / self.x**2

# %% q7_reciprocal_forward
check.forward(Reciprocal, at=dict(x=1.25), gives=0.8)
### BEGIN HIDDEN TESTS
check.forward(
    Reciprocal,
    at=check.points(x=(), seed=71, count=2, scale=[1e-3, 1, 1e3]),
    like=lambda x: 1 / x,
)
check.forward(
    Reciprocal,
    at=check.points(x=(), seed=72, count=2, integers=True),
    like=lambda x: 1 / x,
)
### END HIDDEN TESTS

# %% q7_reciprocal_backward
check.backward(Reciprocal, at=dict(x=1.25))
### BEGIN HIDDEN TESTS
check.backward(
    Reciprocal,
    at=check.points(x=(), seed=71, count=2, scale=[1e-3, 1, 1e3]),
    of=lambda x: 1 / x,
)
check.backward(
    Reciprocal,
    at=check.points(x=(), seed=72, count=2, integers=True),
    of=lambda x: 1 / x,
)
### END HIDDEN TESTS

# %% q8_sigmoid
class Sigmoid:
    def forward(self, x):
        """The sigmoid of x.

        x: a number.
        Returns a number.
        """
        self.output = 1.0 / (1.0 + math.exp(-x))
        return self.output

    def backward(self, upstream):
        """What goes back to each input: upstream x local.

        upstream: a number, the gradient that arrives at the output.
        Returns dx, a number.
        """
        return upstream * self.output * (1.0 - self.output)

# %% q8_sigmoid_forward
check.forward(Sigmoid, at=dict(x=1.0), gives=0.731059, decimals=6)
### BEGIN HIDDEN TESTS
check.forward(
    Sigmoid,
    at=check.points(x=(), seed=81, count=2, scale=[1e-3, 1, 10]),
    like=lambda x: 1 / (1 + math.exp(-x)),
)
### END HIDDEN TESTS

# %% q8_sigmoid_backward
check.backward(Sigmoid, at=dict(x=1.0))
### BEGIN HIDDEN TESTS
check.backward(
    Sigmoid,
    at=check.points(x=(), seed=81, count=2, scale=[1e-3, 1, 10]),
    of=lambda x: 1 / (1 + math.exp(-x)),
)
### END HIDDEN TESTS

# %% q9_addthenmultiply
class AddThenMultiply:
    def forward(self, x, y, z):
        """(x + y) z.

        x, y, z: numbers.
        Returns a number.
        """
        self.q, self.z = x + y, z
        return self.q * z

    def backward(self, upstream):
        """What goes back to each input.

        upstream: a number, the gradient that arrives at f.
        Returns (dx, dy, dz), three numbers.
        """
        dq = upstream * self.z
        dz = upstream * self.q
        return dq, dq, dz

# %% q9_addthenmultiply_forward
check.forward(AddThenMultiply, at=dict(x=-2.0, y=5.0, z=-4.0), gives=-12.0)
### BEGIN HIDDEN TESTS
check.forward(
    AddThenMultiply,
    at=check.points(x=(), y=(), z=(), seed=91, scale=[1e-3, 1, 1e3]),
    like=lambda x, y, z: (x + y) * z,
)
### END HIDDEN TESTS

# %% q9_addthenmultiply_backward
check.backward(AddThenMultiply, at=dict(x=-2.0, y=5.0, z=-4.0))
### BEGIN HIDDEN TESTS
check.backward(
    AddThenMultiply,
    at=check.points(x=(), y=(), z=(), seed=91, scale=[1e-3, 1, 1e3]),
    of=lambda x, y, z: (x + y) * z,
)
### END HIDDEN TESTS

# %% q10_neuron
class Neuron:
    def forward(self, w, x):
        """The sigmoid of w . x, keeping the stages dot, neg_dot, exp_neg, denom and f on self.

        w: array of shape (3,), the weights.
        x: array of shape (3,), the inputs.
        Returns a number, f.
        """
        self.w, self.x = w, x
        self.dot = w[0] * x[0] + w[1] * x[1] + w[2] * x[2]
        self.neg_dot = -self.dot
        self.exp_neg = np.exp(self.neg_dot)
        self.denom = 1.0 + self.exp_neg
        self.f = 1.0 / self.denom
        return self.f

    def backward(self, upstream):
        """What goes back to the weights and to the inputs.

        upstream: a number, the gradient that arrives at f.
        Returns (dw, dx), two arrays of shape (3,).
        """
        d_denom = -upstream / self.denom**2
        d_exp_neg = d_denom
        d_neg_dot = d_exp_neg * self.exp_neg
        d_dot = -d_neg_dot
        return d_dot * self.x, d_dot * self.w

# %% q10_neuron_forward
lecture = dict(w=np.array([2.0, -3.0, -3.0]), x=np.array([-1.0, -2.0, 1.0]))
check.forward(Neuron, at=lecture, gives=0.731059, decimals=6)
check.stages(
    Neuron,
    at=lecture,
    gives=dict(dot=1.0, neg_dot=-1.0, exp_neg=0.367879, denom=1.367879, f=0.731059),
    decimals=6,
)
### BEGIN HIDDEN TESTS
check.forward(
    Neuron,
    at=check.points(w=(3,), x=(3,), seed=101, count=2, scale=[1e-3, 1]),
    like=lambda w, x: 1 / (1 + math.exp(-(w @ x))),
)
### END HIDDEN TESTS

# %% q10_neuron_backward
check.backward(Neuron, at=dict(w=np.array([2.0, -3.0, -3.0]), x=np.array([-1.0, -2.0, 1.0])))
### BEGIN HIDDEN TESTS
check.backward(
    Neuron,
    at=check.points(w=(3,), x=(3,), seed=101, count=2, scale=[1e-3, 1]),
    of=lambda w, x: 1 / (1 + math.exp(-(w @ x))),
)
### END HIDDEN TESTS

# %% q11_fork
class Fork:
    def forward(self, x, y):
        """x y + x.

        x, y: numbers.
        Returns a number.
        """
        self.x, self.y = x, y
        return x * y + x

    def backward(self, upstream):
        """What goes back to each input.

        upstream: a number, the gradient that arrives at f.
        Returns (dx, dy), two numbers.
        """
        dx = upstream * self.y
        dx += upstream
        return dx, upstream * self.x

# %% q11_fork_forward
check.forward(Fork, at=dict(x=2.0, y=-4.0), gives=-6.0)
### BEGIN HIDDEN TESTS
check.forward(
    Fork,
    at=check.points(x=(), y=(), seed=111, scale=[1e-3, 1, 1e3]),
    like=lambda x, y: x * y + x,
)
### END HIDDEN TESTS

# %% q11_fork_backward
check.backward(Fork, at=dict(x=2.0, y=-4.0), fork=lambda x_1, y, x_2: x_1 * y + x_2)
### BEGIN HIDDEN TESTS
check.backward(
    Fork,
    at=check.points(x=(), y=(), seed=111, scale=[1e-3, 1, 1e3]),
    of=lambda x, y: x * y + x,
    fork=lambda x_1, y, x_2: x_1 * y + x_2,
)
### END HIDDEN TESTS
