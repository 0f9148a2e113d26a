"""A circuit of scalar gates: run it forward, then let the gradient flow back.

>>> x, y, z = Scalar(-2, "x"), Scalar(5, "y"), Scalar(-4, "z")
>>> q = (x + y).named("q")
>>> f = (q * z).named("f")
>>> f.backward()
>>> x.gradient, y.gradient, z.gradient
(-4.0, -4.0, 3.0)

Ordinary Python expressions build the circuit; every operator is a gate. A gate holds its forward
and its local gradients side by side, so that the chain rule is one line of `Scalar.backward`:
downstream = upstream x local.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.formatting import MINUS, number

__all__ = [
    "GATES", "Gate", "Scalar", "exp", "log", "maximum", "reciprocal", "relu", "sigmoid", "tanh",
]  # fmt: skip


@dataclass(frozen=True)
class Gate:
    """One kind of gate.

    name:    what the lectures call it.
    symbol:  what is drawn in its circle; `{c}` stands for the gate's constant.
    forward: (*inputs, c) -> output.
    local:   (*inputs, output, c) -> the derivative of the output by each input, as a tuple.
    """

    name: str
    symbol: str
    forward: Callable[..., float]
    local: Callable[..., tuple[float, ...]]


def _sigmoid(x: float) -> float:
    # exp of a positive number may overflow, so it is only ever taken of a negative one.
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))


GATES = {
    gate.name: gate
    for gate in (
        Gate("add", "+", lambda x, y, c: x + y, lambda x, y, out, c: (1.0, 1.0)),
        Gate("multiply", "×", lambda x, y, c: x * y, lambda x, y, out, c: (y, x)),
        Gate(
            "max",
            "max",
            lambda x, y, c: max(x, y),
            # At a tie the first input takes all of it (the course's convention).
            lambda x, y, out, c: (1.0, 0.0) if x >= y else (0.0, 1.0),
        ),
        Gate("reciprocal", "1/x", lambda x, c: 1.0 / x, lambda x, out, c: (-out * out,)),
        Gate("exp", "exp", lambda x, c: math.exp(x), lambda x, out, c: (out,)),
        Gate("add a constant", "+{c}", lambda x, c: x + c, lambda x, out, c: (1.0,)),
        Gate("scale", "×{c}", lambda x, c: c * x, lambda x, out, c: (c,)),
        Gate("sigmoid", "σ", lambda x, c: _sigmoid(x), lambda x, out, c: (out * (1.0 - out),)),
        Gate("tanh", "tanh", lambda x, c: math.tanh(x), lambda x, out, c: (1.0 - out * out,)),
        Gate(
            "relu",
            "relu",
            lambda x, c: max(x, 0.0),
            lambda x, out, c: (1.0 if x > 0 else 0.0,),
        ),
        Gate("log", "log", lambda x, c: math.log(x), lambda x, out, c: (1.0 / x,)),
        Gate(
            "power", "^{c}", lambda x, c: x**c, lambda x, out, c: (c * x ** (c - 1) if c else 0.0,)
        ),
    )
}


class Scalar:
    """A number in a circuit: an input, or what a gate makes of other scalars.

    value:    the number (forward).
    gradient: the derivative of the circuit's output with respect to it, once `backward` of that
              output has run; None before. For the wire that leaves a gate this is the gate's
              *upstream* gradient.
    name:     shown in the picture; may be empty.
    gate:     the `Gate` that made it, or None for an input.
    inputs:   the scalars that went into the gate, in order.
    constant: the gate's constant (add a constant, scale, power), or None.
    """

    def __init__(self, value: float, name: str = "") -> None:
        self.value = _number(value)
        self.name = name
        self.gradient: float | None = None
        self.gate: Gate | None = None
        self.inputs: tuple[Scalar, ...] = ()
        self.constant: float | None = None

    @classmethod
    def _made_by(cls, name: str, *inputs: Scalar, constant: float | None = None) -> Scalar:
        gate = GATES[name]
        made = cls(gate.forward(*(i.value for i in inputs), constant))
        made.gate, made.inputs, made.constant = gate, inputs, constant
        return made

    def named(self, name: str) -> Scalar:
        """Give this scalar a name for the picture; returns the scalar itself."""
        self.name = name
        return self

    @property
    def symbol(self) -> str:
        """What stands in this scalar's gate; empty for an input."""
        if self.gate is None:
            return ""
        return self.gate.symbol.format(c=_short(self.constant))

    @property
    def local(self) -> tuple[float, ...]:
        """The gate's local gradients: the derivative of `value` by each of `inputs`."""
        if self.gate is None:
            return ()
        return self.gate.local(*(i.value for i in self.inputs), self.value, self.constant)

    @property
    def downstream(self) -> tuple[float, ...]:
        """What the gate sends back to each of its inputs: upstream x local.

        Raises ValueError before `backward` has run.
        """
        if self.gradient is None:
            raise ValueError("no gradient has arrived here yet: call backward() on the output")
        return tuple(self.gradient * local for local in self.local)

    def circuit(self) -> list[Scalar]:
        """Every scalar this one is made of, itself last, each after all of its inputs.

        That is a *topological order*. Forward needs it so that a gate's inputs are ready before
        the gate runs; backward walks it from the end, so that a scalar has received the gradient
        of every gate it feeds before it passes anything on.

        >>> x, y = Scalar(2, "x"), Scalar(3, "y")
        >>> q = (x * y).named("q")
        >>> [scalar.name for scalar in (q + x).named("f").circuit()]
        ['x', 'y', 'q', 'f']
        """
        order: list[Scalar] = []
        seen: set[int] = set()
        waiting: list[tuple[Scalar, bool]] = [(self, False)]
        while waiting:
            scalar, inputs_done = waiting.pop()
            if inputs_done:
                order.append(scalar)
            elif id(scalar) not in seen:
                seen.add(id(scalar))
                waiting.append((scalar, True))
                waiting.extend((i, False) for i in reversed(scalar.inputs))
        return order

    def forward(self) -> float:
        """Run every gate again, after the value of an input was changed; forgets the gradients."""
        for scalar in self.circuit():
            if scalar.gate is not None:
                inputs = (i.value for i in scalar.inputs)
                scalar.value = scalar.gate.forward(*inputs, scalar.constant)
            scalar.gradient = None
        return self.value

    def backward(self, upstream: float = 1.0) -> None:
        """Set the gradient of every scalar in the circuit: d self / d scalar, times `upstream`.

        Each call starts from zero, so a second one does not double anything. Where a scalar goes
        two ways, what comes back on both is added:

        >>> x = Scalar(3, "x")
        >>> (x * x + x).backward()
        >>> x.gradient
        7.0
        """
        order = self.circuit()
        for scalar in order:
            scalar.gradient = 0.0
        self.gradient = _number(upstream)
        for scalar in reversed(order):
            for source, contribution in zip(scalar.inputs, scalar.downstream, strict=True):
                # += because a fork adds up what comes back on its branches.
                source.gradient += contribution  # type: ignore[operator]

    def __add__(self, other: Scalar | float) -> Scalar:
        if isinstance(other, Scalar):
            return Scalar._made_by("add", self, other)
        return Scalar._made_by("add a constant", self, constant=_number(other))

    def __mul__(self, other: Scalar | float) -> Scalar:
        if isinstance(other, Scalar):
            return Scalar._made_by("multiply", self, other)
        return Scalar._made_by("scale", self, constant=_number(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Scalar:
        return self * -1.0

    def __sub__(self, other: Scalar | float) -> Scalar:
        return self + -other

    def __rsub__(self, other: float) -> Scalar:
        return -self + other

    def __truediv__(self, other: Scalar | float) -> Scalar:
        if isinstance(other, Scalar):
            return self * reciprocal(other)
        return self * (1.0 / _number(other))

    def __rtruediv__(self, other: float) -> Scalar:
        quotient = reciprocal(self)
        return quotient if other == 1 else quotient * other

    def __pow__(self, exponent: float) -> Scalar:
        if isinstance(exponent, Scalar):
            raise TypeError("the exponent must be a plain number")
        return Scalar._made_by("power", self, constant=_number(exponent))

    def __repr__(self) -> str:
        parts = [self.name, number(self.value)]
        text = " = ".join(part for part in parts if part)
        if self.gradient is not None:
            text += f", gradient {number(self.gradient)}"
        return f"<Scalar {text}>"


def exp(x: Scalar) -> Scalar:
    """e to the power x."""
    return Scalar._made_by("exp", x)


def log(x: Scalar) -> Scalar:
    """The natural logarithm of x; x must be positive."""
    return Scalar._made_by("log", x)


def maximum(x: Scalar, y: Scalar) -> Scalar:
    """The larger of two; at a tie the gradient goes to the first.

    >>> x, y = Scalar(2), Scalar(2)
    >>> maximum(x, y).backward()
    >>> x.gradient, y.gradient
    (1.0, 0.0)
    """
    return Scalar._made_by("max", x, y)


def reciprocal(x: Scalar) -> Scalar:
    """1 / x."""
    return Scalar._made_by("reciprocal", x)


def relu(x: Scalar) -> Scalar:
    """max(0, x); its slope at 0 is taken as 0."""
    return Scalar._made_by("relu", x)


def sigmoid(x: Scalar) -> Scalar:
    """1 / (1 + exp(-x)), computed without overflow."""
    return Scalar._made_by("sigmoid", x)


def tanh(x: Scalar) -> Scalar:
    """The hyperbolic tangent of x."""
    return Scalar._made_by("tanh", x)


def _number(value: Any) -> float:
    if isinstance(value, Scalar):
        raise TypeError("a plain number is needed here, not a Scalar")
    return float(value)


def _short(constant: float | None) -> str:
    return "" if constant is None else number(constant, minus=MINUS)
