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
from grader_tests.threats import holding, reaching, reading, telling
from grader_tests.threats.course import FULL, make_course
from grader_tests.threats.here import Class, grade_class
from grader_tests.threats.ours import CHAINRULE
from grader_tests.threats.row import Threat

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Those that take long are tried with namespaces alone: what ends them is no namespace.
LONG = re.compile(r"hangs-|describes-l|every-loop|time-used-up|slow-attributes|hundred|many-|room")
ROWS = [
    row
    for row in (*reading.THREATS, *reaching.THREATS, *holding.HOLDING, *telling.DERIVING,
                *telling.HIDDEN)
    if not LONG.match(row.id)
]  # fmt: skip


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="threats-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_threats_come_to_nothing_without_namespaces(place: Path, user: str, in_ci: bool) -> None:
    lacking = _lacking()
    if lacking:
        pytest.fail(lacking) if in_ci else pytest.skip(lacking)
    traps = make_course(place / user)
    before = as_user() if user == "ordinary" else ()
    graded = grade_class(traps, (*opened(), *before, *REFUSED, *CHAINRULE), ROWS)
    assert graded.first.status == 0, graded.first.wrote[-3000:]
    assert "0 failed" in graded.first.wrote
    assert "Traceback" not in graded.first.wrote
    assert set(graded.honest.values()) == {FULL}
    assert graded.left == []
    assert graded.intruders == []
    assert graded.connections == 0
    assert graded.processes == []
    assert [line for row in ROWS for line in _faults(row, graded)] == []


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
