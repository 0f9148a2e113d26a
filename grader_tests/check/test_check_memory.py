"""The check of memory: an answer just under its limit passes, one just over it does not."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from chainrule import check
from chainrule.check import CheckFailed
from chainrule.check.memory import traced

_MIB = 1 << 20
_UNDER = 8 * _MIB
_LITTLE = _MIB // 16
_BESIDE = 2 * _MIB  # what forward returned, and the gradient
X = np.linspace(-1.0, 1.0, _MIB // 8)  # 1 MiB, as are its doubles and their gradient


def double(held: int, slope: float = 2.0) -> type:
    """A gate that holds so many bytes while backward makes its answer, of 1 MiB."""

    class Double:
        def forward(self, x: np.ndarray) -> np.ndarray:
            return 2.0 * x

        def backward(self, upstream: np.ndarray) -> np.ndarray:
            mine = np.empty(held, np.uint8)
            answer = slope * upstream
            del mine  # it counts all the same: what is measured is the peak
            return answer

    return Double


def test_what_is_measured_is_the_peak_of_the_call() -> None:
    gate = double(held=3 * _MIB)()
    answer, peak = traced(lambda: gate.backward(X))
    assert np.array_equal(answer, 2.0 * X)
    assert peak == pytest.approx(4 * _MIB, abs=_LITTLE)


@pytest.mark.parametrize("traced_before", [False, True])
def test_slightly_less_than_the_limit_passes(
    traced_before: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    before: Any = bytearray(2 * _UNDER)
    if traced_before:  # then what was there before must not count, nor may tracing end
        tracemalloc.start()
        before = bytearray(2 * _UNDER)
    try:
        check.memory(double(held=_UNDER - _BESIDE - _LITTLE), at=dict(x=X), under=_UNDER)
        assert tracemalloc.is_tracing() == traced_before
    finally:
        tracemalloc.stop()
    assert len(before) == 2 * _UNDER
    assert capsys.readouterr().out == "Double.backward: right, with less than 8 MiB.\n"


def test_slightly_more_than_the_limit_is_refused() -> None:
    with pytest.raises(CheckFailed) as failed:
        check.memory(double(held=_UNDER - _BESIDE + _LITTLE), at=dict(x=X), under=_UNDER)
    lines = str(failed.value).split("\n")
    assert lines[0] == "Double.backward takes too much memory."
    assert "x and the upstream gradient take 1 MiB each." in str(failed.value)
    assert not tracemalloc.is_tracing()


def test_the_message_says_how_much_it_was_and_how_much_would_do() -> None:
    with pytest.raises(CheckFailed, match="used up to 12 MiB; 8 MiB are plenty"):
        check.memory(double(held=10 * _MIB), at=dict(x=X), under=_UNDER)


@pytest.mark.parametrize("entries", [2**56, 2**61])
def test_what_could_not_be_had_was_too_much(entries: int) -> None:
    """2^56 entries are more than the machine has, 2^61 more than an array may have."""
    with pytest.raises(CheckFailed) as failed:
        check.memory(double(held=entries * 8 - 1), at=dict(x=X), under=_UNDER)
    lines = str(failed.value).split("\n")
    assert lines[0] == "Double.backward takes too much memory."
    assert "  forward and backward asked for more than there is; 8 MiB are plenty." in lines


def test_a_wrong_gradient_is_refused_however_little_it_uses() -> None:
    with pytest.raises(CheckFailed, match=r"Double\.backward: dx is wrong"):
        check.memory(double(held=0, slope=1.9), at=dict(x=X), under=_UNDER)
