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

from chainrule.cli import main

Done = subprocess.CompletedProcess[str]


def program(*arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run it as it is typed. env: what is set besides the environment of the tests."""
    command = [sys.executable, "-c", "from chainrule.cli import main; main()", *arguments]
    env = os.environ | dict(env or {})
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=240)


def chainrule(*arguments: str, cwd: Path | None = None) -> Done:
    """Run it in this process, which has imported already what takes a command a second.

    What processes that it starts write to the streams themselves is not heard.
    """
    status: object = 0
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.object(sys, "argv", ["chainrule", *arguments]),
    ):
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    code = status if isinstance(status, int) else 0 if status is None else 1
    return Done(["chainrule", *arguments], code, out.getvalue(), err.getvalue())
