"""A class of hostile students, and honest ones between them, graded by one `chainrule grade`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chainrule.grading.sandbox.scratch import remove_tree
from grader_tests.support.command import PROGRAM
from grader_tests.threats.course import ASSIGNMENT, RIGHT, Traps, hand_in, stub
from grader_tests.threats.ours import CHAINRULE, Grader, Run
from grader_tests.threats.outcome import (
    Outcome,
    harm_to_others,
    intruders,
    leaks,
    scores,
    shown,
    told,
)
from grader_tests.threats.row import Threat
from grader_tests.threats.table import THREATS

_EVERY = 10  # after so many hostile students comes an honest one
_OURS = (".cache/matplotlib",)  # what Python's packages keep in a home folder themselves


@dataclass
class Class:
    """What came of it. handed_in: submissions; with_notebook: those that have a graded notebook;
    outcomes and notes: by the threat's id; honest: points by student."""

    first: Run
    second: Run
    feedback: Run
    handed_in: int = 0
    with_notebook: int = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    honest: dict[str, float] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    processes: list[int] = field(default_factory=list)
    intruders: list[str] = field(default_factory=list)
    connections: int = 0


def grade_class(
    traps: Traps, command: tuple[str, ...] = CHAINRULE, rows: Sequence[Threat] = THREATS
) -> Class:
    """Hand everything in, grade it, and grade it once more."""
    students = {row.id: f"{number:03}-{row.id}" for number, row in enumerate(rows, 1)}
    with traps.listening():
        for number, row in enumerate(rows):
            row.put(traps, students[row.id])
            if number % _EVERY == 0:
                hand_in(traps, f"{students[row.id]}-honest", stub(traps, RIGHT))
        before = traps.fingerprint()
        grader = Grader(traps, command)
        feedback = Grader(traps, (*PROGRAM, "feedback", ASSIGNMENT))
        found = Class(grader.run(), grader.run(), feedback.run())
    found.processes = traps.processes()
    after = traps.fingerprint()
    found.changed = sorted(
        path
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) and not any(one in path for one in _OURS)
    )
    found.left, found.intruders = traps.left(), intruders(traps)
    found.connections = traps.connections
    found.handed_in = len(list((traps.course / "submitted").glob("*")))
    found.with_notebook = len(list((traps.course / "autograded").glob(f"*/*/{ASSIGNMENT}.ipynb")))
    for folder in (traps.course / "submitted").glob("*-deep-folders"):
        remove_tree(str(folder))  # which is deeper than most programs can remove
    got = scores(traps)
    found.honest = {name: points for name, points in got.items() if name.endswith("honest")}
    notes = notes_of(found.first.wrote)
    for row in rows:
        student = students[row.id]
        found.notes[row.id] = notes.get(student, [])
        said = (found.notes[row.id] or [shown(traps, student)])[0]
        harm = [*leaks(traps, student), *harm_to_others(traps, student, got)]
        harm += told(traps, student)
        found.outcomes[row.id] = Outcome(got.get(student), tuple(harm), said)
    return found


def notes_of(wrote: str) -> dict[str, list[str]]:
    """What `chainrule grade` said of each student: lines that it broke are put together again."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in wrote.splitlines():
        match = re.match(r"(?:note|failed) ([^:\s]+): (.*)", line)
        if match:
            lines = found.setdefault(match[1], [])
            lines.append(match[2].strip())
        elif line.startswith("note "):  # of a name alone, or of a master
            lines = []
        elif lines and line.strip():
            lines[-1] += " " + line.strip()
    return found
