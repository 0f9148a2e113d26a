"""Answers to problem set 6, right and wrong; see chainrule.sample.sample_class for the form."""

# ruff: noqa
# mypy: ignore-errors

# %% q1_forward | right | steps named
def forward_difference(f, x, h):
    here, there = f(x), f(x + h)
    rise = there - here
    return rise / h

# %% q1_forward | right | from the other end
def forward_difference(g, at, step):
    return -(g(at) - g(at + step)) / step

# %% q1_forward | right | numpy floats
def forward_difference(f, x, h):
    x, h = np.float64(x), np.float64(h)
    return np.subtract(f(x + h), f(x)) / h

# %% q1_forward | wrong: difference-not-divided | the change alone
def forward_difference(f, x, h):
    return f(x + h) - f(x)

# %% q1_forward | wrong: other-difference | to the left
def forward_difference(f, x, h):
    return (f(x) - f(x - h)) / h

# %% q1_forward | wrong: other-difference | to both sides
def forward_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)

# %% q1_forward | wrong: wrong-distance | half a slope
def forward_difference(f, x, h):
    return (f(x + h) - f(x)) / (2 * h)

# %% q1_forward | wrong: sign | the wrong way round
def forward_difference(f, x, h):
    return (f(x) - f(x + h)) / h

# %% q1_forward | wrong: step-ignored | a step of its own
def forward_difference(f, x, h):
    h = 1e-6
    return (f(x + h) - f(x)) / h

# %% q1_forward | wrong | a missing parenthesis
def forward_difference(f, x, h):
    return f(x + h) - f(x) / h

# %% q1_forward | wrong | always the cube
def forward_difference(f, x, h):
    return ((x + h) ** 3 - x**3) / h

# %% q1_forward | wrong | a tuple
def forward_difference(f, x, h):
    return (f(x + h) - f(x)) / h, h

# %% q1_forward | wrong: float32 | single precision
def forward_difference(f, x, h):
    return np.float32((f(x + h) - f(x)) / h)

# %% q1_forward | wrong | zeros
def forward_difference(f, x, h):
    return 0.0

# %% q2_central | right | two halves
def central_difference(f, x, h):
    return 0.5 * (f(x + h) - f(x - h)) / h

# %% q2_central | right | the mean of both sides
def central_difference(f, x, h):
    right = (f(x + h) - f(x)) / h
    left = (f(x) - f(x - h)) / h
    return (left + right) / 2

# %% q2_central | right | measures the distance
def central_difference(f, x, h):
    left, right = x - h, x + h
    return (f(right) - f(left)) / (right - left)

# %% q2_central | wrong: one-sided-difference | forward
def central_difference(f, x, h):
    return (f(x + h) - f(x)) / h

# %% q2_central | wrong: one-sided-difference | backward
def central_difference(f, x, h):
    return (f(x) - f(x - h)) / h

# %% q2_central | wrong: wrong-distance | over h
def central_difference(f, x, h):
    return (f(x + h) - f(x - h)) / h

# %% q2_central | wrong: difference-not-divided | the change alone
def central_difference(f, x, h):
    return f(x + h) - f(x - h)

# %% q2_central | wrong: sign | the wrong way round
def central_difference(f, x, h):
    return (f(x - h) - f(x + h)) / (2 * h)

# %% q2_central | wrong | h in the numerator
def central_difference(f, x, h):
    return (f(x + h) - f(x - h)) / 2 * h

# %% q2_central | wrong: step-ignored | the usual step
def central_difference(f, x, h=None):
    h = 1e-5
    return (f(x + h) - f(x - h)) / (2 * h)

# %% q2_central | wrong | half the step
def central_difference(f, x, h):
    return (f(x + h / 2) - f(x - h / 2)) / h

# %% q2_central | wrong | adds the two sides
def central_difference(f, x, h):
    return (f(x + h) - f(x)) / h + (f(x) - f(x - h)) / h + 1

# %% q2_central | wrong | knows the cube only
def central_difference(f, x, h):
    return 3 * x**2 + h**2

# %% q2_central | wrong | zeros
def central_difference(f, x, h):
    return 0.0

# %% q3_sides | right | a loop over both steps
def sides(f, x, h):
    return tuple((f(x + d) - f(x)) / d for d in (-h, h))

# %% q3_sides | right | a list
def sides(f, x, h):
    points = [f(x - h), f(x), f(x + h)]
    return [(points[1] - points[0]) / h, (points[2] - points[1]) / h]

