"""A master held against the gradebook: which cells changed, and what there is to lose of them.

nbgrader keeps a row for each cell of a master, and for each submission a grade for each of those.
When a cell is renamed, dropped, added, or given other points, the rows no longer fit, and a total
would count what is not there. So before anything is written the two are compared. `reconcile.py`
makes them agree again.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbgrader import api
from sqlalchemy import func, literal, or_, select

from chainrule.formatting import decimal
from chainrule.grading.judge.master import Master, MasterCell

__all__ = ["KINDS", "WITH_POINTS", "MasterChange", "kinds_of", "master_changes", "notebooks_of",
           "with_renames"]  # fmt: skip

KINDS = {"GradeCell": api.GradeCell, "SolutionCell": api.SolutionCell, "TaskCell": api.TaskCell}
WITH_POINTS = ("GradeCell", "TaskCell")
_ALIKE = 0.6  # how much of its text a cell keeps that has only a new name
_LITTLE = 0.3  # how much is enough of one that stands in the same place
_MOST_ASKED = 200  # cells dropped and added in one notebook; more are another notebook


@dataclass(frozen=True)
class MasterChange:
    """A way in which the gradebook does not fit its masters.

    what: "dropped", "added", "renamed", "points" or "kind". notebook, cell: where it is now; no
    cell where the notebook itself was renamed. was, now: the names, points or kinds before and
    after. grades: how many submissions have a grade of it; by_hand: how many of these a person
    gave points or a comment.
    """

    what: str
    notebook: str
    cell: str
    was: str = ""
    now: str = ""
    grades: int = 0
    by_hand: int = 0

    def apart(self) -> list[MasterChange]:
        """What was renamed as something that was dropped and something that was added."""
        if not self.cell:
            return [replace(self, what="dropped", notebook=self.was, was="", now=""),
                    MasterChange("added", self.now, "")]  # fmt: skip
        dropped = replace(self, what="dropped", cell=self.was, was="", now="")
        return [dropped, MasterChange("added", self.notebook, self.now)]

    def __str__(self) -> str:
        """In a few words, for a line that names several."""
        name = self.cell or f"{self.notebook}.ipynb"
        if self.what == "renamed":
            ending = "" if self.cell else ".ipynb"
            said = f"{self.was}{ending} is now called {self.now}{ending}"
        elif self.what == "points":
            said = f"{name} had {self.was} points and has {self.now}"
        elif self.what == "kind":
            said = f"{name} was {self.was} and is {self.now}"
        else:
            said = f"{name} was {self.what}"
        return said + (f" ({self._stake()})" if self.grades and self.what != "renamed" else "")

    def _stake(self) -> str:
        grades = "1 grade" if self.grades == 1 else f"{self.grades} grades"
        return grades + (f", {self.by_hand} by hand" if self.by_hand else "")


@dataclass(frozen=True)
class _Known:
    """A cell as the gradebook or a master has it: its kinds, points, type, and source."""

    kinds: frozenset[str]
    points: float = 0.0
    cell_type: str = ""
    source: str = ""


_Cells = dict[str, _Known]  # of a notebook, by name


def master_changes(db: Any, assignment: str, masters: Iterable[Master]) -> list[MasterChange]:
    """How the gradebook's cells of an assignment differ from the masters'; text alone is none.

    A cell that was only renamed is found as one dropped and one added: see `with_renames`. Only
    where cells took each other's names are these found as renamed here, by their text.
    """
    known, wanted = _in_gradebook(db, assignment), _in_masters(masters)
    found: list[MasterChange] = []
    stake = _stakes(db, assignment)
    for old, new in _renamed_notebooks(known, wanted).items():
        found.append(MasterChange("renamed", new, "", old, new))
        known[new] = known.pop(old)
        stake |= {(new, cell): count for (name, cell), count in stake.items() if name == old}
    for notebook in known.keys() | wanted.keys():
        was, now = known.get(notebook, {}), wanted.get(notebook, {})
        moved = _moved(was, now)
        same = {name: name for name in was.keys() & now.keys()} | moved
        taken = set(moved.values())
        same = {old: new for old, new in same.items() if old in moved or new not in taken}
        changes = [
            *(MasterChange("dropped", notebook, name) for name in was.keys() - same.keys()),
            *(MasterChange("added", notebook, name) for name in now.keys() - set(same.values())),
            *(MasterChange("renamed", notebook, new, old, new) for old, new in moved.items()),
            *(one for old, new in same.items()
              for one in _differences(notebook, new, was[old], now[new])),
        ]  # fmt: skip
        order = {name: place for place, name in enumerate([*now, *was])}
        found += sorted(changes, key=lambda one: order[one.cell])
    found.sort(key=lambda one: one.notebook)
    for place, one in enumerate(found):
        before = {"renamed": one.was, "added": ""}.get(one.what, one.cell)
        grades, by_hand = stake.get((one.notebook, before), (0, 0))
        found[place] = replace(one, grades=grades, by_hand=by_hand)
    return found


def with_renames(
    db: Any, assignment: str, masters: Iterable[Master], changes: Sequence[MasterChange]
) -> list[MasterChange]:
    """The same changes, with a dropped and an added cell that look like one made a renamed one.

    They have to be of one kind in one notebook, and either share most of their text, or some of it
    while they stand in the same place. Whether they are one is for a person to say.
    """
    known, wanted = _in_gradebook(db, assignment), _in_masters(masters)
    old_name = {one.now: one.was for one in changes if one.what == "renamed" and not one.cell}
    left = list(changes)
    for notebook, now in wanted.items():
        was = known.get(old_name.get(notebook, notebook), {})
        here = [one for one in changes if one.notebook == notebook]
        dropped = [one for one in here if one.what == "dropped"]
        added = [one for one in here if one.what == "added"]
        if len(dropped) + len(added) > _MOST_ASKED:
            continue
        rated = sorted(
            (
                (_likeness(was, old.cell, now, new.cell), old, new)
                for old in dropped
                for new in added
                if was[old.cell].kinds == now[new.cell].kinds
            ),
            key=lambda rating: -rating[0],
        )
        for likeness, old, new in rated:  # the most alike first; each only once
            if likeness < _ALIKE or old not in left or new not in left:
                continue
            one = replace(old, what="renamed", was=old.cell, now=new.cell, cell=new.cell)
            left = [one if other is old else other for other in left if other is not new]
            left += _differences(notebook, new.cell, was[old.cell], now[new.cell])
    return left


def notebooks_of(db: Any, assignment: str) -> dict[str, str]:
    """The number of each notebook that the gradebook has of an assignment, by name."""
    rows = (
        select(api.Notebook.name, api.Notebook.id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .where(api.Assignment.name == assignment)
        .order_by(api.Notebook.name)
    )
    return dict(db.execute(rows).all())


def kinds_of(cell: MasterCell) -> list[str]:
    """Which of nbgrader's kinds of cells it is; it may be two."""
    flags = {
        "GradeCell": cell.is_grade and not cell.is_task,
        "SolutionCell": cell.is_solution,
        "TaskCell": cell.is_task,
    }
    return [kind for kind, there in flags.items() if there]


