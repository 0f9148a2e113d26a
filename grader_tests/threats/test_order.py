"""A grade depends on the answer alone: not on who came before, nor on how grading was started.

One class is graded many times, under other names so that its order is another: with other numbers
of workers, one by one, killed and gone on with, over Dask, and through `nbgrader autograde`. Every
value in the gradebook and every output is the same.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from chainrule.grading.sandbox.scratch import remove_tree
from grader_tests.support.gradebookrows import rows
from grader_tests.threats.course import ASSIGNMENT, Traps, make_course
from grader_tests.threats.many import hand_in_many
from grader_tests.threats.ours import CHAINRULE, NBGRADER, Grader

Graded = dict[str, Any]
"""student -> (values of the gradebook, cells of the graded notebook)"""

_PLUGIN = 'c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"\n'
# What is of a run and not of an answer: how long, where in memory, which process.
_OF_A_RUN = (
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r"ipykernel_\d+/\d+"), "ipykernel"),
    (re.compile(r"/tmp/[\w./-]+"), "/tmp"),
)


def graded(traps: Traps) -> Graded:
    """What there is of every student, by the name they are known by."""
    values: dict[str, dict[str, object]] = {}
    for key, value in rows(traps.course / "gradebook.db").items():
        if key[0] != "student":
            values.setdefault(key[2], {})["/".join((*key[:2], *key[3:]))] = value
    found: Graded = {}
    for student in values:
        path = traps.course / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        cells = json.loads(path.read_text())["cells"] if path.is_file() else []
        for output in (output for one in cells for output in one.get("outputs", ())):
            if output.get("ename") == "KeyboardInterrupt":
                output["traceback"] = []  # where in its loop it was when its time was over
        text = json.dumps([(one["source"], one.get("outputs"), one["metadata"]) for one in cells])
        for pattern, put in _OF_A_RUN:
            text = pattern.sub(put, text)
        known = student.partition("~")[2] or student
        found[known] = (values[student], json.loads(text))
    return found


def differences(ours: Graded, theirs: Graded) -> list[str]:
    """A line for every student and value or cell that is not the same."""
    found = [f"{name}: in one alone" for name in sorted(ours.keys() ^ theirs.keys())]
    for name in sorted(ours.keys() & theirs.keys()):
        (mine, my_cells), (other, other_cells) = ours[name], theirs[name]
        found += [
            f"{name}: {key}: {mine.get(key)!r}, {other.get(key)!r}"
            for key in sorted(mine.keys() | other.keys())
            if mine.get(key) != other.get(key)
        ]
        found += [
            f"{name}: cell {number}: {str(one)[-600:]}, {str(two)[-600:]}"
            for number, (one, two) in enumerate(zip(my_cells, other_cells, strict=False))
            if one != two
        ]
        if len(my_cells) != len(other_cells):
            found.append(f"{name}: {len(my_cells)} cells, {len(other_cells)}")
    return found


class Copies:
    """Copies of one ungraded course, in which students have other names."""

    def __init__(self, ungraded: Traps, folder: Path) -> None:
        self._ungraded, self._folder, self._made = ungraded, folder, 0

    def graded(self, seed: int, way: Callable[[Traps], None]) -> Graded:
        """What comes of grading them that way. seed: of the order in which they stand."""
        self._made += 1
        traps = self._copy(self._folder / str(self._made))
        students = sorted(path.name for path in (traps.course / "submitted").iterdir())
        order = random.Random(seed)
        order.shuffle(students)
        for number, student in enumerate(students):
            place = traps.course / "submitted" / student
            place.rename(place.with_name(f"{number:03}~{student}"))
        way(traps)
        return graded(traps)

    def _copy(self, folder: Path) -> Traps:
        one = self._ungraded
        _copy_tree(one.course.parent, folder)
        return Traps(folder / "course", folder / "home", one.tag, one.marks)


def _copy_tree(source: Path, target: Path) -> None:
    """As `cp -a`: a folder may be deeper than shutil can go."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


# Ways to grade a class ----------------------------------------------------------------------------


