"""nbgrader's AUTOTEST cells: checks that are made from what the master's own solution gives.

nbgrader makes them when it releases an assignment, in a kernel that runs the instructor's notebook;
so does this, by nbgrader's own preprocessor.
"""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets.config import Config

from chainrule.notebook.atomic_file import put_all

__all__ = ["AutotestError", "expanded", "file_of", "has_autotests"]


class AutotestError(ValueError):
    """The tests could not be made; the text says why, in a line."""


def file_of(config: Config | None) -> str:
    """What says which tests are made: a file in the folder of the assignment or of the course."""
    return _setting(config, "autotest_filename", "autotests.yml")


def has_autotests(notebook: Any, config: Config | None) -> bool:
    """Whether there is such a line in a graded cell of code."""
    delimiter = _setting(config, "autotest_delimiter", "AUTOTEST")
    return any(
        line.strip().startswith("#") and delimiter in line
        for cell in notebook.cells
        if cell.cell_type == "code"
        for line in cell.source.split("\n")
    )


def expanded(
    notebook: Any, files: Mapping[str, bytes], course_file: bytes | None, config: Config | None
) -> Any:
    """The notebook with its tests made. files: of the assignment, by relative path.

    course_file: the course's own `autotests.yml`, if there is one. Raises AutotestError.
    """
    import nbformat  # which a judge process does without

    name = file_of(config)
    here = dict(files)
    if name not in here:
        if course_file is None:
            raise AutotestError(
                f"it has AUTOTEST cells, and there is no {name} in its folder or the course's"
            )
        here[name] = course_file
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        put_all(Path(folder), here, 0o600)
        # In a process of its own: of a kernel in which a cell fails, nbgrader lets go as it is.
        try:
            task = pickle.dumps((nbformat.writes(notebook), folder, _own(config)))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise AutotestError(f"c.InstantiateTests cannot be used here: {error}") from error
        command = [sys.executable, "-m", __name__]
        done = subprocess.run(command, input=task, capture_output=True, check=False)
    made = done.stdout.decode("utf-8")
    if not made.startswith("{"):
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it was stopped"]
        raise AutotestError(f"its AUTOTEST cells could not be expanded: {made or lines[-1]}")
    return nbformat.reads(made, as_version=4)


def _made(text: str, folder: str, config: Config | None) -> str:
    """The notebook with its tests, as a file; or why there is none, in a line."""
    import nbformat
    from nbgrader.preprocessors import InstantiateTests

    maker = InstantiateTests(config=config)
    maker.log.setLevel(logging.CRITICAL)
    notebook = nbformat.reads(text, as_version=4)
    try:
        made, _ = maker.preprocess(notebook, {"metadata": {"path": folder}})
    except Exception as error:
        if maker.kc is not None:
            maker.kc.shutdown()
        told = [str(getattr(error, part, "")) for part in ("ename", "evalue")]
        why = ": ".join(filter(None, told)) or str(error) or type(error).__name__
        return "".join(why.strip().splitlines()[:1]).lstrip("{") or type(error).__name__
    return str(nbformat.writes(made))


def _own(config: Config | None) -> Config:
    """The settings of the preprocessor; others may be what no other process can be given."""
    return Config(InstantiateTests=(config or Config()).InstantiateTests)


def _setting(config: Config | None, name: str, otherwise: str) -> str:
    return str((config or Config()).InstantiateTests.get(name, otherwise))


if __name__ == "__main__":
    sys.stdout.write(_made(*pickle.load(sys.stdin.buffer)))  # from our own side
