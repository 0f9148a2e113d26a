"""The gradebook's cells made those of the masters again, and what people entered kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nbgrader import api
from sqlalchemy import delete, insert, select, update

from chainrule.grading.gradebook.master_changes import (
    KINDS,
    WITH_POINTS,
    MasterChange,
    kinds_of,
    notebooks_of,
)
from chainrule.grading.judge.master import Master, MasterCell

__all__ = ["agree"]

_BASE, _GRADE, _COMMENT, _SOURCE, _WORK = (
    model.__table__
    for model in (api.BaseCell, api.Grade, api.Comment, api.SourceCell, api.SubmittedNotebook)
)


def agree(
    db: Any, assignment: str, masters: Sequence[Master], changes: Iterable[MasterChange]
) -> None:
    """Make the gradebook's cells those of the masters; `changes` says which were renamed, and
    which are gone although another has their name.

    Grades, comments and flags of cells that are still there stay, also under a new name. The
    automatic score of a cell whose points changed is taken back until it is graded again. Nothing
    is committed here. Raises what the database does.
    """
    changes = list(changes)
    _rename_notebooks(db, assignment, changes)
    number_of = notebooks_of(db, assignment)
    for name, number in number_of.items():
        here = [one for one in changes if one.notebook == name and one.cell]
        gone = {one.cell for one in here if one.what == "dropped"}
        _drop_cells(db, number, [one for one in _cells_of(db, number) if one.name in gone])
        _rename(db, number, {one.was: one.now for one in here if one.what == "renamed"})
    wanted = {master.name: master for master in masters}
    for name in number_of.keys() - wanted.keys():
        _drop_notebook(db, number_of.pop(name))
    for name, master in wanted.items():
        number = number_of.get(name) or _add_notebook(db, assignment, name)
        cells = {cell.grade_id: cell for cell in master.cells}
        kept = {(name, kind) for name, cell in cells.items() for kind in kinds_of(cell)}
        there = _cells_of(db, number)
        _drop_cells(db, number, [one for one in there if (one.name, one.type) not in kept])
        for cell in cells.values():
            for kind in kinds_of(cell):
                _put(db, number, kind, cell)
        _put_sources(db, number, cells)


def _rename_notebooks(db: Any, assignment: str, changes: Iterable[MasterChange]) -> None:
    book = api.Notebook.__table__
    for one in changes:
        if one.what == "renamed" and not one.cell:
            number = notebooks_of(db, assignment)[one.was]
            db.execute(update(book).where(book.c.id == number).values(name=one.now))


def _rename(db: Any, number: str, names: Mapping[str, str]) -> None:
    """Give cells of a notebook their new names; some may have taken each other's."""
    between = {old: api.new_uuid() for old in names}
    steps = [*between.items(), *((between[old], new) for old, new in names.items())]
    for old, new in steps:
        for table in (_BASE, _SOURCE):
            here = table.c.notebook_id == number, table.c.name == old
            db.execute(update(table).where(*here).values(name=new))


def _add_notebook(db: Any, assignment: str, name: str) -> str:
    """Enter a notebook, and that everybody who handed in the assignment has one."""
    number = api.new_uuid()
    whole = db.scalar(select(api.Assignment.id).where(api.Assignment.name == assignment))
    db.execute(insert(api.Notebook.__table__).values(id=number, name=name, assignment_id=whole))
    mine = api.SubmittedAssignment
    for work in db.scalars(select(mine.id).where(mine.assignment_id == whole)).all():
        place = {"assignment_id": work, "notebook_id": number}
        db.execute(insert(_WORK).values(id=api.new_uuid(), **place))
    return number


def _drop_notebook(db: Any, number: str) -> None:
    """Take out a notebook, its cells, and what was handed in of it."""
    _drop_cells(db, number, _cells_of(db, number))
    db.execute(delete(_SOURCE).where(_SOURCE.c.notebook_id == number))
    db.execute(delete(_WORK).where(_WORK.c.notebook_id == number))
    book = api.Notebook.__table__
    db.execute(delete(book).where(book.c.id == number))


