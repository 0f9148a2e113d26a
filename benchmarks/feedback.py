"""How fast a class gets its feedback: `chainrule feedback` and `nbgrader generate_feedback`.

    python benchmarks/feedback.py [--students 300] [--sample 300] [--rounds 3]
                                  [--assignment ps1_scalar_circuits]

Both are run as commands, start-up and all, on the same graded class, in turns: in each round ours
writes all pages, then nbgrader those of the round's share of the class. No two students wrote the
same, so that nothing of a student's is found in a cache. The last line is the ratio of seconds a
submission.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from judge import make_class
from rich.console import Console
from rich.table import Table

from chainrule.course.folder import programs_on_path
from chainrule.grading.gradebook.batch import grade
from chainrule.grading.limits import Limits


def graded_class(root: Path, assignment: str, students: int, sample: int, rounds: int) -> list[int]:
    """Make and grade a class below root; how many students each round has for nbgrader."""
    make_class(root, assignment, students)
    shares = [0] * rounds
    for number, folder in enumerate(sorted((root / "submitted").iterdir())):
        (path,) = folder.glob("*/*.ipynb")
        work = nbformat.read(path, as_version=4)
        for cell in work.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source += f"\n# by {folder.name}"
        nbformat.write(work, path)
        if number < sample:
            shares[number % rounds] += 1
            folder.rename(folder.with_name(f"round{number % rounds}-{folder.name}"))
    limits = Limits(cell_seconds=1.0, call_seconds=0.5)
    done = grade(root, assignment, limits=limits)
    assert not done.failed, done.failed
    return shares


def timed(root: Path, *command: str) -> tuple[float, float]:
    """(seconds, CPU seconds) of a command run in a course folder."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, used


def main() -> None:
    """Measure, and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--students", type=int, default=300)
    options.add_argument("--sample", type=int, default=300, help="of them for nbgrader")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--assignment", default="ps1_scalar_circuits")
    chosen = options.parse_args()
    name, number = chosen.assignment, chosen.students
    programs_on_path()
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    sizes = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shares = graded_class(root, name, number, chosen.sample, chosen.rounds)
        config = f'c = get_config()\nc.CourseDirectory.root = "{root}"\n'
        (root / "nbgrader_config.py").write_text(config)
        for turn, share in enumerate(shares):
            seconds, used = timed(root, "chainrule", "feedback", name, "--force")
            ours.append((seconds / number, used / number))
            pages = list((root / "feedback").glob("*/*/*.html"))
            assert len(pages) == number
            sizes["chainrule feedback"] = statistics.mean(p.stat().st_size for p in pages)
            seconds, used = timed(
                root, "nbgrader", "generate_feedback", name, f"--student=round{turn}-*",
                "--CourseDirectory.feedback_directory=stock",
            )  # fmt: skip
            theirs.append((seconds / share, used / share))
        pages = list((root / "stock").glob("*/*/*.html"))
        assert len(pages) == sum(shares)
        sizes["nbgrader generate_feedback"] = statistics.mean(p.stat().st_size for p in pages)
    table = Table("", title=f"feedback for {number} submissions of {name}")
    for column in ("ms a submission", "CPU ms", "s for the class", "kB a page"):
        table.add_column(column, justify="right")
    medians = {}
    for label, runs in {"chainrule feedback": ours, "nbgrader generate_feedback": theirs}.items():
        seconds = medians[label] = statistics.median(run[0] for run in runs)
        used = statistics.median(run[1] for run in runs)
        table.add_row(
            label, f"{seconds * 1e3:.1f}", f"{used * 1e3:.1f}", f"{seconds * number:.1f}",
            f"{sizes[label] / 1e3:.0f}",
        )  # fmt: skip
    console = Console(width=100)
    console.print(table)
    ratio = medians["nbgrader generate_feedback"] / medians["chainrule feedback"]
    print(f"ratio generate_feedback/chainrule feedback: {ratio:.1f}")


if __name__ == "__main__":
    main()
