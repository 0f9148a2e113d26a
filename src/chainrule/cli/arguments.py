"""What is typed after a command: the names of assignments and students, completed and checked."""

from __future__ import annotations

from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chainrule.course.folder import Course

__all__ = ["AsJson", "Assignment", "Jobs", "Students", "assignment_in", "nearest", "to_write"]


def _assignments(incomplete: str) -> list[str]:
    """For a shell that completes; never an error, which would land in what is being typed."""
    with suppress(Exception):
        from chainrule.course.folder import Course

        return [name for name in Course.find().assignments if name.startswith(incomplete)]
    return []


def _students(incomplete: str) -> list[str]:
    with suppress(Exception):
        from chainrule.course.folder import Course

        folders = sorted((Course.find().root / "submitted").iterdir())
        return [one.name for one in folders if one.is_dir() and one.name.startswith(incomplete)]
    return []


Assignment = Annotated[
    str,
    typer.Argument(help="A problem set, such as ps1_scalar_circuits.", autocompletion=_assignments),
]
Students = Annotated[
    list[str] | None,
    typer.Option("--student", help="Only this one; repeatable.", autocompletion=_students),
]
Jobs = Annotated[int | None, typer.Option(help="How many at once.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print plain data, for tools.")]


def assignment_in(course: Course, typed: str) -> str:
    """The assignment that was meant: what Tab makes of a folder's name will do as well.

    Raises CourseError, with the nearest name, for what is neither in source/ nor graded already.
    """
    from chainrule.course.folder import CourseError

    name = typed.rstrip("/\\") or typed
    if Path(name).parent.name == "source":
        name = Path(name).name
    known = course.assignments
    if name in known or (name and any(course.root.glob(f"autograded/*/{_plain(name)}"))):
        return name
    if not known:
        raise CourseError(
            f"no such assignment: {typed}; {course.root / 'source'} has no folder with a notebook"
        )
    raise CourseError(f"no such assignment: {typed}; {nearest(name, known)}")


def nearest(name: str, known: list[str]) -> str:
    """What to say of a name that is not known: the most similar one, or all there are."""
    similar = get_close_matches(name.lower(), [one.lower() for one in known], 1, 0.5)
    begins = [one for one in known if name and one.lower().startswith(name.lower())]
    found = begins or [one for one in known if one.lower() in similar]
    return f"did you mean {found[0]}?" if found else f"there are {', '.join(known)}"


def to_write(path: Path, *endings: str) -> Path:
    """The file that was named to be written. Raises CourseError where that has no name, or is there
    already and of another kind: nothing that was not made by the command is lost by it."""
    from chainrule.course.folder import CourseError

    if not path.name:
        raise CourseError("no file is named that could be written")
    if path.is_file() and path.suffix.lower() not in endings:
        raise CourseError(
            f"{path} is there already, and not a file that this command writes: name one that "
            f"ends in {endings[0]}"
        )
    return path


def _plain(name: str) -> str:
    """For glob, which would take a name with * for many."""
    from glob import escape

    return escape(name) if "/" not in name and name not in (".", "..") else "\0"
