# %% q1_forward
def forward_difference(f, x, h):
    """The slope of f at x, from x and the point to its right.

    f: a function of a number that returns a number.
    x: a number.
    h: a number above zero, the step.
    Returns a number.
    """
    return (f(x + h) - f(x)) / h

# %% q1_forward_value
check.function(forward_difference, at=dict(f=cube, x=2.0, h=0.1), gives=12.61)
### BEGIN HIDDEN TESTS
check.function(
    forward_difference,
    at=[
        dict(f=np.exp, x=-1.5, h=0.25),
        dict(f=np.sin, x=40.0, h=1e-3),
        dict(f=lambda x: 1e-6 / x, x=2, h=0.125),
    ],
    like=lambda f, x, h: (f(x + h) - f(x)) / h,
)
### END HIDDEN TESTS

# %% q2_central
def central_difference(f, x, h):
    """The slope of f at x, from the points on either side.

    f: a function of a number that returns a number.
    x: a number.
    h: a number above zero, the step to either side.
    Returns a number.
    """
    return (f(x + h) - f(x - h)) / (2 * h)

# %% q2_central_value
check.function(central_difference, at=dict(f=cube, x=2.0, h=0.1), gives=12.01)
### BEGIN HIDDEN TESTS
check.function(
    central_difference,
    at=[
        dict(f=np.exp, x=-1.5, h=0.25),
        dict(f=np.sin, x=40.0, h=1e-2),
        dict(f=lambda x: 1e-6 / x, x=2, h=0.125),
    ],
    like=lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
)
### END HIDDEN TESTS

# %% q3_sides
def sides(f, x, h):
    """The slopes of f on either side of x.

    f: a function of a number that returns a number.
    x: a number.
    h: a number above zero, the step.
    Returns (left, right), two numbers: the slope between x - h and x, and between x and x + h.
    """
    return (f(x) - f(x - h)) / h, (f(x + h) - f(x)) / h

# %% q3_sides_value
check.function(sides, at=dict(f=leaky, x=0.0, h=0.25), gives=(0.1, 1.0), parts=("left", "right"))
### BEGIN HIDDEN TESTS
check.function(
    sides,
    at=[
        dict(f=abs, x=0, h=0.5),
        dict(f=lambda x: min(2 * x, x - 3.0), x=-3.0, h=1e-3),
        dict(f=np.exp, x=1.5, h=0.125),
    ],
    like=lambda f, x, h: ((f(x) - f(x - h)) / h, (f(x + h) - f(x)) / h),
    parts=("left", "right"),
)
### END HIDDEN TESTS

# %% q4_step
def best_step(f, x, slope, steps):
    """The step with which a central difference is most exact.

    f: a function of a number that returns a number.
    x: a number.
    slope: a number, the true slope of f at x.
    steps: a tuple of numbers above zero, in any order.
    Returns one of them.
    """

    def error(h):
        return abs((f(x + h) - f(x - h)) / (2 * h) - slope)

    return min(steps, key=error)

# %% q4_step_value
check.function(
    best_step,
    at=dict(f=np.exp, x=1.0, slope=np.e, steps=(1e-1, 1e-3, 1e-5, 1e-8, 1e-11)),
    gives=1e-5,
)
### BEGIN HIDDEN TESTS
check.function(
    best_step,
    at=[
        dict(f=lambda x: x * x, x=3.0, slope=6.0, steps=(1e-11, 1.0, 1e-5, 1e-8)),
        dict(
            f=lambda x: np.sin(1e4 * x),
            x=0.3,
            slope=1e4 * np.cos(3e3),
            steps=(1e-3, 1e-8, 1e-13, 1e-5),
        ),
    ],
    gives=[1.0, 1e-8],
)
### END HIDDEN TESTS

# %% q5_gradient
def numerical_gradient(f, x, h=1e-5):
    """The gradient of f at x by central differences.

    f: a function of an array of x's shape that returns a number.
    x: array of any shape, of floats or integers; not modified.
    h: a number above zero, the step.
    Returns a float64 array of the shape of x.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient

# %% q5_gradient_value
check.function(
    numerical_gradient,
    at=dict(f=sum_of_cubes, x=np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]]), h=0.1),
    gives=np.array([[3.01, 12.01, 27.01], [0.01, 3.01, 0.76]]),
)
check.function(
    numerical_gradient,
    at=dict(f=sum_of_cubes, x=np.array([3, -2]), h=0.1),
    gives=np.array([27.01, 12.01]),
)
### BEGIN HIDDEN TESTS
check.function(
    numerical_gradient,
    at=[
        dict(f=lambda x: np.sum(np.sin(x[1:] * x[:-1])), x=np.array([0.5, -1.5, 2.0, 0.3]), h=1e-2),
        dict(
            f=lambda x: np.sum(x[0] ** 2 * x[1]) ** 2,
            x=np.array([[[1.0, 2.0]], [[-0.5, 0.25]]]),
            h=1e-2,
        ),
        dict(f=lambda x: np.exp(x[0, 0] / x[0, 1]), x=np.array([[3, -2]]), h=1e-2),
        dict(f=lambda x: np.prod(x), x=np.array([[1.5], [-2.5], [0.75]], dtype=np.float32)),
    ],
    like=lambda f, x, h=1e-5: np.reshape(
        [
            (f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) / (2 * h)
            for e in np.eye(x.size)
        ],
        x.shape,
    ),
    within=1e-7,
)
### END HIDDEN TESTS

# %% q6_gate
def gate_gradient(f, x, upstream, h=1e-5):
    """The gradient of sum(upstream * f(x)) by central differences.

    f: a function of an array of x's shape that returns an array.
    x: array of any shape, of floats or integers; not modified.
    upstream: array of the shape of f(x).
    h: a number above zero, the step.
    Returns a float64 array of the shape of x.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[index] = h
        change = (f(x + step) - f(x - step)) / (2 * h)
        gradient[index] = np.sum(upstream * change)
    return gradient

