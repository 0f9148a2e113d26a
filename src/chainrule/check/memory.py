"""A check of what a gradient costs: whether a matrix was formed that nobody needs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.check import messages
from chainrule.check.calls import OwnForward, Step, passed, run_steps, values_of
from chainrule.check.compare import Unfit, as_answer, compare
from chainrule.check.derivatives import slope_along
from chainrule.check.inputs import as_points, upstream_like
from chainrule.check.messages import CheckFailed
from chainrule.check.student_code import call, copies, failed_to_fit, name_of, quietly
from chainrule.formatting import number

__all__ = ["memory", "traced"]

_TOO_LARGE = ("array is too big", "Maximum allowed dimension exceeded")  # NumPy's words


def traced(run: Callable[[], Any]) -> tuple[Any, int]:
    """The result of `run()`, and how many bytes more than before were in use at its peak.

    NumPy reports its arrays to tracemalloc when they are made, whether they are filled or not.
    """
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = run()
        return result, tracemalloc.get_traced_memory()[1] - before
    finally:
        if not already:
            tracemalloc.stop()


def _measured(
    gate: Callable[..., Any], made_with: Sequence[Any], steps: Sequence[Step], under: int
) -> tuple[list[Any], int]:
    """What the steps returned or raised, and the bytes in use at their peak.

    Of a class in another process (a worker's guest) the memory is measured there and by the kernel,
    by its method `__measured__`. It is asked of its type, as `__steps__` is.
    """
    if hasattr(type(gate), "__measured__"):
        asked = [(which, method, args) for which, method, args, _ in steps]
        return gate.__measured__(asked, made_with, under)  # type: ignore[attr-defined]
    return traced(lambda: run_steps(gate, made_with, steps))


@quietly
def memory(
    gate: Callable[..., Any],
    *,
    at: Mapping[str, Any],
    under: int,
    of: Callable[..., Any] | None = None,
    made_with: Sequence[Any] = (),
) -> None:
    """Check that one forward and backward stay under a number of bytes, and that they are right.

    at:    one point: a dict with one input, an array that may be large.
    under: the most bytes that may be in use at a time, beyond the inputs.
    of:    forward as it should be; left out, the student's own.

    A numerical gradient of thousands of entries takes too long, so the gradient is compared along
    two random directions. Raises CheckFailed, an AssertionError, whose text is for the student.
    """
    name = f"{name_of(gate)}.backward"
    (point,) = as_points(at)
    (x,) = point.values()
    reference = of or OwnForward(gate, made_with)
    right = call(f"{name_of(gate)}.forward", partial(reference, *copies(point).values()), point)
    upstream = upstream_like(right, name)

    steps = [Step(0), Step(0, "forward", (x,)), Step(0, "backward", (upstream,))]
    answers, peak = call(name, partial(_measured, gate, made_with, steps, under), point)
    refused = any(map(_too_large, answers))
    if not refused:
        *_, answer = call(name, partial(values_of, answers), point)
    if refused or peak > under:
        wanted = "asked for more than there is" if refused else f"used up to {_bytes(peak)}"
        raise CheckFailed(
            f"{name} takes too much memory.",
            [
                messages.describe_point(point),
                f"forward and backward {wanted}; {_bytes(under)} are plenty.",
                f"x and the upstream gradient take {_bytes(np.asarray(x).nbytes)} each. Which "
                "array is so much larger, and which of",
                "its entries are ever needed?",
            ],
        )
    try:
        gradient = as_answer(answer, np.shape(x))
    except Unfit as unfit:
        raise failed_to_fit(name, unfit, [messages.describe_point(point)]) from None
    for seed in (1, 2):
        direction = np.random.default_rng(seed).choice([-1.0, 1.0], size=np.shape(x))
        slope = slope_along(reference, [x], [direction], upstream)
        moved = np.asarray(np.sum(gradient * direction))
        if compare(moved, slope) is not None:
            raise CheckFailed(
                f"{name}: dx is wrong.",
                [
                    messages.describe_point(point),
                    "Moving x along a random direction changes the output by "
                    f"{number(float(slope.value))} h,",
                    f"by your gradient it would be {number(float(moved))} h.",
                ],
            )
    # Not how much it was, which differs from run to run.
    passed(f"{name}: right, with less than {_bytes(under)}.")


def _too_large(answer: Any) -> bool:
    """Whether a step raised what says that there is not so much memory, or so large an array: in a
    browser, where addresses have 32 bits, that is one of 2 GiB."""
    return isinstance(answer, MemoryError) or (
        isinstance(answer, ValueError) and str(answer).startswith(_TOO_LARGE)
    )


def _bytes(count: int) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.0f} {unit}"
    return f"{count} bytes"
