"""The page `coverage`: for each item of the syllabus, where it is taught, worked, drawn, exercised
and graded. Made from the marks in lectures and problem sets; nothing is written down here.

A cell is marked in its metadata, `chainrule.syllabus`: a list of items such as "1.neuron".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = ("taught", "worked", "drawn", "exercised", "graded")

HEAD = """# What is taught, and where it is tried

Every item of the syllabus, by lecture: the section that *teaches* it; what is *worked* there, in
cells that compute; what is *drawn* in that section or in the nearest one; the questions that
*exercise* it (c is a set's challenge, o a cell of your own, s a self-check question of the
lecture); and those that are *graded*.

"""


@dataclass
class Item:
    """An item of the syllabus, and what stands in each column of its row."""

    name: str
    taught: list[str] = field(default_factory=list)
    worked: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    exercised: list[str] = field(default_factory=list)
    graded: list[str] = field(default_factory=list)


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in found:
        cell["source"] = "".join(cell["source"])
    return found


def marks(cell: dict[str, Any]) -> list[str]:
    """The items that a cell is marked with."""
    return list(cell["metadata"].get("chainrule", {}).get("syllabus", []))


def has(cell: dict[str, Any], *kinds: str) -> bool:
    """Whether a cell shows something of one of these kinds."""
    data = [kind for output in cell.get("outputs", ()) for kind in output.get("data", {})]
    streams = [output["output_type"] for output in cell.get("outputs", ())]
    return any(kind in (*data, *streams) for kind in kinds)


def items() -> dict[str, Item]:
    """Every item, in the order of the lectures."""
    found: dict[str, Item] = {}
    for path in sorted((ROOT / "course").glob("*.ipynb")):
        _read_lecture(path, found)
    for path in sorted((ROOT / "source").glob("*/*.ipynb")):
        _read_problem_set(path, found)
    return found


def _read_lecture(path: Path, found: dict[str, Item]) -> None:
    number = int(path.stem[:2])
    section, anchor, place = path.stem, "", 0
    where: dict[str, int] = {}
    pictures: dict[int, str] = {}
    links: dict[int, str] = {}
    for cell in cells(path):
        for a, heading in re.findall(r'<a id="([\w-]+)"></a>\n\n##+ (.*)', cell["source"]):
            section, anchor, place = heading, a, place + 1
        # As HTML: an anchor of a lecture's own, which stays when its heading changes.
        address = f"course/{path.stem}.html#{anchor}"
        links[place] = f'<a href="{address}">{number}: {section.replace("|", " ")}</a>'
        shown = str(cell.get("outputs", "")).replace("chainrule-question", "")
        if has(cell, "image/png", "image/svg+xml") or "chainrule-" in shown:
            pictures.setdefault(place, section)
        for name in marks(cell):
            item = found.setdefault(name, Item(name))
            where.setdefault(name, place)
            _add(item.taught, links[place])
            if has(cell, "stream", "text/plain"):
                _add(item.worked, f"`{cell['id']}`")
            if cell["id"].startswith("quiz-"):
                _add(item.exercised, f"s `{cell['id'].removeprefix('quiz-')}`")
    for name, place in where.items():
        nearest = sorted(pictures, key=lambda one: (abs(one - place), one > place))
        if nearest:
            _add(found[name].drawn, pictures[nearest[0]])
        if not found[name].worked:
            _add(found[name].worked, pictures.get(place, ""))
    for cell in cells(path):
        for name in marks(cell):
            if not found[name].worked and re.search(r"^\|.*`", cell["source"], re.MULTILINE):
                _add(found[name].worked, "line by line")


def _read_problem_set(path: Path, found: dict[str, Item]) -> None:
    number = path.stem[2]
    graded = {
        cell["metadata"]["nbgrader"]["grade_id"].split("_")[0]
        for cell in cells(path)
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    for cell in cells(path):
        question = cell["id"].split("_")[0]
        for name in marks(cell):
            item = found.setdefault(name, Item(name))
            short = question.upper() if question in graded else OTHERS[question]
            if question in graded:
                _into_set(item.graded, number, short)
            _into_set(item.exercised, number, short)


OTHERS = {"challenge": "c", "own": "o"}  # what is no question: a challenge, a cell of one's own


def _into_set(column: list[str], number: str, question: str) -> None:
    """Add a question to the entry of its set: `set 1: Q9, Q14`."""
    begin = f"set {number}: "
    for place, entry in enumerate(column):
        if entry.startswith(begin):
            column[place] = f"{entry}, {question}"
            return
    column.append(begin + question)


def _add(column: list[str], text: str) -> None:
    if text and text not in column:
        column.append(text)


def page() -> str:
    """The page, in Markdown: a table for each lecture."""
    lines = [HEAD]
    lecture = ""
    for item in items().values():
        if item.name.split(".")[0] != lecture:
            lecture = item.name.split(".")[0]
            lines += ["", f"## Unit {lecture}", "", f"| item | {' | '.join(COLUMNS)} |"]
            lines.append("|---" * (len(COLUMNS) + 1) + "|")
        row = [item.name.split(".")[1].replace("-", " ")]
        row += ["<br>".join(getattr(item, column)[:3]) for column in COLUMNS]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"