def jobs(number: int) -> Callable[[Traps], None]:
    def way(traps: Traps) -> None:
        done = Grader(traps, CHAINRULE).run("--jobs", str(number))
        assert done.status == 0, done.wrote[-2000:]

    return way


def one_by_one(traps: Traps) -> None:
    for place in sorted((traps.course / "submitted").iterdir()):
        done = Grader(traps, CHAINRULE).run("--student", place.name)
        assert done.status == 0, done.wrote[-2000:]


def killed(traps: Traps) -> None:
    """Killed in the middle three times, and gone on with."""
    grader = Grader(traps, CHAINRULE)
    whole = len(list((traps.course / "submitted").iterdir()))
    for part in (0.1, 0.4, 0.7):
        started = grader.start("--jobs", "2")
        until = time.monotonic() + 120
        while len(list(traps.course.glob("autograded/*"))) < part * whole:
            assert time.monotonic() < until
            assert started.poll() is None, "it ended before it was killed"
            time.sleep(0.02)
        grader.kill(started)
    jobs(2)(traps)


def autograde(traps: Traps) -> None:
    """Through nbgrader's own command, with the judge as its exporter."""
    config = traps.course / "nbgrader_config.py"
    config.write_text(config.read_text() + _PLUGIN)
    for place in (traps.course / "submitted").iterdir():
        if not _is_ordinary(place):  # nbgrader itself stops at those
            remove_tree(str(place))
            place.unlink(missing_ok=True) if place.is_symlink() else None
    done = Grader(traps, NBGRADER).run()
    assert done.status == 0, done.wrote[-3000:]


def over_dask(traps: Traps) -> None:
    """By the workers of a Dask cluster."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        done = Grader(traps, CHAINRULE).run("--scheduler", cluster.scheduler_address)
    assert done.status == 0, done.wrote[-3000:]


def _is_ordinary(place: Path) -> bool:
    files = sorted(one.name for one in (place / ASSIGNMENT).iterdir())
    path = place / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    if files != [path.name] or path.is_symlink():
        return False
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


# --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return make_course(tmp_path_factory.mktemp("order") / "empty")


@pytest.mark.timeout(300)
def test_a_few_in_other_orders(empty: Traps, tmp_path: Path) -> None:
    ungraded = _filled(empty, tmp_path / "few", few=True)
    copies = Copies(ungraded, tmp_path)
    first = copies.graded(1, jobs(1))
    assert len(first) >= 12
    assert len({_total(one) for one in first.values()}) > 3  # there is something to differ in
    assert differences(first, copies.graded(2, jobs(2))) == []


@pytest.mark.overnight
@pytest.mark.timeout(1800)
def test_a_class_in_every_way(empty: Traps, tmp_path: Path) -> None:
    ungraded = _filled(empty, tmp_path / "all", few=False)
    copies = Copies(ungraded, tmp_path)
    first = copies.graded(1, jobs(2))
    assert len(first) >= 60
    ways = {
        "one job": (2, jobs(1)), "four jobs": (3, jobs(4)), "two jobs": (4, jobs(2)),
        "killed": (5, killed), "one by one": (6, one_by_one), "over Dask": (8, over_dask),
    }  # fmt: skip
    found = {name: differences(first, copies.graded(*way)) for name, way in ways.items()}
    through = copies.graded(7, autograde)
    assert len(through) >= 60
    found["autograde"] = differences({name: first[name] for name in through}, through)
    assert {name: lines for name, lines in found.items() if lines} == {}


def _filled(empty: Traps, folder: Path, few: bool) -> Traps:
    shutil.copytree(empty.course.parent, folder, symlinks=True)
    traps = Traps(folder / "course", folder / "home", empty.tag, empty.marks)
    traps.port = 9  # nobody listens there
    hand_in_many(traps, few)
    return traps


def _total(one: tuple[dict[str, object], Any]) -> float:
    points = (v for key, v in one[0].items() if key.startswith("grade/auto_score"))
    return sum(float(str(value or 0)) for value in points)
