"""What the checks of each question cost with the master's own answer: the sum is a class's grading.

    python benchmarks/checks.py

Bars: 10 ms in the median over all questions, 0.1 s at most (0.5 s for the 4096 one and training).
"""

from __future__ import annotations

import contextlib
import io
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader_tests.support.trial import problem_sets, questions

_RUNS = 5
_BARS = {"median": 10.0, "most": 100.0, "heavy": 500.0}
_HEAVY = {
    ("ps2_jacobians", "q8_large"),
    ("ps4_neural_networks", "q8_train"),
    *(("ps7_autograd_engine", q) for q in ("q1_order", "q2_value", "q4_tensor", "q6_train")),
}


def cost(name: str) -> dict[str, float]:
    """Milliseconds of CPU a question, all its check cells together; the median of a few runs."""
    namespace: dict[str, Any] = {"__name__": "student"}
    owner = {
        check.metadata.nbgrader.grade_id: question
        for question, checks in questions(name).items()
        for check in checks
    }
    runs: list[dict[str, float]] = []
    for _ in range(_RUNS):
        spent = dict.fromkeys(questions(name), 0.0)
        for cell in problem_sets()[name].cells:
            if cell.cell_type != "code":
                continue
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            code = compile(cell.source, grade_id, "exec")
            began = time.process_time()
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, namespace)
            if grade_id in owner:
                spent[owner[grade_id]] += (time.process_time() - began) * 1e3
        runs.append(spent)
    return {question: statistics.median(run[question] for run in runs) for question in runs[0]}


def main() -> None:
    table = Table("problem set", "question")
    table.add_column("ms", justify="right")
    found: dict[tuple[str, str], float] = {}
    for name in track(list(problem_sets()), description="checks", transient=True):
        for question, milliseconds in cost(name).items():
            found[name, question] = milliseconds
            table.add_row(name, question, f"{milliseconds:.1f}")
        table.add_section()
    Console().print(table)
    median = statistics.median(found.values())
    most = max(ms for key, ms in found.items() if key not in _HEAVY)
    heavy = max(ms for key, ms in found.items() if key in _HEAVY)
    print(f"median {median:.1f} ms, most {most:.1f} ms, 4096 and training {heavy:.1f} ms")
    if median > _BARS["median"] or most > _BARS["most"] or heavy > _BARS["heavy"]:
        sys.exit("a bar is missed")


if __name__ == "__main__":
    main()
