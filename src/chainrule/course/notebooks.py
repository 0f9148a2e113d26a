"""The notebooks of the course as files: kept in one form, released, and run."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbformat import NotebookNode

from chainrule.check.problem_sets import fingerprint
from chainrule.course.folder import Course, CourseError
from chainrule.notebook.cells import cells_of, grade_id_of, nbgrader_of

__all__ = [
    "KERNEL_ARGUMENTS",
    "a_kernel",
    "checks_table",
    "faults",
    "generate_release",
    "mark_problem_set",
    "normalise",
    "read",
    "run_lecture",
    "write",
]

_KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
_KEPT_METADATA = ("nbgrader", "chainrule", "tags", "deletable", "editable")
_LECTURE_SECONDS = 60  # for one cell

KERNEL_ARGUMENTS = ["--log-level=40", "--HistoryManager.hist_file=:memory:"]


def read(path: Path) -> NotebookNode:
    """A notebook in format 4. Raises CourseError when the file is no notebook."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:
        raise CourseError(f"{path} is no notebook: {str(error).splitlines()[0]}") from error


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook, in the form nbformat gives it, making the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def normalise(notebook: NotebookNode, keep_outputs: bool = False) -> NotebookNode:
    """Bring a notebook into the form it is stored in; changes it in place and returns it.

    A problem set says in its metadata which cells make it whole. Graded and locked cells get their
    grade_id as cell id, other cells keep theirs; metadata that only a front end wrote is dropped,
    and so are outputs, unless it is a lecture's.
    """
    notebook.nbformat_minor = 5
    ours = {k: v for k, v in notebook.metadata.items() if k == "chainrule"}
    notebook.metadata = nbformat.from_dict(_KERNEL | ours)
    taken: set[str] = set()
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.id = _cell_id(cell, position, taken)
        taken.add(cell.id)
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in _KEPT_METADATA if key in cell.metadata}
        )
        if hidden:  # as the source of a self-check question is: its answers stand there
            cell.metadata["jupyter"] = nbformat.from_dict({"source_hidden": True})
        cell.source = "\n".join(line.rstrip() for line in cell.source.splitlines()).strip("\n")
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count if keep_outputs else None
        if not keep_outputs:
            cell.outputs = []
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return notebook


def mark_problem_set(notebook: NotebookNode, name: str) -> NotebookNode:
    """Say in a master's metadata what it is and which cells make it whole; returns it."""
    ids = [name for name, _ in cells_of(notebook)]
    notebook.metadata["chainrule"] = nbformat.from_dict({"problem_set": name, "cells": ids})
    return notebook


def faults(notebook: NotebookNode, outputs_wanted: bool = False) -> list[str]:
    """What is wrong with how a notebook is stored, a sentence each; empty when nothing is."""
    found = []
    ids = [cell.get("id") for cell in notebook.cells]
    found += [f"cell {i} has no id" for i, cell_id in enumerate(ids) if not cell_id]
    doubled = [cell_id for cell_id, n in Counter(ids).items() if cell_id and n > 1]
    found += [f"the cell id {cell_id} is doubled" for cell_id in doubled]
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.outputs and not outputs_wanted:
            found.append(f"cell {cell.get('id')} holds outputs")
        if any(output.output_type == "error" for output in cell.outputs):
            found.append(f"cell {cell.get('id')} holds an error")
    if outputs_wanted and not any(c.get("outputs") for c in notebook.cells):
        found.append("no cell holds outputs: the lecture was not run")
    return found


def generate_release(course: Course, destination: Path) -> list[Path]:
    """Let nbgrader make the students' version of every master, below `destination`.

    Works in a temporary folder, so neither the course's gradebook nor its release/ is touched
    unless that is the destination. Returns what was written. Raises CourseError with nbgrader's
    log when it refuses a master.
    """
    written = []
    with tempfile.TemporaryDirectory() as folder:
        work = Course(Path(folder))
        shutil.copytree(course.root / "source", work.root / "source")
        if (course.root / "nbgrader_config.py").is_file():
            shutil.copy(course.root / "nbgrader_config.py", work.root)
        api = work.nbgrader(CourseDirectory__db_url="sqlite:///" + folder + "/gradebook.db")
        for assignment in work.assignments:
            result = api.generate_assignment(assignment)
            if not result["success"]:
                raise CourseError(f"nbgrader refuses {assignment}:\n{result['log']}")
            target = destination / assignment
            if target.exists():
                shutil.rmtree(target)
            shutil.copytree(work.root / "release" / assignment, target)
            for path in sorted(target.rglob("*.ipynb")):
                write(normalise(read(path)), path)
                written.append(path)
    return written


def checks_table(released: list[Path]) -> str:
    """What `check.progress` knows of these problem sets: a line for each graded cell, by tabs."""
    lines = ["problem set\tcell\tpoints\tfingerprint"]
    for path in sorted(released):
        for cell in read(path).cells:
            known = nbgrader_of(cell)
            if known.get("grade"):
                mark = "" if known["solution"] else fingerprint(cell.source)
                points = f"{known['points']:g}"
                lines.append("\t".join([path.stem, known["grade_id"], points, mark]))
    return "\n".join(lines) + "\n"


def run_lecture(path: Path) -> NotebookNode:
    """Run a lecture from top to bottom on a clean kernel; returns it with its outputs.

    Raises nbclient's CellExecutionError when a cell fails.
    """
    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=_LECTURE_SECONDS,
        coalesce_streams=True,  # one stored output for one print, however the kernel flushes
        kernel_name="python3",
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(stderr=subprocess.DEVNULL)
    return normalise(notebook, keep_outputs=True)


@contextmanager
def a_kernel(client: NotebookClient) -> Iterator[None]:
    """The client's kernel, started, and in the end shut down.

    Its own stderr is nobody's: it warns of local sockets that are not encrypted, and of how it
    ended. What cells write to stderr comes as output all the same.
    Raises CourseError, with what the kernel said last, when it does not start.
    """
    with tempfile.TemporaryFile() as said, ExitStack() as stack:
        try:
            stack.enter_context(client.setup_kernel(stderr=said))
        except (RuntimeError, NoSuchKernel, OSError) as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise CourseError(f"the kernel did not start: {[str(error), *lines][-1]}") from error
        yield


def _cell_id(cell: NotebookNode, position: int, taken: set[str]) -> str:
    wanted = grade_id_of(cell) or cell.get("id") or ""
    wanted = re.sub(r"[^A-Za-z0-9_-]", "-", wanted)[:64] or f"cell-{position}"
    unique, n = wanted, 2
    while unique in taken:
        unique, n = f"{wanted[:60]}-{n}", n + 1
    return unique