# %% q3_sides | right | numpy
def sides(f, x, h):
    left, right = np.diff([f(x - h), f(x), f(x + h)]) / h
    return left, right

# %% q3_sides | wrong: sides-swapped | right first
def sides(f, x, h):
    return (f(x + h) - f(x)) / h, (f(x) - f(x - h)) / h

# %% q3_sides | wrong: left-downhill | the left one read backwards
def sides(f, x, h):
    return (f(x - h) - f(x)) / h, (f(x + h) - f(x)) / h

# %% q3_sides | wrong: sides-averaged | the same slope twice
def sides(f, x, h):
    slope = (f(x + h) - f(x - h)) / (2 * h)
    return slope, slope

# %% q3_sides | wrong | one slope
def sides(f, x, h):
    return (f(x + h) - f(x)) / h

# %% q3_sides | wrong | adds the right one to the left one
def sides(f, x, h):
    right = (f(x + h) - f(x)) / h
    return (f(x + h) - f(x - h)) / h + right, right

# %% q3_sides | wrong | not divided
def sides(f, x, h):
    return f(x) - f(x - h), f(x + h) - f(x)

# %% q3_sides | wrong | sorted
def sides(f, x, h):
    left, right = (f(x) - f(x - h)) / h, (f(x + h) - f(x)) / h
    return min(left, right), max(left, right)

# %% q3_sides | wrong | the visible values
def sides(f, x, h):
    return 0.1, 1.0

# %% q3_sides | wrong: float32 | single precision
def sides(f, x, h):
    return np.float32((f(x) - f(x - h)) / h), np.float32((f(x + h) - f(x)) / h)

# %% q3_sides | wrong | zeros
def sides(f, x, h):
    return 0.0, 0.0

# %% q4_step | right | a loop
def best_step(f, x, slope, steps):
    best, least = None, float("inf")
    for h in steps:
        error = abs((f(x + h) - f(x - h)) / (2 * h) - slope)
        if error < least:
            best, least = h, error
    return best

# %% q4_step | right | numpy
def best_step(f, x, slope, steps):
    h = np.array(steps)
    errors = np.abs((f(x + h) - f(x - h)) / (2 * h) - slope)
    return h[np.argmin(errors)]

# %% q4_step | right | squares the errors
def best_step(f, x, slope, steps):
    ranked = sorted((((f(x + h) - f(x - h)) / h / 2 - slope) ** 2, h) for h in steps)
    return ranked[0][1]

# %% q4_step | wrong: step-too-small | the smallest
def best_step(f, x, slope, steps):
    return min(steps)

# %% q4_step | wrong | forward differences
def best_step(f, x, slope, steps):
    return min(steps, key=lambda h: abs((f(x + h) - f(x)) / h - slope))

# %% q4_step | wrong | the largest
def best_step(f, x, slope, steps):
    return max(steps)

# %% q4_step | wrong | the usual one
def best_step(f, x, slope, steps):
    return 1e-5

# %% q4_step | wrong | the one in the middle
def best_step(f, x, slope, steps):
    return steps[len(steps) // 2]

# %% q4_step | wrong: error-for-step | the error in place of the step
def best_step(f, x, slope, steps):
    return min(abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps)

# %% q4_step | wrong: place-for-step | the index in place of the step
def best_step(f, x, slope, steps):
    return int(np.argmin([abs((f(x + h) - f(x - h)) / (2 * h) - slope) for h in steps]))

# %% q4_step | wrong: error-with-sign | no absolute value
def best_step(f, x, slope, steps):
    return min(steps, key=lambda h: (f(x + h) - f(x - h)) / (2 * h) - slope)

# %% q4_step | wrong: worst-step | the worst
def best_step(f, x, slope, steps):
    return max(steps, key=lambda h: abs((f(x + h) - f(x - h)) / (2 * h) - slope))

# %% q4_step | wrong | divided by h
def best_step(f, x, slope, steps):
    return min(steps, key=lambda h: abs((f(x + h) - f(x - h)) / h - slope))

# %% q4_step | wrong | zeros
def best_step(f, x, slope, steps):
    return 0.0

# %% q5_gradient | right | moves an entry and puts it back
def numerical_gradient(f, x, h=1e-5):
    x = x.astype(float)
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        down = f(x)
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient

# %% q5_gradient | right | flat
def numerical_gradient(f, x, h=1e-5):
    flat = np.asarray(x, dtype=np.float64).ravel()
    steps = h * np.eye(flat.size)
    slopes = [(f((flat + s).reshape(x.shape)) - f((flat - s).reshape(x.shape))) / (2 * h) for s in steps]
    return np.array(slopes).reshape(x.shape)

# %% q5_gradient | right | an iterator and copies
def numerical_gradient(f, x, h=1e-5):
    result = np.zeros_like(x, dtype=np.float64)
    walk = np.nditer(result, flags=["multi_index"])
    while not walk.finished:
        up, down = 1.0 * x.astype(np.float64), 1.0 * x.astype(np.float64)
        up[walk.multi_index] += h
        down[walk.multi_index] -= h
        result[walk.multi_index] = 0.5 * (f(up) - f(down)) / h
        walk.iternext()
    return result

# %% q5_gradient | wrong: one-sided-difference | forward differences
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x)) / h
    return gradient

