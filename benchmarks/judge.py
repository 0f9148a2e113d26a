"""How fast a class is graded: chainrule, nbgrader's own autograding, and otter-grader's.

    python benchmarks/judge.py [--students 300] [--sample 6] [--scale 3000]

All grade submissions of the same class, in turns. A student's answers are drawn from the right and
(one in 25) the wrong ones of the test suite, one in 25 is left as it was handed out, and every
tenth student has faulty cells. CPU is that of all processes; the overhead is CPU above bare
execution of the same students' cells. "Every check run" is chainrule without rehearsals
(`c.Judge.rehearse = False`). The other problem sets follow, then a class ten times as large. The
last line is the ratio of seconds a submission.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import nbformat

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.judge import judge as judging
from chainrule.grading.limits import Limits
from chainrule.sample.sample_class import answer_cell, read_answers

_ROOT = Path(__file__).resolve().parent.parent
_SETS = sorted(path.parent.name for path in _ROOT.glob("source/*/*.ipynb"))
_FAULTS = (
    "while True: break\nraise ValueError('not done')",
    "def broken(:\n    pass",
    "import os; os._exit(1)",
    "print(",
)
# Who has run the checks hands in right answers, as a rule; the rest is left as it was handed out.
_RIGHT, _WRONG = 0.92, 0.04


@dataclass
class Spent:
    """seconds, and CPU seconds of all processes, of grading so many submissions."""

    seconds: float = 0.0
    cpu: float = 0.0
    submissions: int = 0

    def line(self, name: str, bare: float) -> str:
        each, cpu = self.seconds / self.submissions, self.cpu / self.submissions
        return (
            f"  {name:<34} {each:8.4f} s a submission, {cpu:7.4f} s of CPU, "
            f"overhead {cpu - bare:7.4f} s  ({self.submissions} of them)"
        )


def make_class(root: Path, assignment: str, students: int) -> None:
    """A course with one assignment, and its submissions."""
    shutil.copytree(_ROOT / "source" / assignment, root / "source" / assignment)
    made = Course(root).nbgrader().generate_assignment(assignment)
    if not made["success"]:
        raise SystemExit(made["log"])
    (path,) = (root / "source" / assignment).glob("*.ipynb")
    solved = {_name(cell): cell.source for cell in nbformat.read(path, as_version=4).cells}
    stub = nbformat.read(root / "release" / assignment / path.name, as_version=4)
    kinds: dict[tuple[str, bool], list[str]] = {}
    for answer in read_answers(_ROOT / "grader_tests" / "answers" / f"{assignment}.py"):
        if "loop" not in answer.name:  # which would measure the time limits
            source = answer_cell(solved[answer.cell], answer.source)
            kinds.setdefault((answer.cell, answer.right), []).append(source)
    for number in range(students):
        draw = random.Random(number)
        work: Any = nbformat.from_dict(json.loads(json.dumps(stub)))
        for place, cell in enumerate(work.cells):
            name = _name(cell)
            if not cell.metadata.get("nbgrader", {}).get("solution"):
                continue
            if cell.cell_type == "markdown":
                cell.source = f"In my words, number {number}: the gate hands it on."
                continue
            luck = draw.random()
            if luck < _RIGHT:
                cell.source = draw.choice([solved[name], *kinds.get((name, True), [])])
            elif luck < _RIGHT + _WRONG:
                cell.source = draw.choice(kinds.get((name, False)) or [cell.source])
            if number % 10 == 9 and place % 3 == 0:
                cell.source = _FAULTS[(number // 10 + place) % len(_FAULTS)]
        folder = root / "submitted" / f"student{number:05}" / assignment
        folder.mkdir(parents=True)
        nbformat.write(work, folder / path.name)


def _name(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def cpu_so_far() -> float:
    """CPU seconds of this process and its ended children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


@contextlib.contextmanager
def measuring(spent: Spent, submissions: int) -> Iterator[None]:
    """Add what happens inside to `spent`."""
    before, started = cpu_so_far(), time.perf_counter()
    yield
    spent.seconds += time.perf_counter() - started
    spent.cpu += cpu_so_far() - before
    spent.submissions += submissions


def bare(root: Path, assignment: str, students: list[str]) -> float:
    """CPU seconds a submission takes when its cells, with the master's checks, are executed in a
    forked Python process and nothing else is done."""
    (path,) = (root / "source" / assignment).glob("*.ipynb")
    master = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    import chainrule.check  # noqa: F401  imported before, as in a warm process

    used = []
    for student in students:
        file = root / "submitted" / student / assignment / path.name
        answers = {_name(c): c.source for c in nbformat.read(file, as_version=4).cells}
        sources = [
            answers.get(_name(c), c.source)
            if c.metadata.get("nbgrader", {}).get("solution")
            else c.source
            for c in master
        ]
        before = cpu_so_far()
        child = os.fork()
        if child == 0:
            _execute(sources)
        os.waitpid(child, 0)
        used.append(cpu_so_far() - before)
    return mean(used)


