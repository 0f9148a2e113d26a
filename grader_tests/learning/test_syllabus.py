"""Every item of the syllabus is in its lecture, and every self-check question has its answer."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from nbformat import NotebookNode

from chainrule import nets, quiz
from chainrule.activations import ACTIVATIONS
from chainrule.circuit import Scalar, maximum
from chainrule.course.notebooks import read
from chainrule.numeric import numerical_gradient, numerical_gradients, numerical_jacobian
from grader_tests.support.lectures import LECTURES, printed

# For each item, what the cells marked with it have to hold between them, in text or in output.
# Items are named by lecture; shared numbers are those of the syllabus.
ITEMS: dict[str, list[str]] = {
    # 1. Scalar circuits
    "1.circuit": ["(x + y)", "q = 3", "f = -12"],
    "1.chain-rule": [r"\text{upstream} \times \text{local}", "upstream", "downstream"],
    "1.xyz-gradients": ["df/dz = 3", "df/dq = -4", "df/dx = -4", "df/dy = -4", "step.through(f)"],
    "1.topological-order": ["topological order", "forward:  x -> y -> q -> z -> f"],
    "1.gate-contract": ["`forward(*inputs)`", "`backward(upstream)`", "float64"],
    "1.neuron": [r"w = [2, -3, -3], \quad x = [-1, -2, 1]", "[2, -3, -3]", "[-1, -2, 1]"],
    "1.stage-names": ["A name of its own", "neg_dot", "exp_neg", "denom"],
    "1.neuron-forward": ["1.000000", "0.367879", "1.367879", "0.731059"],
    "1.neuron-backward": ["-0.534447", "-0.196612", "0.196612"],
    "1.neuron-inputs": ["[-0.196612, -0.393224, 0.196612]", "[0.393224, -0.589836, -0.589836]"],
    "1.rounding": ["0.20", "0.40", "0.39"],
    "1.sigmoid-gate": [r"\sigma(x)\,\bigl(1 - \sigma(x)\bigr)", "s * (1 - s)  = 0.196612"],
    "1.gates": [
        "add of", "multiply of", "max of", "reciprocal of", "exp of", "add a constant of",
        "scale of", "sigmoid of",
    ],
    "1.pattern-add": ["Add distributes", "not a cake"],
    "1.pattern-multiply": ["Multiply switches", "*other* input times upstream"],
    "1.pattern-max": ["Max routes", "road"],
    "1.tie": ["sums to 1", "first input", "*both* is wrong"],
    "1.pattern-fork": ["A fork adds", "together $-3$", "df/dx = -3.000000"],
    # 2. Jacobians
    "2.definition": [r"\frac{\partial z_i}{\partial x_j}", "numerical_jacobian"],
    "2.out-by-in": [r"(\text{out}, \text{in})", "shape (out, in): (3, 2)"],
    "2.chain-rule": [r"dx_j = \sum_i dz_i \, J_{ij}", "= 3$", "= 5$"],
    "2.column": [r"J^\top dz", "J.T @ dz = [3. 5.]"],
    "2.row": [r"dz \, J", "dz @ J   = [3. 5.]"],
    "2.transpose": ["the transpose is missing", "4096", "symmetric"],
    "2.asymmetric": ["running sum", "not dx"],
    "2.count-4096": ["16,777,216", "128 MiB"],
    "2.minibatch-100": ["409,600", "1.34 TB"],
    "2.nobody-forms-it": ["Nobody forms it", "dX has the shape (100, 4096)", "measured:"],
    "2.vjp": ["vector-Jacobian product", "returns $dz\\,J$, without $J$", "[10.  9.  7.  4.]"],
    "2.vjp-4": ["with the Jacobian: 16 products", "entry by entry: 4", "explorers.jacobian"],
    "2.elementwise": ["the input of the same index", "z1: [0, 0.25, 0, 0]"],
    "2.softmax": ["every column adds up to 0: True", "-0.196612", "the diagonal only"],
    "2.maxout": ["z0: [1, 2, 0]", "z1: [0, 1, -1]", "not in the pattern of a diagonal"],
    "2.batch-block-diagonal": ["block-diagonal", "give the same: True"],
    # 3. The matmul gate
    "3.forward": [r"q_j = \sum_k x_k W_{kj}", "q [-0.1, 0.42]"],
    "3.squared-norm": [r"\|q\|^2", "$df/dq = 2q$", "f  = 0.1864"],
    "3.circuit": ["four products and two sums", "0.732", "0.336"],
    "3.dx": [r"2\,q\,W^\top", "dx = [[0.4   0.732]]", "df/dx: [[0.4   0.732]]"],
    "3.dw": [r"2\,x^\top q", "dW [[-0.04, 0.168], [-0.08, 0.336]]"],
    "3.dw-jacobian": ["half the table is zeros", "[0.2, 0, 0.4, 0]"],
    "3.matmul-jacobian": [r"$\partial q / \partial x = W$", r"$\partial q / \partial W = x$"],
    "3.shapes": ["A gradient has the shape of what it belongs to", "['dQ @ W.T']"],
    "3.shapes-limit": ["square", "lost factor", "['dq @ W', 'dq @ W.T']"],
    "3.column": [
        "q [[0.22], [0.26]]", "f = 0.1160", "dx [[-0.112], [0.636]]",
        "dW [[0.088, 0.176], [0.104, 0.208]]",
    ],
    "3.batch": ["a fork *adds*", "one product, the same sum: True"],
    "3.mean": [r"\frac{1}{N}", "dW right: True"],
    "3.bias": ["summed over the rows", "db right: True"],
    # 4. Neural networks
    "4.stacked-linear": ['<span lang="ko">linear layer 여러 개 쌓아서'],
    "4.collapse": [r"(x\,W_1)\,W_2 = x\,(W_1 W_2)", "one matrix: [-2. -6.]"],
    "4.nonlinearity": ["with bend", "with ReLU"],
    "4.layer-names": ["2-hidden layer", "3-layer", "*the same net*"],
    "4.two-layer": ["2 layers of weights"],
    "4.three-layer": ["3 layers of weights", "all seven agree: True", "3-layer net: at least 95%"],
    "4.parameters": ["2-layer net (2, 24, 3)", "147", "747"],
    "4.net-is-a-circuit": ["circuit of gates", "relu"],
    "4.two-layer-forward": ["h = [[4. 1. 0.]]", "s = [[ 7.5 -4. ]]"],
    "4.two-layer-backward": ["dz  = [[3. 1. 0.]]", "dx  = [[5. 4.]]", "dW1 agrees: True"],
    "4.checked-numerically": ["numerical_gradients", "dx  agrees: True"],
    "4.loss": ["cross entropy", "knows nothing: 1.0986"],
    "4.spiral": ["Three arms of a spiral", "one linear layer: 48%"],
    "4.training": [r"W \leftarrow W - \text{learning rate} \times dW", "explorers.training"],
    "4.loss-curve": ["The loss while it learns"],
    "4.stated-accuracy": ["95", "2-layer net: at least 95% of the new points right: True"],
    "4.decision-boundaries": ["Decision boundaries. 2-layer net, before", "after 600 steps"],
    "4.initialisation": ["zero are dW1, db1, dW2", "stay copies of each other", "values after ten"],
    "4.regularisation": ["L2 regularisation", "a fork adds: True"],
    "4.minibatch": ["**minibatch**"],
    # 5. Activation functions
    "5.six-functions": ["sigmoid", "tanh", "ReLU", "leaky ReLU", "maxout", "ELU", "derivative"],
    "5.sigmoid": ["sigmoid and its derivative", "slope 2.5e-01"],
    "5.tanh": [r"\tanh(x) = 2\,\sigma(2x) - 1", "tanh and its derivative"],
    "5.relu": [r"\max(0, x)", "This course takes 0", "ReLU and its derivative"],
    "5.leaky-relu": [r"\max(0.1\,x,\ x)", "0.01 is usual", "leaky ReLU and its derivative"],
    "5.leaky-slope-limits": [r"0 \le a \le 1", "max(2x, x):"],
    "5.maxout": ["w_1^T x + b_1", "maxout and its derivative"],
    "5.maxout-special-cases": ["is ReLU:       True", "is leaky ReLU: True"],
    "5.maxout-gradient": ["dw1 = [0. 0.]", "dw2 = [ 2. -1.]", "db2 = 1.0"],
    "5.elu": [r"\alpha\,(e^x - 1)", "unless we say otherwise", "ELU and its derivative"],
    "5.saturation": ["*saturated*", "slope 4.5e-05", "left of 1"],
    "5.dead-units": ["Zero, to the last digit", "dw = "],
    "5.stable-sigmoid": ["overflow encountered in exp", "only take the exponential"],
    "5.exploding": ["*exploding gradient*", "ReLU, w = 2     1.0e+03"],
    "5.binary-cross-entropy": [
        "**binary cross entropy**",
        "loss 800.0000, ds -1.0000",
        "*one gate*",
    ],
    "5.stable-elu": ["`np.where` computes both sides", "overflow encountered in exp", "nan"],
    # 6. Gradient checking
    "6.forward-difference": [r"\frac{f(x+h) - f(x)}{h}", "forward 0.192015"],
    "6.central-difference": [r"\frac{f(x+h) - f(x-h)}{2h}", "central 0.196553"],
    "6.v-curve": ["central by 2e-12", "central by 9e-06", "10^{-5}"],
    "6.array-gradient": ["one at a time: [2. 4. 6.]"],
    "6.relative-error": [r"\max(|a|,\ |n|)", "1 %"],
    "6.float32": ["1 + h is 1: True", "7 digits"],
    "6.integer-arrays": ["slope 50000"],
    "6.kinks": ["at 0:        0.50", "kink: True"],
    "6.broadcasting": ["(3, 3)", "a gradient check passes: True"],
    "6.random-upstream": ["ones    sigmoid passes: True", "random  sigmoid passes: False"],
    "6.error-bar": ["error bar", "known to within"],
    "6.planted-bugs": ["planted bugs", "A 0.00  B 0.37  C 0.79"],
    "6.own-check": ["the upstream gradient was left out", "what this course's check does"],
    # 7. An autograd engine
    "7.value": ["**operands**", "f: value -6, made of [-8.0, 2.0], local gradients (1.0, 1.0)"],
    "7.paths": ["10 floors: gradient of x  1024,  2047 calls"],
    "7.order": ["**topological order**", "C: x q y f   False"],
    "7.forks": ["`+=`", "=    df/dx = -4", "+=   df/dx = -3"],
    "7.again": ["call 2: df/dx = -10"],
    "7.long": ["RecursionError", "comes up **twice**"],
    "7.arrays": ["[ 2.        14.7781122]", "to W agrees: True"],
    "7.unbroadcast": ["measured: [ 4.  -1.  -0.5]", "summed over axis 1, which stays"],
    "7.fixed": ["204,800   left out, if X is a constant"],
    "7.cost": ["8,772 in 51 walks", "**reverse mode**", "Values that have to be kept"],
    "7.digits": ["UCI repository", "unseen digits right: True", "read as", "**minibatches**"],
    "7.pytorch": ["`loss.backward()`", "requires_grad=True"],
}  # fmt: skip


def lecture_of(item: str) -> str:
    """The lecture that should hold an item: its number stands before the dot."""
    (name,) = [name for name in LECTURES if name.startswith(f"0{item.split('.')[0]}_")]
    return name


def marks(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("chainrule", {}).get("syllabus", [])


def squeezed(text: str) -> str:
    """With single spaces only: where a line breaks means nothing."""
    return " ".join(text.split())


@cache
def cells(name: str) -> list[NotebookNode]:
    return read(LECTURES[name]).cells


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_is_in_its_lecture(item: str) -> None:
    marked = [cell for cell in cells(lecture_of(item)) if item in marks(cell)]
    assert marked, f"no cell of {lecture_of(item)} is marked {item}"
    text = squeezed("\n".join(f"{cell.source}\n{printed(cell)}" for cell in marked))
    for words in ITEMS[item]:
        assert squeezed(words) in text, f"the cells marked {item} do not hold {words!r}"


@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_has_no_mark_of_its_own_making(name: str) -> None:
    found = {item for cell in cells(name) for item in marks(cell)}
    assert found == {item for item in ITEMS if lecture_of(item) == name}


# ---- Self-check questions.


def questions() -> dict[str, quiz.Question]:
    """Lecture number and cell id -> what the cell shows."""
    found = {}
    for name in LECTURES:
        for cell in cells(name):
            if "quiz.ask(" in cell.source:
                asked = eval(compile(ast.parse(cell.source, mode="eval"), cell.id, "eval"))
                found[f"{int(name[:2])}.{cell.id}"] = asked
    return found


QUESTIONS = questions()


@pytest.mark.parametrize("name", LECTURES)
def test_three_to_six_questions_at_the_end(name: str) -> None:
    ids = [cell.id for cell in cells(name)]
    asked = [key.split(".")[1] for key in QUESTIONS if int(key[0]) == int(name[:2])]
    assert 3 <= len(asked) <= 6
    assert ids[-len(asked) :] == asked
    assert all(cell_id.startswith("quiz-") for cell_id in asked)


@pytest.mark.parametrize("key", QUESTIONS)
def test_each_choice_is_answered_and_one_is_right(key: str) -> None:
    question = QUESTIONS[key]
    texts = [choice.text for choice in question.choices]
    assert question.text.endswith(("?", "."))
    assert len(texts) >= 3
    assert len(set(texts)) == len(texts)
    assert sum(choice.right for choice in question.choices) == 1
    for choice in question.choices:
        assert len(choice.why.split()) >= 4, f"{choice.text!r} is hardly explained"
        assert choice.why[-1] in ".?!"
    # What a reader sees is this question: the stored output is the one of this source.
    name = lecture_of(key)
    (cell,) = [cell for cell in cells(name) if cell.id == key.split(".")[1]]
    assert cell.outputs[0].data["text/html"] == question.html
    # Its source, where the answers stand, is folded away in JupyterLab and left out of the site.
    assert cell.metadata.jupyter.source_hidden
    assert cell.metadata.tags == ["remove-input"]


def test_right_answers_stand_in_no_one_place() -> None:
    places = {[c.right for c in question.choices].index(True) for question in QUESTIONS.values()}
    assert {0, 1, 2} <= places


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def gate_without_upstream() -> str:
    a, b = Scalar(3), Scalar(-4)
    (a * b * 0).backward()
    return "0 to all of its inputs" if a.gradient == b.gradient == 0 else ""


def three_times_x() -> str:
    x = Scalar(2)
    (x + x + x).backward()
    return f"{x.gradient:g}: the three branches add up"


def steepest_sigmoid() -> str:
    x = np.linspace(-10, 10, 2001)
    slopes = ACTIVATIONS["sigmoid"].slope(x)
    return f"At {abs(x[np.argmax(slopes)]):.0f}, where it is {slopes.max():g}"


def tie() -> str:
    h = 1e-6
    both = (maximum(Scalar(1 + h), Scalar(1 + h)).value - 1) / h
    return f"No: together they may get {both:.0f}, not 2"


def jacobian_shape() -> str:
    J = numerical_jacobian(lambda x: np.array([x.sum(), x[0] * x[4]]), np.arange(5.0)).value
    return str(J.shape)


def side_of_the_jacobian() -> str:
    rng = np.random.default_rng(0)
    J, dz = rng.normal(size=(4, 4)), rng.normal(size=4)
    measured = numerical_gradient(lambda x: J @ x, np.zeros(4), dz).value
    shown = [choice.text for choice in QUESTIONS["2.quiz-side"].choices]
    fits = [np.shape(v) == (4,) and np.allclose(v, measured) for v in map(eval_with(dz, J), shown)]
    return shown[fits.index(True)] if sum(fits) == 1 else ""


def eval_with(dz: np.ndarray, J: np.ndarray) -> Callable[[str], np.ndarray]:
    return lambda text: eval(text, {"dz": dz, "J": J})


def diagonal_function() -> str:
    functions = {
        "exp of each entry": np.exp,
        "Subtracting the mean of the vector from each entry": lambda x: x - x.mean(),
        "Reversing the order of the entries": lambda x: x[::-1],
        "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    }
    assert set(functions) == {choice.text for choice in QUESTIONS["2.quiz-diagonal"].choices}
    found = []
    for text, function in functions.items():
        J = numerical_jacobian(function, np.array([0.3, -1.0, 2.0])).value
        if np.allclose(J, np.diag(np.diag(J)), atol=1e-6):
            found.append(text)
    return "".join(found)


def products_of_a_batch() -> str:
    return f"{np.ones((100, 4096)).size:,} at most"


def zero_column() -> str:
    def f(x: np.ndarray) -> np.ndarray:
        return np.array([x[0], x[0] ** 2])

    J = numerical_jacobian(f, np.array([2.0, 3.0])).value
    assert not J[:, 1].any()
    assert J[:, 0].all()
    unmoved = np.array_equal(f(np.array([2.0, 3.0])), f(np.array([2.0, 5.0])))
    return "That input moves no output" if unmoved else ""


def batch_of(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, 10)), rng.normal(size=(10, 3))


def weight_shape() -> str:
    X, W = batch_of(64)
    return str(numerical_gradient(lambda W: np.sum((X @ W) ** 2), W).value.shape)


def zero_input() -> str:
    X, W = batch_of(1)
    X[0, 0] = 0
    dW = numerical_gradient(lambda W: np.sum((X @ W) ** 2), W).value
    return "Zero" if not dW[0].any() and dW[1:].all() else ""


def what_a_shape_proves() -> str:
    W, dq = np.array([[0.1, 0.5], [-0.3, 0.8]]), np.array([[-0.2, 0.84]])
    wrong, right = dq @ W, dq @ W.T
    alike = wrong.shape == right.shape and not np.allclose(wrong / right, (wrong / right)[0, 0])
    return "That it may be right" if alike else ""


def batch_twice_over() -> str:
    X, W = batch_of(5)
    once, twice = (
        numerical_gradient(lambda W, X=X: np.sum((X @ W) ** 2) / len(X), W).value
        for X in (X, np.vstack([X, X]))
    )
    return {1: "It stays the same", 2: "It doubles"}[round(float((twice / once).mean()), 6)]


def bias_axis() -> str:
    X, W = batch_of(5)
    b, dQ = np.zeros(3), np.random.default_rng(1).normal(size=(5, 3))
    db = numerical_gradient(lambda b: X @ W + b, b, dQ).value
    sums = {"The examples, axis 0": dQ.sum(axis=0), "The outputs, axis 1": dQ.sum(axis=1)}
    fits = [name for name, s in sums.items() if s.shape == db.shape and np.allclose(s, db)]
    return "".join(fits)


def ten_linear_layers() -> str:
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=(4, 4)) for _ in range(10)]
    x = rng.normal(size=(7, 4))
    stacked = x
    for W in layers:
        stacked = stacked @ W
    one = np.linalg.multi_dot(layers)
    return "What one linear layer can" if np.allclose(stacked, x @ one) else ""


def hidden_layers() -> str:
    params = nets.initial_parameters((2, 5, 5, 5, 3))
    layers = sum(name.startswith("W") for name in params)
    assert layers == 4
    return str(layers - 1)


def last_layer_shape() -> str:
    rng = np.random.default_rng(0)
    params = nets.initial_parameters((2, 24, 3))
    _, slopes = nets.loss_and_gradients(params, rng.normal(size=(180, 2)), np.arange(180) % 3)
    return str(slopes["W2"].shape)


def loss_at_the_start() -> str:
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 3
    nothing = {"W1": np.zeros((2, 3)), "b1": np.zeros(3)}
    sure = {"W1": 6 * np.random.default_rng(1).normal(size=(2, 3)), "b1": np.zeros(3)}
    losses = [nets.loss_and_gradients(params, X, y)[0] for params in (nothing, sure)]
    assert f"{losses[0]:.2f}" == "1.10"
    return "It is sure of itself, and often wrong" if losses[1] > 5 else ""


def twenty_sigmoids() -> str:
    largest = ACTIVATIONS["sigmoid"].slope(np.linspace(-20, 20, 4001)).max()
    assert largest**20 < 1e-12
    return f"What comes back was multiplied by at most {largest:g}, twenty times"


def dead_unit() -> str:
    x, relu = np.linspace(-3, 3, 50), ACTIVATIONS["ReLU"]
    by_w, by_b = numerical_gradients(lambda w, b: relu(w * x + b).sum(), (1.0, -10.0))
    return "Nothing: its gradient is exactly 0" if by_w.value == by_b.value == 0 else ""


def both_sides_of_where() -> str:
    with np.errstate(over="ignore"):
        assert np.where(1000.0 >= 0, 1000.0, np.exp(1000.0) - 1) == 1000.0
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        np.where(1000.0 >= 0, 1000.0, np.exp(1000.0) - 1)
    return "The result is right, and exp overflows on the way"


def elu_slope() -> str:
    elu, x = ACTIVATIONS["ELU"], math.log(0.2)
    assert f"{float(elu(x)):.6f}" == "-0.800000"
    return f"{float(elu.slope(x)):.1f}"


def losing_bias() -> str:
    def maxout(b2: float) -> float:
        return max(2.0 * 1.5 + 1.0, 0.5 * 1.5 + b2)

    return f"{float(numerical_gradient(maxout, 0.3).value):g}"


def step_too_short() -> str:
    slope = sigmoid(1) * (1 - sigmoid(1))

    def off(h: float) -> float:
        return abs((sigmoid(1 + h) - sigmoid(1 - h)) / (2 * h) / slope - 1)

    assert 1e-6 < off(1e-12) < 1e-3
    assert off(1e-5) < 1e-9
    assert off(1e-13) > off(1e-12)
    return "Measure again with h near 1e-5"


def kink_of_relu() -> str:
    found = numerical_gradient(lambda x: max(x, 0.0), 0.0)
    central = (max(1e-5, 0.0) - max(-1e-5, 0.0)) / 2e-5
    assert central == 0.5
    between = found.left <= 0 <= found.right and found.left <= central <= found.right
    return "Nobody: both lie between the two slopes" if between else ""


def what_allclose_misses() -> str:
    right = np.array([2.0, 2.0, 2.0])
    assert not np.allclose(-right, right)
    return "Its shape" if np.allclose(2.0, right) else ""


def backward_of_a_wrong_forward() -> str:
    y, t = np.array([1.0, 2.0, 4.0]), np.array([[1.0], [2.0], [4.0]])  # forward broadcasts
    measured = numerical_gradient(lambda y: np.sum((y - t) ** 2), y).value
    passes = np.allclose(np.sum(2 * (y - t), axis=0), measured)
    wrong = np.sum((y - t) ** 2) != 0
    shown = "That it belongs to the forward, at the points that were tried"
    return shown if passes and wrong else ""


def who_waits() -> str:
    made_of = {"f": "pq", "p": "xy", "q": "px"}
    uses = {name: sum(parts.count(name) for parts in made_of.values()) for name in "pqf"}
    return "".join(name for name, n in uses.items() if n == 2)


def broadcast_column() -> str:
    rng = np.random.default_rng(0)
    x, y, up = rng.normal(size=(4, 1)), rng.normal(size=5), rng.normal(size=(4, 5))
    dx = numerical_gradient(lambda x: x * y, x, up).value
    kept = (up * y).sum(axis=1, keepdims=True)
    told = "A (4, 5) array, summed over axis 1, with the axis kept"
    return told if dx.shape == kept.shape and np.allclose(dx, kept) else ""


def cheaper_mode() -> str:
    walks = {"Forward": 3, "Reverse": 10_000}  # one for an input, one for an output
    mode = min(walks, key=walks.__getitem__)
    return f"{mode} mode: {walks[mode]} walks"


def never_set_to_zero() -> str:
    w, kept, steps = 3.0, 0.0, []
    for _ in range(4):
        kept += 2 * w  # the slope of w squared, added to what is there
        steps.append(kept)
        w -= 0.1 * kept
    fresh = 3.0 * 2 * np.cumprod([1, 0.8, 0.8, 0.8])
    assert steps[0] == fresh[0]
    assert abs(steps[2]) > abs(fresh[2])
    return "Its steps follow the sum of all gradients so far"


ANSWERS: dict[str, Callable[[], str]] = {
    "1.quiz-local": gate_without_upstream,
    "1.quiz-fork": three_times_x,
    "1.quiz-sigmoid": steepest_sigmoid,
    "1.quiz-max": tie,
    "2.quiz-shape": jacobian_shape,
    "2.quiz-side": side_of_the_jacobian,
    "2.quiz-diagonal": diagonal_function,
    "2.quiz-batch": products_of_a_batch,
    "2.quiz-zero-column": zero_column,
    "3.quiz-shape": weight_shape,
    "3.quiz-zero-input": zero_input,
    "3.quiz-limit": what_a_shape_proves,
    "3.quiz-double-batch": batch_twice_over,
    "3.quiz-bias": bias_axis,
    "4.quiz-collapse": ten_linear_layers,
    "4.quiz-names": hidden_layers,
    "4.quiz-shape": last_layer_shape,
    "4.quiz-loss": loss_at_the_start,
    "5.quiz-vanish": twenty_sigmoids,
    "5.quiz-dead": dead_unit,
    "5.quiz-where": both_sides_of_where,
    "5.quiz-elu": elu_slope,
    "5.quiz-maxout": losing_bias,
    "6.quiz-step": step_too_short,
    "6.quiz-kink": kink_of_relu,
    "6.quiz-broadcast": what_allclose_misses,
    "6.quiz-forward": backward_of_a_wrong_forward,
    "7.quiz-order": who_waits,
    "7.quiz-shape": broadcast_column,
    "7.quiz-modes": cheaper_mode,
    "7.quiz-zeros": never_set_to_zero,
}


def test_every_question_has_its_answer_computed() -> None:
    assert set(ANSWERS) == set(QUESTIONS)


@pytest.mark.parametrize("key", ANSWERS)
def test_the_right_choice_is_what_comes_out(key: str) -> None:
    (right,) = [choice.text for choice in QUESTIONS[key].choices if choice.right]
    assert ANSWERS[key]() == right
