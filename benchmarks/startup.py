"""What it costs to start `chainrule`, beside `nbgrader --help`.

    python benchmarks/startup.py [--runs 15]

Processor time of whole programs, in turns, so that what else the machine does falls on all of them;
the median of each, and what it is beyond a Python that imports NumPy.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_CHAINRULE = [sys.executable, "-m", "chainrule"]
_PROGRAMS = {
    "python, numpy": [sys.executable, "-c", "import numpy"],
    "chainrule --help": [*_CHAINRULE, "--help"],
    "chainrule check --help": [*_CHAINRULE, "check", "--help"],
    "chainrule check, no such file": [*_CHAINRULE, "check", "nothing.ipynb"],
    "chainrule progress, none begun": [*_CHAINRULE, "progress", "."],
    "chainrule grade, a typo": [*_CHAINRULE, "grade", "ps1_scalr"],
    "nbgrader --help": [sys.executable, "-m", "nbgrader", "--help"],
}


def processor_seconds(program: list[str], folder: Path) -> float:
    """What one run of a program takes, with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(program, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source").mkdir()
        for path in sorted(_ROOT.glob("release/*/*.ipynb")):
            shutil.copy(path, folder)
        took: dict[str, list[float]] = {label: [] for label in _PROGRAMS}
        for _ in range(runs):
            for label, program in _PROGRAMS.items():
                took[label].append(processor_seconds(program, folder))
    medians = {label: statistics.median(seconds) for label, seconds in took.items()}
    base, theirs = medians["python, numpy"], medians["nbgrader --help"]
    print(f"{'':32}{'s':>7}{'beyond numpy':>14}{'of nbgrader':>13}")
    for label, seconds in medians.items():
        beyond = seconds - base
        print(f"{label:32}{seconds:7.2f}{beyond:14.2f}{seconds / theirs:12.0%}")


if __name__ == "__main__":
    main()
