"""One trial of a gate: what went in, what should have come back, and what came back."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.check.compare import exactly, which_wrong
from chainrule.check.derivatives import gradients, jacobian
from chainrule.numeric import Estimate, numerical_gradients, numerical_jacobian
from chainrule.numeric.probe import evaluate

__all__ = ["BEFORE", "Case", "DoesNotApply", "JacobianCase", "Output", "StatedCase", "expect"]


BEFORE = -0.71  # of the upstream gradient is what backward gets in the call before
_ROUGH = 1e-3  # of what a gradient may come to


class DoesNotApply(Exception):
    """A row of the table of misconceptions has nothing to say of a case."""


def _real(value: Any) -> Any:
    """The value, if it is real: outside its domain a power may be complex. Raises ValueError."""
    if np.iscomplexobj(value):
        raise ValueError("complex numbers")
    return value


class Evaluated:
    """A function as rows of the table ask it: where it raises, the row has nothing to say.

    What a row itself does wrong is thereby told apart from what it was given to evaluate.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = self.__wrapped__ = function  # whose signature this has

    def __call__(self, *inputs: Any) -> Any:
        try:
            return _real(self._function(*inputs))
        except Exception as error:
            raise DoesNotApply(f"the function raises {type(error).__name__}") from error

    def many(self, points: Sequence[Sequence[Any]]) -> list[Any]:
        """The values at several points; DoesNotApply in the place of what it raised."""
        found = evaluate(self._function, points)
        return [
            DoesNotApply(str(one)) if isinstance(one, Exception) or np.iscomplexobj(one) else one
            for one in found
        ]


