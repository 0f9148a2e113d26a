"""Every clause of the threat model, tried through `chainrule grade`."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader_tests.support.paths import ROOT
from grader_tests.threats import ours
from grader_tests.threats.clauses import SECTIONS, clauses, section_of
from grader_tests.threats.course import FULL, Traps, copy_course, make_course
from grader_tests.threats.edits import EDITS, Edit
from grader_tests.threats.here import Class, grade_class
from grader_tests.threats.ours import CHAINRULE, MISHAPS, Grader, Mishap
from grader_tests.threats.row import Threat
from grader_tests.threats.table import THREATS

MEASURED = ROOT / "benchmarks" / "threats.json"


def in_a_class(test: Callable[..., None]) -> Callable[..., None]:
    """A test of the whole class, which takes both processors for minutes."""
    return pytest.mark.slow(pytest.mark.timeout(900)(test))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_clause_is_tried(section: str) -> None:
    ours = {one for row in (*MISHAPS, *EDITS) for one in row.clauses}
    tried = {row.clause for row in THREATS} | ours
    assert [clause for clause in clauses(section) if clause not in tried] == []


def test_rows_are_well_formed() -> None:
    ids = [row.id for row in (*THREATS, *MISHAPS, *EDITS)]
    assert len(ids) == len(set(ids))
    for row in THREATS:
        assert section_of(row.clause)
        assert 0 <= row.least <= row.most <= FULL


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    """A course with nothing handed in but one honest student's work."""
    return make_course(tmp_path_factory.mktemp("threats") / "empty")


@pytest.fixture(scope="session")
def graded(empty: Traps, tmp_path_factory: pytest.TempPathFactory) -> Class:
    """All of them in one class, honest students between them, graded by one command."""
    return grade_class(copy_course(empty, tmp_path_factory.mktemp("class") / "it"))


@in_a_class
def test_the_batch_ends_well(graded: Class) -> None:
    assert graded.first.status == 0, graded.first.wrote[-3000:]
    assert "0 failed" in graded.first.wrote
    assert "Traceback" not in graded.first.wrote


@in_a_class
def test_honest_students_have_what_they_earned(graded: Class) -> None:
    assert len(graded.honest) > len(THREATS) // 10
    assert set(graded.honest.values()) == {FULL}


@in_a_class
def test_nothing_was_left_reached_or_changed(graded: Class) -> None:
    assert graded.left == []
    assert graded.connections == 0
    assert graded.intruders == []
    assert graded.changed == []


@in_a_class
def test_nothing_still_runs(graded: Class) -> None:
    assert graded.processes == []


@in_a_class
def test_a_second_run_finds_nothing_to_do(graded: Class) -> None:
    assert graded.second.status == 0
    assert re.search(rf"^0 graded.*{graded.handed_in} unchanged, 0 failed",
                     graded.second.wrote.strip(), re.MULTILINE)  # fmt: skip


@in_a_class
def test_feedback_is_written_for_all(graded: Class) -> None:
    assert graded.feedback.status == 0, graded.feedback.wrote[-3000:]
    assert f"{graded.with_notebook} written" in graded.feedback.wrote
    assert graded.with_notebook > len(THREATS) - 5  # some hand in no notebook of that name


@in_a_class
@pytest.mark.parametrize("row", THREATS, ids=lambda row: row.id)
def test_a_threat_earns_what_its_answers_earn(graded: Class, row: Threat) -> None:
    outcome = graded.outcomes[row.id]
    assert outcome.points is not None
    assert row.least <= outcome.points <= row.most, outcome
    assert outcome.harm == ()
    if row.told:
        assert re.search(row.told, "\n".join(graded.notes[row.id])), graded.notes[row.id]
    if outcome.points < FULL:  # then the student reads why
        assert outcome.said
    for note in graded.notes[row.id]:
        assert note.endswith(".")
        assert note.isprintable()


@in_a_class
def test_the_page_says_what_was_seen(graded: Class) -> None:
    """The column “here” of the measured data is what this run gives."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    rows = {row["id"]: row for row in measured["rows"]}
    assert list(rows) == [row.id for row in (*THREATS, *MISHAPS, *EDITS)]
    for row in THREATS:
        known, seen = rows[row.id], graded.outcomes[row.id]
        assert (known["tried"], known["clauses"]) == (row.tried, [row.clause])
        here = known["here"]
        assert (here["points"], here["harm"]) == (seen.points, list(seen.harm)), row.id
        assert bool(known["here"]["said"]) == bool(seen.said), row.id


# On our side --------------------------------------------------------------------------------------


@pytest.mark.overnight
@pytest.mark.parametrize("row", MISHAPS, ids=lambda row: row.id)
def test_a_mishap_loses_nothing(empty: Traps, tmp_path: Path, row: Mishap, in_ci: bool) -> None:
    if row.id == "full-disk" and not _may_mount():
        reason = "needs to mount a small file system"
        pytest.fail(reason) if in_ci else pytest.skip(reason)
    traps = copy_course(empty, tmp_path / "it")
    ours.make_class(traps)
    grader = Grader(traps, CHAINRULE)
    said = row.do(grader)
    assert "Traceback" not in said
    again = grader.run()
    assert again.status == 0, again.wrote[-2000:]
    assert ours.faults(traps) == []
    assert "0 graded" in grader.run().wrote


@pytest.mark.slow
@pytest.mark.parametrize("row", EDITS, ids=lambda row: row.id)
def test_an_edit_does_no_harm(empty: Traps, tmp_path: Path, row: Edit) -> None:
    traps = copy_course(empty, tmp_path / "it")
    harm, _ = row.do(Grader(traps, CHAINRULE))
    assert harm == []


def _may_mount() -> bool:
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    try:
        command = ["unshare", *user, "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
