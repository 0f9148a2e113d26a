"""The checksum by which nbgrader tells that a cell is as it was released, without nbgrader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from nbformat import from_dict
from nbgrader.utils import compute_checksum

from chainrule.notebook.cells import checksum_of, nbgrader_of
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import problem_sets

FLAGS = some.fixed_dictionaries(
    {"grade_id": some.text(max_size=9)},
    optional={
        **{name: some.booleans() for name in ("grade", "solution", "locked", "task")},
        "points": some.integers(0, 99) | some.floats(0, 99),
    },
)
TEXT = some.text(some.characters(exclude_categories=["Cs"]), max_size=40)


@given(FLAGS, TEXT, some.sampled_from(["code", "markdown", "raw"]))
def test_it_is_nbgraders(flags: dict[str, Any], source: str, kind: str) -> None:
    if flags.get("grade"):
        flags.setdefault("points", 1)
    cell = from_dict({"source": source, "cell_type": kind, "metadata": {"nbgrader": flags}})
    assert checksum_of(cell) == compute_checksum(cell)
    cell["source"] = source.splitlines(keepends=True)  # as it stands in a file
    assert checksum_of(cell) == compute_checksum(from_dict({**cell, "source": source}))


@pytest.mark.parametrize("name", sorted(problem_sets()))
def test_released_cells_are_as_they_were_released(name: str) -> None:
    from nbformat import read

    notebook = read(ROOT / "release" / name / f"{name}.ipynb", as_version=4)
    known = [cell for cell in notebook.cells if "checksum" in nbgrader_of(cell)]
    assert len(known) > 20
    assert all(checksum_of(cell) == nbgrader_of(cell)["checksum"] for cell in known)


@pytest.mark.parametrize("points", ["many", None, [1]])
def test_what_a_learner_broke_has_a_checksum_too(points: object) -> None:
    cell = {
        "source": "\ud800", "cell_type": "code",
        "metadata": {"nbgrader": {"grade": True, "grade_id": "q", "points": points}},
    }  # fmt: skip
    assert len(checksum_of(cell)) == 32