def _cells_of(db: Any, number: str) -> list[Any]:
    """The id, name and type of each cell of a notebook."""
    columns = select(_BASE.c.id, _BASE.c.name, _BASE.c.type)
    return list(db.execute(columns.where(_BASE.c.notebook_id == number)).all())


def _drop_cells(db: Any, number: str, cells: Iterable[Any]) -> None:
    """Take out cells of a notebook, with all grades and comments of them."""
    for cell in cells:
        for table in (_GRADE, _COMMENT):
            db.execute(delete(table).where(table.c.cell_id == cell.id))
        for table in (KINDS[cell.type].__table__, _BASE):
            db.execute(delete(table).where(table.c.id == cell.id))
        source = _SOURCE.c.notebook_id == number, _SOURCE.c.name == cell.name
        db.execute(delete(_SOURCE).where(*source))


def _put(db: Any, number: str, kind: str, cell: MasterCell) -> None:
    """Enter a cell, or bring it to the master's points and type; and see that each submission has
    a row of it."""
    own = KINDS[kind].__table__
    pointed = kind in WITH_POINTS
    values = {"max_score": cell.points, "cell_type": cell.cell_type} if pointed else {}
    here = _BASE.c.notebook_id == number, _BASE.c.name == cell.grade_id, _BASE.c.type == kind
    found = db.scalar(select(_BASE.c.id).where(*here))
    if found is None:
        found = api.new_uuid()
        place = {"id": found, "name": cell.grade_id, "notebook_id": number, "type": kind}
        db.execute(insert(_BASE).values(**place))
        db.execute(insert(own).values(id=found, **values))
    elif pointed:
        before = db.scalar(select(own.c.max_score).where(own.c.id == found))
        db.execute(update(own).where(own.c.id == found).values(**values))
        if before != cell.points and cell.is_check:
            taken_back = {"auto_score": None, "needs_manual_grade": _GRADE.c.manual_score.is_(None)}
            db.execute(update(_GRADE).where(_GRADE.c.cell_id == found).values(**taken_back))
    if pointed:
        _give_rows(db, number, found, _GRADE, needs_manual_grade=True)
    if kind != "GradeCell":
        _give_rows(db, number, found, _COMMENT)


def _give_rows(db: Any, number: str, cell: str, table: Any, **values: Any) -> None:
    """A row of the cell for every submission that has none."""
    have = select(table.c.notebook_id).where(table.c.cell_id == cell)
    without = select(_WORK.c.id).where(_WORK.c.notebook_id == number, _WORK.c.id.not_in(have))
    rows = [
        {"id": api.new_uuid(), "notebook_id": work, "cell_id": cell, **values}
        for work in db.scalars(without).all()
    ]
    if rows:
        db.execute(insert(table), rows)


def _put_sources(db: Any, number: str, cells: dict[str, MasterCell]) -> None:
    """What nbgrader keeps of the text of each cell, so that its own commands find it changed."""
    rows = select(_SOURCE.c.name, _SOURCE.c.id).where(_SOURCE.c.notebook_id == number)
    there = dict(db.execute(rows).all())
    for name in there.keys() - cells.keys():
        db.execute(delete(_SOURCE).where(_SOURCE.c.id == there[name]))
    for name, cell in cells.items():
        values = {
            "cell_type": cell.cell_type,
            "source": cell.source,
            "locked": not cell.is_theirs,
            "checksum": cell.metadata.get("checksum"),
        }
        if name in there:
            db.execute(update(_SOURCE).where(_SOURCE.c.id == there[name]).values(**values))
        else:
            place = {"id": api.new_uuid(), "name": name, "notebook_id": number}
            db.execute(insert(_SOURCE).values(**place, **values))