def _execute(sources: list[str]) -> None:
    signal.alarm(60)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    names: dict[str, Any] = {"__name__": "__main__"}
    for source in sources:
        with contextlib.suppress(Exception):
            exec(compile(source, "cell", "exec"), names)
    os._exit(0)


def turns(students: list[str], many: int) -> list[list[str]]:
    """The students, in so many parts."""
    size = -(-len(students) // many)
    return [students[i : i + size] for i in range(0, len(students), size)]


def chainrule(root: Path, name: str, students: list[str], limits: Limits | None = None) -> None:
    """Grade with chainrule."""
    result = grade(root, name, students, limits=limits)
    if result.failed:
        raise SystemExit(str(result.failed))


def otter(root: Path, name: str, students: list[str]) -> Callable[[str], None] | None:
    """otter-grader's way to grade one student, or None where it is not installed."""
    if importlib.util.find_spec("otter") is None:
        return None
    (path,) = (root / "source" / name).glob("*.ipynb")
    archive = root / "autograder.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("otter_config.json", json.dumps({"pdf": False}))
        for cell in nbformat.read(path, as_version=4).cells:
            known = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and known.get("grade") and not known.get("solution"):
                packed.writestr(
                    f"tests/{_name(cell)}.py",
                    "OK_FORMAT = False\nfrom otter.test_files import test_case\n"
                    f"name = {_name(cell)!r}\npoints = {known['points']!r}\n"
                    f"@test_case()\ndef test(env):\n    exec({cell.source!r}, env)\n",
                )

    def run(student: str) -> None:
        folder = root / "submitted" / student / name
        subprocess.run(
            ["otter", "run", path.name, "-a", str(archive), "-o", str(root)],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip

    return run


def compare(name: str, students: int, sample: int) -> float:
    """Grade a class of an assignment in every way; the ratio nbgrader to chainrule."""
    ours, every, theirs, others = Spent(), Spent(), Spent(), Spent()
    with tempfile.TemporaryDirectory() as folder:
        roots = [Path(folder) / part for part in ("ours", "every", "stock")]
        make_class(roots[0], name, students)
        for root in roots[1:]:
            shutil.copytree(roots[0], root)
        everyone = sorted(path.name for path in (roots[0] / "submitted").iterdir())
        chosen = everyone[:: max(1, len(everyone) // sample)][:sample]
        least = bare(roots[0], name, everyone[:20])
        api = Course(roots[2]).nbgrader()
        with_otter = otter(roots[2], name, chosen)
        for part, some in zip(turns(everyone, 2), turns(chosen, 2), strict=True):
            with measuring(ours, len(part)):
                chainrule(roots[0], name, part)
            with measuring(theirs, len(some)):
                for student in some:
                    api.autograde(name, student)
            if with_otter is not None:
                with measuring(others, len(some)):
                    for student in some:
                        with_otter(student)
        with measuring(ours, 0):
            judging.close()
        with measuring(every, min(len(everyone), 40)):
            chainrule(roots[1], name, everyone[:40], Limits(rehearse=False))
            judging.close()
    print(f"{name}: {students} submissions, {len(os.sched_getaffinity(0))} processors")
    print(f"  {'bare execution of the cells':<34} {'':8}   {'':13}  {least:7.4f} s of CPU")
    print(ours.line("chainrule grade", least))
    print(every.line("chainrule grade, every check run", least))
    print(theirs.line("nbgrader autograde", least))
    if others.submissions:
        print(others.line("otter run", least))
    return (theirs.seconds / theirs.submissions) / (ours.seconds / ours.submissions)


def scale(name: str, sizes: list[int]) -> None:
    """Seconds and peak memory of classes of different sizes, each in a process of its own."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make_class(Path(folder), name, size)
            code = (
                "import json, resource, sys; from chainrule.grading import judge\n"
                "from chainrule.grading.gradebook.batch import grade\n"
                f"done = grade({folder!r}, {name!r}); judge.close()\n"
                "assert not done.failed, done.failed\n"
                "peaks = [resource.getrusage(one).ru_maxrss / 1024 for one in\n"
                "         (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]\n"
                "json.dump([done.seconds, *peaks], sys.stdout)"
            )
            said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        seconds, own, judges = json.loads(said.stdout)
        print(
            f"  {size:5} submissions: {seconds:7.1f} s, {seconds / size:.4f} s each; "
            f"peak {own:.0f} MiB, {judges:.0f} MiB in the largest judge"
        )


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--students", type=int, default=300)
    options.add_argument("--sample", type=int, default=6)
    options.add_argument("--scale", type=int, default=3000, help="0 to leave it out")
    options.add_argument("--only", choices=_SETS, help="this problem set, and no other")
    chosen = options.parse_args()
    first = chosen.only or _SETS[0]
    ratio = compare(first, chosen.students, chosen.sample)
    for name in () if chosen.only else _SETS[1:]:
        print(f"  ratio: {compare(name, max(40, chosen.students // 5), 2):.1f}")
    if chosen.scale:
        print("the size of the class:")
        scale(first, [chosen.scale // 10, chosen.scale])
    print(f"ratio nbgrader/chainrule: {ratio:.1f}")


if __name__ == "__main__":
    main()
