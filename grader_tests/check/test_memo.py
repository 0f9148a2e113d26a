"""What is kept of a check's own references: by content, exactly, and never a student's."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from chainrule.check import derivatives, inputs, memo
from chainrule.numeric import Estimate, numerical_gradients_at
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import problem_sets

POINT, UPSTREAM = (np.array([0.5, -2.0]), 3.0), np.array([1.5, -0.5])
SCALE = 4.0
TABLE = np.array([1.0, 2.0])


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    memo.forget()
    yield
    memo.forget()


def made(text: str, **names: Any) -> Callable[..., Any]:
    """A function from its text, in a namespace of its own, as a check cell makes it."""
    namespace = {"np": np, **names}
    exec(compile(text, "cell", "exec"), namespace)
    return namespace["f"]


def parts(estimates: tuple[Estimate, ...]) -> list[bytes]:
    return [part.tobytes() for e in estimates for part in (e.value, e.error, e.left, e.right)]


def evaluations(f: Callable[..., Any], point: Any = POINT, upstream: Any = UPSTREAM) -> int:
    """How often a gradient that is asked for is worked out: 0 when it was kept."""
    count = 0

    def work(places: list[int]) -> list[tuple[Estimate, ...]]:
        nonlocal count
        count += len(places)
        return numerical_gradients_at(f, [point], [upstream])

    memo.kept("gradient", f, [(point, upstream)], work)
    return count


PLAIN = "f = lambda x, y: x * y"


def test_what_was_worked_out_is_found_again_by_the_same_text() -> None:
    assert evaluations(made(PLAIN)) == 1
    assert evaluations(made(PLAIN)) == 0
    assert evaluations(made(PLAIN), ([0.5, -2.0], 3.0)) == 1, "a list is no array"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLAIN, "f = lambda x, y: x / y"),
        (PLAIN, "f = lambda x, y: y * x"),
        ("f = lambda x, y: x * 2.0", "f = lambda x, y: x * 2"),
        ("f = lambda x, y: x * 0.0", "f = lambda x, y: x * -0.0"),
        ("f = lambda x, y, c=1.0: x * c", "f = lambda x, y, c=2.0: x * c"),
        ("f = lambda x, y, *, c=1.0: x * c", "f = lambda x, y, *, c=2.0: x * c"),
        ("c = 1.0\nf = lambda x, y: x * c", "c = 2.0\nf = lambda x, y: x * c"),
        (
            "c = np.array([1.0, 2.0])\nf = lambda x, y: x * c",
            "c = np.array([1.0, 2.5])\nf = lambda x, y: x * c",
        ),
        ("g = lambda x: x\nf = lambda x, y: g(x)", "g = lambda x: 2 * x\nf = lambda x, y: g(x)"),
        (
            "def make(c):\n    return lambda x, y: x * c\nf = make(1.0)",
            "def make(c):\n    return lambda x, y: x * c\nf = make(2.0)",
        ),
        (
            "f = lambda x, y: sum(map(lambda i: i, x))",
            "f = lambda x, y: sum(map(lambda i: 2 * i, x))",
        ),
        ("f = lambda x, y: np.exp(x)", "f = lambda x, y: np.sin(x)"),
        ("e = np.exp\nf = lambda x, y: e(x)", "e = np.sin\nf = lambda x, y: e(x)"),
        ("f = lambda x, y: max(x)", "max = lambda x: 2 * x[0]\nf = lambda x, y: max(x)"),
    ],
)
def test_another_content_is_another_function(one: str, other: str) -> None:
    for text in (one, other):
        assert evaluations(made(text), upstream=_fitting(made(text))) == 1
    for text in (one, other):
        assert evaluations(made(text), upstream=_fitting(made(text))) == 0


def _fitting(f: Callable[..., Any]) -> Any:
    return np.ones(np.shape(f(*POINT)))


@pytest.mark.parametrize(
    ("point", "upstream"),
    [
        ((np.array([0.5, -2.5]), 3.0), UPSTREAM),
        ((np.array([0.5, -2.0]), 4.0), UPSTREAM),
        ((np.array([0.5, -2.0]), 3), UPSTREAM),
        ((np.array([0.5, -2.0]), np.array(3.0)), UPSTREAM),
        (POINT, np.array([1.5, 0.5])),
    ],
)
def test_another_point_is_another_gradient(point: Any, upstream: Any) -> None:
    assert evaluations(made(PLAIN)) == 1
    assert evaluations(made(PLAIN), point, upstream) == 1
    assert evaluations(made(PLAIN)) == 0


class Gate:
    scale = 2.0

    def __call__(self, x: Any, y: Any) -> Any:
        return x * y


class _Jailed(dict[str, Any]):
    """A namespace that finds what it does not hold elsewhere, as a judge's does."""

    def __missing__(self, name: str) -> Any:
        if name == "student":
            return Gate()
        raise KeyError(name)


@pytest.mark.parametrize(
    "f",
    [
        Gate(),
        Gate().__call__,
        made("f = lambda x, y: gate(x, y)", gate=Gate()),
        made("f = lambda x, y: x * Gate.scale", Gate=Gate),
        made("def make(g):\n    return lambda x, y: g(x, y)\nf = make(gate)", gate=Gate()),
        made("f = lambda x, y, g=gate: g(x, y)", gate=Gate()),
        made("f = lambda x, y: x * np.random.rand()"),
        made("n = 0\ndef f(x, y):\n    global n\n    n += 1\n    return x * n"),
        made("def f(x, y):\n    import math\n    return x * math.pi"),
        made("things = [1.0]\nthings.append(things)\nf = lambda x, y: x * things[0]"),
    ],
)
def test_what_cannot_be_read_off_is_not_kept(f: Callable[..., Any]) -> None:
    assert evaluations(f) == evaluations(f) == 1


