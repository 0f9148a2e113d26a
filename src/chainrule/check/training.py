"""A check of a training: whether the parameters that it returns do their work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from chainrule.check.calls import CALL, Step, passed, run_steps, value_of
from chainrule.check.compare import Unfit, as_answer
from chainrule.check.functions import same_parts
from chainrule.check.messages import CheckFailed
from chainrule.check.student_code import (
    call,
    copies,
    failed_to_fit,
    name_of,
    quietly,
    recognised,
    untouched,
)  # fmt: skip
from chainrule.formatting import number

__all__ = ["parameters", "trained"]


@quietly
def trained(
    train: Callable[..., Any],
    *,
    loss: Callable[[dict[str, np.ndarray]], tuple[float, dict[str, np.ndarray]]],
    accuracy: Callable[[dict[str, np.ndarray]], float],
    start: dict[str, np.ndarray],
    learning_rate: float,
    steps: int,
    reaches: float,
) -> None:
    """Check that `train(loss, start, learning_rate, steps)` returns parameters that do their work.

    loss:     takes a dict of parameters, returns the loss and a dict of its gradients; may be
              called `steps` times.
    accuracy: takes a dict of parameters, returns the part that is classified right.
    start:    the parameters before; what is returned has to have their names and shapes.
    reaches:  the accuracy that is wanted, from 0 to 1.

    Any way of training is right that gets there. Raises CheckFailed.
    """
    name = name_of(train)
    losses: list[float] = []
    asked: list[dict[str, np.ndarray]] = []
    places: list[dict[str, np.ndarray]] = []

    def watched(params: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
        value, gradients = loss(params)
        losses.append(value)
        places.append({key: np.array(one) for key, one in params.items()})
        asked.append({key: np.array(gradient) for key, gradient in gradients.items()})
        return value, gradients

    given = copies(start)
    run = [Step(0, CALL, (watched, given, learning_rate, steps), heard=True)]
    (found,) = call(name, partial(run_steps, train, (), run))
    answer = call(name, partial(value_of, found))
    untouched(name, {"params": start}, {"params": given})
    params = parameters(name, answer, start)
    if len(losses) > steps:
        raise CheckFailed(
            f"{name}: the gradient was asked for {len(losses)} times; {steps} steps were allowed."
        )
    if not losses:
        raise CheckFailed(f"{name}: the gradient was never asked for, so nothing was learned.")
    reached, after = accuracy(params), loss(params)[0]
    many = f"{len(losses)} gradient{'s' * (len(losses) > 1)}"
    told = [
        f"after {many}: {reached:.1%} of the points right, {reaches:.0%} wanted",
        f"the loss was {number(losses[0])} at first and is {number(after)} now",
    ]
    if reached >= reaches:
        passed(f"{name}: {reached:.1%} of the points right after {many}.")
    elif len(losses) == 1 < steps and _is_step(start, asked[0], -learning_rate, params):
        raise recognised(name, told, "one-step")
    elif _is_step(start, asked[0], 0.0, params):
        raise CheckFailed(f"{name}: the parameters are what they were at the start.", told)
    elif len(set(losses)) == 1:
        raise recognised(name, told, "gradient-stale")
    elif _is_step(places[0], asked[0], learning_rate, places[min(1, len(places) - 1)]):
        raise recognised(name, told, "uphill")
    else:
        raise CheckFailed(f"{name}: the net has not learned enough.", told)


def _is_step(
    here: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    rate: float,
    there: Mapping[str, np.ndarray],
) -> bool:
    """Whether one step along the gradients, so far, leads from here to there."""
    return all(np.allclose(there[key], here[key] + rate * gradients[key]) for key in here)


def parameters(name: str, answer: Any, start: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Trained parameters, with the names and shapes they had at the start. Raises CheckFailed."""
    try:
        parts = same_parts(answer, dict(start), list(start))
        return {
            key: as_answer(part, np.shape(start[key]))
            for key, part in zip(start, parts, strict=True)
        }
    except Unfit as unfit:
        raise failed_to_fit(name, unfit, []) from None
