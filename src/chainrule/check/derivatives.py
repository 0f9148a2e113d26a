"""Numerical derivatives as checks ask for them: those of a check's own reference are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.check.memo import kept
from chainrule.numeric import (
    Estimate,
    directional_slopes,
    numerical_gradients_at,
    numerical_jacobian,
)

__all__ = ["gradients", "jacobian", "slope_along"]


def gradients(
    f: Callable[..., Any], points: Sequence[Sequence[Any]], upstreams: Sequence[Any]
) -> list[tuple[Estimate, ...]]:
    """As `numerical_gradients_at`."""
    given = list(zip(map(tuple, points), upstreams, strict=True))
    return kept(
        "gradient",
        f,
        given,
        lambda places: numerical_gradients_at(
            f, [points[place] for place in places], [upstreams[place] for place in places]
        ),
    )


def jacobian(f: Callable[[Any], Any], x: Any) -> Estimate:
    """As `numerical_jacobian`."""
    ((found,),) = kept("Jacobian", f, [x], lambda _: [(numerical_jacobian(f, x),)])
    return found


def slope_along(
    f: Callable[..., Any], inputs: Sequence[Any], direction: Sequence[Any], upstream: Any
) -> Estimate:
    """As `directional_slopes`."""
    given = (tuple(inputs), tuple(direction), upstream)
    ((found,),) = kept(
        "slope", f, [given], lambda _: [(directional_slopes(f, inputs, direction, upstream),)]
    )
    return found
