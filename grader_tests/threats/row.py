"""A row of the table of threats, and the few ways in which a submission is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader_tests.threats.course import (
    ASSIGNMENT,
    FULL,
    RIGHT,
    WITHOUT_Q2,
    WRONG,
    Traps,
    hand_in,
    stub,
)

Cells = list[dict[str, Any]]


@dataclass(frozen=True)
class Threat:
    """One thing that a submission tries.

    id:     in short; the student who tries it is called by it.
    clause: what it is for, in the words of `clauses.SECTIONS`.
    tried:  in plain words, for the page.
    put:    lays the submission into a course, for a student.
    most, least: the points that its answers earn; least is lower where an attack may hurt what its
            own student wrote elsewhere.
    told:   a regular expression for what the instructor is told, empty where there is nothing to
            be told but a wrong answer.
    danger: why it is not tried on stock nbgrader, or nothing.
    """

    id: str
    clause: str
    tried: str
    put: Callable[[Traps, str], object]
    most: float
    least: float
    told: str = ""
    danger: str = ""


def beside(row: Threat, same: bool = False, **others: dict[str, str]) -> Threat:
    """The row, with companions who hand in too, and come after its student.

    same: one hands in the very same. others: by what they are (see `outcome.harm_to_others`), the
    answers they give; those not named are right.
    """

    def put(traps: Traps, student: str) -> None:
        row.put(traps, student)
        if same:
            row.put(traps, f"{student}-same")
        for name, answers in others.items():
            hand_in(traps, f"{student}-{name}", stub(traps, {**RIGHT, **answers}))

    return replace(row, put=put)


def steal(
    id: str, clause: str, tried: str, source: str = "", added: str = "", wrong: str = WRONG
) -> Threat:
    """Nothing is answered rightly, and every point would be stolen.

    source: stands after the wrong answers; added: a cell at the top.
    """

    def put(traps: Traps, student: str) -> None:
        answers = {"q1_multiply": wrong + source, "q2_power": "pass", "q3_exp": "pass"}
        notebook = stub(traps, answers)
        if added:
            notebook["cells"].insert(0, code_cell(traps.fill_in(added)))
        hand_in(traps, student, notebook)

    return Threat(id, clause, tried, put, 0.0, 0.0)


def change(id: str, clause: str, tried: str, edit: Callable[[Cells], Cells | None]) -> Threat:
    """A stub, whose notebook itself is changed so that it gives points."""

    def put(traps: Traps, student: str) -> None:
        notebook = stub(traps, {"q1_multiply": WRONG, "q2_power": "pass", "q3_exp": "pass"})
        notebook["cells"] = edit(notebook["cells"]) or notebook["cells"]
        hand_in(traps, student, notebook)

    return Threat(id, clause, tried, put, 0.0, 0.0)


def hurt(
    id: str, clause: str, tried: str, source: str, told: str = "", least: float = WITHOUT_Q2,
    danger: str = "", most: float = WITHOUT_Q2,
) -> Threat:  # fmt: skip
    """An attack in the second answer; the first and the third are right."""

    def put(traps: Traps, student: str) -> None:
        hand_in(traps, student, stub(traps, {**RIGHT, "q2_power": source}))

    return Threat(id, clause, tried, put, most, least, told, danger)


def spy(id: str, clause: str, tried: str, source: str, added: str = "", danger: str = "") -> Threat:
    """All is right, and besides the second answer looks for, or leaves, what is not its own."""

    def put(traps: Traps, student: str) -> None:
        notebook = stub(traps, {**RIGHT, "q2_power": RIGHT["q2_power"] + source})
        if added:
            notebook["cells"].insert(0, code_cell(traps.fill_in(added)))
        hand_in(traps, student, notebook)

    return Threat(id, clause, tried, put, FULL, WITHOUT_Q2, danger=danger)


def mixed(
    id: str, clause: str, tried: str, answers: dict[str, str], most: float, least: float,
    told: str = "", added: str = "", danger: str = "",
) -> Threat:  # fmt: skip
    """Right answers but for these; `added` stands in a cell at the end."""

    def put(traps: Traps, student: str) -> None:
        notebook = stub(traps, {**RIGHT, **answers})
        if added:
            notebook["cells"].append(code_cell(traps.fill_in(added)))
        hand_in(traps, student, notebook)

    return Threat(id, clause, tried, put, most, least, told, danger)


def raw(
    id: str, clause: str, tried: str, content: Callable[[bytes], bytes], told: str,
    points: float = 0.0, least: float | None = None, danger: str = "",
) -> Threat:  # fmt: skip
    """A solved notebook whose bytes are changed."""

    def put(traps: Traps, student: str) -> None:
        folder = hand_in(traps, student, None)
        whole = json.dumps(stub(traps, RIGHT)).encode()
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(content(whole))

    return Threat(id, clause, tried, put, points, points if least is None else least, told, danger)


def files(
    id: str, clause: str, tried: str, lay: Callable[[Path, bytes], object], told: str,
    points: float = 0.0,
) -> Threat:  # fmt: skip
    """Files laid into the student's folder: given the folder, and a solved notebook's bytes."""

    def put(traps: Traps, student: str) -> None:
        folder = hand_in(traps, student, None)
        lay(folder, json.dumps(stub(traps, RIGHT)).encode())

    return Threat(id, clause, tried, put, points, points, told)


def code_cell(source: str) -> dict[str, Any]:
    """A code cell that a student added."""
    return {
        "cell_type": "code", "execution_count": None, "id": "added", "metadata": {},
        "outputs": [], "source": source,
    }  # fmt: skip


def checks(cells: Cells) -> Cells:
    """The check cells."""
    return [one for one in cells if one["metadata"].get("nbgrader", {}).get("grade")]
