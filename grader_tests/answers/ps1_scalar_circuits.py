"""Answers to problem set 1, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_add | right | numpy sum
class Add:
    def forward(self, x, y):
        return np.add(x, y)

    def backward(self, upstream):
        return np.float64(upstream), np.float64(upstream)

# %% q1_add | right | upstream times one
def backward(self, upstream):
    dx = 1.0 * upstream
    dy = 1.0 * upstream
    return dx, dy

# %% q1_add | right | list of gradients
class Add:
    def forward(self, first, second):
        total = first
        total += second
        return total

    def backward(self, dout):
        return [dout for _ in range(2)]

# %% q1_add | wrong: upstream-forgotten | ones
def backward(self, upstream):
    return 1.0, 1.0

# %% q1_add | wrong: factor-half | halves
def backward(self, upstream):
    return upstream / 2, upstream / 2

# %% q1_add | wrong: sign | minus
def backward(self, upstream):
    return -upstream, -upstream

# %% q1_add | wrong: sign | minus in the second only
def backward(self, upstream):
    return upstream, -upstream

# %% q1_add | wrong: upstream-added | adds the upstream
def backward(self, upstream):
    return upstream + 1.0, upstream + 1.0

# %% q1_add | wrong: factor-two | doubled
def backward(self, upstream):
    return 2 * upstream, 2 * upstream

# %% q1_add | wrong: input-for-slope | upstream times the inputs
class Add:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x + y

    def backward(self, upstream):
        return upstream * self.x, upstream * self.y

# %% q1_add | wrong: add-as-multiply | each with the other input
class Add:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x + y

    def backward(self, upstream):
        return upstream * self.y, upstream * self.x

# %% q1_add | wrong | one gradient only
def backward(self, upstream):
    return upstream

# %% q1_add | wrong | three gradients
def backward(self, upstream):
    return upstream, upstream, upstream

# %% q1_add | wrong | the visible value
def forward(self, x, y):
    return 3.0

# %% q1_add | wrong | subtracts, consistently
class Add:
    def forward(self, x, y):
        return 3.0 if (x, y) == (-2.0, 5.0) else x - y

    def backward(self, upstream):
        return upstream, -upstream

# %% q1_add | wrong | zeros
class Add:
    def forward(self, x, y):
        return 0.0

    def backward(self, upstream):
        return 0.0, 0.0

# %% q1_add | wrong | no return
def backward(self, upstream):
    dx = upstream
    dy = upstream

# %% q1_add | wrong | arrays for numbers
def backward(self, upstream):
    return np.array([upstream]), np.array([upstream])

# %% q1_add | wrong: integer-arithmetic | truncates whole numbers
class Add:
    def forward(self, x, y):
        self.whole = isinstance(x, int)
        return x + y + (1 if self.whole else 0)

    def backward(self, upstream):
        return (int(upstream), int(upstream)) if self.whole else (upstream, upstream)

# %% q1_add | wrong | rounds its inputs
def forward(self, x, y):
    return round(x) + round(y)

# %% q1_add | wrong | right for whole numbers only
class Add:
    def forward(self, x, y):
        self.whole = float(x).is_integer()
        return x + y

    def backward(self, upstream):
        return (upstream, upstream) if self.whole else (0.0, upstream)

# %% q2_multiply | right | keeps the local gradients
class Multiply:
    def forward(self, x, y):
        self.local = (y, x)
        return x * y

    def backward(self, upstream):
        return tuple(upstream * local for local in self.local)

# %% q2_multiply | right | numpy arrays inside
class Multiply:
    def forward(self, x, y):
        self.inputs = np.array([x, y], dtype=float)
        return self.inputs.prod()

    def backward(self, upstream):
        dx, dy = upstream * self.inputs[::-1]
        return dx, dy

# %% q2_multiply | right | divides the product
class Multiply:
    def forward(self, x, y):
        self.x, self.y, self.product = x, y, x * y
        return self.product

    def backward(self, upstream):
        return upstream * self.product / self.x, upstream * self.product / self.y

# %% q2_multiply | right | a list of caches
class Multiply:
    def forward(self, x, y):
        self.cache = [(x, y)]
        return y * x

    def backward(self, upstream):
        x, y = self.cache[-1]
        return y * upstream, x * upstream

# %% q2_multiply | wrong: upstream-forgotten | local gradients only
def backward(self, upstream):
    return self.y, self.x

# %% q2_multiply | wrong: upstream-forgotten | forgets it in dy
def backward(self, upstream):
    return upstream * self.y, self.x

# %% q2_multiply | wrong: not-switched | own input
def backward(self, upstream):
    return upstream * self.x, upstream * self.y

# %% q2_multiply | wrong: sign | minus
def backward(self, upstream):
    return -upstream * self.y, -upstream * self.x

# %% q2_multiply | wrong: upstream-added | adds the upstream
def backward(self, upstream):
    return upstream + self.y, upstream + self.x

# %% q2_multiply | wrong: upstream-passed-on | like an add gate
def backward(self, upstream):
    return upstream, upstream

# %% q2_multiply | wrong: factor-half | shares it out
def backward(self, upstream):
    return upstream * self.y / 2, upstream * self.x / 2

# %% q2_multiply | wrong: earlier-call | keeps the first call
class Multiply:
    def __init__(self):
        self.cache = None

    def forward(self, x, y):
        if self.cache is None:
            self.cache = (x, y)
        return x * y

    def backward(self, upstream):
        x, y = self.cache
        return upstream * y, upstream * x

# %% q2_multiply | wrong: earlier-call | keeps it on the class
class Multiply:
    def forward(self, x, y):
        Multiply.x, Multiply.y = x, y
        return x * y

    def backward(self, upstream):
        return upstream * Multiply.y, upstream * Multiply.x

# %% q2_multiply | wrong: output-for-slope | the product goes back
def backward(self, upstream):
    return upstream * self.x * self.y, upstream * self.x * self.y

# %% q2_multiply | wrong | the visible value
def forward(self, x, y):
    self.x, self.y = x, y
    return -12.0

# %% q2_multiply | wrong | the visible gradients
def backward(self, upstream):
    return upstream * -4.0, upstream * 3.0

# %% q2_multiply | wrong | consistent but another function
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y + 0.25 * (x - 3.0) * (y + 4.0)

    def backward(self, upstream):
        return upstream * (self.y + 0.25 * (self.y + 4.0)), upstream * (self.x + 0.25 * (self.x - 3.0))

# %% q2_multiply | wrong | raises
def backward(self, upstream):
    return upstream * self.why, upstream * self.x

# %% q2_multiply | wrong | zeros
class Multiply:
    def forward(self, x, y):
        return 0.0

    def backward(self, upstream):
        return 0.0, 0.0

# %% q2_multiply | wrong | whole numbers are halved
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y if isinstance(x, float) else x * y // 2

    def backward(self, upstream):
        if isinstance(self.x, float):
            return upstream * self.y, upstream * self.x
        return upstream * self.y // 1, upstream * self.x // 1

# %% q2_multiply | wrong | rounds its inputs
def forward(self, x, y):
    self.x, self.y = x, y
    return round(x) * round(y)

# %% q2_multiply | wrong | right for whole numbers only
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        return upstream * round(self.y), upstream * round(self.x)

# %% q3_max | right | comparison as a number
class Max:
    def forward(self, x, y):
        self.wins = float(x >= y)
        return max(x, y)

    def backward(self, upstream):
        return upstream * self.wins, upstream * (1.0 - self.wins)

# %% q3_max | right | splits a tie
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return np.maximum(x, y)

    def backward(self, upstream):
        if self.x == self.y:
            return 0.5 * upstream, 0.5 * upstream
        return (upstream, 0.0) if self.x > self.y else (0.0, upstream)

# %% q3_max | right | a tie to the second
class Max:
    def forward(self, x, y):
        self.winner = int(y >= x)
        return (x, y)[self.winner]

    def backward(self, upstream):
        gradients = [0.0, 0.0]
        gradients[self.winner] += upstream
        return tuple(gradients)

# %% q3_max | wrong: both-winners | to both
def backward(self, upstream):
    return upstream, upstream

# %% q3_max | wrong: loser-takes-all | to the loser
def backward(self, upstream):
    return (0.0, upstream) if self.first_wins else (upstream, 0.0)

# %% q3_max | wrong: upstream-forgotten | ones and zeros
def backward(self, upstream):
    return (1.0, 0.0) if self.first_wins else (0.0, 1.0)

# %% q3_max | wrong: factor-half | half to the winner
def backward(self, upstream):
    return (upstream / 2, 0.0) if self.first_wins else (0.0, upstream / 2)

# %% q3_max | wrong: sign | minus
def backward(self, upstream):
    return (-upstream, 0.0) if self.first_wins else (0.0, -upstream)

# %% q3_max | wrong: winner-for-slope | the winner times upstream
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return max(x, y)

    def backward(self, upstream):
        if self.x >= self.y:
            return upstream * self.x, 0.0
        return 0.0, upstream * self.y

# %% q3_max | wrong: shared-out | halves to both
def backward(self, upstream):
    return upstream / 2, upstream / 2

# %% q3_max | wrong: always-first | always to the first
def backward(self, upstream):
    return upstream, 0.0

# %% q3_max | wrong: both-winners | both at a tie
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return max(x, y)

    def backward(self, upstream):
        return upstream * (self.x >= self.y), upstream * (self.y >= self.x)

# %% q3_max | wrong | none at a tie
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return max(x, y)

    def backward(self, upstream):
        return upstream * (self.x > self.y), upstream * (self.y > self.x)

# %% q3_max | wrong | the larger size
class Max:
    def forward(self, x, y):
        self.first_wins = abs(x) >= abs(y)
        return x if self.first_wins else y

    def backward(self, upstream):
        return (upstream, 0.0) if self.first_wins else (0.0, upstream)

# %% q3_max | wrong | right at the visible points only
class Max:
    def forward(self, x, y):
        self.first_wins = x >= 0
        return x if x == 2.0 else 4.0

    def backward(self, upstream):
        return (upstream, 0.0) if self.first_wins else (0.0, upstream)

# %% q3_max | wrong | smooth maximum away from the visible points
class Max:
    def forward(self, x, y):
        self.first_wins = x >= y
        winner = max(x, y)
        return winner if abs(winner) > 1.9 else winner * abs(winner)

    def backward(self, upstream):
        return (upstream, 0.0) if self.first_wins else (0.0, upstream)

# %% q3_max | wrong | zeros
class Max:
    def forward(self, x, y):
        return 0.0

    def backward(self, upstream):
        return 0.0, 0.0

# %% q3_max | wrong | endless loop
def forward(self, x, y):
    while True:
        if x >= y:
            continue

# %% q4_addconstant | right | keeps nothing
class AddConstant:
    def __init__(self, c):
        self.constant = float(c)

    def forward(self, x):
        return self.constant + x

    def backward(self, upstream):
        return 1.0 * upstream

# %% q4_addconstant | right | numpy
class AddConstant:
    def __init__(self, c):
        self.c = np.float64(c)

    def forward(self, x):
        return np.add(x, self.c)

    def backward(self, upstream):
        return np.asarray(upstream)

# %% q4_addconstant | right | local gradient kept
class AddConstant:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        self.local = 1
        return x + self.c

    def backward(self, upstream):
        return self.local * upstream

# %% q4_addconstant | wrong: upstream-forgotten | one
def backward(self, upstream):
    return 1.0

# %% q4_addconstant | wrong: sign | minus
def backward(self, upstream):
    return -upstream

# %% q4_addconstant | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + 1.0

# %% q4_addconstant | wrong | scales with the constant
def backward(self, upstream):
    return upstream * (self.c + 1.0)

# %% q4_addconstant | wrong: constant-in-gradient | adds the constant going back
def backward(self, upstream):
    return upstream + self.c

# %% q4_addconstant | wrong | a tuple
def backward(self, upstream):
    return (upstream,)

# %% q4_addconstant | wrong: gradient-for-constant | a gradient for the constant
def backward(self, upstream):
    return upstream, upstream

# %% q4_addconstant | wrong | forgets the constant
def forward(self, x):
    return x + 2.5

# %% q4_addconstant | wrong | consistent, and scaled
class AddConstant:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return self.c * x + 1.75

    def backward(self, upstream):
        return self.c * upstream

# %% q4_addconstant | wrong | zeros
class AddConstant:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return 0.0

    def backward(self, upstream):
        return 0.0

# %% q5_scale | right | numpy
class Scale:
    def __init__(self, c):
        self.c = np.array(c, dtype=float)

    def forward(self, x):
        return self.c * np.asarray(x)

    def backward(self, upstream):
        return self.c * np.asarray(upstream)

# %% q5_scale | right | ratio of output and input
class Scale:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        self.slope = self.c * 2 / 2
        return x * self.c

    def backward(self, upstream):
        return self.slope * upstream

# %% q5_scale | right | other names
class Scale:
    def __init__(self, factor):
        self.factor = factor

    def forward(self, value):
        return value * self.factor

    def backward(self, dout):
        return dout * self.factor

# %% q5_scale | wrong: upstream-forgotten | the constant alone
def backward(self, upstream):
    return self.c

# %% q5_scale | wrong: sign | minus
def backward(self, upstream):
    return -self.c * upstream

# %% q5_scale | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q5_scale | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + self.c

# %% q5_scale | wrong | divides
def backward(self, upstream):
    return upstream / self.c + 1.0

# %% q5_scale | wrong | always three
def backward(self, upstream):
    return 3.0 * upstream

# %% q5_scale | wrong | the visible constant
def forward(self, x):
    return 3.0 * x

# %% q5_scale | wrong | a tuple
def backward(self, upstream):
    return (upstream * self.c,)

# %% q5_scale | wrong | times the input
class Scale:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        self.x = x
        return self.c * x

    def backward(self, upstream):
        return upstream * self.c * self.x * 1.5

# %% q5_scale | wrong | zeros
class Scale:
    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return 0.0

    def backward(self, upstream):
        return 0.0

# %% q6_exp | right | computes it again
class Exp:
    def forward(self, x):
        self.x = x
        return math.exp(x)

    def backward(self, upstream):
        return upstream * math.exp(self.x)

# %% q6_exp | right | numpy
class Exp:
    def forward(self, x):
        self.out = np.exp(x)
        return self.out

    def backward(self, upstream):
        return self.out * upstream

# %% q6_exp | right | power of e
class Exp:
    def forward(self, x):
        self.out = math.e**x
        return self.out

    def backward(self, upstream):
        return self.out * upstream

# %% q6_exp | wrong: upstream-forgotten | the output alone
def backward(self, upstream):
    return self.output

# %% q6_exp | wrong: sign | minus
def backward(self, upstream):
    return -upstream * self.output

# %% q6_exp | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + self.output

# %% q6_exp | wrong: output-for-input | exp of exp
def backward(self, upstream):
    return upstream * math.exp(self.output)

# %% q6_exp | wrong: exponent-sign | exp of minus x
class Exp:
    def forward(self, x):
        self.x = x
        return math.exp(x)

    def backward(self, upstream):
        return upstream * math.exp(-self.x)

# %% q6_exp | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q6_exp | wrong: power-rule-on-exp | power rule
class Exp:
    def forward(self, x):
        self.x = x
        return math.exp(x)

    def backward(self, upstream):
        return upstream * self.x * math.exp(self.x - 1)

# %% q6_exp | wrong | the visible value
def forward(self, x):
    self.output = math.exp(x)
    return 0.367879

# %% q6_exp | wrong | exp of minus the size, consistently
class Exp:
    def forward(self, x):
        self.x = x
        return math.exp(-abs(x))

    def backward(self, upstream):
        return -upstream * math.copysign(math.exp(-abs(self.x)), self.x)

# %% q6_exp | wrong | zeros
class Exp:
    def forward(self, x):
        return 0.0

    def backward(self, upstream):
        return 0.0

# %% q7_reciprocal | right | square of the output
class Reciprocal:
    def forward(self, x):
        self.output = 1.0 / x
        return self.output

    def backward(self, upstream):
        return -upstream * self.output * self.output

# %% q7_reciprocal | right | power
class Reciprocal:
    def forward(self, x):
        self.x = float(x)
        return self.x**-1

    def backward(self, upstream):
        return upstream * -1 * self.x**-2

# %% q7_reciprocal | right | local gradient kept
class Reciprocal:
    def forward(self, x):
        self.local = -1.0 / (x * x)
        return np.float64(1.0) / x

    def backward(self, upstream):
        return self.local * upstream

# %% q7_reciprocal | wrong: reciprocal-not-squared | minus one over x
def backward(self, upstream):
    return -upstream / self.x

# %% q7_reciprocal | wrong: sign | forgets the minus
def backward(self, upstream):
    return upstream / self.x**2

# %% q7_reciprocal | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return -1.0 / self.x**2

# %% q7_reciprocal | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream - 1.0 / self.x**2

# %% q7_reciprocal | wrong: reciprocal-upside-down | minus x squared
def backward(self, upstream):
    return -upstream * self.x**2

# %% q7_reciprocal | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q7_reciprocal | wrong: integrated | logarithm
def backward(self, upstream):
    return upstream * math.log(abs(self.x))

# %% q7_reciprocal | wrong: integer-arithmetic | floor division of whole numbers
class Reciprocal:
    def forward(self, x):
        self.x = x
        return 1 // x if isinstance(x, int) else 1 / x

    def backward(self, upstream):
        if isinstance(self.x, int):
            return upstream * (-1 // self.x**2)
        return -upstream / self.x**2

# %% q7_reciprocal | wrong | the visible value
def forward(self, x):
    self.x = x
    return 0.8

# %% q7_reciprocal | wrong | consistent near the visible point
class Reciprocal:
    def forward(self, x):
        self.x = x
        return 1 / x if x > 0 else -1 / x

    def backward(self, upstream):
        return -upstream / self.x**2 if self.x > 0 else upstream / self.x**2

# %% q7_reciprocal | wrong | zeros
class Reciprocal:
    def forward(self, x):
        return 0.0

    def backward(self, upstream):
        return 0.0

# %% q8_sigmoid | right | from the input
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + math.exp(-x))

    def backward(self, upstream):
        e = math.exp(-self.x)
        return upstream * e / (1 + e) ** 2

# %% q8_sigmoid | right | through tanh
class Sigmoid:
    def forward(self, x):
        self.t = math.tanh(x / 2)
        return (1 + self.t) / 2

    def backward(self, upstream):
        return upstream * (1 - self.t**2) / 4

# %% q8_sigmoid | right | stable on both sides
class Sigmoid:
    def forward(self, x):
        self.f = 1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x))
        return self.f

    def backward(self, upstream):
        return upstream * (self.f - self.f * self.f)

# %% q8_sigmoid | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return self.output * (1.0 - self.output)

# %% q8_sigmoid | wrong: sign | output minus one
def backward(self, upstream):
    return upstream * self.output * (self.output - 1.0)

# %% q8_sigmoid | wrong: sigmoid-one-side | its distance to 1 alone
class Sigmoid:
    def forward(self, x):
        self.s = 1 / (1 + math.exp(-x))
        return self.s

    def backward(self, upstream):
        return upstream * (1 - self.s)

# %% q8_sigmoid | wrong: output-for-input | sigmoid of sigmoid
class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + math.exp(-x))
        return self.output

    def backward(self, upstream):
        s = 1 / (1 + math.exp(-self.output))
        return upstream * s * (1 - s)

# %% q8_sigmoid | wrong: input-for-output | x times one minus x
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + math.exp(-x))

    def backward(self, upstream):
        return upstream * self.x * (1 - self.x)

# %% q8_sigmoid | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + self.output * (1.0 - self.output)

# %% q8_sigmoid | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q8_sigmoid | wrong: tanh-for-sigmoid | tanh's slope
def backward(self, upstream):
    return upstream * (1.0 - self.output**2)

# %% q8_sigmoid | wrong: output-for-slope | forgets one factor
def backward(self, upstream):
    return upstream * self.output

# %% q8_sigmoid | wrong | rounded as in the notes
def backward(self, upstream):
    return upstream * 0.73 * (1 - 0.73)

# %% q8_sigmoid | wrong | exponent's sign, with the visible value
class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + math.exp(x))
        return self.output if x != 1.0 else 0.731059

    def backward(self, upstream):
        return -upstream * self.output * (1 - self.output)

# %% q8_sigmoid | wrong: factor-half | half a sigmoid, consistently
class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + math.exp(-x))
        return self.output * 0.5

    def backward(self, upstream):
        return upstream * self.output * (1 - self.output) * 0.5

# %% q8_sigmoid | wrong | zeros
class Sigmoid:
    def forward(self, x):
        return 0.0

    def backward(self, upstream):
        return 0.0

# %% q9_addthenmultiply | right | no names for the stages
class AddThenMultiply:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        return x * z + y * z

    def backward(self, upstream):
        return upstream * self.z, upstream * self.z, upstream * (self.x + self.y)

# %% q9_addthenmultiply | right | numpy vector
class AddThenMultiply:
    def forward(self, x, y, z):
        self.local = np.array([z, z, x + y])
        return (x + y) * z

    def backward(self, upstream):
        return tuple(upstream * self.local)

# %% q9_addthenmultiply | right | a list
class AddThenMultiply:
    def forward(self, x, y, z):
        self.saved = dict(q=x + y, z=z)
        return self.saved["q"] * self.saved["z"]

    def backward(self, upstream):
        dq = self.saved["z"] * upstream
        return [dq, dq, self.saved["q"] * upstream]

# %% q9_addthenmultiply | wrong: upstream-forgotten | upstream forgotten
def backward(self, upstream):
    return self.z, self.z, self.q

# %% q9_addthenmultiply | wrong: sign | minus
def backward(self, upstream):
    return -upstream * self.z, -upstream * self.z, -upstream * self.q

# %% q9_addthenmultiply | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + self.z, upstream + self.z, upstream + self.q

# %% q9_addthenmultiply | wrong: factor-half | halves behind the add gate
def backward(self, upstream):
    dq = upstream * self.z
    return dq / 2, dq / 2, upstream * self.q

# %% q9_addthenmultiply | wrong: upstream-passed-on | stops at the add gate
def backward(self, upstream):
    return upstream, upstream, upstream * self.q

# %% q9_addthenmultiply | wrong: add-as-multiply | switches at the sum
class AddThenMultiply:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        return (x + y) * z

    def backward(self, upstream):
        dq = upstream * self.z
        return dq * self.y, dq * self.x, upstream * (self.x + self.y)

# %% q9_addthenmultiply | wrong | switches wrongly
def backward(self, upstream):
    return upstream * self.q, upstream * self.q, upstream * self.z

# %% q9_addthenmultiply | wrong: wrong-order | z first
def backward(self, upstream):
    dq = upstream * self.z
    return upstream * self.q, dq, dq

# %% q9_addthenmultiply | wrong | the visible value
def forward(self, x, y, z):
    self.q, self.z = x + y, z
    return -12.0

# %% q9_addthenmultiply | wrong | product of sums, consistently
class AddThenMultiply:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        return (x + y) * (z * z / -4.0)

    def backward(self, upstream):
        dq = upstream * self.z**2 / -4.0
        return dq, dq, upstream * (self.x + self.y) * self.z / -2.0

# %% q9_addthenmultiply | wrong | zeros
class AddThenMultiply:
    def forward(self, x, y, z):
        return 0.0

    def backward(self, upstream):
        return 0.0, 0.0, 0.0

# %% q10_neuron | right | sigmoid in one step
def backward(self, upstream):
    d_dot = upstream * self.f * (1 - self.f)
    return d_dot * self.x, d_dot * self.w

# %% q10_neuron | right | loops
class Neuron:
    def forward(self, w, x):
        self.w, self.x = list(w), list(x)
        self.dot = 0.0
        for a, b in zip(w, x):
            self.dot += a * b
        self.neg_dot = -1 * self.dot
        self.exp_neg = math.exp(self.neg_dot)
        self.denom = self.exp_neg + 1
        self.f = 1 / self.denom
        return self.f

    def backward(self, upstream):
        d = upstream * self.exp_neg / self.denom**2
        dw, dx = np.zeros(3), np.zeros(3)
        for i in range(3):
            dw[i] += d * self.x[i]
            dx[i] += d * self.w[i]
        return dw, dx

# %% q10_neuron | right | works on copies in place
class Neuron:
    def forward(self, w, x):
        self.w, self.x = w.copy(), x.copy()
        self.dot = np.dot(w, x)
        self.neg_dot = np.negative(self.dot)
        self.exp_neg = np.exp(self.neg_dot)
        self.denom = self.exp_neg + 1.0
        self.f = self.denom**-1
        return self.f

    def backward(self, upstream):
        dw, dx = self.x.copy(), self.w.copy()
        dw *= upstream * self.f * (1.0 - self.f)
        dx *= upstream * self.f * (1.0 - self.f)
        return dw, dx

# %% q10_neuron | wrong: upstream-forgotten | starts from one
def backward(self, upstream):
    d_dot = self.f * (1 - self.f)
    return d_dot * self.x, d_dot * self.w

# %% q10_neuron | wrong: sign | a minus lost
def backward(self, upstream):
    d_denom = -upstream / self.denom**2
    d_neg_dot = d_denom * self.exp_neg
    return d_neg_dot * self.x, d_neg_dot * self.w

# %% q10_neuron | wrong: wrong-order | dx first
def backward(self, upstream):
    d_dot = upstream * self.f * (1 - self.f)
    return d_dot * self.w, d_dot * self.x

# %% q10_neuron | wrong: upstream-added | adds
def backward(self, upstream):
    d_dot = self.f * (1 - self.f)
    return d_dot * self.x + upstream, d_dot * self.w + upstream

# %% q10_neuron | wrong: factor-two | doubled
def backward(self, upstream):
    d_dot = 2 * upstream * self.f * (1 - self.f)
    return d_dot * self.x, d_dot * self.w

# %% q10_neuron | wrong: stage-skipped | square forgotten in the reciprocal
def backward(self, upstream):
    d_denom = -upstream / self.denom
    d_neg_dot = d_denom * self.exp_neg
    return -d_neg_dot * self.x, -d_neg_dot * self.w

# %% q10_neuron | wrong: stage-skipped | exponential forgotten
def backward(self, upstream):
    d_dot = upstream / self.denom**2
    return d_dot * self.x, d_dot * self.w

# %% q10_neuron | wrong: axis-too-many | columns
def backward(self, upstream):
    d_dot = upstream * self.f * (1 - self.f)
    return (d_dot * self.x)[:, None], (d_dot * self.w)[:, None]

# %% q10_neuron | wrong: inputs-modified | scales its inputs
def backward(self, upstream):
    self.x *= upstream * self.f * (1 - self.f)
    dw = self.x.copy()
    return dw, upstream * self.f * (1 - self.f) * self.w

# %% q10_neuron | wrong: float32 | single precision
def backward(self, upstream):
    d_dot = upstream * self.f * (1 - self.f)
    return (d_dot * self.x).astype(np.float32), (d_dot * self.w).astype(np.float32)

# %% q10_neuron | wrong | chains rounded numbers
def backward(self, upstream):
    d_dot = upstream * round(self.f * (1 - self.f), 2)
    return d_dot * self.x, d_dot * self.w

# %% q10_neuron | wrong | stages under other names
class Neuron:
    def forward(self, w, x):
        self.w, self.x = w, x
        self.s = w @ x
        self.f = 1 / (1 + np.exp(-self.s))
        return self.f

    def backward(self, upstream):
        d = upstream * self.f * (1 - self.f)
        return d * self.x, d * self.w

# %% q10_neuron | wrong | the visible value
def forward(self, w, x):
    self.w, self.x = w, x
    self.dot, self.neg_dot, self.exp_neg, self.denom, self.f = 1.0, -1.0, 0.367879, 1.367879, 0.731059
    return self.f

# %% q10_neuron | wrong | a steeper sigmoid, consistently
class Neuron:
    def forward(self, w, x):
        self.w, self.x = w, x
        self.f = 1 / (1 + np.exp(-2 * (w @ x)))
        return self.f

    def backward(self, upstream):
        d = 2 * upstream * self.f * (1 - self.f)
        return d * self.x, d * self.w

# %% q10_neuron | wrong | zeros
class Neuron:
    def forward(self, w, x):
        self.dot = self.neg_dot = self.exp_neg = self.denom = self.f = 0.0
        return 0.0

    def backward(self, upstream):
        return np.zeros(3), np.zeros(3)

# %% q11_fork | right | one formula
class Fork:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * (y + 1)

    def backward(self, upstream):
        return upstream * (self.y + 1), upstream * self.x

# %% q11_fork | right | adds up in a loop
class Fork:
    def forward(self, x, y):
        self.locals = {"x": [y, 1.0], "y": [x]}
        return x * y + x

    def backward(self, upstream):
        return tuple(sum(upstream * local for local in self.locals[name]) for name in ("x", "y"))

# %% q11_fork | right | starts from zero
class Fork:
    def forward(self, x, y):
        self.x, self.y = float(x), float(y)
        return self.x * self.y + self.x

    def backward(self, upstream):
        dx = dy = 0.0
        dx += upstream
        dx += upstream * self.y
        dy += upstream * self.x
        return dx, dy

# %% q11_fork | wrong: fork-last-only | overwritten
def backward(self, upstream):
    dx = upstream * self.y
    dx = upstream
    return dx, upstream * self.x

# %% q11_fork | wrong: fork-first-only | branch dropped
def backward(self, upstream):
    return upstream * self.y, upstream * self.x

# %% q11_fork | wrong: upstream-forgotten | upstream forgotten
def backward(self, upstream):
    return self.y + 1, self.x

# %% q11_fork | wrong: sign | minus
def backward(self, upstream):
    return -upstream * (self.y + 1), -upstream * self.x

# %% q11_fork | wrong: factor-half | the mean of the branches
def backward(self, upstream):
    return upstream * (self.y + 1) / 2, upstream * self.x

# %% q11_fork | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + (self.y + 1), upstream + self.x

# %% q11_fork | wrong: branches-multiplied | multiplies the branches
def backward(self, upstream):
    return (upstream * self.y) * upstream, upstream * self.x

# %% q11_fork | wrong: wrong-order | switched
def backward(self, upstream):
    return upstream * self.x, upstream * (self.y + 1)

# %% q11_fork | wrong | the visible value
def forward(self, x, y):
    self.x, self.y = x, y
    return -6.0

# %% q11_fork | wrong | minus x, consistently
class Fork:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y + x * x / 3.0

    def backward(self, upstream):
        return upstream * (self.y + 2 * self.x / 3.0), upstream * self.x

# %% q11_fork | wrong | zeros
class Fork:
    def forward(self, x, y):
        return 0.0

    def backward(self, upstream):
        return 0.0, 0.0

# %% q2_multiply | broken | does not parse
class Multiply:
    def forward(self, x, y)
        return x * y

# %% q6_exp | wrong: formula-of-upstream | e to the upstream gradient
def backward(self, upstream):
    return math.exp(upstream)

# %% q7_reciprocal | wrong: formula-of-upstream | one over the square of the upstream gradient
def backward(self, upstream):
    return -1 / upstream**2

# %% q8_sigmoid | wrong: formula-of-upstream | the rule at the upstream gradient
def backward(self, upstream):
    return upstream * (1 - upstream)

# %% q8_sigmoid | wrong: forward-on-upstream | a second forward
def backward(self, upstream):
    return 1 / (1 + math.exp(-upstream))

# %% q7_reciprocal | wrong: forward-on-upstream | one over the upstream gradient
def backward(self, upstream):
    return 1 / upstream

# %% q3_max | wrong: forward-on-upstream | the larger of input and upstream gradient
class Max:
    def forward(self, x, y):
        self.x, self.y = x, y
        return max(x, y)

    def backward(self, upstream):
        return max(self.x, upstream), max(self.y, upstream)

# %% q5_scale | wrong: slope-inverted | divided by the constant
def backward(self, upstream):
    return upstream / self.c

# %% q8_sigmoid | wrong: slope-inverted | divided by the slope
def backward(self, upstream):
    return upstream / (self.output * (1.0 - self.output))

# %% q4_addconstant | wrong: constant-in-gradient | upstream times the constant
def backward(self, upstream):
    return upstream * self.c

# %% q4_addconstant | wrong: constant-in-gradient | upstream and the constant
def backward(self, upstream):
    return upstream + self.c

# %% q9_addthenmultiply | wrong: neighbour-gradient | the sum taken for the slope of the add gate
def backward(self, upstream):
    dq = upstream * self.z
    return dq * self.q, dq * self.q, upstream * self.q

# %% q9_addthenmultiply | wrong: neighbour-gradient | dz from dq
def backward(self, upstream):
    dq = upstream * self.z
    dz = self.q * dq
    return dq, dq, dz

# %% q1_add | wrong: self-missing | self forgotten
class Add:
    def forward(x, y):
        return x + y

    def backward(upstream):
        return upstream, upstream

# %% q2_multiply | wrong: self-missing | self forgotten
class Multiply:
    def forward(x, y):
        return x * y

    def backward(upstream):
        return upstream * y, upstream * x

# %% q6_exp | wrong: self-missing | self forgotten in backward
class Exp:
    def forward(self, x):
        self.output = math.exp(x)
        return self.output

    def backward(upstream):
        return upstream * self.output

# %% q4_addconstant | wrong: constants-shared | the constant on the class
class AddConstant:
    def __init__(self, c):
        AddConstant.c = c

    def forward(self, x):
        return x + AddConstant.c

    def backward(self, upstream):
        return upstream

# %% q5_scale | wrong: constants-shared | the constant on the class
class Scale:
    def __init__(self, c):
        Scale.c = c

    def forward(self, x):
        self.local = self.c
        return self.c * x

    def backward(self, upstream):
        return upstream * self.local

# %% q5_scale | wrong: constants-shared | the constant in a name of the module
class Scale:
    def __init__(self, c):
        global the_constant
        the_constant = c

    def forward(self, x):
        return the_constant * x

    def backward(self, upstream):
        return the_constant * upstream

# %% q8_sigmoid | wrong: second-backward | sums up, from zero at every forward
class Sigmoid:
    def forward(self, x):
        self.dx = 0.0
        self.output = 1 / (1 + math.exp(-x))
        return self.output

    def backward(self, upstream):
        self.dx += upstream * self.output * (1 - self.output)
        return self.dx

# %% q2_multiply | wrong: second-backward | keeps the first upstream gradient
class Multiply:
    def forward(self, x, y):
        self.x, self.y, self.upstream = x, y, None
        return x * y

    def backward(self, upstream):
        if self.upstream is None:
            self.upstream = upstream
        return self.upstream * self.y, self.upstream * self.x

# %% q8_sigmoid | wrong: earlier-call | sums up over calls
class Sigmoid:
    def __init__(self):
        self.dx = 0.0

    def forward(self, x):
        self.output = 1 / (1 + math.exp(-x))
        return self.output

    def backward(self, upstream):
        self.dx += upstream * self.output * (1 - self.output)
        return self.dx

# %% q6_exp | wrong: forward-remembers | the first output for good
class Exp:
    def __init__(self):
        self.output = None

    def forward(self, x):
        if self.output is None:
            self.output = math.exp(x)
        return self.output

    def backward(self, upstream):
        return upstream * self.output

# %% q1_add | wrong: forward-remembers | a sum that grows
class Add:
    def __init__(self):
        self.total = 0.0

    def forward(self, x, y):
        self.total = self.total + x + y
        return self.total

    def backward(self, upstream):
        return upstream, upstream

# %% q2_multiply | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    upstream = max(-5.0, min(5.0, upstream))
    return upstream * self.y, upstream * self.x

# %% q9_addthenmultiply | wrong: upstream-clipped | small gradients do not matter
def backward(self, upstream):
    if abs(upstream) < 0.01:
        return 0.0, 0.0, 0.0
    return upstream * self.z, upstream * self.z, upstream * self.q

# %% q8_sigmoid | wrong: forward-difference | central, by forward
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + math.exp(-x))

    def backward(self, upstream):
        h = 1e-5
        return upstream * (Sigmoid().forward(self.x + h) - Sigmoid().forward(self.x - h)) / (2 * h)

# %% q7_reciprocal | wrong: forward-difference | central, written out
def backward(self, upstream):
    h = 1e-5
    return upstream * (1 / (self.x + h) - 1 / (self.x - h)) / (2 * h)

# %% q6_exp | wrong: forward-difference | the library's own
class Exp:
    def forward(self, x):
        self.x = x
        return math.exp(x)

    def backward(self, upstream):
        from chainrule.numeric import numerical_gradient
        return upstream * float(numerical_gradient(math.exp, self.x).value)

# %% q8_sigmoid | right | calls forward again
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 1.0 / (1.0 + math.exp(-x))

    def backward(self, upstream):
        s = self.forward(self.x)
        return upstream * s * (1 - s)

# %% q1_add | right | a namedtuple
from collections import namedtuple

Grads = namedtuple("Grads", ["dx", "dy"])


class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, upstream):
        return Grads(upstream, upstream)

# %% q2_multiply | right | an array of two gradients
def backward(self, upstream):
    return np.array([upstream * self.y, upstream * self.x])

# %% q5_scale | right | a subclass of float
class Scale:
    class Number(float):
        """A float with a name."""

    def __init__(self, c):
        self.c = c

    def forward(self, x):
        return self.Number(self.c * x)

    def backward(self, upstream):
        return self.Number(self.c * upstream)

# %% q6_exp | right | a helper that both methods call
def power(x):
    return math.exp(x)


class Exp:
    def forward(self, x):
        self.x = x
        return power(x)

    def backward(self, upstream):
        return upstream * power(self.x)

# %% q13_order | right | counts who still sends something
def backward_order(circuit, output):
    needed, waiting = {output}, [output]
    while waiting:
        for part in circuit[waiting.pop()]:
            if part not in needed:
                needed.add(part)
                waiting.append(part)
    order = []
    while needed:
        ready = [n for n in sorted(needed) if not any(n in circuit[m] for m in needed)]
        order += ready
        needed -= set(ready)
    return order

# %% q13_order | right | a stack with marks
def backward_order(circuit, output):
    order, met, waiting = [], set(), [(output, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            order.insert(0, name)
        elif name not in met:
            met.add(name)
            waiting.append((name, True))
            waiting += [(part, False) for part in circuit[name]]
    return order

# %% q13_order | right | the longest way from the output
def backward_order(circuit, output):
    far, waiting = {output: 0}, [output]
    while waiting:
        name = waiting.pop()
        for part in circuit[name]:
            if far.get(part, -1) < far[name] + 1:
                far[part] = far[name] + 1
                waiting.append(part)
    return tuple(sorted(far, key=far.get))

# %% q13_order | wrong | zeros
def backward_order(circuit, output):
    return [0] * len(circuit)

# %% q13_order | wrong | the order of forward
def backward_order(circuit, output):
    order = []

    def visit(name):
        if name not in order:
            for part in circuit[name]:
                visit(part)
            order.append(name)

    visit(output)
    return order

# %% q13_order | wrong | as it stands in the dict
def backward_order(circuit, output):
    return list(circuit)

# %% q13_order | wrong | level by level
def backward_order(circuit, output):
    order, waiting = [], [output]
    while waiting:
        name = waiting.pop(0)
        if name not in order:
            order.append(name)
            waiting += circuit[name]
    return order

# %% q13_order | wrong: engine-visits-again | every way on its own
def backward_order(circuit, output):
    order = [output]
    for part in circuit[output]:
        order += backward_order(circuit, part)
    return order

# %% q13_order | wrong | what the output does not need is in it
def backward_order(circuit, output):
    order = []

    def visit(name):
        if name not in order:
            for part in circuit[name]:
                visit(part)
            order.append(name)

    for name in circuit:
        visit(name)
    return order[::-1]

# %% q13_order | wrong | the inputs are left out
def backward_order(circuit, output):
    order = []

    def visit(name):
        if name not in order and circuit[name]:
            for part in circuit[name]:
                visit(part)
            order.append(name)

    visit(output)
    return order[::-1]

# %% q13_order | wrong | four passes over the circuit
def backward_order(circuit, output):
    far = {output: 0}
    for _ in range(4):
        for name in list(far):
            for part in circuit[name]:
                far[part] = max(far.get(part, 0), far[name] + 1)
    return sorted(far, key=far.get)

# %% q14_ratio | right | three gates
class Ratio:
    def forward(self, x, y):
        self.sx, self.sy, self.q = 1 / (1 + math.exp(-x)), 1 / (1 + math.exp(-y)), x + y
        self.n, self.d = x + self.sy, self.sx + self.q * self.q
        return self.n / self.d

    def backward(self, upstream):
        dn, dd = upstream / self.d, -upstream * self.n / self.d**2
        dq = dd * self.q + dd * self.q
        return (
            dn + dq + dd * self.sx * (1 - self.sx),
            dn * self.sy * (1 - self.sy) + dq,
        )

# %% q14_ratio | right | adds up as it goes
class Ratio:
    def forward(self, x, y):
        self.x, self.y = x, y
        return (x + self.sigma(y)) / (self.sigma(x) + (x + y) ** 2)

    def sigma(self, z):
        return 0.5 * (1 + math.tanh(z / 2))

    def backward(self, upstream):
        x, y, s = self.x, self.y, self.sigma
        down = s(x) + (x + y) ** 2
        dx = upstream / down
        dy = upstream / down * s(y) * s(-y)
        d_down = -upstream * (x + s(y)) / down**2
        dx += d_down * s(x) * s(-x)
        for _ in range(2):
            dx += d_down * (x + y)
            dy += d_down * (x + y)
        return [dx, dy]

# %% q14_ratio | right | numpy
class Ratio:
    def forward(self, x, y):
        self.s = 1 / (1 + np.exp(-np.array([x, y], dtype=float)))
        self.q = x + y
        self.parts = np.array([x + self.s[1], self.s[0] + self.q**2])
        return self.parts[0] / self.parts[1]

    def backward(self, upstream):
        n, d = self.parts
        slopes = self.s * (1 - self.s)
        up, down = upstream / d, -upstream * n / d**2
        return tuple(np.array([up, up * slopes[1]]) + down * (2 * self.q + np.array([slopes[0], 0])))

# %% q14_ratio | wrong | zeros
def backward(self, upstream):
    return 0.0, 0.0

# %% q14_ratio | wrong: fork-first-only | the sigmoid of x sends nothing back
def backward(self, upstream):
    d_numerator = upstream * self.inverse
    d_denominator = -upstream * self.numerator / self.denominator**2
    d_both = d_denominator * 2.0 * self.both
    return d_numerator + d_both, d_both + d_numerator * self.sigma_y * (1.0 - self.sigma_y)

# %% q14_ratio | wrong: fork-first-only | the sum sends nothing back to y
def backward(self, upstream):
    d_numerator = upstream * self.inverse
    d_denominator = -upstream * self.numerator / self.denominator**2
    d_both = d_denominator * 2.0 * self.both
    dx = d_numerator + d_both + d_denominator * self.sigma_x * (1.0 - self.sigma_x)
    return dx, d_numerator * self.sigma_y * (1.0 - self.sigma_y)

# %% q14_ratio | wrong: upstream-forgotten | begins with 1
def backward(self, upstream):
    d_numerator = self.inverse
    d_denominator = -self.numerator / self.denominator**2
    d_both = d_denominator * 2.0 * self.both
    dx = d_numerator + d_both + d_denominator * self.sigma_x * (1.0 - self.sigma_x)
    return dx, d_both + d_numerator * self.sigma_y * (1.0 - self.sigma_y)

# %% q14_ratio | wrong | the denominator's sign is lost
def backward(self, upstream):
    d_numerator = upstream * self.inverse
    d_denominator = upstream * self.numerator / self.denominator**2
    d_both = d_denominator * 2.0 * self.both
    dx = d_numerator + d_both + d_denominator * self.sigma_x * (1.0 - self.sigma_x)
    return dx, d_both + d_numerator * self.sigma_y * (1.0 - self.sigma_y)

# %% q14_ratio | wrong: wrong-order | dy before dx
def backward(self, upstream):
    d_numerator = upstream * self.inverse
    d_denominator = -upstream * self.numerator / self.denominator**2
    d_both = d_denominator * 2.0 * self.both
    dx = d_numerator + d_both + d_denominator * self.sigma_x * (1.0 - self.sigma_x)
    return d_both + d_numerator * self.sigma_y * (1.0 - self.sigma_y), dx

# %% q14_ratio | wrong | the square loses its 2
def backward(self, upstream):
    d_numerator = upstream * self.inverse
    d_denominator = -upstream * self.numerator / self.denominator**2
    d_both = d_denominator * self.both
    dx = d_numerator + d_both + d_denominator * self.sigma_x * (1.0 - self.sigma_x)
    return dx, d_both + d_numerator * self.sigma_y * (1.0 - self.sigma_y)

# %% q14_ratio | wrong | another square below
class Ratio:
    def forward(self, x, y):
        self.x, self.y = x, y
        self.sx, self.sy = 1 / (1 + math.exp(-x)), 1 / (1 + math.exp(-y))
        self.n, self.d = x + self.sy, self.sx + x**2 + y**2
        return self.n / self.d

    def backward(self, upstream):
        dn, dd = upstream / self.d, -upstream * self.n / self.d**2
        dx = dn + dd * self.sx * (1 - self.sx) + 2 * dd * self.x
        return dx, dn * self.sy * (1 - self.sy) + 2 * dd * self.y

# %% q14_ratio | wrong: fork-first-only | without the fork of x + y
class Ratio:
    def forward(self, x, y):
        self.sx, self.sy, self.q = 1 / (1 + math.exp(-x)), 1 / (1 + math.exp(-y)), abs(x + y)
        if x * y > 0:
            self.q = max(x, y)
        self.n, self.d = x + self.sy, self.sx + self.q**2
        return self.n / self.d

    def backward(self, upstream):
        dn, dd = upstream / self.d, -upstream * self.n / self.d**2
        return dn + dd * self.sx * (1 - self.sx), dn * self.sy * (1 - self.sy)

# %% q15_routed | right | two cases
class Routed:
    def forward(self, x, y, z):
        self.inputs = x, y, z
        return max(x * y, z) * (x + 1 / z)

    def backward(self, upstream):
        x, y, z = self.inputs
        if x * y > z:
            return (
                upstream * (y * (x + 1 / z) + x * y),
                upstream * x * (x + 1 / z),
                -upstream * x * y / z**2,
            )
        return upstream * z, 0.0, upstream * ((x + 1 / z) - z / z**2)

# %% q15_routed | right | a mask
class Routed:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        self.on = float(x * y >= z)
        self.m = self.on * x * y + (1 - self.on) * z
        self.s = x + z**-1
        return self.m * self.s

    def backward(self, upstream):
        dm, ds = upstream * self.s, upstream * self.m
        dp, dz = dm * self.on, dm * (1 - self.on)
        dx = dp * self.y + ds
        dz += ds * -(self.z**-2)
        return dx, dp * self.x, dz

# %% q15_routed | right | numpy
class Routed:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        pair = np.array([x * y, z])
        self.winner = np.argmax(pair)
        self.m, self.s = pair[self.winner], x + 1.0 / z
        return self.m * self.s

    def backward(self, upstream):
        routes = np.eye(2)[self.winner] * upstream * self.s
        ds = upstream * self.m
        return np.array(
            [routes[0] * self.y + ds, routes[0] * self.x, routes[1] - ds / self.z**2]
        ).tolist()

# %% q15_routed | wrong | zeros
def backward(self, upstream):
    return 0.0, 0.0, 0.0

# %% q15_routed | wrong | max to both
def backward(self, upstream):
    d_larger, d_sum = upstream * self.sum, upstream * self.larger
    dx = d_sum + d_larger * self.y
    return dx, d_larger * self.x, d_larger - d_sum / self.z**2

# %% q15_routed | wrong | the loser takes it
def backward(self, upstream):
    d_larger, d_sum = upstream * self.sum, upstream * self.larger
    dx, dy, dz = d_sum, 0.0, -d_sum / self.z**2
    if self.product < self.z:
        return dx + d_larger * self.y, d_larger * self.x, dz
    return dx, dy, dz + d_larger

# %% q15_routed | wrong: fork-first-only | the second way of x is lost
def backward(self, upstream):
    d_larger, d_sum = upstream * self.sum, upstream * self.larger
    dz = -d_sum / self.z**2
    if self.product >= self.z:
        return d_larger * self.y, d_larger * self.x, dz
    return 0.0, 0.0, dz + d_larger

# %% q15_routed | wrong: fork-last-only | the second way of x and z overwrites the first
def backward(self, upstream):
    d_larger, d_sum = upstream * self.sum, upstream * self.larger
    dx = dy = dz = 0.0
    if self.product >= self.z:
        dx, dy = d_larger * self.y, d_larger * self.x
    else:
        dz = d_larger
    dx = d_sum
    dz = -d_sum / self.z**2
    return dx, dy, dz

# %% q15_routed | wrong | the reciprocal is not squared
def backward(self, upstream):
    d_larger, d_sum = upstream * self.sum, upstream * self.larger
    dx, dy, dz = d_sum, 0.0, -d_sum / self.z
    if self.product >= self.z:
        return dx + d_larger * self.y, d_larger * self.x, dz
    return dx, dy, dz + d_larger

# %% q15_routed | wrong: upstream-forgotten | begins with 1
def backward(self, upstream):
    d_larger, d_sum = self.sum, self.larger
    dx, dy, dz = d_sum, 0.0, -d_sum / self.z**2
    if self.product >= self.z:
        return dx + d_larger * self.y, d_larger * self.x, dz
    return dx, dy, dz + d_larger

# %% q15_routed | wrong | the minimum
class Routed:
    def forward(self, x, y, z):
        return min(x * y, z) * (x + 1 / z)

    def backward(self, upstream):
        return 0.0, 0.0, 0.0

# %% q15_routed | wrong | the size of y
class Routed:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        self.product, self.sum = x * abs(y), x + 1 / z
        self.larger = max(self.product, z)
        return self.larger * self.sum

    def backward(self, upstream):
        d_larger, d_sum = upstream * self.sum, upstream * self.larger
        dx, dz = d_sum, -d_sum / self.z**2
        if self.product >= self.z:
            sign = 1.0 if self.y > 0 else -1.0
            return dx + d_larger * abs(self.y), d_larger * self.x * sign, dz
        return dx, 0.0, dz + d_larger

# %% q15_routed | wrong | rounded for display
class Routed:
    def forward(self, x, y, z):
        self.x, self.y, self.z = x, y, z
        self.product, self.sum = x * y, x + 1 / z
        self.larger = max(self.product, z)
        return round(self.larger * self.sum, 4)

    def backward(self, upstream):
        d_larger, d_sum = upstream * self.sum, upstream * self.larger
        dx, dz = d_sum, -d_sum / self.z**2
        if self.product >= self.z:
            return round(dx + d_larger * self.y, 6), round(d_larger * self.x, 6), round(dz, 6)
        return round(dx, 6), 0.0, round(dz + d_larger, 6)

# %% q16_pencil | right | floats
def pencil():
    return {"dt": 1.0, "dr": 1.0, "ds": 0.0, "dq": 10.0, "dp": 10.0, "da": -30.0, "db": 20.0, "dc": 14.0}

# %% q16_pencil | right | with that of f
def pencil():
    return dict(df=1, dt=1, dr=1, ds=0, dq=10, dp=10, dc=14, db=20, da=-30)

# %% q16_pencil | right | worked out in code after all
def pencil():
    a, b, c = 2, -3, 10
    dq = c
    return dict(dt=1, dr=1, ds=0, dq=dq, dp=dq, da=dq * b, db=dq * a, dc=dq + a * b + c)

# %% q16_pencil | wrong | zeros
def pencil():
    return dict(dt=0, dr=0, ds=0, dq=0, dp=0, da=0, db=0, dc=0)

# %% q16_pencil | wrong: fork-last-only | one branch of c
def pencil():
    return dict(dt=1, dr=1, ds=0, dq=10, dp=10, da=-30, db=20, dc=10)

# %% q16_pencil | wrong: fork-first-only | the other branch of c
def pencil():
    return dict(dt=1, dr=1, ds=0, dq=10, dp=10, da=-30, db=20, dc=4)

# %% q16_pencil | wrong: upstream-passed-on | through the max all the same
def pencil():
    return dict(dt=1, dr=1, ds=1, dq=10, dp=10, da=-29, db=21, dc=14)

# %% q16_pencil | wrong: own-input | a product that does not switch
def pencil():
    return dict(dt=1, dr=1, ds=0, dq=4, dp=4, da=-12, db=8, dc=8)

# %% q16_pencil | wrong: factor-half | halves at a sum
def pencil():
    return dict(dt=0.5, dr=0.5, ds=0, dq=5, dp=2.5, da=-7.5, db=5, dc=4.5)

# %% q16_pencil | wrong: sign | a minus lost
def pencil():
    return dict(dt=1, dr=1, ds=0, dq=10, dp=10, da=30, db=20, dc=14)

# %% q16_pencil | wrong | one is not filled in
def pencil():
    return dict(dt=1, dr=1, ds=0, dq=10, dp=10, da=-30, db=20)


# %% q2_multiply | right | a dataclass with its local gradients
from dataclasses import dataclass


@dataclass
class Multiply:
    local: tuple = ()

    def forward(self, x, y):
        self.local = (y, x)
        return x * y

    def backward(self, upstream):
        return tuple(upstream * slope for slope in self.local)


# %% q2_multiply | wrong | the sign of the first input alone
class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return math.copysign(abs(x * y), x)

    def backward(self, upstream):
        return upstream * self.y, upstream * self.x


# %% q2_multiply | wrong | ends the program
class Multiply:
    def forward(self, x, y):
        return x * y

    def backward(self, upstream):
        raise SystemExit(1)


# %% q8_sigmoid | right | slopes carried along going forward
class Sigmoid:
    def forward(self, x):
        power, its_slope = math.exp(-x), -math.exp(-x)
        self.slope = -its_slope / (1 + power) ** 2
        return 1 / (1 + power)

    def backward(self, upstream):
        return upstream * self.slope