# %% q5_gradient | wrong: wrong-distance | over h
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / h
    return gradient

# %% q5_gradient | wrong: step-lost | keeps the type of x
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient

# %% q5_gradient | wrong | floats, but as short as they come
def numerical_gradient(f, x, h=1e-5):
    x = x.astype(np.float32) if x.dtype == np.float32 else x.astype(float)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: inputs-modified | adds and subtracts in x itself
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: step-not-undone | leaves every entry moved
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: all-entries-moved | adds h to the array
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        gradient[i] = (f(x + h) - f(x - h)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: step-ignored | a step of its own
def numerical_gradient(f, x, h=1e-5):
    h = 1e-3
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: sign | minus
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x - step) - f(x + step)) / (2 * h)
    return gradient

# %% q5_gradient | wrong: difference-not-divided | the change alone
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = f(x + step) - f(x - step)
    return gradient

# %% q5_gradient | wrong: float32 | a float32 result
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape, dtype=np.float32)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q5_gradient | wrong | rows and columns only
def numerical_gradient(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1] if x.ndim > 1 else 1):
            at = (i, j) if x.ndim == 2 else (i,)
            step = np.zeros(x.shape)
            step[at] = h
            gradient[at] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q5_gradient | wrong | flat result
def numerical_gradient(f, x, h=1e-5):
    flat = x.astype(float).ravel()
    steps = h * np.eye(flat.size)
    return np.array([(f((flat + s).reshape(x.shape)) - f((flat - s).reshape(x.shape))) / (2 * h) for s in steps])

# %% q5_gradient | wrong | only sums of cubes
def numerical_gradient(f, x, h=1e-5):
    return 3.0 * x.astype(float) ** 2 + h**2

# %% q5_gradient | wrong | no default step
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q5_gradient | wrong | zeros
def numerical_gradient(f, x, h=1e-5):
    return np.zeros(x.shape)

