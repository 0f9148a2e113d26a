"""The bars of benchmarks/lectures.py, held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "lectures.py"


@pytest.mark.slow
def test_imports_drawings_and_lectures_are_fast_enough() -> None:
    command = [sys.executable, str(BENCHMARK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["plots", "explorers", "matrices", "step", "check"])
def test_matplotlib_is_imported_when_a_plot_is_drawn(module: str) -> None:
    code = f"import sys, chainrule.{module}; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
