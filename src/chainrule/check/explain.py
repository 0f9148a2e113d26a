"""A wrong output or gradient in words: what was expected, what came, and what explains it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.check import messages
from chainrule.check.case import Case, JacobianCase, Output
from chainrule.check.compare import compare
from chainrule.check.messages import CheckFailed
from chainrule.check.misconceptions import Misconception
from chainrule.check.student_code import advice, entry

__all__ = [
    "at_case",
    "came_back",
    "entries",
    "forward_is_wrong",
    "listed",
    "wrong_gradient",
    "wrong_output",
]

_MOST_SHOWN = 2
_MANY = 4  # gradients
_OWN = " (the numerical {} of your own forward)"


def wrong_gradient(
    name: str, case: Case, row: Misconception | None, own: bool, zeros: bool = False
) -> CheckFailed:
    """A gradient or Jacobian is wrong. own: it was compared with the student's own forward.

    zeros: what is wrong came back as zeros.
    """
    told = came_back(row, zeros, sum(case.wrong))
    source = _OWN.format("Jacobian" if isinstance(case, JacobianCase) else "gradient")
    return _failed(_headline(name, case) + told, case, row, source if own else "")


def forward_is_wrong(name: str, case: Case, row: Misconception | None) -> CheckFailed:
    """A gradient that fits the student's own forward, which is not the function asked for."""
    fit = "it fits" if sum(case.wrong) == 1 else "they fit"
    told = f", as forward is: {row.phrase}." if row else f": {fit} your forward, which is wrong."
    return _failed(_headline(name, case) + told, case, row)


def wrong_output(
    name: str, output: Output, row: Misconception | None, zeros: bool = False
) -> CheckFailed:
    """Forward gave a wrong value."""
    told = came_back(row, zeros, 1)
    return _failed(f"{name} gives a wrong value{told}", output, row)


def came_back(row: Misconception | None, zeros: bool, many: int) -> str:
    """How a headline ends: with the mistake, or with what was seen."""
    if row is not None:
        return f": {row.phrase}."
    return f": {'it' if many == 1 else 'they'} came back as zeros." if zeros else "."


def at_case(case: Case | Output) -> str:
    """Where it was tried, in one line."""
    point = dict(zip(case.names, case.inputs, strict=True))
    return messages.describe_point(point, case.upstream if type(case) is Case else None)


def _failed(
    headline: str, case: Case | Output, row: Misconception | None, source: str = ""
) -> CheckFailed:
    first, *rest = messages.wrapped(headline)
    lines = [*rest, at_case(case), *entries(case, source), *(advice(row) or _right_ones(case))]
    return CheckFailed(first, lines, row.id if row else None)


def _right_ones(case: Case | Output) -> list[str]:
    """Of many gradients, those that are right at this point: they show how far back all is well."""
    parts = zip(case.labels, case.got, case.wrong, strict=True)
    right = [label for label, got, wrong in parts if got is not None and not wrong]
    if len(case.labels) < _MANY or not right:
        return []
    *others, last = right
    return [f"right here: {', '.join(others)} and {last}" if others else f"right here: {last}"]


def _headline(name: str, case: Case) -> str:
    names = [label for label, wrong in zip(case.labels, case.wrong, strict=True) if wrong]
    return f"{name}: {listed(names)} wrong"


def listed(names: Sequence[str]) -> str:
    """`dx is`, `dx and dy are`, `dx, dW and db are`."""
    *others, last = names
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def entries(case: Case | Output, source: str = "") -> list[str]:
    """Expected and got of the first parts that are wrong: shapes before values."""
    lines: list[str] = []
    parts = zip(case.labels, case.got, case.expected, case.wrong, strict=True)
    off = [(label, got, right) for label, got, right, bad in parts if bad and got is not None]
    off.sort(key=lambda part: part[1].shape == part[2].value.shape)
    for shown, (label, got, right) in enumerate(off[:_MOST_SHOWN]):
        if got.shape != right.value.shape:
            lines.append(f"{label}: expected {_form(right.value)}")
            lines.append(f"{' ' * len(label)}  got      {_form(got)}")
        else:
            wrong = compare(got, right)
            assert wrong is not None
            lines += entry(label, wrong, "" if shown else source)
    return lines


def _form(value: np.ndarray) -> str:
    return f"the shape {value.shape}" if value.ndim else "a number"