def test_a_name_that_a_judge_finds_in_the_jail_is_not_kept() -> None:
    namespace = _Jailed(np=np)
    exec("f = lambda x, y: student(x, y)\ng = lambda x, y: x * max(y, 1.0)", namespace)
    assert evaluations(namespace["f"]) == evaluations(namespace["f"]) == 1
    assert (evaluations(namespace["g"]), evaluations(namespace["g"])) == (1, 0)


REFERENCES: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = [
    (lambda x, y: x * y, (3.0, -4.0), 1.7),
    (lambda x, W: x @ W, (np.arange(6.0).reshape(2, 3), np.ones((3, 2))), np.ones((2, 2)) / 3),
    (lambda x: np.maximum(x, 0), (np.array([-1.0, 0.0, 2.0]),), np.array([1.0, 2.0, 3.0])),
    (lambda x: SCALE * np.tanh(x * TABLE), (np.array([300, 1]),), np.array([1.0, 2.0])),
    (lambda x: np.exp(x) / np.exp(x).sum(), (np.linspace(-1, 1, 5),), np.arange(5.0)),
]


@pytest.mark.parametrize("number", range(len(REFERENCES)))
def test_results_are_the_same_to_the_bit_with_and_without(number: int) -> None:
    f, point, upstream = REFERENCES[number]
    plain = numerical_gradients_at(f, [point], [upstream])[0]
    first = derivatives.gradients(f, [point], [upstream])[0]
    again = derivatives.gradients(f, [point], [upstream])[0]
    kept = memo.export()
    memo.forget()
    memo.load(kept)
    loaded = derivatives.gradients(f, [point], [upstream])[0]
    assert parts(plain) == parts(first) == parts(again) == parts(loaded)
    assert [e.value.shape for e in loaded] == [np.shape(value) for value in point]


def test_nobody_can_change_what_is_kept() -> None:
    f, point, upstream = REFERENCES[1]
    first = derivatives.gradients(f, [point], [upstream])[0]
    before = parts(first)
    first[0].value[...] = 0.0
    again = derivatives.gradients(f, [point], [upstream])[0]
    assert parts(again) == before
    with pytest.raises(ValueError, match="read-only"):
        again[0].value[...] = 0.0


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "_MOST_BYTES", 4 * 2 * 8 * 3)  # three gradients of two numbers
    texts = [f"f = lambda x, y: x * y + {number}" for number in range(5)]
    point = (np.array([1.0, 2.0]), 3.0)
    for text in texts:
        f = made(text)
        memo.kept(
            "one",
            f,
            [point],
            lambda _, f=f: [(numerical_gradients_at(f, [point], [UPSTREAM])[0][0],)],
        )
    assert len(memo._known) == 3
    assert evaluations(made(texts[-1])) == 1, "another kind of work"


def run_checks(name: str) -> None:
    """The master of a problem set, from top to bottom."""
    namespace: dict[str, Any] = {"__name__": "student"}
    for cell in problem_sets()[name].cells:
        if cell.cell_type == "code":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, cell.id, "exec"), namespace)


_SECOND = """
import sys
from chainrule.check import derivatives, inputs, memo
from chainrule.check.calls import OwnForward
from grader_tests.check.test_memo import run_checks

memo.load(sys.stdin.buffer.read())
for name in ("numerical_gradients_at", "numerical_jacobian", "directional_slopes"):
    def counted(f, *rest, work=getattr(derivatives, name), **named):
        if not isinstance(f, OwnForward):
            print(name, f.__code__.co_filename, f.__code__.co_firstlineno)
        return work(f, *rest, **named)
    setattr(derivatives, name, counted)
run_checks(sys.argv[1])
"""


@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_another_process_works_no_reference_out_again(name: str) -> None:
    """Once it was handed what the first one knows."""
    run_checks(name)
    done = subprocess.run(
        [sys.executable, "-c", _SECOND, name],
        input=memo.export(),
        capture_output=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == ""


def test_what_was_worked_out_is_known_where_it_is_loaded() -> None:
    times = []

    def work() -> int:
        times.append(1)
        return len(times)

    given = (("mul", (0, 1), ()), (2.0, np.array([1.0, 2.0])))
    assert memo.worked_out("circuit", given, work) == memo.worked_out("circuit", given, work) == 1
    kept = memo.export()
    memo.forget()
    memo.load(kept)
    assert memo.worked_out("circuit", given, work) == 1
    others = [(given[0], (2.0, np.array([1.0, 3.0]))), (("add", *given[0][1:]), given[1])]
    assert [memo.worked_out("circuit", other, work) for other in others] == [2, 3]
    assert memo.worked_out("expression", given, work) == 4
    assert memo.worked_out("circuit", object(), work) != memo.worked_out("circuit", object(), work)


def test_points_are_known_where_they_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    first = inputs.points(seed=5, x=(2, 3), n=())
    upstream = inputs.upstream_like(np.zeros(4), "a label")
    kept = memo.export()
    memo.forget()
    memo.load(kept)
    monkeypatch.setattr(inputs, "_entries", None)  # nothing is drawn any more
    again = inputs.points(seed=5, x=(2, 3), n=())
    assert np.array_equal(first[0]["x"], again[0]["x"])
    assert first[0]["n"] == again[0]["n"]
    again[0]["x"][:] = 0.0  # its own
    assert np.array_equal(first[0]["x"], inputs.points(seed=5, x=(2, 3), n=())[0]["x"])
    assert np.array_equal(upstream, inputs.upstream_like(np.zeros(4), "a label"))