# %% q6_gate_value
check.function(
    gate_gradient,
    at=dict(
        f=running_sum_of_squares,
        x=np.array([1.0, -2.0, 0.5]),
        upstream=np.array([1.0, 10.0, 100.0]),
        h=0.1,
    ),
    gives=np.array([222.0, -440.0, 100.0]),
)
### BEGIN HIDDEN TESTS
check.function(
    gate_gradient,
    at=[
        dict(
            f=lambda x: np.exp(x).sum(axis=1),
            x=np.array([[0.5, -1.0, 0.25], [1.5, 0.0, -2.0]]),
            upstream=np.array([0.7, -1.3]),
            h=1e-2,
        ),
        dict(
            f=lambda x: np.outer(x, x[::-1]) / 3,
            x=np.array([2, -1, 4]),
            upstream=np.arange(1.0, 10.0).reshape(3, 3) ** 2 / 7,
            h=0.5,
        ),
        dict(
            f=lambda x: np.tanh(x @ np.array([[1.0, -0.5], [0.25, 2.0], [0.5, 1.0]])),
            x=np.array([[0.5, -1.0, 0.25]]),
            upstream=np.array([[0.7, -1.3]]),
        ),
    ],
    like=lambda f, x, upstream, h=1e-5: np.reshape(
        [
            np.sum(upstream * (f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))))
            / (2 * h)
            for e in np.eye(x.size)
        ],
        x.shape,
    ),
    within=1e-7,
)
### END HIDDEN TESTS

# %% q7_error
def relative_error(a, b):
    """The largest relative error over all entries of two arrays.

    a, b: arrays of one and the same shape, with at least one entry.
    Returns a number. Raises ValueError when the shapes differ.
    """
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} differ")
    size = np.maximum(np.abs(a), np.abs(b))
    return np.max(np.abs(a - b) / np.where(size > 0, size, 1.0))

# %% q7_error_value
check.function(
    relative_error,
    at=dict(a=np.array([1.0, 2.0, 0.0, -3.0]), b=np.array([1.0, 2.5, 0.0, -3.1])),
    gives=0.2,
)
check.refuses(
    relative_error,
    at=dict(a=np.array([1.0, 2.0, 3.0]), b=np.array([[1.0], [2.0], [3.0]])),
    mistake="broadcast",
)
### BEGIN HIDDEN TESTS
check.function(
    relative_error,
    at=[
        dict(a=np.array([[1e-9, 5e3]]), b=np.array([[3e-9, 4e3]])),
        dict(a=np.array([-5.0, 7.0]), b=np.array([-4.0, 7.0])),
        dict(a=np.array([2.0, 0.5, 0.0]), b=np.array([-2.0, 0.5, 0.0])),
        dict(a=np.array([[0, 6], [0, 0]]), b=np.array([[0, 6], [3, 0]])),
        dict(a=np.zeros(3), b=np.zeros(3)),
    ],
    gives=[2 / 3, 0.2, 2.0, 1.0, 0.0],
)
check.refuses(
    relative_error, at=dict(a=np.array([1.0, 2.0]), b=np.array([[1.0, 2.0]])), mistake="broadcast"
)
### END HIDDEN TESTS

# %% q8_spot
def spot_check(f, x, gradient, how_many, seed):
    """The largest relative error of a gradient, at entries drawn at random.

    f: a function of an array of x's shape that returns a number.
    x: array of floats of any shape; not modified.
    gradient: array of x's shape, the gradient to check.
    how_many: how many different entries to compare, at most x.size; f may be called twice for each.
    seed: a whole number; the draw is the same whenever the seed is.
    Returns a number, the largest |n - g| / max(|n|, |g|) over the entries that were drawn, where n
    is a central difference with a step of 1e-5 and g the entry of gradient (0 where both are 0).
    """
    h, worst = 1e-5, 0.0
    drawn = np.random.default_rng(seed).choice(x.size, size=how_many, replace=False)
    for number in drawn:
        step = np.zeros(x.size)
        step[number] = h
        step = step.reshape(x.shape)
        n = (f(x + step) - f(x - step)) / (2 * h)
        g = gradient.ravel()[number]
        size = max(abs(n), abs(g))
        if size > 0:
            worst = max(worst, abs(n - g) / size)
    return worst

