"""Formgrader's page of a submission, made safe by configuration alone.

Formgrader turns the graded notebook into HTML inside the instructor's session: what runs there may
change grades. In nbgrader_config.py,

    from chainrule.nbgrader import protect
    protect(c)

has the student's cells and outputs cleaned on the way, draws formulas without MathJax from
elsewhere, and gives the page a policy under which it asks for nothing but its own.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode, from_dict
from traitlets.config import Config

from chainrule.grading.report.feedback_page import attachments, shown_files
from chainrule.grading.report.pictures import pictures_beside
from chainrule.notebook import safe_html
from chainrule.notebook.cells import nbgrader_of, source_of
from chainrule.notebook.safe_html import plain
from chainrule.notebook.text import joined

__all__ = ["SafeNotebook", "markdown2html", "protect"]

_HANDLERS = ("toggle_name(true);", "toggle_name(false);")  # the ones Formgrader's own page has
_FILES = "chainrule_pictures"  # of the notebook at hand, among nbconvert's resources
_NAME = re.compile(r"[\w-]{1,64}")
_NBGRADER = ("grade", "solution", "locked", "task", "points", "grade_id", "cell_type",
             "schema_version", "score", "comment")  # fmt: skip


def protect(c: Config) -> None:
    """Have Formgrader show what students wrote without running it; c is nbgrader's config."""
    nbgrader = find_spec("nbgrader")
    assert nbgrader is not None  # it is what reads this config
    assert nbgrader.origin is not None
    stock = Path(nbgrader.origin).parent / "server_extensions" / "formgrader" / "templates"
    ours = Path(__file__).parent / "templates" / "formgrader"
    c.HTMLExporter.extra_template_basedirs = [str(ours), str(stock)]
    c.HTMLExporter.preprocessors = [f"{__name__}.SafeNotebook"]
    c.HTMLExporter.filters = {
        "markdown2html": f"{__name__}.markdown2html",
        "chainrule_policy": f"{__name__}.policy",
    }


def policy(_: object = "") -> str:
    """What Formgrader's page may do, for a browser: its own scripts and files, and nothing else."""
    handlers = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in _HANDLERS
    )
    return (
        "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        f"script-src-attr 'unsafe-hashes' {handlers}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """nbconvert's filter of this name: the markdown of the cell at hand, or a comment's."""
    cell, resources = context.get("cell") or {}, context.get("resources") or {}
    pictures = attachments(cell.get("attachments")) | resources.get(_FILES, {})
    return safe_html.markdown(joined(source), pictures)


class SafeNotebook(Preprocessor):
    """Leaves of a notebook what can be shown without running it.

    Names that Formgrader puts into the page as they are get escaped as well.
    """

    enabled = True

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """A cleaned copy of the notebook."""
        known = {k: nb.metadata[k] for k in ("kernelspec", "language_info") if k in nb.metadata}
        nb.metadata = from_dict(known)
        nb.cells = [_safe(cell) for cell in nb.cells]
        folder = resources.get("metadata", {}).get("path")
        resources[_FILES] = shown_files(pictures_beside(Path(folder))) if folder else {}
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(resources[name])
        return nb, resources


def _safe(cell: NotebookNode) -> NotebookNode:
    known = nbgrader_of(cell)
    if not _NAME.fullmatch(str(known.get("grade_id", ""))):
        known = {}
    cell.metadata = from_dict(
        {"nbgrader": {k: v for k, v in known.items() if k in _NBGRADER}} if known else {}
    )
    if not _NAME.fullmatch(str(cell.get("id", ""))):
        cell.pop("id", None)
    if cell.cell_type == "code":
        number = cell.get("execution_count")
        cell.execution_count = number if isinstance(number, int) else None
        cell.outputs = [_safe_output(output, cell.execution_count) for output in cell.outputs]
    elif cell.cell_type != "markdown":
        cell.cell_type = "markdown"
        cell.source = f"<pre>{plain(source_of(cell))}</pre>"
    return cell


def _safe_output(output: NotebookNode, number: int | None) -> NotebookNode:
    if "data" not in output:
        return output  # printed text and errors, which nbconvert escapes
    shown = {"output_type": output.output_type, "metadata": {}}
    shown["data"] = {"text/html": safe_html.show(output.data)}
    if output.output_type == "execute_result":
        shown["execution_count"] = number
    return from_dict(shown)