# %% q6_gate | right | one number first
def gate_gradient(f, x, upstream, h=1e-5):
    def total(z):
        return np.sum(upstream * f(z))

    x = x.astype(np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = total(x.copy())
        x[i] = kept - h
        down = total(x.copy())
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient

# %% q6_gate | right | the whole Jacobian
def gate_gradient(f, x, upstream, h=1e-5):
    flat = np.array(x, dtype=float).reshape(-1)
    columns = []
    for unit in np.eye(flat.size):
        up = f((flat + h * unit).reshape(x.shape))
        down = f((flat - h * unit).reshape(x.shape))
        columns.append(((up - down) / (2 * h)).ravel())
    jacobian = np.stack(columns, axis=1)
    return (upstream.ravel() @ jacobian).reshape(x.shape)

# %% q6_gate | right | dots
def gate_gradient(f, x, upstream, h=1e-5):
    u, x = upstream.flatten(), np.asarray(x, dtype="float64")
    out = np.zeros_like(x)
    for k in range(x.size):
        d = np.zeros_like(x)
        d.flat[k] = h
        out.flat[k] = np.dot(u, f(x + d).flatten()) - np.dot(u, f(x - d).flatten())
    return out / (2 * h)

# %% q6_gate | wrong: outputs-not-weighed | adds the outputs up
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q6_gate | wrong: one-sided-difference | forward differences
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(upstream * (f(x + step) - f(x))) / h
    return gradient

# %% q6_gate | wrong: wrong-distance | over h
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(upstream * (f(x + step) - f(x - step))) / h
    return gradient

# %% q6_gate | wrong: step-lost | keeps the type of x
def gate_gradient(f, x, upstream, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        gradient[i] = np.sum(upstream * (f(up) - f(down))) / (2 * h)
    return gradient

# %% q6_gate | wrong: step-not-undone | leaves every entry moved
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up = x.copy()
        up[i] += h
        x[i] -= h
        gradient[i] = np.sum(upstream * (f(up) - f(x))) / (2 * h)
    return gradient

# %% q6_gate | wrong | the mean of the weighed outputs
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.mean(upstream * (f(x + step) - f(x - step))) / (2 * h)
    return gradient

# %% q6_gate | wrong | the slope of each entry's own output
def gate_gradient(f, x, upstream, h=1e-5):
    return upstream * (f(x + h) - f(x - h)) / (2 * h)

# %% q6_gate | wrong | the shape of the output
def gate_gradient(f, x, upstream, h=1e-5):
    gradient = np.zeros(upstream.shape)
    for i in np.ndindex(gradient.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(upstream * (f(x + step) - f(x - step))) / (2 * h)
    return gradient

# %% q6_gate | wrong: upstream-modified | weighs in place
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(upstream * (f(x + step) - f(x - step))) / (2 * h)
    upstream /= 2 * h
    return gradient

# %% q6_gate | wrong | the visible function
def gate_gradient(f, x, upstream, h=1e-5):
    return 2.0 * x * np.cumsum(upstream[::-1])[::-1]

# %% q6_gate | wrong: float32 | single precision
def gate_gradient(f, x, upstream, h=1e-5):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape, dtype="f4")
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = np.sum(upstream * (f(x + step) - f(x - step))) / (2 * h)
    return gradient

# %% q6_gate | wrong | zeros
def gate_gradient(f, x, upstream, h=1e-5):
    return np.zeros(x.shape)

# %% q7_error | right | a loop
def relative_error(a, b):
    if np.shape(a) != np.shape(b):
        raise ValueError("different shapes")
    worst = 0.0
    for p, q in zip(a.ravel(), b.ravel()):
        if p != q:
            worst = max(worst, abs(p - q) / max(abs(p), abs(q)))
    return worst

# %% q7_error | right | divides where it can
def relative_error(a, b):
    if a.ndim != b.ndim or any(m != n for m, n in zip(a.shape, b.shape)):
        raise ValueError
    apart = np.abs(np.subtract(a, b, dtype=float))
    size = np.maximum(abs(a), abs(b)).astype(float)
    return float(np.divide(apart, size, out=np.zeros(a.shape), where=size != 0).max())

# %% q7_error | right | a mask
def relative_error(a, b):
    if not a.shape == b.shape:
        raise ValueError(f"{a.shape} is not {b.shape}")
    on = (a != 0) | (b != 0)
    if not on.any():
        return 0
    a, b = a[on], b[on]
    return (np.abs(a - b) / np.where(np.abs(a) > np.abs(b), np.abs(a), np.abs(b))).max()

# %% q7_error | wrong: absolute-error | not divided
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.max(np.abs(a - b))

# %% q7_error | wrong: relative-to-one | against a
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.max(np.abs(a - b) / np.where(a == 0, 1, np.abs(a)))

# %% q7_error | wrong: relative-to-one | against b
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.max(np.abs(a - b) / np.where(b == 0, 1, np.abs(b)))

# %% q7_error | wrong: relative-to-sum | against the sum
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    size = np.abs(a) + np.abs(b)
    return np.max(np.abs(a - b) / np.where(size == 0, 1, size))

# %% q7_error | wrong: error-pooled | the mean
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    size = np.maximum(np.abs(a), np.abs(b))
    return np.mean(np.abs(a - b) / np.where(size == 0, 1, size))

# %% q7_error | wrong: error-pooled | lengths
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return np.linalg.norm(a - b) / size if size else 0.0

# %% q7_error | wrong: error-pooled | the largest of either
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max(), 1e-300)

# %% q7_error | wrong: broadcast | broadcasts
def relative_error(a, b):
    size = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(size > 0, size, 1.0))

# %% q7_error | wrong | compares sizes only
def relative_error(a, b):
    if a.ndim == 1 and b.ndim == 2 and b.shape[0] > 1:
        raise ValueError
    size = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(size > 0, size, 1.0))

