"""How many processors there are for this process."""

from __future__ import annotations

import os

__all__ = ["processors_here"]


def processors_here() -> int:
    """As many as it may use, where the system says so (Linux); else as many as there are."""
    known = getattr(os, "sched_getaffinity", None)
    return len(known(0)) if known is not None else os.cpu_count() or 1
