"""What makes imports fast; how fast they are is measured by benchmarks/lectures.py."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["plots", "explorers", "matrices", "step", "check"])
def test_matplotlib_is_imported_when_a_plot_is_drawn(module: str) -> None:
    code = f"import sys, chainrule.{module}; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_parser_of_iris_is_built_before_a_command() -> None:
    code = "import sys, chainrule.cli; sys.exit('rfc3987_syntax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
