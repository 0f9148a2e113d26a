"""The sheet: the summaries of all lectures on two printable pages, as HTML and as PDF.

Formulas are MathML, so the page needs no script and no network. The PDFs want a Chromium; without
one only the page is made.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import escape
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PAPERS = {"a4": "A4", "letter": "Letter"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The sheet</title>
<link rel="icon" href="_static/favicon.svg">
<style>
@page {{ size: {paper}; }}
{css}</style>
</head>
<body>
<h1>Backpropagation on two pages</h1>
<nav><a href="index.html">The course</a>{links}</nav>
{sections}
</body>
</html>
"""


def summaries(folder: Path) -> dict[str, str]:
    """Title of each lecture in `folder` -> its summary in Markdown."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
        title = re.match(r"# Lecture \d+: (.*)", texts[0])
        (text,) = [one for one in texts if "\n## Summary\n" in one]
        if title is None:
            raise ValueError(f"{path.name} does not begin with its number and title")
        found[title[1]] = text.split("\n## Summary\n", 1)[1].strip()
    return found


def page(folder: Path, paper: str = "A4", links: str = "") -> str:
    """The sheet as one page of HTML."""
    markdown = MarkdownIt("commonmark").enable("table")
    dollarmath_plugin(markdown, renderer=lambda text, options: convert(text))
    sections = [
        f"<section><h2>{number}. {escape(title)}</h2>\n{markdown.render(text)}</section>"
        for number, (title, text) in enumerate(summaries(folder).items(), start=1)
    ]
    css = (Path(__file__).parent / "sheet.css").read_text(encoding="utf-8")
    return PAGE.format(paper=paper, css=css, links=links, sections="\n".join(sections))


def browser() -> str | None:
    """A Chromium on this machine."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def write(folder: Path, target: Path) -> list[Path]:
    """Write sheet.html, and sheet-a4.pdf and sheet-letter.pdf if there is a browser."""
    program = browser()
    names = {paper: f"sheet-{paper}.pdf" for paper in PAPERS} if program else {}
    links = "".join(f'<a href="{name}">PDF, {PAPERS[p]}</a>' for p, name in names.items())
    target.mkdir(parents=True, exist_ok=True)
    written = [target / "sheet.html"]
    written[0].write_text(page(folder, links=links), encoding="utf-8")
    for paper, name in names.items():
        with tempfile.TemporaryDirectory() as work:
            source = Path(work) / "sheet.html"
            source.write_text(page(folder, PAPERS[paper]), encoding="utf-8")
            command = [
                str(program), "--headless", "--no-sandbox", "--disable-gpu",
                f"--user-data-dir={work}/profile", "--no-pdf-header-footer",
                f"--print-to-pdf={target / name}", source.as_uri(),
            ]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        written.append(target / name)
    return written
