"""Build the site: `make site`, or `make site ANSWERS=yes` with the worked answers.

The browser edition is part of it (docs/browser_edition.py). `PYODIDE=cdn` leaves its big files out:
a reader's browser then takes them from Pyodide's own address.

Sphinx wants one source folder, so the pages of docs/, the lectures and the generated page of
misconceptions are put together in docs/_build/source first. Warnings are errors.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import browser_edition
import coverage_table
import home
import hosted
import pyodide_files
import sheet
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chainrule.check.misconceptions import MISCONCEPTIONS

DOCS = Path(__file__).resolve().parent
BUILD = DOCS / "_build"
NODE = BUILD / "node"  # kept from one build to the next


LEFT_OUT = ("_build", "*.jinja", "__pycache__", "browser", "browser_edition.py", "build.py",
            "coverage_table.py", "home.py", "hosted.py", "pyodide_files.py", "screenshots.py",
            "sheet.css", "sheet.py")  # fmt: skip
RELEASE = DOCS.parent / "release"

# Appended to the front page when the worked answers are asked for: for self-learners, no class.
ANSWERS = """
```{toctree}
:hidden:
:caption: Worked answers
:glob:

answers/*
```
"""


def assemble(source: Path, answers: bool = False) -> None:
    """Everything Sphinx reads, in one folder; with the worked answers only where asked for."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (source / "coverage.md").write_text(coverage_table.page(), encoding="utf-8")
    (source / "course").mkdir()
    for lecture in sorted((DOCS.parent / "course").glob("*.ipynb")):
        text = json.dumps(
            for_the_site(json.loads(lecture.read_text(encoding="utf-8")), lecture.stem)
        )
        (source / "course" / lecture.name).write_text(text, encoding="utf-8")
    pages = Environment(
        loader=FileSystemLoader(DOCS), undefined=StrictUndefined, keep_trailing_newline=True
    )
    pages.filters["escaped"] = lambda text: re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    # A word that nobody would break, of ten thousand letters, makes a page that wide.
    pages.filters["shortened"] = lambda text: re.sub(r"(\S{40})\S{8,}", r"\1…", text)
    pages.globals["measured"] = _threats()
    pages.globals["notebooks"] = browser_edition.notebooks(RELEASE)
    pages.globals["open_button"] = open_button
    pages.globals["python"], pages.globals["versions"] = (
        pyodide_files.PYTHON,
        pyodide_files.VERSIONS,
    )
    for template in sorted(DOCS.glob("*.jinja")):
        text = pages.get_template(template.name).render(rows=list(MISCONCEPTIONS.values()))
        (source / template.stem).write_text(text, encoding="utf-8")
    hosted.write(source)
    home.write(source)
    if answers:
        shutil.copytree(DOCS.parent / "answers", source / "answers")
        with (source / "index.md").open("a", encoding="utf-8") as front:
            front.write(ANSWERS)


# A tag of ours, the tag by which MyST-NB folds, and what stands on the fold.
FOLDS = {
    "reveal": ("hide-output", "Show what came out", "Fold it again"),
    "plumbing": ("hide-input", "Show the code of this picture", "Fold the code"),
}


def open_button(name: str, above: str = "") -> str:
    """A link that opens a notebook in the browser edition; `above` leads to the site's top."""
    return f'<a class="chainrule-open" href="{above}lite/?open={name}">Open in the browser</a>'


def for_the_site(lecture: dict[str, Any], name: str) -> dict[str, Any]:
    """A lecture with the button that opens it in the browser, and whose cells fold as their tags
    say: a `<details>`, which needs no script."""
    first = lecture["cells"][0]["source"]
    title, *rest = "".join(first).split("\n", 1)
    lecture["cells"][0]["source"] = "\n".join([title, "", open_button(name, "../"), "", *rest])
    for cell in lecture["cells"]:
        found = [FOLDS[tag] for tag in cell["metadata"].get("tags", ()) if tag in FOLDS]
        if not found:
            continue
        cell["metadata"]["tags"] += [folds for folds, *_ in found]
        # A cell has one text for all of its folds; {type} becomes "source" and "output".
        show, hide = found[0][1:] if len(found) == 1 else ("Show the {type}", "Fold the {type}")
        cell["metadata"]["mystnb"] = {"code_prompt_show": show, "code_prompt_hide": hide}
    return lecture


def _threats() -> dict[str, Any]:
    """What benchmarks/threats.py measured; its rows numbered, so that their order can be kept."""
    text = (DOCS.parent / "benchmarks" / "threats.json").read_text(encoding="utf-8")
    measured: dict[str, Any] = json.loads(text)
    for number, row in enumerate(measured["rows"]):
        row["number"] = number
    return measured


def fetch_mathjax(source: Path) -> None:
    """Formulas are drawn by a copy of MathJax that the site brings along."""
    script = NODE / "node_modules" / "mathjax" / "es5" / "tex-svg.js"
    if not script.is_file():
        if shutil.which("npm") is None:
            sys.exit("make site needs npm, for MathJax: install Node.js")
        NODE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-save", "--prefix", str(NODE), "mathjax@3"]
        subprocess.run(command, check=True)
    target = source / "_static" / "mathjax"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(script, target)


def browser(site: Path) -> None:
    """The browser edition. Where Pyodide cannot be had, it takes it from its own address; but a
    site that is published must not do so unasked, so in CI that is a failure."""
    asked = os.environ.get("PYODIDE") or "local"
    if asked not in ("local", "cdn"):
        sys.exit(f"PYODIDE={asked}: it is cdn, or nothing")
    answers = os.environ.get("ANSWERS") == "yes"
    try:
        browser_edition.build(site, asked, answers)
    except pyodide_files.Unavailable as told:
        if os.environ.get("CI"):
            sys.exit(f"make site: {told}")
        print(f"{told}\nSo the browser edition takes Pyodide from {pyodide_files.CDN}.")
        browser_edition.build(site, "cdn", answers)


def main(build: Path = BUILD) -> None:
    source, site = build / "source", build / "html"
    assemble(source, answers=os.environ.get("ANSWERS") == "yes")
    fetch_mathjax(source)
    # Sphinx leaves what an earlier build wrote: pages that are gone, and answers not asked for now.
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-qE", "-b", "html"]
    command += ["-d", str(build / "doctrees")]
    done = subprocess.run([*command, str(source), str(site)], check=False)
    if done.returncode:
        sys.exit("the site was built with warnings: see above")
    browser(site)
    if len(sheet.write(DOCS.parent / "course", site)) == 1:
        print("no Chromium here: the sheet was written as a page only, not as PDF")
    index = site / "index.html"
    print(f"open {index.relative_to(Path.cwd()) if index.is_relative_to(Path.cwd()) else index}")


if __name__ == "__main__":
    main(*(Path(folder).resolve() for folder in sys.argv[1:2]))
