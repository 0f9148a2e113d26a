"""Challenges: checks that tell what they think, and take no points and stop nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.check.messages import CheckFailed

__all__ = ["challenge"]


@contextmanager
def challenge(title: str) -> Iterator[None]:
    """Run checks of a challenge, which nobody has to take up: a failure is printed, not raised.

    title: what the challenge is called.
    """
    try:
        yield
    except CheckFailed as failed:
        begun = not str(failed).rstrip().endswith("is not written yet.")
        print(str(failed) if begun else f"{title}: not begun yet, and nobody has to.")
    else:
        print(f"{title}: done. Well done!")
