"""What lies in a submission in place of its notebook: one under another name, or no notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chainrule.grading.judge.master import Master
from chainrule.notebook.read import Malformed, read_file, what_is

__all__ = ["Found", "looks_like_a_notebook", "stand_in"]

_GRADE_ID = re.compile(rb'"grade_id"\s*:\s*"([^"\\]{1,200})"')
_NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".json")
_MOST_LOOKED_AT = 50  # files in which we look for a notebook
_MOST_SHOWN = 3  # files that a sentence names


@dataclass(frozen=True)
class Found:
    """What there is for a master whose notebook was not handed in under its name.

    content: a notebook that is it, under another name. note: what student and instructor should
    know of that, a sentence. problem: why a person has to look at it, in a sentence. names: the
    files that these speak of. Nothing of these where nothing was handed in.
    """

    content: bytes | None = None
    note: str = ""
    problem: str = ""
    names: tuple[str, ...] = ()


def looks_like_a_notebook(name: str) -> bool:
    """Whether a file's name says that it is a notebook, or was one before it was renamed."""
    return name.lower().endswith(_NOTEBOOKS[:-1])


def stand_in(folder: Path, names: Iterable[str], master: Master, alone: bool, most: int) -> Found:
    """What was handed in in place of a master's notebook.

    names: of all files handed in, relative to the folder. alone: there is no other master, so that
    a notebook with its cells can be no other's. most: bytes of a notebook.
    """
    wanted = f"{master.name}.ipynb"
    others = sorted(name for name in names if name not in master.files and name != "timestamp.txt")
    like = [name for name in others if name.lower().endswith(_NOTEBOOKS)][:_MOST_LOOKED_AT]
    contents: dict[str, bytes] = {}
    for name in like:
        try:
            contents[name] = read_file(folder / name, most)
        except Malformed:
            continue
    carry = [name for name, content in contents.items() if _carries(content, master)]
    named = tuple(carry)
    if carry and alone and len({contents[name] for name in carry}) == 1:
        note = f"{_listed(carry)} {'was' if len(carry) == 1 else 'were'} graded as {wanted}."
        return Found(contents[carry[0]], note, names=named)
    if carry:
        which = "which one counts" if len(carry) > 1 else "whether it is"
        problem = f"There is no {wanted}, but {_listed(carry)}: a person has to say {which}."
        return Found(problem=problem, names=named)
    if not others:
        return Found()
    shown = [_described(folder, name, contents.get(name), most) for name in others[:_MOST_SHOWN]]
    if len(others) > len(shown):
        shown.append(f"{len(others) - len(shown)} more")
    problem = f"There is no {wanted}, but {_listed(shown)}: a person has to look at it."
    return Found(problem=problem, names=tuple(others[:_MOST_SHOWN]))


def _carries(content: bytes, master: Master) -> bool:
    """Whether a notebook has most of the master's cells; it is searched as text, and not read."""
    found = {name.decode("utf-8", "replace") for name in _GRADE_ID.findall(content)}
    return bool(master.by_id) and 2 * len(found & master.by_id.keys()) >= len(master.by_id)


def _described(folder: Path, name: str, content: bytes | None, most: int) -> str:
    if content is None:
        try:
            content = read_file(folder / name, most)
        except Malformed:
            return f"{name} (which cannot be read)"
    kind = what_is(content)
    if not kind and looks_like_a_notebook(name):
        kind = "a notebook without the cells of this assignment"
    return f"{name} ({kind})" if kind else name


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
