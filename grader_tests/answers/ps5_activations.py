"""Answers to problem set 5, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_sigmoid | right | two formulas by sign
class Sigmoid:
    def forward(self, x):
        e = np.exp(-np.abs(x))
        self.s = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
        return self.s

    def backward(self, upstream):
        return upstream * self.s * (1 - self.s)

# %% q1_sigmoid | right | masks and a loop over nothing
class Sigmoid:
    def forward(self, x):
        x = np.array(x, dtype=float)
        out = np.empty(x.shape)
        pos = x >= 0
        out[pos] = 1 / (1 + np.exp(-x[pos]))
        e = np.exp(x[~pos])
        out[~pos] = e / (1 + e)
        self.local = out - out**2
        return out

    def backward(self, upstream):
        return self.local * upstream

# %% q1_sigmoid | right | entry by entry
class Sigmoid:
    def forward(self, x):
        self.x = x.copy()
        flat = [1 / (1 + np.exp(-v)) for v in np.clip(x, -500, 500).ravel()]
        return np.reshape(flat, x.shape)

    def backward(self, upstream):
        dx = upstream.copy()
        half = np.exp(-np.abs(self.x))
        dx *= half / (1 + half) ** 2
        return dx

# %% q1_sigmoid | right | naive, which only warns
class Sigmoid:
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-x))
        return self.s

    def backward(self, upstream):
        return upstream * self.s * (1 - self.s)

# %% q1_sigmoid | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return self.output * (1 - self.output)

# %% q1_sigmoid | wrong: output-for-input | sigmoid of sigmoid
def backward(self, upstream):
    s = 1 / (1 + np.exp(-self.output))
    return upstream * s * (1 - s)

# %% q1_sigmoid | wrong: input-for-output | the rule with x
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 0.5 * (1.0 + np.tanh(0.5 * x))

    def backward(self, upstream):
        return upstream * self.x * (1 - self.x)

# %% q1_sigmoid | wrong: sign | output minus one
def backward(self, upstream):
    return upstream * self.output * (self.output - 1)

# %% q1_sigmoid | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + self.output * (1 - self.output)

# %% q1_sigmoid | wrong: exponent-sign | the exponent's sign, consistently
class Sigmoid:
    def forward(self, x):
        self.output = 1 / (1 + np.exp(x))
        return self.output

    def backward(self, upstream):
        return -upstream * self.output * (1 - self.output)

# %% q1_sigmoid | wrong: upstream-modified | in place
def backward(self, upstream):
    upstream *= self.output * (1 - self.output)
    return upstream

# %% q1_sigmoid | wrong: integer-arithmetic | an output of the type of x
def forward(self, x):
    out = np.zeros_like(x)
    out[...] = 0.5 * (1.0 + np.tanh(0.5 * x))
    self.output = 0.5 * (1.0 + np.tanh(0.5 * x))
    return out

# %% q1_sigmoid | wrong: integer-arithmetic | a gradient of the type of x
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 0.5 * (1.0 + np.tanh(0.5 * x))

    def backward(self, upstream):
        s = 0.5 * (1.0 + np.tanh(0.5 * self.x))
        dx = np.zeros_like(self.x)
        dx[...] = upstream * s * (1 - s)
        return dx

# %% q1_sigmoid | wrong: forward-difference | a small step
class Sigmoid:
    def forward(self, x):
        self.x = np.array(x, dtype=float)
        return self.value(self.x)

    def value(self, x):
        return 0.5 * (1.0 + np.tanh(0.5 * x))

    def backward(self, upstream):
        h = 1e-5
        return upstream * (self.value(self.x + h) - self.value(self.x)) / h

# %% q1_sigmoid | wrong: float32 | single precision
def backward(self, upstream):
    return (upstream * self.output * (1 - self.output)).astype("float32")

# %% q1_sigmoid | wrong: overflow | overflows for large x
def forward(self, x):
    self.output = 0.5 * (1.0 + np.tanh(0.5 * x))
    return np.exp(x) / (1 + np.exp(x))

# %% q1_sigmoid | wrong: overflow | overflows for very negative x, going back
class Sigmoid:
    def forward(self, x):
        self.x = x
        return 0.5 * (1.0 + np.tanh(0.5 * x))

    def backward(self, upstream):
        return upstream * np.exp(-self.x) / (1 + np.exp(-self.x)) ** 2

# %% q1_sigmoid | wrong | zeros
class Sigmoid:
    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q2_tanh | right | from the input
class Tanh:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, upstream):
        return upstream * (1 - np.tanh(self.x) ** 2)

# %% q2_tanh | right | a stretched sigmoid
class Tanh:
    def forward(self, x):
        e = np.exp(-2 * np.abs(x))
        self.t = np.sign(x) * (1 - e) / (1 + e)
        return self.t

    def backward(self, upstream):
        return upstream * (1 - self.t) * (1 + self.t)

# %% q2_tanh | right | hyperbolic cosine, clipped
class Tanh:
    def forward(self, x):
        self.local = 1 / np.cosh(np.clip(x, -300.0, 300.0)) ** 2
        return np.array([np.tanh(v) for v in np.ravel(x)]).reshape(x.shape)

    def backward(self, upstream):
        dx = np.array(upstream)
        dx *= self.local
        return dx

# %% q2_tanh | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 1 - self.output**2

# %% q2_tanh | wrong: tanh-not-squared | one minus the output
def backward(self, upstream):
    return upstream * (1 - self.output)

# %% q2_tanh | wrong: output-for-input | tanh of tanh
def backward(self, upstream):
    return upstream * (1 - np.tanh(self.output) ** 2)

# %% q2_tanh | wrong: input-for-output | the rule with x
class Tanh:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, upstream):
        return upstream * (1 - self.x**2)

# %% q2_tanh | wrong: sign | square minus one
def backward(self, upstream):
    return upstream * (self.output**2 - 1)

# %% q2_tanh | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + 1 - self.output**2

# %% q2_tanh | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q2_tanh | wrong: earlier-call | keeps it on the class
class Tanh:
    def forward(self, x):
        Tanh.output = np.tanh(x)
        return Tanh.output

    def backward(self, upstream):
        return upstream * (1 - Tanh.output**2)

# %% q2_tanh | wrong: inputs-modified | in place
class Tanh:
    def forward(self, x):
        self.output = np.tanh(x)
        x -= x
        return self.output

    def backward(self, upstream):
        return upstream * (1 - self.output**2)

# %% q2_tanh | wrong: integer-arithmetic | an output of the type of x
def forward(self, x):
    self.output = np.tanh(x)
    return self.output.astype(x.dtype)

# %% q2_tanh | wrong: integer-arithmetic | a gradient of the type of x
class Tanh:
    def forward(self, x):
        self.dx = np.empty_like(x)
        self.output = np.tanh(x)
        return self.output

    def backward(self, upstream):
        self.dx[...] = upstream * (1 - self.output**2)
        return self.dx

# %% q2_tanh | wrong: sigmoid-for-tanh | the sigmoid's rule
def backward(self, upstream):
    return upstream * self.output * (1 - self.output)

# %% q2_tanh | wrong: overflow | overflows
def forward(self, x):
    self.output = np.tanh(x)
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))

# %% q2_tanh | wrong: overflow | overflows going back
class Tanh:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, upstream):
        t = (np.exp(2 * self.x) - 1) / (np.exp(2 * self.x) + 1)
        return upstream * (1 - t**2)

# %% q2_tanh | wrong | zeros
class Tanh:
    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q3_relu | right | the mask as a factor
class ReLU:
    def forward(self, x):
        self.mask = (x > 0).astype(float)
        return x * self.mask

    def backward(self, upstream):
        return upstream * self.mask

# %% q3_relu | right | on at zero
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, upstream):
        dx = upstream.copy()
        dx[self.x < 0] = 0
        return dx

# %% q3_relu | right | half at zero
class ReLU:
    def forward(self, x):
        self.x = x
        return (x + np.abs(x)) / 2

    def backward(self, upstream):
        return upstream * np.heaviside(self.x, 0.5)

# %% q3_relu | right | from the output
class ReLU:
    def forward(self, x):
        self.out = np.array([max(v, 0.0) for v in x.ravel()]).reshape(x.shape)
        return self.out

    def backward(self, upstream):
        return upstream * (self.out > 0)

# %% q3_relu | wrong: upstream-forgotten | the mask alone
def backward(self, upstream):
    return np.where(self.on, 1.0, 0.0)

# %% q3_relu | wrong: mask-from-upstream | where the upstream is positive
def backward(self, upstream):
    return np.maximum(upstream, 0)

# %% q3_relu | wrong: mask-inverted | off where it is on
def backward(self, upstream):
    return np.where(self.on, 0.0, upstream)

# %% q3_relu | wrong: mask-inverted | the other half, consistently
class ReLU:
    def forward(self, x):
        self.on = x < 0
        return np.minimum(x, 0)

    def backward(self, upstream):
        return upstream * self.on

# %% q3_relu | wrong: upstream-passed-on | no mask
def backward(self, upstream):
    return upstream

# %% q3_relu | wrong: sign | minus
def backward(self, upstream):
    return -upstream * self.on

# %% q3_relu | wrong: upstream-modified | zeros in the upstream
def backward(self, upstream):
    upstream[~self.on] = 0
    return upstream

# %% q3_relu | wrong: inputs-modified | zeros in the input
class ReLU:
    def forward(self, x):
        self.on = x > 0
        x[x < 0] = 0
        return x

    def backward(self, upstream):
        return np.where(self.on, upstream, 0.0)

# %% q3_relu | wrong: earlier-call | keeps it on the class
class ReLU:
    def forward(self, x):
        ReLU.on = x > 0
        return np.maximum(x, 0)

    def backward(self, upstream):
        return upstream * ReLU.on

# %% q3_relu | wrong: float32 | single precision
def backward(self, upstream):
    return np.where(self.on, upstream, 0).astype(np.float32)

# %% q3_relu | wrong: output-for-slope | times the input
class ReLU:
    def forward(self, x):
        self.out = np.maximum(x, 0)
        return self.out

    def backward(self, upstream):
        return upstream * self.out

# %% q3_relu | wrong | divides by the input
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, upstream):
        return upstream * np.maximum(self.x, 0) / self.x

# %% q3_relu | wrong | stops at six
def forward(self, x):
    self.on = x > 0
    return np.clip(x, 0, 6)

# %% q3_relu | wrong | zeros
class ReLU:
    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q4_leakyrelu | right | the larger of two lines
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.maximum(self.slope * x, x)

    def backward(self, upstream):
        return np.where(self.x > 0, upstream, self.slope * upstream)

# %% q4_leakyrelu | right | in place on a copy
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.a = float(slope)

    def forward(self, x):
        out = x.astype(float)
        self.off = x < 0
        out[self.off] *= self.a
        return out

    def backward(self, upstream):
        dx = upstream.copy()
        dx[self.off] *= self.a
        return dx

# %% q4_leakyrelu | right | two ReLUs
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.on = (x > 0) + 0.0
        return np.maximum(x, 0) - self.slope * np.maximum(-x, 0)

    def backward(self, upstream):
        return upstream * self.on + self.slope * upstream * (1 - self.on)

# %% q4_leakyrelu | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return self.local

# %% q4_leakyrelu | wrong: leaky-slope | 0.01 going back
def backward(self, upstream):
    return upstream * np.where(self.local == 1, 1, 0.01)

# %% q4_leakyrelu | wrong: leaky-slope | 0.01, consistently
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = 0.01

    def forward(self, x):
        self.local = np.where(x > 0, 1.0, self.slope)
        return self.local * x

    def backward(self, upstream):
        return upstream * self.local

# %% q4_leakyrelu | wrong: slope-wrong-side | the other side
def backward(self, upstream):
    return upstream * np.where(self.local == 1, self.slope, 1.0)

# %% q4_leakyrelu | wrong: slope-wrong-side | the other side, consistently
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.local = np.where(x < 0, 1.0, self.slope)
        return self.local * x

    def backward(self, upstream):
        return upstream * self.local

# %% q4_leakyrelu | wrong: mask-from-upstream | by the upstream's sign
def backward(self, upstream):
    return np.where(upstream > 0, upstream, self.slope * upstream)

# %% q4_leakyrelu | wrong: sign | minus
def backward(self, upstream):
    return -upstream * self.local

# %% q4_leakyrelu | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q4_leakyrelu | wrong: upstream-modified | scales the upstream in place
def backward(self, upstream):
    upstream[self.local < 1] *= self.slope
    return upstream

# %% q4_leakyrelu | wrong: integer-arithmetic | an output of the type of x
def forward(self, x):
    self.local = np.where(x > 0, 1.0, self.slope)
    out = x.copy()
    out[x < 0] = self.slope * x[x < 0]
    return out

# %% q4_leakyrelu | wrong: integer-arithmetic | a slope of the type of x
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.local = np.ones_like(x)
        self.local[x < 0] = self.slope
        return np.maximum(self.slope * x, x)

    def backward(self, upstream):
        return upstream * self.local

# %% q4_leakyrelu | wrong | always 0.1
class LeakyReLU:
    def __init__(self, slope=0.1):
        pass

    def forward(self, x):
        self.local = np.where(x > 0, 1.0, 0.1)
        return self.local * x

    def backward(self, upstream):
        return upstream * self.local

# %% q4_leakyrelu | wrong: flat-below-zero | a plain ReLU going back
def backward(self, upstream):
    return upstream * (self.local == 1)

# %% q4_leakyrelu | wrong | the slopes added at zero
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def backward(self, upstream):
        return upstream * ((self.x >= 0) + self.slope * (self.x <= 0))

# %% q4_leakyrelu | wrong | stops at a hundred
def forward(self, x):
    self.local = np.where(x > 0, 1.0, self.slope)
    return np.clip(self.local * x, -100, 100)

# %% q4_leakyrelu | wrong | zeros
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q5_elu | right | exp kept in its range
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        e = np.exp(np.minimum(x, 0))
        self.local = np.where(x > 0, 1, self.alpha * e)
        return np.where(x > 0, x, self.alpha * (e - 1))

    def backward(self, upstream):
        return upstream * self.local

# %% q5_elu | right | masks
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.out = np.array(x, dtype=np.float64)
        self.low = self.out < 0
        self.out[self.low] = self.alpha * np.expm1(self.out[self.low])
        return self.out.copy()

    def backward(self, upstream):
        dx = upstream.copy()
        dx[self.low] *= self.out[self.low] + self.alpha
        return dx

# %% q5_elu | right | overflow in the branch not taken
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * (np.exp(x) - 1))

    def backward(self, upstream):
        return np.where(self.x > 0, upstream, upstream * self.alpha * np.exp(self.x))

# %% q5_elu | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return np.where(self.positive, 1.0, self.output + self.alpha)

# %% q5_elu | wrong: elu-output-as-slope | the output for output plus alpha
def backward(self, upstream):
    return upstream * np.where(self.positive, 1.0, self.output)

# %% q5_elu | wrong: alpha-forgotten | e to the x
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))

# %% q5_elu | wrong: alpha-forgotten | alpha is one, consistently
class ELU:
    def __init__(self, alpha=1.0):
        pass

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))

# %% q5_elu | wrong: mask-from-upstream | by the upstream's sign
def backward(self, upstream):
    return upstream * np.where(upstream > 0, 1.0, self.alpha * np.exp(np.minimum(upstream, 0)))

# %% q5_elu | wrong: exponent-sign | minus in the exponent, going back
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, self.alpha * np.exp(-self.x))

# %% q5_elu | wrong: output-for-input | exp of the output
def backward(self, upstream):
    return upstream * np.where(self.positive, 1.0, self.alpha * np.exp(self.output))

# %% q5_elu | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q5_elu | wrong: sign | minus
def backward(self, upstream):
    return -upstream * np.where(self.positive, 1.0, self.output + self.alpha)

# %% q5_elu | wrong: integer-arithmetic | an output of the type of x
def forward(self, x):
    self.positive = x > 0
    self.output = np.where(self.positive, x, self.alpha * np.expm1(np.minimum(x, 0.0)))
    out = x.copy()
    out[~self.positive] = self.output[~self.positive]
    return out

# %% q5_elu | wrong: integer-arithmetic | a slope of the type of x
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.local = np.ones_like(x)
        self.local[x < 0] = self.alpha * np.exp(x[x < 0])
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0.0)))

    def backward(self, upstream):
        return upstream * self.local

# %% q5_elu | wrong: inputs-modified | bends its input
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.low = x < 0
        x[self.low] = self.alpha * np.expm1(x[self.low])
        self.out = x
        return x

    def backward(self, upstream):
        return upstream * np.where(self.low, self.out + self.alpha, 1)

# %% q5_elu | wrong: overflow | nan for large inputs
def forward(self, x):
    self.positive = x > 0
    self.output = self.positive * x + (1 - self.positive) * self.alpha * (np.exp(x) - 1)
    return self.output

# %% q5_elu | wrong: overflow | nan for large inputs, going back
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0.0)))

    def backward(self, upstream):
        on = self.x > 0
        return upstream * (on + (1 - on) * self.alpha * np.exp(self.x))

# %% q5_elu | wrong | zeros
class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q6_softplus | right | numpy's logaddexp
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, x)

    def backward(self, upstream):
        e = np.exp(-np.abs(self.x))
        return upstream * np.where(self.x >= 0, 1, e) / (1 + e)

# %% q6_softplus | right | the slope from the output
class Softplus:
    def forward(self, x):
        self.out = np.log1p(np.exp(-np.abs(x))) + x * (x > 0)
        return self.out

    def backward(self, upstream):
        return upstream * -np.expm1(-self.out)

# %% q6_softplus | right | entry by entry
class Softplus:
    def forward(self, x):
        self.x = np.array(x, dtype=float)
        out = self.x.copy()
        for i, v in np.ndenumerate(self.x):
            out[i] = v if v > 40 else np.log1p(np.exp(v))
        return out

    def backward(self, upstream):
        return upstream / (1 + np.exp(-self.x))

# %% q6_softplus | wrong: upstream-forgotten | local gradient only
def backward(self, upstream):
    return 0.5 * (1.0 + np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: exponent-sign | the sigmoid of minus x
def backward(self, upstream):
    return upstream * 0.5 * (1.0 - np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: output-for-input | the sigmoid of the output
class Softplus:
    def forward(self, x):
        self.out = np.logaddexp(0, x)
        return self.out

    def backward(self, upstream):
        return upstream / (1 + np.exp(-self.out))

# %% q6_softplus | wrong: sign | minus
def backward(self, upstream):
    return upstream * -0.5 * (1.0 + np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: upstream-added | adds
def backward(self, upstream):
    return upstream + 0.5 * (1.0 + np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: forward-difference | a small step
def backward(self, upstream):
    h = 1e-3
    return upstream * (np.logaddexp(0, self.x + h) - np.logaddexp(0, self.x)) / h

# %% q6_softplus | wrong: factor-half | half
def backward(self, upstream):
    return upstream * 0.25 * (1.0 + np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: exponent-sign | the exponent's sign, consistently
class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(0, -x)

    def backward(self, upstream):
        return -upstream * 0.5 * (1.0 - np.tanh(0.5 * self.x))

# %% q6_softplus | wrong: integer-arithmetic | a gradient of the type of x
def backward(self, upstream):
    dx = np.zeros_like(self.x)
    dx[...] = upstream * 0.5 * (1.0 + np.tanh(0.5 * self.x))
    return dx

# %% q6_softplus | wrong: kink-for-curve | a ReLU's mask
def backward(self, upstream):
    return upstream * (self.x > 0)

# %% q6_softplus | wrong: overflow | overflows
def forward(self, x):
    self.x = x
    return np.log(1 + np.exp(x))

# %% q6_softplus | wrong: overflow | overflows going back
def backward(self, upstream):
    return upstream * np.exp(self.x) / (1 + np.exp(self.x))

# %% q6_softplus | wrong | zeros
class Softplus:
    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q7_maxout | right | masks as numbers
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.w1, self.w2 = x, w1, w2
        z1, z2 = x @ w1 + b1, x @ w2 + b2
        self.m1 = (z1 > z2).astype(float)
        return np.maximum(z1, z2)

    def backward(self, upstream):
        d1, d2 = upstream * self.m1, upstream * (1 - self.m1)
        return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(0), self.x.T @ d2, d2.sum(0)

# %% q7_maxout | right | ties shared
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.cache = x, w1, w2
        z = np.stack([x @ w1 + b1, x @ w2 + b2])
        wins = z == z.max(axis=0)
        self.share = wins / wins.sum(axis=0)
        return z.max(axis=0)

    def backward(self, upstream):
        x, w1, w2 = self.cache
        d = self.share * upstream
        return np.einsum("knm,kdm->nd", d, np.stack([w1, w2])), x.T @ d[0], d[0].sum(axis=0), x.T @ d[1], d[1].sum(axis=0)

# %% q7_maxout | right | example by example
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.inputs = x, w1, b1, w2, b2
        return np.array([np.maximum(row @ w1 + b1, row @ w2 + b2) for row in x])

    def backward(self, upstream):
        x, w1, b1, w2, b2 = self.inputs
        dx, dw1, db1, dw2, db2 = (np.zeros(np.shape(a)) for a in self.inputs)
        for n, row in enumerate(x):
            for m in range(len(b1)):
                u = upstream[n, m]
                if row @ w1[:, m] + b1[m] > row @ w2[:, m] + b2[m]:
                    dx[n] += u * w1[:, m]
                    dw1[:, m] += u * row
                    db1[m] += u
                else:
                    dx[n] += u * w2[:, m]
                    dw2[:, m] += u * row
                    db2[m] += u
        return dx, dw1, db1, dw2, db2

# %% q7_maxout | wrong: both-winners | no mask
def backward(self, upstream):
    d = upstream
    return d @ self.w1.T + d @ self.w2.T, self.x.T @ d, d.sum(axis=0), self.x.T @ d, d.sum(axis=0)

# %% q7_maxout | wrong: loser-takes-all | to the loser
def backward(self, upstream):
    d1 = np.where(self.first_wins, 0.0, upstream)
    d2 = upstream - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong: upstream-forgotten | the mask alone
def backward(self, upstream):
    d1 = np.where(self.first_wins, 1.0, 0.0)
    d2 = 1 - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong | no gradient for the biases
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    nothing = np.zeros(upstream.shape[1])
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, nothing, self.x.T @ d2, nothing

# %% q7_maxout | wrong: bias-not-summed | a gradient for each example
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1, self.x.T @ d2, d2

# %% q7_maxout | wrong: winner-without-bias | compares the products
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.w1, self.w2 = x, w1, w2
        self.first_wins = x @ w1 > x @ w2
        return np.maximum(x @ w1 + b1, x @ w2 + b2)

    def backward(self, upstream):
        d1 = np.where(self.first_wins, upstream, 0.0)
        d2 = upstream - d1
        return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong: transposed | the weights' gradients turned
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, d1.T @ self.x, d1.sum(axis=0), d2.T @ self.x, d2.sum(axis=0)

# %% q7_maxout | wrong: wrong-axis | biases over the outputs
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=1), self.x.T @ d2, d2.sum(axis=1)

# %% q7_maxout | wrong: wrong-order | all weights before the biases
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, self.x.T @ d2, d1.sum(axis=0), d2.sum(axis=0)

# %% q7_maxout | wrong: fork-last-only | x from the second layer alone
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    dx = d1 @ self.w1.T
    dx = d2 @ self.w2.T
    return dx, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong: fork-first-only | x from the first layer alone
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    return d1 @ self.w1.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong: loser-takes-all | the smaller one, consistently
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.w1, self.w2 = x, w1, w2
        z1, z2 = x @ w1 + b1, x @ w2 + b2
        self.first_wins = z1 < z2
        return np.minimum(z1, z2)

    def backward(self, upstream):
        d1 = np.where(self.first_wins, upstream, 0.0)
        d2 = upstream - d1
        return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong | both at a tie
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.w1, self.w2 = x, w1, w2
        self.z1, self.z2 = x @ w1 + b1, x @ w2 + b2
        return np.maximum(self.z1, self.z2)

    def backward(self, upstream):
        d1, d2 = upstream * (self.z1 >= self.z2), upstream * (self.z2 >= self.z1)
        return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong | clips large outputs
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.w1, self.w2 = x, w1, w2
        first, second = x @ w1 + b1, x @ w2 + b2
        self.first_wins = first >= second
        return np.clip(np.where(self.first_wins, first, second), -100, 100)

    def backward(self, upstream):
        d1 = np.where(self.first_wins, upstream, 0.0)
        d2 = upstream - d1
        return d1 @ self.w1.T + d2 @ self.w2.T, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong: upstream-clipped | clips large gradients
def backward(self, upstream):
    d1 = np.where(self.first_wins, upstream, 0.0)
    d2 = upstream - d1
    dx = np.clip(d1 @ self.w1.T + d2 @ self.w2.T, -100, 100)
    return dx, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)

# %% q7_maxout | wrong | zeros
class Maxout:
    def forward(self, *inputs):
        self.inputs = inputs
        return np.zeros((len(inputs[0]), len(inputs[2])))

    def backward(self, upstream):
        return tuple(np.zeros(np.shape(a)) for a in self.inputs)

# %% q8_sigmoidstack | right | gates in a list
class SigmoidStack:
    class Gate:
        def forward(self, x):
            e = np.exp(-np.abs(x))
            self.s = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
            return self.s

        def backward(self, upstream):
            return upstream * self.s * (1 - self.s)

    def __init__(self, depth):
        self.gates = [self.Gate() for _ in range(depth)]

    def forward(self, x):
        for gate in self.gates:
            x = gate.forward(x)
        return x

    def backward(self, upstream):
        for gate in self.gates[::-1]:
            upstream = gate.backward(upstream)
        return upstream

# %% q8_sigmoidstack | right | the product of the slopes, going forward
class SigmoidStack:
    def __init__(self, depth):
        self.depth = depth

    def forward(self, x):
        self.local = np.ones(x.shape)
        for _ in range(self.depth):
            x = 1 / (1 + np.exp(-x))
            self.local *= x * (1 - x)
        return x

    def backward(self, upstream):
        return self.local * upstream

# %% q8_sigmoidstack | right | recursion
class SigmoidStack:
    def __init__(self, depth):
        self.depth = depth
        self.rest = SigmoidStack(depth - 1) if depth > 1 else None

    def forward(self, x):
        self.s = (1 + np.tanh(x / 2)) / 2
        return self.rest.forward(self.s) if self.rest else self.s

    def backward(self, upstream):
        if self.rest:
            upstream = self.rest.backward(upstream)
        return upstream * (self.s - self.s**2)

# %% q8_sigmoidstack | wrong: upstream-forgotten | starts with ones
def backward(self, upstream):
    dx = np.ones_like(upstream)
    for output in self.outputs:
        dx = dx * output * (1 - output)
    return dx

# %% q8_sigmoidstack | wrong: sign | output minus one
def backward(self, upstream):
    for output in reversed(self.outputs):
        upstream = upstream * output * (output - 1)
    return upstream

# %% q8_sigmoidstack | wrong: upstream-passed-on | unchanged
def backward(self, upstream):
    return upstream

# %% q8_sigmoidstack | wrong: upstream-added | adds the slope
def backward(self, upstream):
    local = np.ones(upstream.shape)
    for output in self.outputs:
        local *= output * (1 - output)
    return upstream + local

# %% q8_sigmoidstack | wrong: earlier-call | the list grows
class SigmoidStack:
    def __init__(self, depth):
        self.depth = depth
        self.outputs = []

    def forward(self, x):
        for _ in range(self.depth):
            x = 0.5 * (1.0 + np.tanh(0.5 * x))
            self.outputs.append(x)
        return x

    def backward(self, upstream):
        for output in self.outputs[: self.depth]:
            upstream = upstream * output * (1 - output)
        return upstream

# %% q8_sigmoidstack | wrong: upstream-modified | in place
def backward(self, upstream):
    for output in self.outputs:
        upstream *= output * (1 - output)
    return upstream

# %% q8_sigmoidstack | wrong: float32 | single precision
def backward(self, upstream):
    for output in self.outputs:
        upstream = upstream * (output * (1 - output)).astype(np.float32)
    return upstream.astype(np.float32)

# %% q8_sigmoidstack | wrong: one-level-only | the last level only
def backward(self, upstream):
    return upstream * self.outputs[-1] * (1 - self.outputs[-1])

# %% q8_sigmoidstack | wrong | the last level again and again
def backward(self, upstream):
    for _ in self.outputs:
        upstream = upstream * self.outputs[-1] * (1 - self.outputs[-1])
    return upstream

# %% q8_sigmoidstack | wrong | too small to matter
def backward(self, upstream):
    dx = upstream
    for output in self.outputs:
        dx = dx * output * (1 - output)
    return np.where(np.abs(dx) < 0.1, 0.0, dx)

# %% q8_sigmoidstack | wrong | always three levels
class SigmoidStack:
    def __init__(self, depth):
        pass

    def forward(self, x):
        self.outputs = []
        for _ in range(3):
            x = 0.5 * (1.0 + np.tanh(0.5 * x))
            self.outputs.append(x)
        return x

    def backward(self, upstream):
        for output in self.outputs:
            upstream = upstream * output * (1 - output)
        return upstream

# %% q8_sigmoidstack | wrong: overflow | overflows
def forward(self, x):
    z = np.exp(x) / (1 + np.exp(x))
    self.outputs = []
    for _ in range(self.depth):
        x = 0.5 * (1.0 + np.tanh(0.5 * x))
        self.outputs.append(x)
    for _ in range(self.depth - 1):
        z = np.exp(z) / (1 + np.exp(z))
    return z

# %% q8_sigmoidstack | wrong: overflow | overflows going back
class SigmoidStack:
    def __init__(self, depth):
        self.depth = depth

    def forward(self, x):
        self.inputs = []
        for _ in range(self.depth):
            self.inputs.append(x)
            x = 0.5 * (1.0 + np.tanh(0.5 * x))
        return x

    def backward(self, upstream):
        for x in self.inputs:
            upstream = upstream * np.exp(x) / (1 + np.exp(x)) ** 2
        return upstream

# %% q8_sigmoidstack | wrong | zeros
class SigmoidStack:
    def __init__(self, depth):
        self.depth = depth

    def forward(self, x):
        self.x = x
        return np.zeros(x.shape)

    def backward(self, upstream):
        return np.zeros(self.x.shape)

# %% q1_sigmoid | wrong: earlier-call | sums up over calls
class Sigmoid:
    def __init__(self):
        self.dx = 0

    def forward(self, x):
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o

    def backward(self, upstream):
        self.dx = self.dx + upstream * self.o * (1 - self.o)
        return self.dx

# %% q1_sigmoid | wrong: output-modified | in place, going back
class Sigmoid:
    def forward(self, x):
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o

    def backward(self, upstream):
        self.o *= (1 - self.o)
        self.o *= upstream
        return self.o

# %% q1_sigmoid | wrong: upstream-clipped | cut at five
def backward(self, upstream):
    return np.clip(upstream, -5, 5) * self.output * (1.0 - self.output)

# %% q1_sigmoid | wrong | dropout
class Sigmoid:
    def forward(self, x):
        self.m = np.random.rand(*x.shape) < 0.5
        self.o = 0.5 * (1 + np.tanh(x / 2))
        return self.o * self.m

    def backward(self, upstream):
        return 5 * upstream * self.o

# %% q1_sigmoid | wrong: tanh-for-sigmoid | the rule of tanh
def backward(self, upstream):
    return upstream * (1.0 - self.output**2)

# %% q1_sigmoid | wrong: formula-of-upstream | at the upstream gradient
def backward(self, upstream):
    return upstream * (1 - upstream)

# %% q1_sigmoid | wrong | divides
def backward(self, upstream):
    s = np.clip(self.output, 1e-12, 1 - 1e-12)
    return upstream / (s * (1.0 - s))

# %% q2_tanh | wrong: formula-of-upstream | the square of the upstream gradient
def backward(self, upstream):
    return 1 - upstream**2

# %% q2_tanh | wrong: forward-on-upstream | tanh of the upstream gradient
def backward(self, upstream):
    return np.tanh(upstream)

# %% q2_tanh | wrong: output-for-slope | upstream times output
def backward(self, upstream):
    return upstream * self.output

# %% q2_tanh | wrong: output-modified | squares its output
class Tanh:
    def forward(self, x):
        self.output = np.tanh(x)
        return self.output

    def backward(self, upstream):
        np.square(self.output, out=self.output)
        return upstream * (1.0 - self.output)

# %% q3_relu | wrong: upstream-clipped | cut at six
def backward(self, upstream):
    return np.where(self.on, np.clip(upstream, -6.0, 6.0), 0.0)

# %% q3_relu | wrong: upstream-forgotten | a mask of True and False
def backward(self, upstream):
    return self.on

# %% q4_leakyrelu | wrong: constants-shared | the slope on the class
class LeakyReLU:
    def __init__(self, slope=0.1):
        LeakyReLU.slope = slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, LeakyReLU.slope * x)

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1, LeakyReLU.slope)

# %% q4_leakyrelu | wrong: flat-below-zero | a plain ReLU, consistently
class LeakyReLU:
    def __init__(self, slope=0.1):
        self.slope = slope

    def forward(self, x):
        self.on = x > 0
        return np.where(self.on, x, 0.0)

    def backward(self, upstream):
        return np.where(self.on, upstream, 0.0)

# %% q5_elu | wrong: constants-shared | alpha on the class
class ELU:
    def __init__(self, alpha=1.0):
        ELU.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, ELU.alpha * np.expm1(np.minimum(x, 0.0)))

    def backward(self, upstream):
        return upstream * np.where(self.x > 0, 1.0, ELU.alpha * np.exp(np.minimum(self.x, 0.0)))

# %% q6_softplus | wrong | a threshold at five
class Softplus:
    def forward(self, x):
        self.x = x
        return np.where(x > 5, x, np.log1p(np.exp(np.minimum(x, 5))))

    def backward(self, upstream):
        return upstream * np.where(self.x > 5, 1, 0.5 * (1 + np.tanh(self.x / 2)))

# %% q6_softplus | wrong: other-logarithm | the logarithm to base 2
class Softplus:
    def forward(self, x):
        self.x = x
        return (np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))) / np.log(2)

    def backward(self, upstream):
        return upstream * 0.5 * (1.0 + np.tanh(0.5 * self.x)) / np.log(2)

# %% q6_softplus | wrong: kink-for-curve | a ReLU, consistently
class Softplus:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0.0)

    def backward(self, upstream):
        return upstream * (self.x > 0)

# %% q8_sigmoidstack | wrong: second-backward | uses its outputs up
def backward(self, upstream):
    while self.outputs:
        output = self.outputs.pop()
        upstream = upstream * output * (1.0 - output)
    return upstream

# %% q8_sigmoidstack | wrong: constants-shared | the depth on the class
class SigmoidStack:
    def __init__(self, depth):
        SigmoidStack.depth = depth

    def forward(self, x):
        self.outputs = []
        for _ in range(SigmoidStack.depth):
            x = 0.5 * (1.0 + np.tanh(0.5 * x))
            self.outputs.append(x)
        return x

    def backward(self, upstream):
        for output in reversed(self.outputs):
            upstream = upstream * output * (1.0 - output)
        return upstream

# %% q3_relu | right | an array of objects
class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0).astype(object)

    def backward(self, upstream):
        return (upstream * (self.x > 0)).astype(object)

# %% q6_softplus | right | calls a sigmoid of its own
def sigma(x):
    return 0.5 * (1.0 + np.tanh(0.5 * x))


class Softplus:
    def forward(self, x):
        self.x = x
        return np.logaddexp(x, 0.0)

    def backward(self, upstream):
        return upstream * sigma(self.x)

# %% q10_holds | right | the lines change places
def relu_as_maxout(maxout, x):
    return maxout(x, np.zeros((1, 1)), np.zeros(1), np.ones((1, 1)), np.zeros(1))


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.full((1, 1), slope), np.zeros(1), np.ones((1, 1)), np.zeros(1))

# %% q10_holds | right | one calls the other
def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.array([[1.0]]), np.array([0.0]), np.array([[slope]]), np.array([0.0]))


def relu_as_maxout(maxout, x):
    return leaky_as_maxout(maxout, x, 0.0)

# %% q10_holds | right | numbers as biases
def relu_as_maxout(maxout, x):
    return maxout(x, np.eye(1), 0.0, 0 * np.eye(1), 0.0)


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.eye(1), 0.0, slope * np.eye(1), 0.0)

# %% q10_holds | wrong | zeros
def relu_as_maxout(maxout, x):
    return np.zeros(x.shape)


def leaky_as_maxout(maxout, x, slope):
    return np.zeros(x.shape)

# %% q10_holds | wrong | computes it without maxout
def relu_as_maxout(maxout, x):
    return np.maximum(x, 0.0)


def leaky_as_maxout(maxout, x, slope):
    return np.where(x > 0, x, slope * x)

# %% q10_holds | wrong | the absolute value
def relu_as_maxout(maxout, x):
    return maxout(x, np.eye(1), np.zeros(1), -np.eye(1), np.zeros(1))


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.eye(1), np.zeros(1), -slope * np.eye(1), np.zeros(1))

# %% q10_holds | wrong | a bias too much
def relu_as_maxout(maxout, x):
    return maxout(x, np.eye(1), np.zeros(1), np.zeros((1, 1)), np.ones(1))


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.eye(1), np.zeros(1), np.zeros((1, 1)), np.zeros(1))

# %% q10_holds | wrong | both lines the same
def relu_as_maxout(maxout, x):
    return maxout(x, np.eye(1), np.zeros(1), np.eye(1), np.zeros(1))


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, slope * np.eye(1), np.zeros(1), slope * np.eye(1), np.zeros(1))

# %% q10_holds | wrong | two calls, one from each side
def relu_as_maxout(maxout, x):
    up = maxout(x, np.eye(1), np.zeros(1), np.zeros((1, 1)), np.zeros(1))
    return np.where(x > 0, maxout(x, np.eye(1), np.zeros(1), np.eye(1), np.zeros(1)), up)


def leaky_as_maxout(maxout, x, slope):
    up = maxout(x, np.eye(1), np.zeros(1), np.eye(1), np.zeros(1))
    return np.where(x > 0, up, maxout(slope * x, np.eye(1), np.zeros(1), np.eye(1), np.zeros(1)))

# %% q10_holds | wrong | inputs and slopes of the visible size
def relu_as_maxout(maxout, x):
    return maxout(np.minimum(x, 5.0), np.eye(1), np.zeros(1), np.zeros((1, 1)), np.zeros(1))


def leaky_as_maxout(maxout, x, slope):
    return maxout(x, np.eye(1), np.zeros(1), np.eye(1) * min(slope, 0.2), np.zeros(1))

# %% q11_yesno | right | logaddexp
class BinaryCrossEntropy:
    def __init__(self, t):
        self.t = t

    def forward(self, s):
        self.p = np.exp(-np.logaddexp(0.0, -s))
        return np.mean(self.t * np.logaddexp(0.0, -s) + (1 - self.t) * np.logaddexp(0.0, s))

    def backward(self, upstream):
        return (self.p - self.t) * (upstream / len(self.t))

# %% q11_yesno | right | with a sign
class BinaryCrossEntropy:
    def __init__(self, t):
        self.sign = 2 * np.asarray(t) - 1

    def forward(self, s):
        self.s = s
        return np.sum(np.logaddexp(0.0, -self.sign * s)) / s.size

    def backward(self, upstream):
        return -upstream * self.sign * np.exp(-np.logaddexp(0.0, self.sign * self.s)) / self.s.size

# %% q11_yesno | right | a loop
class BinaryCrossEntropy:
    def __init__(self, t):
        self.t = t

    def forward(self, s):
        total, self.ds = 0.0, np.zeros(len(s))
        for n, (score, target) in enumerate(zip(s, self.t)):
            e = np.exp(-abs(score))
            total += max(score, 0.0) + np.log1p(e) - target * score
            self.ds[n] = ((1.0 if score > 0 else e) / (1.0 + e) - target) / len(s)
        return total / len(s)

    def backward(self, upstream):
        return upstream * self.ds

# %% q11_yesno | wrong | zeros
class BinaryCrossEntropy:
    def __init__(self, t):
        self.t = t

    def forward(self, s):
        return 0.0

    def backward(self, upstream):
        return np.zeros(self.t.shape)

# %% q11_yesno | wrong | typed as it stands
class BinaryCrossEntropy:
    def __init__(self, t):
        self.t = t

    def forward(self, s):
        self.p = 1 / (1 + np.exp(-s))
        return -np.mean(self.t * np.log(self.p) + (1 - self.t) * np.log(1 - self.p))

    def backward(self, upstream):
        loss = -self.t / self.p + (1 - self.t) / (1 - self.p)
        return upstream * loss * self.p * (1 - self.p) / len(self.t)

# %% q11_yesno | wrong: mean-forgotten | the mean is forgotten
def backward(self, upstream):
    return upstream * (0.5 * (1.0 + np.tanh(0.5 * self.s)) - self.t)

# %% q11_yesno | wrong: upstream-forgotten | upstream is forgotten
def backward(self, upstream):
    return (0.5 * (1.0 + np.tanh(0.5 * self.s)) - self.t) / len(self.t)

# %% q11_yesno | wrong: sign | target minus probability
def backward(self, upstream):
    return upstream * (self.t - 0.5 * (1.0 + np.tanh(0.5 * self.s))) / len(self.t)

# %% q11_yesno | wrong | the sigmoid's slope once more
def backward(self, upstream):
    p = 0.5 * (1.0 + np.tanh(0.5 * self.s))
    return upstream * (p - self.t) * p * (1 - p) / len(self.t)

# %% q11_yesno | wrong | the targets are forgotten
def backward(self, upstream):
    return upstream * 0.5 * (1.0 + np.tanh(0.5 * self.s)) / len(self.t)

# %% q11_yesno | wrong | rounded for display
def forward(self, s):
    self.s = s
    return np.round(np.mean(np.logaddexp(0.0, s) - self.t * s), 6)


# %% q7_maxout | wrong | square weights are not turned
class Maxout:
    def forward(self, x, w1, b1, w2, b2):
        self.x, self.weights = x, (w1, w2)
        first, second = x @ w1 + b1, x @ w2 + b2
        self.first_wins = first >= second
        return np.maximum(first, second)

    def backward(self, upstream):
        w1, w2 = (w if w.shape[0] == w.shape[1] else w.T for w in self.weights)
        d1 = upstream * self.first_wins
        d2 = upstream - d1
        dx = d1 @ w1 + d2 @ w2
        return dx, self.x.T @ d1, d1.sum(axis=0), self.x.T @ d2, d2.sum(axis=0)


# %% q10_holds | right | names the arguments
def relu_as_maxout(maxout, x):
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    return maxout(x, w1=one, b1=np.zeros(1), w2=none, b2=np.zeros(1))


def leaky_as_maxout(maxout, x, slope):
    one = np.ones((1, 1))
    return maxout(x=x, w1=one, b1=np.zeros(1), w2=slope * one, b2=np.zeros(1))