# %% q7_error | wrong | nan for two zeros
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.max(np.abs(a - b) / np.maximum(np.abs(a), np.abs(b)))

# %% q7_error | wrong | a small number added below
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    return np.max(np.abs(a - b) / (np.maximum(np.abs(a), np.abs(b)) + 1e-8))

# %% q7_error | wrong | no absolute value of the difference
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    size = np.maximum(np.abs(a), np.abs(b))
    return np.max((b - a) / np.where(size > 0, size, 1.0))

# %% q7_error | wrong | an array
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError
    size = np.maximum(np.abs(a), np.abs(b))
    return np.abs(a - b) / np.where(size > 0, size, 1.0)

# %% q7_error | wrong | another exception
def relative_error(a, b):
    if a.shape != b.shape:
        raise TypeError("shapes")
    size = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(size > 0, size, 1.0))

# %% q7_error | wrong | zeros
def relative_error(a, b):
    return 0.0

# %% q8_spot | right | a permutation
def spot_check(f, x, gradient, how_many, seed):
    order = np.random.default_rng(seed).permutation(x.size)[:how_many]
    errors = []
    for i in order:
        place = np.unravel_index(i, x.shape)
        up, down = x.copy(), x.copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        n, g = (f(up) - f(down)) / 2e-5, gradient[place]
        errors.append(0.0 if n == g == 0 else abs(n - g) / max(abs(n), abs(g)))
    return max(errors)

# %% q8_spot | right | Python's random
def spot_check(f, x, gradient, how_many, seed):
    import random

    flat = list(np.array(x, dtype=float).ravel())
    worst = 0.0
    for i in random.Random(seed).sample(range(len(flat)), how_many):
        values = []
        for d in (1e-5, -1e-5):
            moved = np.array(flat)
            moved[i] += d
            values.append(f(moved.reshape(x.shape)))
        n = (values[0] - values[1]) / 2e-5
        g = np.ravel(gradient)[i]
        largest = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / largest if largest else 0.0)
    return worst

# %% q8_spot | right | collects both gradients first
def spot_check(f, x, gradient, how_many, seed):
    rng = np.random.default_rng(seed + 100)
    numbers = np.argsort(rng.random(x.size))[:how_many]
    units = np.eye(x.size)[numbers].reshape((how_many,) + x.shape)
    n = np.array([(f(x + 1e-5 * u) - f(x - 1e-5 * u)) / 2e-5 for u in units])
    g = np.array([np.sum(gradient * u) for u in units])
    size = np.maximum(abs(n), abs(g))
    return np.max(abs(n - g) / np.where(size == 0, 1, size))

# %% q8_spot | wrong | always the first entries
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in range(how_many):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong | the last entries
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in range(x.size - how_many, x.size):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong | draws an entry twice
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in np.random.default_rng(seed).integers(0, x.size, how_many):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong | tries every entry
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong | the absolute error
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in np.random.default_rng(seed).choice(x.size, how_many, replace=False):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        worst = max(worst, abs((f(x + step) - f(x - step)) / 2e-5 - gradient.ravel()[i]))
    return worst

# %% q8_spot | wrong | the mean error
def spot_check(f, x, gradient, how_many, seed):
    errors = []
    for i in np.random.default_rng(seed).choice(x.size, how_many, replace=False):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        errors.append(abs(n - g) / size if size else 0.0)
    return np.mean(errors)

# %% q8_spot | wrong | the last error drawn
def spot_check(f, x, gradient, how_many, seed):
    for i in np.random.default_rng(seed).choice(x.size, how_many, replace=False):
        step = np.zeros(x.size)
        step[i] = 1e-5
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x - step)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = abs(n - g) / size if size else 0.0
    return worst

# %% q8_spot | wrong | forward differences with a long step
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    for i in np.random.default_rng(seed).choice(x.size, how_many, replace=False):
        step = np.zeros(x.size)
        step[i] = 1e-4
        step = step.reshape(x.shape)
        n, g = (f(x + step) - f(x)) / 1e-4, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong: inputs-modified | moves x itself
def spot_check(f, x, gradient, how_many, seed):
    worst = 0.0
    flat = x.reshape(-1)
    for i in np.random.default_rng(seed).choice(x.size, how_many, replace=False):
        flat[i] += 1e-5
        up = f(x)
        flat[i] -= 2e-5
        n, g = (up - f(x)) / 2e-5, gradient.ravel()[i]
        size = max(abs(n), abs(g))
        worst = max(worst, abs(n - g) / size if size else 0.0)
    return worst