# %% q8_spot_value
x = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
check.function(
    spot_check,
    at=[
        dict(f=sum_of_cubes, x=x, gradient=3 * x**2, how_many=3, seed=0),
        dict(f=sum_of_cubes, x=x, gradient=6 * x**2, how_many=3, seed=0),
    ],
    gives=[0.0, 0.5],
    within=1e-6,
    calls=6,
)
### BEGIN HIDDEN TESTS
one_wrong = np.cos(np.arange(1.0, 13.0))
one_wrong[7] *= 4
most_wrong = np.full((20, 20), 3.0)
most_wrong.flat[10:-10] = 2.0
check.function(
    spot_check,
    at=[
        *(
            dict(
                f=lambda x: np.sum(np.sin(x)),
                x=np.arange(1.0, 13.0),
                gradient=one_wrong,
                how_many=12,
                seed=seed,
            )
            for seed in (1, 2, 3)
        ),
        dict(
            f=lambda x: 3 * np.sum(x),
            x=np.full((20, 20), 0.5),
            gradient=most_wrong,
            how_many=10,
            seed=4,
        ),
        dict(
            f=lambda x: x[0] ** 2,
            x=np.array([1.0, 2.0]),
            gradient=np.array([2.0, 0.0]),
            how_many=2,
            seed=5,
        ),
    ],
    gives=[0.75, 0.75, 0.75, 1 / 3, 0.0],
    within=1e-6,
    calls=24,
)
### END HIDDEN TESTS

# %% q9_find
def find_wrong(suspects):
    """The names of the gates whose backward is wrong.

    suspects: dict, name -> (forward, backward, x): two functions, and an array of floats at which
        to try them. forward(x) returns an array; backward(x, upstream) returns the gradient of
        sum(upstream * forward(x)) with respect to x, if it is right.
    Returns a list of names, in any order.
    """
    h, wrong = 1e-6, []
    for name, (forward, backward, x) in suspects.items():
        here = forward(x)
        upstream = np.random.default_rng(0).uniform(0.5, 2.0, here.shape)
        claim = backward(x, upstream)
        right = claim.shape == x.shape
        for index in np.ndindex(x.shape) if right else ():
            step = np.zeros(x.shape)
            step[index] = h
            slopes = (
                np.sum(upstream * (here - forward(x - step))) / h,
                np.sum(upstream * (forward(x + step) - here)) / h,
            )
            room = 1e-4 * max(abs(slopes[0]), abs(slopes[1]))
            right = right and min(slopes) - room <= claim[index] <= max(slopes) + room
        if not right:
            wrong.append(name)
    return wrong

# %% q9_find_here
check.finds(find_wrong, among=suspects)
### BEGIN HIDDEN TESTS
check.finds(
    find_wrong,
    among=dict(
        mean=(
            lambda x: x.mean(axis=0),
            lambda x, upstream: upstream * np.ones(x.shape) / len(x),
            np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 4.0]]),
        ),
        running_sum=(
            lambda x: np.cumsum(x),
            lambda x, upstream: np.cumsum(upstream),
            np.array([1.0, -2.0, 0.5, 3.0]),
        ),
        bias=(
            lambda b: np.array([[1.0, -1.0], [2.0, 0.0], [3.0, 0.5]]) + b,
            lambda b, upstream: upstream,
            np.array([0.5, -0.25]),
        ),
        shared=(
            lambda x: 3 * x,
            lambda x, upstream: 3 * upstream.mean() * np.ones(x.shape),
            np.array([[1.0, 2.0, -0.5]]),
        ),
    ),
)
### END HIDDEN TESTS

# %% q9_find_others
check.finds(
    find_wrong,
    among=dict(
        relu=(
            lambda x: np.maximum(x, 0),
            lambda x, upstream: upstream * (x > 0),
            np.array([[1.0, 0.0, -2.0], [0.5, -1.0, 3.0]]),
        ),
        faint=(
            lambda x: 1e-7 * np.sin(x),
            lambda x, upstream: 1e-7 * upstream * np.sin(x),
            np.array([0.3, 0.9, -1.2]),
        ),
    ),
)
### BEGIN HIDDEN TESTS
check.finds(
    find_wrong,
    among=dict(
        last_entry=(
            lambda x: x * x,
            lambda x, upstream: 2 * x * upstream * np.array([1.0, 1.0, 1.0, 1.001]),
            np.array([1.0, -2.0, 0.5, 3.0]),
        ),
        large=(
            lambda x: 1e6 * np.tanh(x),
            lambda x, upstream: 1e6 * upstream / np.cosh(x) ** 2,
            np.array([[0.1], [0.7], [-0.4]]),
        ),
        leaky=(
            lambda x: np.maximum(x, 0.1 * x),
            lambda x, upstream: upstream * (x > 0),
            np.array([2.0, -1.0, 0.0]),
        ),
    ),
)
### END HIDDEN TESTS