def _in_gradebook(db: Any, assignment: str) -> dict[str, _Cells]:
    """The cells of each notebook of the assignment."""
    found: dict[str, _Cells] = {}
    for notebook, number in notebooks_of(db, assignment).items():
        cells = found[notebook] = {}
        source = api.SourceCell
        rows = select(source.name, source.source).where(source.notebook_id == number)
        sources = dict(db.execute(rows).all())
        for kind, model in KINDS.items():
            own, base = model.__table__.c, api.BaseCell.__table__
            pointed = kind in WITH_POINTS
            columns = (
                base.c.name,
                own.max_score if pointed else literal(0.0),
                own.cell_type if pointed else literal(""),
            )
            rows = select(*columns).join(model.__table__, own.id == base.c.id)
            for name, most, type_ in db.execute(rows.where(base.c.notebook_id == number)):
                one = cells.get(name, _Known(frozenset(), source=sources.get(name) or ""))
                cells[name] = replace(
                    one,
                    kinds=one.kinds | {kind},
                    points=one.points or most or 0.0,
                    cell_type=one.cell_type or type_,
                )
    return found


def _in_masters(masters: Iterable[Master]) -> dict[str, _Cells]:
    """The cells that the gradebook has rows for, in order."""
    return {
        master.name: {
            cell.grade_id: _Known(frozenset(kinds), cell.points, cell.cell_type, cell.source)
            if set(kinds) & set(WITH_POINTS)
            else _Known(frozenset(kinds), source=cell.source)
            for cell in master.cells
            if (kinds := kinds_of(cell))
        }
        for master in masters
    }


