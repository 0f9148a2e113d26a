"""What a person says of cells that seem to be renamed, by options or when asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import typer

from chainrule.course.folder import CourseError
from chainrule.grading.gradebook.master_changes import MasterChange

__all__ = ["settle"]


def settle(
    changes: Sequence[MasterChange],
    renamed: Sequence[str] = (),
    dropped: Sequence[str] = (),
    ask: Callable[[str], bool] | None = None,
) -> list[MasterChange]:
    """The changes of a master as a person means them.

    renamed: "old=new" for cells (or notebooks) that were only given a name; dropped: old names of
    which nothing became another. ask: how to ask about what neither says (default: in a terminal,
    if there is one). Raises CourseError where there is nobody to ask, and where an option names
    what did not change.
    """
    left = list(changes)
    for pair in renamed:
        left = _joined(left, *_names(pair))
    for name in dropped:
        left = _dropped(left, name)
    if ask is None and sys.stdin.isatty() and sys.stderr.isatty():
        ask = _ask
    said = {new for pair in renamed for new in [_names(pair)[1]]}
    for one in list(left):
        if one.what != "renamed" or one.now in said:
            continue
        if ask is None:
            raise CourseError(
                f"{one}? Nothing was written. Say --renamed {one.was}={one.now}, and its grades "
                f"stay; or --dropped {one.was}, and they go"
            )
        if not ask(f"{one}: is it the same question, and do its grades stay?"):
            left = _apart(left, one)
    return left


def _ask(question: str) -> bool:
    return typer.confirm(question, default=True, err=True)


def _names(pair: str) -> tuple[str, str]:
    old, _, new = pair.partition("=")
    if not old or not new:
        raise CourseError(f"--renamed wants OLD=NEW, not {pair}")
    return old, new


def _joined(changes: list[MasterChange], old: str, new: str) -> list[MasterChange]:
    """With one renamed cell in place of one dropped and one added."""
    if any(one.what == "renamed" and (one.was, one.now) == (old, new) for one in changes):
        return changes
    for one in [one for one in changes if one.what == "renamed" and old == one.was]:
        changes = _apart(changes, one)
    for one in [one for one in changes if one.what == "renamed" and new == one.now]:
        changes = _apart(changes, one)
    gone = [one for one in changes if one.what == "dropped" and one.cell == old]
    came = [one for one in changes if one.what == "added" and one.cell == new]
    pairs = [(a, b) for a in gone for b in came if a.notebook == b.notebook]
    if not pairs:
        raise CourseError(f"--renamed {old}={new}: there is no {old} that went and {new} that came")
    first, second = pairs[0]
    joined = replace(first, what="renamed", cell=new, was=old, now=new)
    return [joined if one is first else one for one in changes if one is not second]


def _dropped(changes: list[MasterChange], old: str) -> list[MasterChange]:
    for one in changes:
        if one.what == "renamed" and one.was == old:
            return _apart(changes, one)
        if one.what == "dropped" and one.cell == old:
            return changes
    raise CourseError(f"--dropped {old}: it is still there, or was never graded")


def _apart(changes: list[MasterChange], renamed: MasterChange) -> list[MasterChange]:
    return [part for one in changes for part in (one.apart() if one is renamed else [one])]
