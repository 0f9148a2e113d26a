"""The notebooks of the course as files, kept in one form."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from chainrule.course.folder import CourseError
from chainrule.notebook.cells import grade_id_of

__all__ = ["faults", "normalise", "read", "write"]

_KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
_KEPT_METADATA = ("nbgrader", "chainrule", "tags", "deletable", "editable")


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
        folded = _folded(cell)
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in _KEPT_METADATA if key in cell.metadata}
        )
        if folded:
            cell.metadata["jupyter"] = nbformat.from_dict(folded)
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


def _folded(cell: NotebookNode) -> dict[str, bool]:
    """What JupyterLab shows only after a click.

    The source of a self-check question, where the answers stand; that of a picture whose code is
    not the lesson, tagged `plumbing`; and the output that answers a prediction, tagged `reveal`.
    """
    tags = cell.metadata.get("tags", ())
    folded = {}
    if "plumbing" in tags or cell.metadata.get("jupyter", {}).get("source_hidden"):
        folded["source_hidden"] = True
    if "reveal" in tags:
        folded["outputs_hidden"] = True
    return folded


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


def _cell_id(cell: NotebookNode, position: int, taken: set[str]) -> str:
    wanted = grade_id_of(cell) or cell.get("id") or ""
    wanted = re.sub(r"[^A-Za-z0-9_-]", "-", wanted)[:64] or f"cell-{position}"
    unique, n = wanted, 2
    while unique in taken:
        unique, n = f"{wanted[:60]}-{n}", n + 1
    return unique
