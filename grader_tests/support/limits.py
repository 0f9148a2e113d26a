"""Short limits, so that what has to run into one does so soon."""

from __future__ import annotations

from chainrule.grading.limits import Limits

__all__ = ["LIMITS"]

LIMITS = Limits(
    cell_seconds=1.5, call_seconds=1.0, grace_seconds=0.4, total_seconds=30.0, timeouts=30,
    checks="outside",
)  # fmt: skip
