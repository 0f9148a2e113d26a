"""The lectures, and what their cells show."""

from __future__ import annotations

from nbformat import NotebookNode

from grader_tests.support.paths import ROOT

__all__ = ["LECTURES", "printed"]

LECTURES = {path.stem: path for path in sorted(ROOT.glob("course/*.ipynb"))}


def printed(cell: NotebookNode) -> str:
    """The text a cell gives: what it printed, and the plain-text form of what it shows."""
    parts = []
    for output in cell.get("outputs", []):
        assert output.get("name") != "stderr", f"{cell.id} writes to stderr: {output.text}"
        parts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(parts)
