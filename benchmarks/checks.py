"""What the checks of each question cost with the master's own answer: the sum is a class's grading.

    python benchmarks/checks.py
    python benchmarks/checks.py --against ../older-clone

The checks run in a process of their own, first with nothing known of them, as a student's kernel
runs them; then again, as in a judge's processes, which are forked from one that has run them: what
depends on a check's own text alone is known there. `--against` measures another clone in turn, in
the same run, and gives the median of the ratios.

Bars, for the first run: 10 ms in the median over all questions, 40 ms at most (0.5 s for the 4096
one and training).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

HERE = Path(__file__).resolve().parents[1]

_AGAIN = 3
_ROUNDS = 5
_BARS = {"median": 10.0, "most": 40.0, "heavy": 500.0}
_HEAVY = {
    ("ps2_jacobians", "q8_large"),
    ("ps4_neural_networks", "q8_train"),
    *(("ps7_autograd_engine", q) for q in ("q1_order", "q2_value", "q4_tensor", "q6_train")),
}

Costs = dict[str, dict[str, list[float]]]
"""Milliseconds by problem set and question: of the first run, and of a run after it."""


def measured() -> Costs:
    """In this process: milliseconds of CPU a question, all its check cells together."""
    from chainrule import check
    from grader_tests.support.trial import problem_sets, questions

    with contextlib.redirect_stdout(io.StringIO()):  # what is imported late is no check's
        check.backward(_Double, at=check.points(seed=0, x=()))
    found: Costs = {}
    for name, notebook in problem_sets().items():
        namespace: dict[str, Any] = {"__name__": "student"}
        owner = {
            cell.metadata.nbgrader.grade_id: question
            for question, cells in questions(name).items()
            for cell in cells
        }
        codes = [
            (cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
            for cell in notebook.cells
            if cell.cell_type == "code"
        ]
        compiled = [(one, compile(source, one, "exec")) for one, source in codes]
        runs = []
        for _ in range(1 + _AGAIN):
            spent = dict.fromkeys(questions(name), 0.0)
            for grade_id, code in compiled:
                began = time.process_time()
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(code, namespace)
                if grade_id in owner:
                    spent[owner[grade_id]] += (time.process_time() - began) * 1e3
            runs.append(spent)
        found[name] = {
            question: [first, statistics.median(run[question] for run in runs[1:])]
            for question, first in runs[0].items()
        }
    return found


class _Double:
    def forward(self, x: float) -> float:
        return 2 * x

    def backward(self, upstream: float) -> float:
        return 2 * upstream


def costs(clone: Path) -> Costs:
    """The same, in a process of its own, with the package and the masters of a clone."""
    script = Path(__file__).resolve()
    paths = {"PYTHONPATH": f"{clone / 'src'}:{clone}", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, str(script), "--here"]
    done = subprocess.run(command, cwd=clone, env=paths, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def middle(rounds: list[Costs], name: str, question: str, run: int) -> float:
    return statistics.median(one[name][question][run] for one in rounds)


def compared(here: list[Costs], there: list[Costs]) -> Table:
    """A row for each problem set: its sum here and there, and the median of the ratios."""
    table = Table("problem set", "there, ms", "here, ms", "ratio", "again", "again", "ratio")
    for name in here[0]:
        row = [name]
        for run in (0, 1):
            old, new = (
                [sum(each[run] for each in one[name].values()) for one in rounds]
                for rounds in (there, here)
            )
            ratio = statistics.median(n / o for n, o in zip(new, old, strict=True))
            numbers = statistics.median(old), statistics.median(new)
            row += [*(f"{number:.1f}" for number in numbers), f"{ratio:.2f}"]
        table.add_row(*row)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another clone, measured in turn")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(measured()))
        return
    here, there = [], []
    for _ in track(range(given.rounds), description="checks", transient=True):
        if given.against:
            there.append(costs(given.against.resolve()))
        here.append(costs(HERE))
    table = Table("problem set", "question")
    for column in ("first, ms", "again, ms"):
        table.add_column(column, justify="right")
    found: dict[tuple[str, str], float] = {}
    for name, questions in here[0].items():
        for question in questions:
            first, again = (middle(here, name, question, run) for run in (0, 1))
            found[name, question] = first
            table.add_row(name, question, f"{first:.1f}", f"{again:.1f}")
        table.add_section()
    Console().print(table)
    if there:
        Console().print(compared(here, there))
    median = statistics.median(found.values())
    most = max(ms for key, ms in found.items() if key not in _HEAVY)
    heavy = max(ms for key, ms in found.items() if key in _HEAVY)
    print(f"median {median:.1f} ms, most {most:.1f} ms, 4096 and training {heavy:.1f} ms")
    if median > _BARS["median"] or most > _BARS["most"] or heavy > _BARS["heavy"]:
        sys.exit("a bar is missed")


if __name__ == "__main__":
    main()
