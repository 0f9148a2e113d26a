"""The graph of somebody's own engine as a circuit that can be drawn and stepped through.

Nothing is asked of a value but `value`, `operands` and `gradient`; a `name` is shown where there is
one, and `local`, the local gradients as numbers, is used where it is there. Where one gate of the
course gives what a value holds, that is the gate drawn; else it is a gate that keeps its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.circuit import GATES, Gate, Scalar

__all__ = ["as_circuit"]

_MOST = 400  # values; more are nothing to look at
_NEAR = 1e-9


def as_circuit(output: Any) -> Scalar:
    """A circuit of scalars that looks like the graph that ends in `output`, with the values and
    gradients that are there. A Scalar is returned as it is.

    Raises TypeError for what has no value, operands and gradient, ValueError for a graph of over
    400 values.
    """
    if isinstance(output, Scalar):
        return output
    missing = [name for name in ("value", "operands", "gradient") if not hasattr(output, name)]
    if missing:
        raise TypeError(f"a {type(output).__name__} has no {missing[0]}, so it cannot be drawn")
    made: dict[int, Scalar] = {}
    for node in _in_order(output):
        made[id(node)] = _scalar(node, [made[id(operand)] for operand in node.operands])
    return made[id(output)]


def _in_order(output: Any) -> list[Any]:
    order: list[Any] = []
    met: set[int] = set()
    waiting: list[tuple[Any, bool]] = [(output, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif id(node) not in met:
            met.add(id(node))
            if len(met) > _MOST:
                raise ValueError(f"a graph of over {_MOST} values is too large to be looked at")
            waiting.append((node, True))
            waiting.extend((operand, False) for operand in reversed(tuple(node.operands)))
    return order


def _scalar(node: Any, operands: Sequence[Scalar]) -> Scalar:
    value, gradient = np.asarray(node.value, dtype=np.float64), node.gradient
    single = value.size == 1
    name = next((n for n in (getattr(node, key, "") for key in ("name", "label"))
                 if isinstance(n, str) and n), "")  # fmt: skip
    scalar = Scalar(float(value.reshape(-1)[0]) if single else 0.0, name)
    if not single:
        scalar.shape = value.shape  # type: ignore[attr-defined]
    if gradient is not None:
        found = np.asarray(gradient, dtype=np.float64)
        scalar.gradient = float(found.reshape(-1)[0]) if found.size == 1 else 0.0
    if operands:
        scalar.inputs = tuple(operands)
        scalar.gate, scalar.constant = _gate(node, scalar, operands)
    return scalar


def _gate(node: Any, scalar: Scalar, operands: Sequence[Scalar]) -> tuple[Gate, float | None]:
    """The one gate of the course that this is, with its constant; or one that keeps the numbers."""
    local: tuple[float, ...] | None = None
    known = getattr(node, "local", None)
    if isinstance(known, (tuple, list)) and len(known) == len(operands):
        local = tuple(map(float, known)) if all(map(_is_number, known)) else None
    values = [one.value for one in operands]
    if not any(hasattr(one, "shape") for one in (scalar, *operands)):
        fitting = [
            (gate, constant)
            for gate in GATES.values()
            for constant in _constants(gate, scalar.value, values, local)
            if _fits(gate, constant, scalar.value, values, local)
        ]
        if len(fitting) == 1:
            return fitting[0]
    keeps = local if local is not None else (math.nan,) * len(operands)
    return Gate("own", _symbol(node), lambda *_: scalar.value, lambda *_: keeps), None


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, np.floating, np.integer))


def _symbol(node: Any) -> str:
    for key in ("symbol", "op", "_op"):
        text = getattr(node, key, "")
        if isinstance(text, str) and 0 < len(text) <= 4:
            return text
    return "ƒ"


def _constants(
    gate: Gate, value: float, inputs: Sequence[float], local: tuple[float, ...] | None
) -> list[float | None]:
    """The constants with which a gate may have given this value."""
    if gate.forward.__code__.co_argcount - 1 != len(inputs):
        return []
    if "{c}" not in gate.symbol:
        return [None]
    if gate.name == "power" and local is not None and inputs[0] and value:
        exponent = local[0] * inputs[0] / value
        return [float(round(exponent, 9))]
    return []  # a constant that was added, or multiplied by, is a value of its own in an engine


def _fits(
    gate: Gate,
    constant: float | None,
    value: float,
    inputs: Sequence[float],
    local: tuple[float, ...] | None,
) -> bool:
    try:
        made = gate.forward(*inputs, constant)
        slopes = gate.local(*inputs, made, constant)
    except (ArithmeticError, ValueError):
        return False
    if isinstance(made, complex) or not math.isclose(made, value, rel_tol=_NEAR, abs_tol=_NEAR):
        return False
    return local is None or all(
        math.isclose(a, b, rel_tol=1e-6, abs_tol=_NEAR) for a, b in zip(slopes, local, strict=True)
    )
