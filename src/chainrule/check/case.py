"""One trial of a gate: what went in, what should have come back, and what came back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.numeric import Estimate, numerical_gradients

__all__ = ["Case"]


@dataclass
class Case:
    """A gate run forward at `inputs` and backward with `upstream`.

    gate:     the name of the student's class, for rows of the table that fit one gate only.
    names:    of the inputs, in order.
    function: forward as it should be (or as the student has it, in a visible check).
    fork:     `function` with a separate argument for each use of a forked input, or None.
    decoy:    inputs of the call made in between, or None.
    got:      the gradients that came back, one for each input, in order; None where an answer was
              already found right or could not be compared.
    """

    gate: str
    names: tuple[str, ...]
    inputs: tuple[Any, ...]
    function: Callable[..., Any]
    upstream: Any
    fork: Callable[..., Any] | None = None
    decoy: tuple[Any, ...] | None = None
    got: list[np.ndarray | None] = field(default_factory=list)

    @cached_property
    def expected(self) -> tuple[Estimate, ...]:
        """The numerical gradient for each input."""
        return numerical_gradients(self.function, self.inputs, self.upstream)

    @cached_property
    def output(self) -> np.ndarray:
        """The forward value."""
        return np.asarray(self.function(*self.inputs), dtype=np.float64)

    @cached_property
    def local(self) -> list[np.ndarray]:
        """The gradients for an upstream of all ones: what a forgotten upstream gives."""
        return self.gradients(upstream=np.ones(np.shape(self.upstream)))

    @cached_property
    def right(self) -> list[np.ndarray]:
        """The expected gradients without their error bars."""
        return [estimate.value for estimate in self.expected]

    @cached_property
    def branches(self) -> list[list[np.ndarray]]:
        """For the first and for the last use of each input, the gradient of that use alone.

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
        return [[found[uses[name][which]] for name in self.names] for which in (0, -1)]

    def gradients(
        self,
        upstream: Any = None,
        inputs: Sequence[Any] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> list[np.ndarray]:
        """Numerical gradients with something changed. Raises ValueError where there are none."""
        estimates = numerical_gradients(
            function or self.function,
            self.inputs if inputs is None else inputs,
            self.upstream if upstream is None else upstream,
        )
        return [estimate.value for estimate in estimates]
