"""What learning-management systems do with a file of grades, by their published rules."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema


class Canvas:
    """Reads a gradebook as Canvas does: lib/gradebook_importer.rb in instructure/canvas-lms.

    users: (ID, SIS User ID, login, name) of the course's students; assignments: id -> title.
    """

    def __init__(self, users: list[tuple[str, str, str, str]], assignments: dict[str, str]) -> None:
        self.users, self.assignments = users, assignments
        self.grades: dict[tuple[str, str], str] = {}
        self.points: dict[str, str] = {}
        self.unknown: list[str] = []

    def upload(self, path: Path) -> Canvas:
        text = path.read_bytes().decode("utf-8")
        separator = self._separator(text.split("\n")[:3])
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        header = rows[0]
        assert "Student" in header[0]
        assert "ID" in header[1]
        known = 3
        login = user = root = None
        if re.search(r"SIS\s+Login\s+ID", header[2]):
            login, known = 2, 4
        elif re.search(r"SIS\s+User\s+ID", header[2]) and re.search(r"SIS\s+Login\s+ID", header[3]):
            user, login, known = 2, 3, 5
            if re.search(r"Root\s+Account", header[4]):
                root, known = 4, 6
        assert "Section" in header[known - 1]
        assert root is None or all(row[root] != "" for row in rows[2:])
        totals = "(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)"
        titles = {n: t for n, t in enumerate(header) if n >= known and not re.search(totals, t)}
        for row in rows[1:]:
            assert len(row) == len(header)
            row = [self._normal(cell) for cell in row]
            if "Points Possible" in row[0]:
                self.points = {self._assignment(t): row[n] for n, t in titles.items()}
                continue
            who = self._who(row, user, login)
            if who is None:
                self.unknown.append(row[0])
                continue
            for n, title in titles.items():
                self.grades[who, self._assignment(title)] = row[n].strip()
        return self

    @staticmethod
    def _separator(lines: list[str]) -> str:
        def fields(separator: str) -> int:
            try:
                counts = {
                    len(next(csv.reader([line], delimiter=separator, strict=True), []))
                    for line in lines
                }
            except csv.Error:
                return 0
            return counts.pop() if len(counts) == 1 else 0

        return ";" if fields(";") > fields(",") else ","

    @staticmethod
    def _normal(cell: str) -> str:
        """Every cell that is a number gets a decimal point, whatever it is a number of."""
        if not re.fullmatch(r"-?[0-9.,]+%?", cell):
            return cell
        *whole, last = re.split("[,.]", cell)
        return f"{''.join(whole)}.{last}" if whole else last

    def _assignment(self, title: str) -> str:
        match = re.fullmatch(r"(.*)\s\((\d+)\)", title)
        if match and match[2] in self.assignments:
            return match[2]
        by_title = {name: number for number, name in self.assignments.items()}
        return by_title.get(title, f"new: {title}")

    def _who(self, row: list[str], user: int | None, login: int | None) -> str | None:
        digits = re.match(r"\s*(\d+)", row[1])  # to_i
        ways = (
            lambda u: bool(digits) and u[0] == digits[1],
            lambda u: user is not None and row[user] != "" and u[1] == row[user],
            lambda u: login is not None and row[login] != "" and u[2] == row[login],
            lambda u: u[3] == row[0],
        )
        return next((u[0] for way in ways for u in self.users if way(u)), None)


def fgetcsv(text: str) -> list[list[str]]:
    """PHP's reader with its escape character (https://www.php.net/fgetcsv): a backslash and what
    comes after it stand as they are, and an enclosure there does not end the field."""
    rows: list[list[str]] = [[]]
    field, inside, at = "", False, 0
    while at < len(text):
        char = text[at]
        if inside and char == "\\" and at + 1 < len(text):
            field += text[at : at + 2]
            at += 1
        elif inside and text.startswith('""', at):
            field += '"'
            at += 1
        elif char == '"' and (inside or field == ""):
            inside = not inside
        elif not inside and char in ",\n":
            rows[-1].append(field)
            field = ""
            if char == "\n":
                rows.append([])
        else:
            field += char
        at += 1
    rows[-1].append(field)
    assert not inside
    return [row for row in rows if row != [""]]


class Moodle:
    """Imports grades as Moodle does: https://docs.moodle.org/en/Grade_import, and in moodle/moodle
    lib/csvlib.class.php and grade/import/csv/classes/load_data.php.

    users: identifier -> user. map_from: the header of the identifying column. newest: whether a
    cell that looks like a formula gets an apostrophe on arrival, as in the latest versions.
    """

    def __init__(self, users: dict[str, str], map_from: str, newest: bool = False) -> None:
        self.users, self.map_from, self.newest = users, map_from, newest
        self.grades: dict[str, dict[str, float | None]] = {}
        self.feedback: dict[str, dict[str, str]] = {}

    def upload(self, path: Path) -> Moodle:
        text = path.read_bytes().decode("utf-8").removeprefix("\ufeff")
        header, *rows = fgetcsv(re.sub("\r\n?", "\n", text).strip())
        assert all(len(row) == len(header) for row in rows), "csvweirdcolumns"
        header = [name.strip() for name in header]
        for row in rows:
            cells = [self._arrived(cell).strip() for cell in row]
            user = self.users[cells[header.index(self.map_from)]]  # unknown: the import ends
            self.grades[user], self.feedback[user] = {}, {}
            for name, cell in zip(header[3:], cells[3:], strict=True):
                if name.endswith(" (feedback)"):
                    self.feedback[user][name] = cell
                else:
                    self.grades[user][name] = None if cell in ("", "-") else float(cell)
        return self

    def _arrived(self, cell: str) -> str:
        formula = self.newest and cell != "-" and cell.lstrip()[:1] in ("=", "+", "-", "@")
        return "'" + cell if formula and cell.strip() else cell


VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
OUTPUT_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
# https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
RESULTS = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["score"]}, {"required": ["tests"]}],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": OUTPUT_FORMAT,
        "test_output_format": OUTPUT_FORMAT,
        "test_name_format": OUTPUT_FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": OUTPUT_FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": OUTPUT_FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}


def _no_constants(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def read_results(path: Path) -> dict[str, Any]:
    """A results.json; fails when it is none."""
    told: dict[str, Any] = json.loads(
        path.read_text(encoding="utf-8"), parse_constant=_no_constants
    )
    jsonschema.validate(told, RESULTS)
    return told
