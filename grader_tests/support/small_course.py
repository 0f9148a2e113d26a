"""A course of two questions and a class of four, in a folder."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_notebook

from grader_tests.support.notebooks import RIGHT, TWO, answered, master, submission

__all__ = ["ANSWERS", "MASTER", "hand_in", "make_course"]

ANSWERS = {
    "ada": RIGHT,
    "bob": {"q1": RIGHT["q1"], "w1": "Some words."},
    "eve": {"q1": "import os; os._exit(0)", "q2": RIGHT["q2"]},
    "zoe": {},
}
MASTER = master(*TWO)


def make_course(root: Path, answers: dict[str, dict[str, str]] = ANSWERS) -> Path:
    (root / "source/ps").mkdir(parents=True)
    nbformat.write(new_notebook(cells=list(TWO)), root / "source/ps/ps.ipynb")
    for student, given in answers.items():
        hand_in(root, student, given)
    return root


def hand_in(root: Path, student: str, given: dict[str, str]) -> None:
    folder = root / "submitted" / student / "ps"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ps.ipynb").write_bytes(submission(answered(MASTER, given)).notebook or b"")
