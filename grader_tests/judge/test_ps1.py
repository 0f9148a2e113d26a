"""A course like that of nbgrader's documentation: graded by nbgrader as it comes, by nbgrader with
the judge in it, and by `chainrule grade`, with the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import ps1
import pytest
from nbgrader.api import Gradebook

from grader_tests.gradebookrows import Rows, differences, rows
from grader_tests.test_same_rows import program

SETTINGS = """
c = get_config()
c.LateSubmissionPlugin.penalty_method = "zero"
c.OverwriteCells.add_missing_cells = True
"""
PLUGIN = 'c.Autograde.exporter_class = "chainrule.grading.nbgrader_plugin.JudgeExporter"\n'


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ps1.make(tmp_path_factory.mktemp("ps1") / "ungraded")
    (folder / "nbgrader_config.py").write_text(SETTINGS)
    program(folder, "nbgrader", "generate_assignment", "ps1")
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
        book.update_or_create_assignment("ps1", duedate=ps1.DUE)
    return folder


@pytest.fixture(scope="module")
def graded(ungraded: Path) -> dict[str, Path]:
    """The course three times, graded in three ways."""

    def made(name: str, settings: str, *command: str) -> Path:
        copy = ungraded.with_name(name)
        shutil.copytree(ungraded, copy)
        (copy / "nbgrader_config.py").write_text(SETTINGS + settings)
        program(copy, *command, "ps1")
        return copy

    ways: dict[str, Callable[[], Path]] = {
        "stock": lambda: made("stock", "", "nbgrader", "autograde"),
        "plugin": lambda: made("plugin", PLUGIN, "nbgrader", "autograde"),
        "chainrule": lambda: made("chainrule", "", "chainrule", "grade"),
    }
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(ways, pool.map(lambda way: way(), ways.values()), strict=True))


@pytest.fixture(scope="module")
def found(graded: dict[str, Path]) -> dict[str, Rows]:
    return {way: rows(folder / "gradebook.db") for way, folder in graded.items()}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["chainrule", "plugin"])
def test_the_same_rows_as_stock_nbgrader(way: str, found: dict[str, Rows]) -> None:
    assert differences(found[way], found["stock"]) == []


# What the answers in `ps1.py` should get; where a person grades it is None.
POINTS = {
    "bitdiddle": {
        "mean_is_right": 1, "mean_of_nothing": 1, "spread_in_parts": 2, "spread_uses_mean": 0.5,
        "mean_is_back": 0.5, "wettest_is_right": 1, "formula": None, "use": None, "plot": None,
    },
    "hacker": {
        "mean_is_right": 1, "mean_of_nothing": 0, "spread_in_parts": 2, "spread_uses_mean": 0,
        "mean_is_back": 0.5, "wettest_is_right": 0, "formula": 0, "use": None, "what": None,
    },
    "reasoner": {"mean_of_nothing": 1, "spread_in_parts": 0.5, "spread_uses_mean": 0.5},
    "ben": {"spread_in_parts": 2, "wettest_is_right": 0, "what": 0, "use": 0},
}  # fmt: skip


@pytest.mark.slow
def test_everyone_gets_what_the_answers_are_worth(found: dict[str, Rows]) -> None:
    scores = {
        (key[2], key[5]): value
        for key, value in found["chainrule"].items()
        if key[:2] == ("grade", "auto_score")
    }
    for student, expected in POINTS.items():
        assert {name: scores[student, name] for name in expected} == expected, student


@pytest.mark.slow
def test_late_work_files_and_notebooks(graded: dict[str, Path], found: dict[str, Rows]) -> None:
    for way, folder in graded.items():
        late = {
            key[2] for key, value in found[way].items()
            if key[1] == "late_submission_penalty" and value
        }  # fmt: skip
        assert late == {"reasoner"}, way
        hacker = folder / "autograded/hacker/ps1"
        assert (hacker / "rain.csv").read_text() == ps1.FILES["rain.csv"]
        assert (hacker / "notes/own.txt").read_text() == "mine"
        assert not (folder / "autograded/ben/ps1/problem2.ipynb").exists()
    for path in graded["chainrule"].glob("autograded/*/*/*.ipynb"):
        twin = graded["plugin"] / path.relative_to(graded["chainrule"])
        assert nbformat.read(path, as_version=4) == nbformat.read(twin, as_version=4)