# %% q8_spot | wrong | all entries are moved at once
def spot_check(f, x, gradient, how_many, seed):
    n, g = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5, gradient.sum()
    return abs(n - g) / max(abs(n), abs(g))

# %% q8_spot | wrong | zeros
def spot_check(f, x, gradient, how_many, seed):
    return 0.0

# %% q9_find | right | an elementwise look with masks
def find_wrong(suspects):
    def slope(forward, x, upstream, index, h):
        moved = x.copy()
        moved[index] += h
        return np.sum(upstream * (forward(moved) - forward(x))) / h

    wrong = set()
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(7).normal(size=forward(x).shape) + 3
        claim = np.asarray(backward(x, upstream))
        if claim.shape != x.shape:
            wrong.add(name)
            continue
        left, right = (
            np.array([slope(forward, x, upstream, i, h) for i in np.ndindex(x.shape)]).reshape(x.shape)
            for h in (-1e-6, 1e-6)
        )
        room = 1e-4 * np.maximum(np.abs(left), np.abs(right))
        inside = (claim >= np.minimum(left, right) - room) & (claim <= np.maximum(left, right) + room)
        if not np.all(inside):
            wrong.add(name)
    return wrong

# %% q9_find | right | central where smooth, sides where not
def find_wrong(suspects):
    bad = []
    for name in suspects:
        forward, backward, x = suspects[name]
        up = np.linspace(0.7, 1.9, forward(x).size).reshape(forward(x).shape)
        got = backward(x, up.copy())

        def total(z):
            return np.sum(up * forward(z))

        if np.shape(got) != x.shape:
            bad.append(name)
            continue
        for i in range(x.size):
            d = np.zeros(x.size)
            d[i] = 1e-6
            d = d.reshape(x.shape)
            ahead, back = (total(x + d) - total(x)) / 1e-6, (total(x) - total(x - d)) / 1e-6
            g = got.ravel()[i]
            if abs(ahead - back) < 1e-3 * max(abs(ahead), abs(back)):
                ok = abs(g - (ahead + back) / 2) <= 2e-4 * max(abs(g), abs(ahead))
            else:
                ok = min(ahead, back) <= g <= max(ahead, back)
            if not ok:
                bad.append(name)
                break
    return bad

# %% q9_find | right | the package's own gradient
def find_wrong(suspects):
    from chainrule.numeric import numerical_gradient

    names = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.sin(np.arange(1.0, forward(x).size + 1)).reshape(forward(x).shape)
        answer = backward(x, upstream)
        expected = numerical_gradient(forward, x, upstream)
        if answer.shape != x.shape or not np.all(expected.covers(answer, 1e-5 * np.abs(expected.value))):
            names.append(name)
    return tuple(names)

