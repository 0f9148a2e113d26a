"""The same table where the kernel refuses namespaces: as root, and as an ordinary user."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader_tests.support.refused import REFUSED, as_user, opened
from grader_tests.threats import (
    exhausting,
    holding,
    malformed,
    reaching,
    reading,
    stealing,
    telling,
)
from grader_tests.threats.course import FULL, Traps, copy_course, make_course
from grader_tests.threats.here import Class, grade_class
from grader_tests.threats.ours import CHAINRULE
from grader_tests.threats.row import Threat
from grader_tests.threats.table import THREATS

pytestmark = [pytest.mark.overnight, pytest.mark.timeout(600)]

# A class each, so that none takes long.
PARTS: dict[str, tuple[Threat, ...]] = {
    "stealing": stealing.THREATS,
    "reading": reading.THREATS,
    "exhausting": exhausting.EXHAUSTING,
    "dying": exhausting.DYING,
    "malformed": malformed.THREATS,
    "reaching": reaching.THREATS,
    "holding": holding.HOLDING,
    "filling": holding.FILLING,
    "telling": (*telling.DERIVING, *telling.HIDDEN),
}


def test_every_row_is_in_a_part() -> None:
    assert [row.id for part in PARTS.values() for row in part] == [row.id for row in THREATS]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="threats-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def empty(place: Path, in_ci: bool) -> Traps:
    lacking = _lacking()
    if lacking:
        pytest.fail(lacking) if in_ci else pytest.skip(lacking)
    return make_course(place / "empty")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_threats_come_to_nothing_without_namespaces(
    empty: Traps, place: Path, user: str, part: str
) -> None:
    traps = copy_course(empty, place / f"{user}-{part}")
    before = as_user() if user == "ordinary" else ()
    command = (*opened(), *before, *REFUSED, *CHAINRULE)
    graded = grade_class(traps, command, PARTS[part])
    assert graded.first.status == 0, graded.first.wrote[-3000:]
    assert "0 failed" in graded.first.wrote
    assert "Traceback" not in graded.first.wrote
    assert set(graded.honest.values()) == {FULL}
    assert graded.left == []
    assert graded.intruders == []
    assert graded.connections == 0
    assert graded.processes == []
    assert [line for row in PARTS[part] for line in _faults(row, graded)] == []


def _faults(row: Threat, graded: Class) -> list[str]:
    outcome = graded.outcomes[row.id]
    found = [f"{row.id}: {one}" for one in outcome.harm]
    if outcome.points is None or not row.least <= outcome.points <= row.most:
        found.append(f"{row.id}: {outcome.points} points, {row.least} to {row.most} are right")
    if row.told and not re.search(row.told, "\n".join(graded.notes[row.id])):
        found.append(f"{row.id}: nobody is told")
    return found


def _lacking() -> str:
    if os.geteuid() != 0:
        return "needs root: it becomes another user"
    return "" if shutil.which("setpriv") else "needs setpriv"