@dataclass
class Case:
    """A gate run forward at `inputs` and backward with `upstream`.

    gate:     the name of the student's class, for rows of the table that fit one gate only.
    names:    of the inputs, in order.
    function: forward as it should be (or as the student has it, in a visible check).
    fork:     `function` with a separate argument for each use of a forked input, or None.
    decoy:    inputs of the call made in between, or None.
    other:    forward of an object made with other constants, or None.
    own:      what the student's forward gives at `inputs`, or None.
    got:      the gradients that came back, one for each input, in order, of whatever shape; None
              where something came back that cannot be compared.
    """

    gate: str
    names: tuple[str, ...]
    inputs: tuple[Any, ...]
    function: Callable[..., Any]
    upstream: Any
    fork: Callable[..., Any] | None = None
    decoy: tuple[Any, ...] | None = None
    other: Callable[..., Any] | None = None
    own: Any = None
    got: list[np.ndarray | None] = field(default_factory=list)

    @cached_property
    def expected(self) -> tuple[Estimate, ...]:
        """The numerical gradient for each input."""
        return gradients(self.function, [self.inputs], [self.upstream])[0]

    @property
    def is_rough(self) -> bool:
        """Whether the function is so uneven that its slopes tell no right gradient from a wrong."""
        errors = [_largest(one.error) for one in self.expected]
        if not all(map(math.isfinite, errors)):
            return True
        size = max(_largest(one.value) for one in self.expected)
        return max(errors) > _ROUGH * size and max(errors) > _ROUGH * self._reach

    @property
    def _reach(self) -> float:
        """How large a gradient would be of a function that follows its inputs in proportion."""
        weights = np.abs(np.nan_to_num(self.upstream, nan=1.0))
        inputs = max(np.abs(value).max(initial=0.0) for value in map(np.asarray, self.inputs))
        return float((weights * np.abs(self.output)).max(initial=0.0) / max(inputs, 1.0))

    @property
    def wrong(self) -> list[bool]:
        """Which of the gradients that came back are wrong."""
        return which_wrong(self.got, self.expected)

    @property
    def labels(self) -> list[str]:
        """What the gradients are called in a message."""
        return ["d" + name for name in self.names]

    @cached_property
    def output(self) -> np.ndarray:
        """The forward value."""
        return self.at(*self.inputs)

    def at(self, *inputs: Any) -> np.ndarray:
        """The forward value at other inputs."""
        return np.asarray(self.function(*inputs), dtype=np.float64)

    @cached_property
    def local(self) -> list[np.ndarray]:
        """The gradients for an upstream of all ones: what a forgotten upstream gives."""
        if type(self) is Case and np.ndim(self.upstream) == 0 and self.upstream:
            return [gradient / self.upstream for gradient in self.right]
        return self.gradients(upstream=np.ones(np.shape(self.upstream)))

    @cached_property
    def right(self) -> list[np.ndarray]:
        """The expected gradients without their error bars."""
        return [estimate.value for estimate in self.expected]

    @cached_property
    def uses(self) -> list[list[np.ndarray]]:
        """For each input, the gradients of its uses, each alone, in order.

        `fork` names its arguments after the inputs, a suffix telling the uses apart: x_1, x_2.
        """
        uses: dict[str, list[int]] = {name: [] for name in self.names}
        arguments = list(inspect.signature(self.fork).parameters) if self.fork else []
        for position, argument in enumerate(arguments):
            uses[argument.rsplit("_", 1)[0] if argument not in uses else argument].append(position)
        by_name = dict(zip(self.names, self.inputs, strict=True))
        spread: list[Any] = [None] * len(arguments)
        for name, positions in uses.items():
            for position in positions:
                spread[position] = by_name[name]
        found = self.gradients(inputs=spread, function=self.fork)
        return [[found[position] for position in uses[name]] for name in self.names]

    def gradients(
        self,
        upstream: Any = None,
        inputs: Sequence[Any] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> list[np.ndarray]:
        """Numerical gradients with something changed. Raises DoesNotApply where there are none."""
        try:
            estimates = numerical_gradients(
                function or self.function,
                self.inputs if inputs is None else inputs,
                self.upstream if upstream is None else upstream,
            )
        except ValueError as error:  # shapes that do not fit, or values that are not finite
            raise DoesNotApply(str(error)) from error
        return [estimate.value for estimate in estimates]


def _largest(value: np.ndarray) -> float:
    """The size of the largest entry."""
    return abs(float(value)) if value.shape == () else float(np.abs(value).max(initial=0.0))


def expect(cases: Sequence[Case]) -> None:
    """Work out what is expected of cases of one function: together, where it takes evaluating it.

    Raises what the function raises, and ValueError where it has no gradient.
    """
    if all(type(case) is Case for case in cases):
        inputs, upstreams = [case.inputs for case in cases], [case.upstream for case in cases]
        found = gradients(cases[0].function, inputs, upstreams)
        for case, estimates in zip(cases, found, strict=True):
            case.expected = estimates


@dataclass
class StatedCase(Case):
    """A case whose gradients are stated, one for each input, in order.

    What the right function gives elsewhere is not known.
    """

    stated: Sequence[Any] = ()

    def at(self, *inputs: Any) -> np.ndarray:
        """Raises DoesNotApply."""
        raise DoesNotApply("only the gradients are stated")

    def gradients(
        self,
        upstream: Any = None,
        inputs: Sequence[Any] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> list[np.ndarray]:
        """Raises DoesNotApply."""
        raise DoesNotApply("only the gradients at the point itself are stated")

    is_rough = False

    @cached_property
    def expected(self) -> tuple[Estimate, ...]:
        """The stated gradients."""
        return tuple(exactly(value) for value in self.stated)


@dataclass
class JacobianCase(Case):
    """A Jacobian that was asked for in place of a gradient: one input, and `got` holds J.

    There is no upstream gradient. It is NaN here, so what is worked out with one fits nothing.
    """

    def __post_init__(self) -> None:
        self.upstream = np.nan

    @property
    def labels(self) -> list[str]:
        """What the Jacobian is called in a message."""
        return ["J"]

    @cached_property
    def expected(self) -> tuple[Estimate, ...]:
        """The numerical Jacobian."""
        return (jacobian(self.function, *self.inputs),)

    def gradients(
        self,
        upstream: Any = None,
        inputs: Sequence[Any] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> list[np.ndarray]:
        """Numerical Jacobians with something changed."""
        (x,) = self.inputs if inputs is None else inputs
        try:
            return [numerical_jacobian(function or self.function, x).value]
        except ValueError as error:
            raise DoesNotApply(str(error)) from error


@dataclass
class Output:
    """A gate run forward at `inputs`: what came out, and what should have.

    expected: the right output, with its bar.
    function: forward as it should be, or None where only the value is stated.
    got:      what came out, alone in a list; None where it cannot be compared.
    decoy, own: as of a `Case`.
    """

    gate: str
    names: tuple[str, ...]
    inputs: tuple[Any, ...]
    expected: tuple[Estimate]
    function: Callable[..., Any] | None = None
    got: list[np.ndarray | None] = field(default_factory=list)
    decoy: tuple[Any, ...] | None = None
    own: Any = None

    @property
    def labels(self) -> list[str]:
        """What the output is called in a message."""
        return ["output"]

    @property
    def right(self) -> np.ndarray:
        """The right output, without its bar."""
        return self.expected[0].value

    @property
    def wrong(self) -> list[bool]:
        """Whether what came out is wrong."""
        return which_wrong(self.got, self.expected)

    def at(self, *inputs: Any) -> np.ndarray:
        """The right output at other inputs.

        Where only values are stated, an elementwise gate's are looked up among them. Raises
        DoesNotApply for an input that is not there.
        """
        if self.function is not None:
            return np.asarray(self.function(*inputs), dtype=np.float64)
        if len(self.inputs) != 1 or np.shape(self.inputs[0]) != self.right.shape:
            raise DoesNotApply("only the output at the point itself is known")
        known = dict(zip(np.ravel(self.inputs[0]).tolist(), np.ravel(self.right), strict=True))
        wanted = np.ravel(inputs[0]).tolist()
        if not known.keys() >= set(wanted):
            raise DoesNotApply("no output is stated for this input")
        return np.reshape([known[x] for x in wanted], np.shape(inputs[0]))
