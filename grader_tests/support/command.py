"""The `chainrule` command: as a program, or in the process of the tests, which starts faster."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest

from chainrule.cli import main
from grader_tests.support.paths import ROOT

Done = subprocess.CompletedProcess[str]
PROGRAM = (sys.executable, "-c", "from chainrule.cli import main; main()")


def program(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run it as it is typed. env: what is set besides the environment of the tests."""
    env = os.environ | dict(env or {})
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=240
    )


def chainrule(*arguments: str, cwd: Path | None = None) -> Done:
    """Run it in this process, which has imported already what takes a command a second.

    Not for what it may not say: warnings, and what processes that it starts write, are not heard.
    """
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.object(sys, "argv", ["chainrule", *arguments]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Done(
        ["chainrule", *arguments], int(ended.value.code or 0), out.getvalue(), err.getvalue()
    )


def installed(folder: Path, name: str, *arguments: str) -> str:
    """Run a program of this environment in a course folder; returns all that it said."""
    programs = Path(sys.executable).parent
    done = subprocess.run(
        [programs / name, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, f"{done.args}:\n{done.stdout[-4000:]}"
    return done.stdout


def stock_settings(folder: Path) -> None:
    """Write this course's settings into a folder, but with nbgrader's own autograder."""
    settings = (ROOT / "nbgrader_config.py").read_text()
    stock = 'c.Autograde.exporter_class = "nbconvert.exporters.NotebookExporter"'
    (folder / "nbgrader_config.py").write_text(f"{settings}\n{stock}\n")