# %% q9_find | wrong | an upstream of all ones
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.ones(forward(x).shape)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        for i in np.ndindex(x.shape) if ok else ():
            d = np.zeros(x.shape)
            d[i] = 1e-6
            ahead = np.sum(upstream * (forward(x + d) - forward(x))) / 1e-6
            back = np.sum(upstream * (forward(x) - forward(x - d))) / 1e-6
            room = 1e-4 * max(abs(ahead), abs(back))
            ok = ok and min(ahead, back) - room <= claim[i] <= max(ahead, back) + room
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | the same upstream for all outputs
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.full(forward(x).shape, 0.7)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        for i in np.ndindex(x.shape) if ok else ():
            d = np.zeros(x.shape)
            d[i] = 1e-6
            ahead = np.sum(upstream * (forward(x + d) - forward(x))) / 1e-6
            back = np.sum(upstream * (forward(x) - forward(x - d))) / 1e-6
            room = 1e-4 * max(abs(ahead), abs(back))
            ok = ok and min(ahead, back) - room <= claim[i] <= max(ahead, back) + room
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | broadcasting hides shapes
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream) * np.ones(x.shape)
        ok = True
        for i in np.ndindex(x.shape):
            d = np.zeros(x.shape)
            d[i] = 1e-6
            ahead = np.sum(upstream * (forward(x + d) - forward(x))) / 1e-6
            back = np.sum(upstream * (forward(x) - forward(x - d))) / 1e-6
            room = 1e-4 * max(abs(ahead), abs(back))
            ok = ok and min(ahead, back) - room <= claim[i] <= max(ahead, back) + room
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | an absolute tolerance
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        for i in np.ndindex(x.shape) if ok else ():
            d = np.zeros(x.shape)
            d[i] = 1e-6
            ahead = np.sum(upstream * (forward(x + d) - forward(x))) / 1e-6
            back = np.sum(upstream * (forward(x) - forward(x - d))) / 1e-6
            ok = ok and min(ahead, back) - 1e-4 <= claim[i] <= max(ahead, back) + 1e-4
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | blames kinks
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        for i in np.ndindex(x.shape) if ok else ():
            d = np.zeros(x.shape)
            d[i] = 1e-5
            n = np.sum(upstream * (forward(x + d) - forward(x - d))) / 2e-5
            ok = ok and abs(n - claim[i]) <= 1e-4 * max(abs(n), abs(claim[i]))
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | looks at the first entry only
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        if ok:
            i = (0,) * x.ndim
            d = np.zeros(x.shape)
            d[i] = 1e-6
            n = np.sum(upstream * (forward(x + d) - forward(x - d))) / 2e-6
            ok = abs(n - claim[i]) <= 1e-4 * max(abs(n), abs(claim[i]))
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | too much room
def find_wrong(suspects):
    wrong = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream)
        ok = claim.shape == x.shape
        for i in np.ndindex(x.shape) if ok else ():
            d = np.zeros(x.shape)
            d[i] = 1e-6
            ahead = np.sum(upstream * (forward(x + d) - forward(x))) / 1e-6
            back = np.sum(upstream * (forward(x) - forward(x - d))) / 1e-6
            room = 1e-2 * max(abs(ahead), abs(back))
            ok = ok and min(ahead, back) - room <= claim[i] <= max(ahead, back) + room
        if not ok:
            wrong.append(name)
    return wrong

# %% q9_find | wrong | the right ones
def find_wrong(suspects):
    right = []
    for name, (forward, backward, x) in suspects.items():
        upstream = np.random.default_rng(0).uniform(0.5, 2, forward(x).shape)
        claim = backward(x, upstream)
        if claim.shape == x.shape:
            numeric = np.zeros(x.shape)
            for i in np.ndindex(x.shape):
                d = np.zeros(x.shape)
                d[i] = 1e-5
                numeric[i] = np.sum(upstream * (forward(x + d) - forward(x - d))) / 2e-5
            if np.allclose(numeric, claim, rtol=1e-4, atol=0):
                right.append(name)
    return right

# %% q9_find | wrong | names learned by heart
def find_wrong(suspects):
    return [n for n in suspects if n in ("squares", "unit_length", "row_sums", "cubes", "faint")]

# %% q9_find | wrong | shapes only
def find_wrong(suspects):
    return [n for n, (f, b, x) in suspects.items() if b(x, np.ones(f(x).shape)).shape != x.shape]

# %% q9_find | wrong | everybody
def find_wrong(suspects):
    return list(suspects)

# %% q9_find | wrong | a count
def find_wrong(suspects):
    return 4

# %% q9_find | wrong | a flag for each
def find_wrong(suspects):
    return [False for _ in suspects]

# %% q9_find | wrong | zeros
def find_wrong(suspects):
    return []

# %% q2_central | wrong | the second difference
def central_difference(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h ** 2

# %% q5_gradient | wrong: step-lost | slopes in an array of x's type
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

# %% q7_error | wrong: relative-to-smaller | against the smaller size
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("shapes differ")
    size = np.minimum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(size > 0, size, 1.0) * (size > 0))

# %% q7_error | wrong: error-pooled | one ratio of lengths
def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("shapes differ")
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return np.linalg.norm(a - b) / size if size > 0 else 0.0

# %% q7_error | wrong | prints, and returns nothing
def relative_error(a, b):
    if a.shape != b.shape:
        print("the shapes differ")
        return
    s = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(s > 0, s, 1))

# %% q7_error | wrong | returns an exception
def relative_error(a, b):
    if a.shape != b.shape:
        return ValueError("the shapes differ")
    s = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(s > 0, s, 1))

# %% q8_spot | wrong: seed-ignored | numpy's own generator
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


# %% q2_central | wrong | four points in place of two
def central_difference(f, x, h):
    near, far = f(x + h) - f(x - h), f(x + 2 * h) - f(x - 2 * h)
    return (8 * near - far) / (12 * h)
