"""How fast a class is graded: chainrule, and nbgrader's own autograding, in one run.

    python benchmarks/judge.py [--students 300] [--sample 8] [--assignment ps1_scalar_circuits]

Both grade the same submissions of one of the course's problem sets, a tenth of them faulty, in
turns (half of ours, theirs, the other half of ours). CPU is that of all processes; the overhead
is CPU above bare execution of the same cells. The last line is the ratio of seconds a submission.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from chainrule.grading import judge as judging
from chainrule.grading.batch import grade
from chainrule.grading.course import Course

_ROOT = Path(__file__).resolve().parent.parent
_FAULTS = (
    "while True: break\nraise ValueError('not done')",
    "def broken(:\n    pass",
    "import os; os._exit(1)",
    "print(",
)


def make_class(root: Path, assignment: str, students: int) -> None:
    """A course with one assignment, and submissions: most solved, some half, a tenth faulty."""
    shutil.copytree(_ROOT / "source" / assignment, root / "source" / assignment)
    api = Course(root).nbgrader()
    made = api.generate_assignment(assignment)
    if not made["success"]:
        raise SystemExit(made["log"])
    (path,) = (root / "source" / assignment).glob("*.ipynb")
    solved = nbformat.read(path, as_version=4)
    stub = nbformat.read(root / "release" / assignment / path.name, as_version=4)
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solved.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for number in range(students):
        work: Any = nbformat.from_dict(json.loads(json.dumps(stub)))
        for place, cell in enumerate(work.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers and (number + place) % 7:
                cell.source = answers[name]
            if name in answers and number % 10 == 9 and place % 3 == 0 and cell.cell_type == "code":
                cell.source = _FAULTS[(number // 10 + place) % len(_FAULTS)]
        folder = root / "submitted" / f"student{number:05}" / assignment
        folder.mkdir(parents=True)
        nbformat.write(work, folder / path.name)


def measured(run: Callable[[], Any]) -> tuple[float, float]:
    """(seconds, CPU seconds of this process and all its children) of a call."""

    def cpu() -> float:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(one.ru_utime + one.ru_stime for one in used)

    before, started = cpu(), time.perf_counter()
    run()
    return time.perf_counter() - started, cpu() - before


def bare(root: Path, assignment: str) -> float:
    """CPU seconds that the master's own cells take in a plain interpreter."""
    (path,) = (root / "source" / assignment).glob("*.ipynb")
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    used = []
    for _ in range(5):
        names: dict[str, Any] = {"__name__": "__main__"}
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            started = time.process_time()
            for cell in cells:
                exec(compile(cell.source.replace("%matplotlib inline", ""), "cell", "exec"), names)
            used.append(time.process_time() - started)
    return min(used)


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--students", type=int, default=300)
    options.add_argument("--sample", type=int, default=8)
    options.add_argument("--assignment", default="ps1_scalar_circuits")
    chosen = options.parse_args()
    name = chosen.assignment
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_class(root, name, chosen.students)
        students = sorted(path.name for path in (root / "submitted").iterdir())
        half = len(students) // 2
        least = bare(root, name)
        other = Path(folder) / "stock"
        other.mkdir()
        for part in ("source", "submitted", "gradebook.db"):
            copy = shutil.copytree if (root / part).is_dir() else shutil.copy
            copy(root / part, other / part)  # type: ignore[operator]

        def ours(some: list[str]) -> None:
            result = grade(root, name, some)
            judging.close()
            if result.failed:
                raise SystemExit(str(result.failed))

        def theirs() -> None:
            api = Course(other).nbgrader()
            for student in students[-chosen.sample :]:
                api.autograde(name, student)

        first = measured(lambda: ours(students[:half]))
        stock = measured(theirs)
        second = measured(lambda: ours(students[half:]))
    seconds = (first[0] + second[0]) / len(students)
    cpu = (first[1] + second[1]) / len(students)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {len(students)} submissions, {len(os.sched_getaffinity(0))} processors")
    print(f"bare execution of the cells:  {least:.4f} s of CPU")
    print(f"chainrule grade:   {seconds:.4f} s a submission, {cpu:.4f} s of CPU, ", end="")
    print(f"overhead {cpu - least:.4f} s, peak {peak:.0f} MiB")
    their_seconds, their_cpu = (one / chosen.sample for one in stock)
    print(
        f"nbgrader autograde: {their_seconds:.3f} s a submission, {their_cpu:.3f} s of CPU, ",
        end="",
    )
    print(f"overhead {their_cpu - least:.3f} s ({chosen.sample} of them)")
    print(f"ratio nbgrader/chainrule: {their_seconds / seconds:.1f}")


if __name__ == "__main__":
    main()
