"""How fast a class is graded: chainrule, nbgrader's own autograding, and otter-grader's.

    python benchmarks/judge.py [--students 300] [--sample 10] [--scale 3000]

All grade submissions of the same class, in turns: of ours a tenth of the class, then one of theirs,
and so on. A student's answers are drawn from the right and (one in 25) the wrong ones of the test
suite, one in 25 is left as it was handed out, and every tenth student has faulty cells, one of the
sample too. Start-up is what the first submission takes longer than the others: the fork server, the
run of the master's own solution. CPU is that of all processes; the overhead is CPU above bare
execution of the same students' cells, start-up apart. The other problem sets follow, then a class
ten times as large. The last line is the ratio of seconds a submission, by medians.
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
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

import nbformat
import psutil

from chainrule.course.folder import Course
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.judge import judge as judging
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
    """Seconds, and CPU seconds of all processes, for a submission: one figure for each turn.

    start: seconds and CPU seconds before the first one could be graded.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    submissions: int = 0
    start: tuple[float, float] = (0.0, 0.0)

    def line(self, name: str, bare: float) -> str:
        begin = f"; start {self.start[0]:.2f} s" if self.start[0] else ""
        return (
            f"  {name:<20} {median(self.seconds):8.4f} s a submission (mean "
            f"{mean(self.seconds):.4f}), {median(self.cpu):7.4f} s of CPU, "
            f"overhead {median(self.cpu) - bare:7.4f} s  ({self.submissions} of them{begin})"
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
    """Add what happens inside to `spent`: so many submissions, or none for the start."""
    before, started = cpu_so_far(), time.perf_counter()
    yield
    took = time.perf_counter() - started, cpu_so_far() - before
    if not submissions:
        spent.start = took
        return
    spent.seconds.append(took[0] / submissions)
    spent.cpu.append(took[1] / submissions)
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
    return median(used)


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


def chainrule(root: Path, name: str, students: list[str]) -> None:
    """Grade with chainrule."""
    result = grade(root, name, students)
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
    ours, theirs, others = Spent(), Spent(), Spent()
    with tempfile.TemporaryDirectory() as folder:
        roots = [Path(folder) / part for part in ("ours", "stock")]
        make_class(roots[0], name, students)
        shutil.copytree(roots[0], roots[1])
        first, *everyone = sorted(path.name for path in (roots[0] / "submitted").iterdir())
        parts = turns(everyone, sample)
        # The last of a part, so that one of ten is the tenth student, who has faulty cells.
        chosen = [part[-1] for part in parts[:-1]] + [faulty(everyone)]
        least = bare(roots[0], name, everyone[:20])
        api = Course(roots[1]).nbgrader()
        with_otter = otter(roots[1], name, chosen)
        with measuring(ours, 0):
            chainrule(roots[0], name, [first])
        with measuring(theirs, 0):
            api.autograde(name, first)
        for part, student in zip(parts, chosen, strict=True):
            ended = cpu_of_grading()
            with measuring(ours, len(part)):
                chainrule(roots[0], name, part)
            ours.cpu[-1] += (cpu_of_grading() - ended) / len(part)
            with measuring(theirs, 1):
                api.autograde(name, student)
            if with_otter is not None:
                with measuring(others, 1):
                    with_otter(student)
        judging.close()
    print(f"{name}: {students} submissions, {len(os.sched_getaffinity(0))} processors")
    print(f"  {'bare execution':<20} {least:7.4f} s of CPU")
    print(ours.line("chainrule grade", least))
    print(theirs.line("nbgrader autograde", least))
    if others.submissions:
        print(others.line("otter run", least))
    return median(theirs.seconds) / median(ours.seconds)


def faulty(students: list[str]) -> str:
    """A student with faulty cells."""
    return next(one for one in students if int(one.removeprefix("student")) % 10 == 9)


def cpu_of_grading() -> float:
    """CPU seconds of the fork server and all that was forked from it, still running or not."""
    used = 0.0
    for child in psutil.Process().children():
        for one in (child, *child.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                used += times.user + times.system + times.children_user + times.children_system
    return used


def scale(name: str, sizes: list[int]) -> None:
    """Seconds and peak memory of classes of different sizes, each in a process of its own."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make_class(Path(folder), name, size)
            code = (
                "import json, resource, sys; from chainrule.grading.judge import judge\n"
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
            f"peak {own:.0f} MiB, {judges:.0f} MiB in its largest child"
        )


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--students", type=int, default=300)
    options.add_argument("--sample", type=int, default=10)
    options.add_argument("--scale", type=int, default=3000, help="0 to leave it out")
    options.add_argument("--only", choices=_SETS, help="this problem set, and no other")
    chosen = options.parse_args()
    first = chosen.only or _SETS[0]
    ratio = compare(first, chosen.students, chosen.sample)
    for name in () if chosen.only else _SETS[1:]:
        print(f"  ratio: {compare(name, max(40, chosen.students // 5), chosen.sample):.1f}")
    if chosen.scale:
        print("the size of the class:")
        scale(first, [chosen.scale // 10, chosen.scale])
    print(f"ratio nbgrader/chainrule: {ratio:.1f}")


if __name__ == "__main__":
    main()
