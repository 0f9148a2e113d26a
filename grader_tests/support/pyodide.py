"""Pyodide under Node: the Python of the browser edition, without a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from grader_tests.support.paths import ROOT

RUNNER = Path(__file__).with_suffix(".mjs")
JOBS = "grader_tests.support.pyodide_jobs"


def folder() -> Path:
    """Where Pyodide and its wheels are. Where they cannot be had, or Node, the test is skipped on
    a laptop, and fails in CI."""
    command = [sys.executable, str(ROOT / "docs" / "pyodide_files.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lacking = done.stderr.strip() if done.returncode else ""
    if shutil.which("node") is None:
        lacking = "needs Node.js"
    if lacking and os.environ.get("CI"):
        pytest.fail(f"{lacking}, and CI has to have it")
    if lacking:
        pytest.skip(lacking)
    return Path(done.stdout.strip())


def run(function: str, jobs: Sequence[Any]) -> Iterator[Any]:
    """What a function of pyodide_jobs.py answers to each of the jobs, in their order."""
    command = ["node", str(RUNNER), str(folder()), str(ROOT), JOBS, function]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeding = Thread(target=_feed, args=(process.stdin, jobs), daemon=True)
        feeding.start()
        for line in process.stdout:
            yield json.loads(line)
    assert process.returncode == 0


def _feed(pipe: Any, jobs: Sequence[Any]) -> None:
    with pipe:
        for job in jobs:
            pipe.write(json.dumps(job) + "\n")
