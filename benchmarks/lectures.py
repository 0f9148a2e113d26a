"""How fast the lectures are: importing the package, drawing a circuit, running every lecture.

    python benchmarks/lectures.py [--times 7]

Imports are timed in fresh interpreters, numpy's first, so that each pays for its own; the median
counts. A lecture's time is that of its whole run on a clean kernel, whose start is included. Ends
with status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path

from chainrule import draw, step
from chainrule.circuit import Scalar, sigmoid
from chainrule.course.kernel import run_lecture

_COURSE = Path(__file__).resolve().parent.parent / "course"
_IMPORT, _DRAW, _LECTURE, _ALL = 0.1, 0.05, 15.0, 60.0
_MODULES = ("chainrule", "chainrule.circuit", "chainrule.draw", "chainrule.check")
_TIMED = """
import time
start = time.perf_counter()
import numpy
between = time.perf_counter()
import {module}
print(between - start, time.perf_counter() - between)
"""


def import_seconds(module: str) -> tuple[float, float]:
    """What numpy's import takes in a fresh interpreter, and what `module` takes after it."""
    command = [sys.executable, "-c", _TIMED.format(module=module)]
    numpy, ours = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(numpy), float(ours)


def circuit_of(nodes: int) -> Scalar:
    """A sum of squares that ends in a sigmoid, with at least so many scalars."""
    leaves = [Scalar(i / 10, f"x{i}") for i in range(-(-nodes // 3))]
    return sigmoid(reduce(lambda total, leaf: total + leaf * leaf, leaves[1:], leaves[0] * 1.0))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=7, help="how often the short ones are timed")
    times = range(parser.parse_args().times)
    missed = 0

    def tell(what: str, took: float, bar: float, more: str = "") -> None:
        nonlocal missed
        missed += took >= bar
        shown = f"{took * 1000:8.1f} ms" if bar < 1 else f"{took:8.1f} s "
        limit = f"{bar * 1000:g} ms" if bar < 1 else f"{bar:g} s"
        print(f"{what:38}{shown}   bar {limit}{'   MISSED' * (took >= bar)}{more}", flush=True)

    for module in _MODULES:
        numpy, ours = zip(*(import_seconds(module) for _ in times), strict=True)
        beside = f"   (numpy itself {statistics.median(numpy) * 1000:.0f} ms)"
        tell(f"import {module}, beyond numpy", statistics.median(ours), _IMPORT, beside)

    circuit = circuit_of(60)
    size = len(circuit.circuit())
    for what, show in [("drawn", draw.circuit), ("to step through", step.through)]:
        show(circuit)._repr_mimebundle_()  # the first also reads what the package brings along
        took = [seconds(lambda show=show: show(circuit)._repr_mimebundle_()) for _ in times]
        tell(f"a circuit of {size} scalars, {what}", statistics.median(took), _DRAW)

    total = 0.0
    for path in sorted(_COURSE.glob("*.ipynb")):
        took = seconds(lambda path=path: run_lecture(path))
        total += took
        tell(f"lecture {path.stem}", took, _LECTURE)
    tell("all lectures", total, _ALL)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
