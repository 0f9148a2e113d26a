"""The check of a gate: what it accepts, what it refuses, and what it then says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from chainrule import check
from chainrule.check import CheckFailed


def multiply(backward: Callable[[Any, Any], Any]) -> type:
    """A multiply gate whose backward is the given function of (self, upstream)."""

    def forward(self: Any, x: Any, y: Any) -> Any:
        self.x, self.y = x, y
        return x * y

    return type("Multiply", (), {"forward": forward, "backward": backward})


def message(gate: type, **how: Any) -> str:
    how.setdefault("at", {"x": 3.0, "y": -4.0})
    with pytest.raises(CheckFailed) as failed:
        check.backward(gate, **how)
    return str(failed.value)


RIGHT = multiply(lambda self, upstream: (upstream * self.y, upstream * self.x))


def test_right_gate_passes_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    check.forward(RIGHT, at={"x": 3.0, "y": -4.0}, gives=-12.0)
    check.backward(RIGHT, at=[{"x": 3.0, "y": -4.0}, {"x": 1.0, "y": 2.0}])
    out = capsys.readouterr()
    assert out.out.splitlines() == [
        "Multiply.forward: right.",
        "Multiply.backward: right at 2 points.",
    ]
    assert out.err == ""


def test_message_says_entry_expected_bar_got_idea_and_where_to_read() -> None:
    lines = message(multiply(lambda self, u: (u * self.x, u * self.y))).splitlines()
    assert lines[0] == (
        "Multiply.backward: dx and dy are wrong: each input was used for its own gradient."
    )
    assert lines[1].startswith("  at x = 3, y = -4, upstream = ")
    assert lines[2].startswith("  dx: expected ")
    assert "±" in lines[2]
    assert lines[3].startswith("      got ")
    assert lines[-1] == "  Read: course/01_scalar_circuits.ipynb, section “Multiply switches”"
    assert len(lines) <= 12


@pytest.mark.parametrize(
    ("backward", "says"),
    [
        (lambda self, u: None, "nothing (None) was returned; a tuple (dx, dy) is wanted"),
        (lambda self, u: u, "a float was returned; a tuple (dx, dy) is wanted"),
        (lambda self, u: (u,), "1 gradient was returned; 2 are wanted: (dx, dy)"),
        (lambda self, u: (u * self.y, None), "dy: nothing was returned (None)"),
        (lambda self, u: (u * self.y, "4"), "dy: a str was returned; a number is wanted"),
        (lambda self, u: (u * self.y, True), "dy: a bool was returned; a number is wanted"),
        (lambda self, u: (u * self.y, [u * self.x]), "the shape (1,)"),
        (lambda self, u: (u * self.y, float("nan")), "dy: the number is not finite (nan)"),
        (lambda self, u: (u * self.y, 1 / 0), "ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_compared_is_said_plainly(backward: Any, says: str) -> None:
    assert says in message(multiply(backward))


def test_error_in_student_code_shows_the_line_that_raised() -> None:
    def backward(self: Any, upstream: float) -> Any:
        return upstream * self.missing_name

    assert "return upstream * self.missing_name" in message(multiply(backward))


def test_stub_is_told_that_it_is_one() -> None:
    class Stub:
        def forward(self, x: float) -> float:
            raise NotImplementedError

    with pytest.raises(CheckFailed, match=r"Stub\.forward is not written yet"):
        check.forward(Stub, at={"x": 1.0}, gives=1.0)
    with pytest.raises(CheckFailed, match=r"Stub\.forward is not written yet"):
        check.backward(Stub, at={"x": 1.0})


def test_shape_is_never_broadcast_away() -> None:
    class Double:
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 2 * x

        def backward(self, upstream: np.ndarray) -> np.ndarray:
            return np.full((1, 1), 2.0)

    with pytest.raises(CheckFailed, match=r"shape"):
        check.backward(Double, at={"x": np.ones((3, 2))})


def test_small_derivatives_do_not_let_zeros_pass() -> None:
    class Tiny:
        def forward(self, x: float) -> float:
            return 1e-9 * x

        def backward(self, upstream: float) -> float:
            return 0.0

    with pytest.raises(CheckFailed):
        check.backward(Tiny, at={"x": 1.0})


def test_any_split_of_a_tie_passes_and_both_does_not() -> None:
    def maximum(share: tuple[float, float]) -> type:
        return type(
            "Max",
            (),
            {
                "forward": lambda self, x, y: max(x, y),
                "backward": lambda self, u: (share[0] * u, share[1] * u),
            },
        )

    for share in [(1.0, 0.0), (0.0, 1.0), (0.25, 0.75)]:
        check.backward(maximum(share), at={"x": 2.0, "y": 2.0})
    for share in [(1.0, 1.0), (0.0, 0.0), (0.25, 0.25)]:
        with pytest.raises(CheckFailed, match=r"at a kink|at a tie: both"):
            check.backward(maximum(share), at={"x": 2.0, "y": 2.0})


def test_inputs_and_upstream_have_to_stay_as_they_were() -> None:
    class Spoils:
        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x = x
            return x * 3

        def backward(self, upstream: np.ndarray) -> np.ndarray:
            upstream *= 3
            return upstream

    with pytest.raises(CheckFailed) as failed:
        check.backward(Spoils, at={"x": np.ones(3)})
    assert failed.value.misconception == "upstream-modified"
    at = {"x": np.array([1.0, 2.0])}

    class SpoilsInput(Spoils):
        def forward(self, x: np.ndarray) -> np.ndarray:
            x += 1
            return x

    with pytest.raises(CheckFailed) as failed:
        check.forward(SpoilsInput, at=at, gives=np.array([2.0, 3.0]))
    assert failed.value.misconception == "inputs-modified"
    assert at["x"].tolist() == [1.0, 2.0]


def test_stages_are_named() -> None:
    class Neuron:
        def forward(self, x: float) -> float:
            self.double = 2 * x
            return self.double + 1

    check.stages(Neuron, at={"x": 2.0}, gives={"double": 4.0})
    with pytest.raises(CheckFailed, match="stage double has a wrong value"):
        check.stages(Neuron, at={"x": 2.0}, gives={"double": 5.0})
    with pytest.raises(CheckFailed, match=r"does not keep self\.half"):
        check.stages(Neuron, at={"x": 2.0}, gives={"half": 1.0})


def test_stated_decimals_are_a_bar() -> None:
    class Third:
        def forward(self, x: float) -> float:
            return x / 3

    check.forward(Third, at={"x": 1.0}, gives=0.3333, decimals=4)
    with pytest.raises(CheckFailed):
        check.forward(Third, at={"x": 1.0}, gives=0.3334, decimals=4)


def test_instructor_mistakes_are_named_as_such() -> None:
    with pytest.raises(TypeError, match="dict of named inputs"):
        check.backward(RIGHT, at=3.0)  # type: ignore[arg-type]


def test_points_are_the_same_on_every_run_and_never_near_zero() -> None:
    first = check.points(x=(3, 4), n=(), seed=7, count=2, scale=[1e-3, 1e3])
    again = check.points(x=(3, 4), n=(), seed=7, count=2, scale=[1e-3, 1e3])
    assert len(first) == 4
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a["x"], b["x"])
        assert a["n"] == b["n"]
        assert isinstance(a["n"], float)
    assert np.abs(first[0]["x"]).min() >= 0.5e-3
    whole = check.points(k=(5,), seed=1, integers=True)[0]["k"]
    assert whole.dtype.kind == "i"
    assert 0 not in whole


def test_notebook_shows_the_message_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell.instance()
    shell.user_ns["gate"] = multiply(lambda self, u: (self.y, self.x))
    shell.run_cell("from chainrule import check\ncheck.backward(gate, at=dict(x=3.0, y=-4.0))")
    shown = capsys.readouterr()
    InteractiveShell.clear_instance()
    assert "the upstream gradient was left out" in shown.out
    assert "Traceback" not in shown.out + shown.err
    assert "gates.py" not in shown.out + shown.err


def test_a_helper_that_gets_an_upstream_gradient_beside_an_input_is_no_measuring() -> None:
    """What forward and backward share is called near an input by chance, at one point."""

    def same(value: float) -> float:
        return value

    class Double:
        def forward(self, x: float) -> float:
            return 2.0 * same(x)

        def backward(self, upstream: float) -> float:
            return 2.0 * same(upstream)

    for seed in range(60):
        check.backward(Double, at=check.points(x=(), seed=seed))