def _stakes(db: Any, assignment: str) -> dict[tuple[str, str], tuple[int, int]]:
    """By notebook and cell: how many submissions have a grade, and how many were a person's too."""
    cell = api.BaseCell

    def counted(model: Any, *where: Any) -> dict[tuple[str, str], set[str]]:
        rows = (
            select(api.Notebook.name, cell.name, model.notebook_id)
            .join(cell, cell.id == model.cell_id)
            .join(api.Notebook, api.Notebook.id == cell.notebook_id)
            .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
            .where(api.Assignment.name == assignment, *where)
        )
        found: dict[tuple[str, str], set[str]] = {}
        for notebook, name, work in db.execute(rows):
            found.setdefault((notebook, name), set()).add(work)
        return found

    grade, comment = api.Grade, api.Comment
    scores = counted(
        grade, or_(grade.manual_score.is_not(None), func.coalesce(grade.extra_credit, 0) != 0)
    )
    comments = counted(comment, comment.manual_comment.is_not(None))
    every = counted(grade)
    nobody: set[str] = set()
    return {
        place: (
            len(every.get(place, nobody)),
            len(scores.get(place, nobody) | comments.get(place, nobody)),
        )
        for place in every.keys() | comments.keys()
    }


def _differences(notebook: str, name: str, was: _Known, now: _Known) -> list[MasterChange]:
    if was.kinds != now.kinds or was.cell_type != now.cell_type:
        return [MasterChange("kind", notebook, name, _in_words(was), _in_words(now))]
    if was.points != now.points:
        points = decimal(was.points, 4), decimal(now.points, 4)
        return [MasterChange("points", notebook, name, *points)]
    return []


def _in_words(cell: _Known) -> str:
    if "TaskCell" in cell.kinds:
        return "a task"
    if {"GradeCell", "SolutionCell"} <= cell.kinds:
        return f"an answer that a person grades ({cell.cell_type})"
    if "GradeCell" in cell.kinds:
        return "a check" if cell.cell_type == "code" else f"a check ({cell.cell_type})"
    return "an answer"


def _moved(was: _Cells, now: _Cells) -> dict[str, str]:
    """Cells whose text stands under another name now, where one of the two names had, or has,
    another text: two that exchanged their names, or questions that were numbered anew.

    Where students write prose there is a stub only, which is in every such cell.
    """

    def single(cells: _Cells) -> dict[str, str]:
        """The name of the only cell that has a text, by the text."""
        found: dict[str, list[str]] = {}
        for name, cell in cells.items():
            if "SolutionCell" not in cell.kinds or cell.cell_type in ("", "code"):
                found.setdefault(cell.source.strip(), []).append(name)
        return {text: names[0] for text, names in found.items() if text and len(names) == 1}

    there = single(now)
    pairs = {old: there[text] for text, old in single(was).items() if text in there}
    return {
        old: new
        for old, new in pairs.items()
        if old != new and (old in now or new in was) and was[old].kinds == now[new].kinds
    }


def _renamed_notebooks(known: Mapping[str, _Cells], wanted: Mapping[str, _Cells]) -> dict[str, str]:
    """Notebooks that have another name now, and most of the same cells."""
    found: dict[str, str] = {}
    gone = [name for name in known if name not in wanted]
    for new in [name for name in wanted if name not in known]:
        for old in gone:
            shared = known[old].keys() & wanted[new].keys()
            if old not in found and 2 * len(shared) > len(known[old].keys() | wanted[new].keys()):
                found[old] = new
                break
    return found


def _likeness(was: _Cells, old: str, now: _Cells, new: str) -> float:
    """From 0 to 1, how sure one cell is the other under a new name."""
    text = difflib.SequenceMatcher(None, was[old].source, now[new].source).ratio()
    same_place = _neighbours(old, list(was), now) == _neighbours(new, list(now), was)
    return max(text, _ALIKE) if same_place and text > _LITTLE else text


def _neighbours(cell: str, cells: Sequence[str], kept: Mapping[str, Any]) -> list[str]:
    """The cells around it that are in `kept` too."""
    there = [name for name in cells if name in kept or name == cell]
    place = there.index(cell)
    return [name for name in there[max(0, place - 1) : place + 2] if name != cell]
