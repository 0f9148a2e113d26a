"""Build the site: `make site`.

Sphinx wants one source folder, so the pages of docs/, the lectures and the generated page of
misconceptions are put together in docs/_build/source first. Warnings are errors.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from chainrule.check.misconceptions import MISCONCEPTIONS

DOCS = Path(__file__).resolve().parent
BUILD = DOCS / "_build"
SOURCE, SITE, NODE = BUILD / "source", BUILD / "html", BUILD / "node"


def assemble() -> None:
    """Everything Sphinx reads, in one folder."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(DOCS, SOURCE, ignore=shutil.ignore_patterns("_build", "*.jinja", "build.py"))
    shutil.copytree(DOCS.parent / "course", SOURCE / "course")
    pages = Environment(
        loader=FileSystemLoader(DOCS), undefined=StrictUndefined, keep_trailing_newline=True
    )
    for template in sorted(DOCS.glob("*.jinja")):
        text = pages.get_template(template.name).render(rows=list(MISCONCEPTIONS.values()))
        (SOURCE / template.stem).write_text(text, encoding="utf-8")


def fetch_mathjax() -> None:
    """Formulas are drawn by a copy of MathJax that the site brings along."""
    script = NODE / "node_modules" / "mathjax" / "es5" / "tex-svg.js"
    if not script.is_file():
        if shutil.which("npm") is None:
            sys.exit("make site needs npm, for MathJax: install Node.js")
        NODE.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-save", "--prefix", str(NODE), "mathjax@3"]
        subprocess.run(command, check=True)
    target = SOURCE / "_static" / "mathjax"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(script, target)


def main() -> None:
    assemble()
    fetch_mathjax()
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-qE", "-b", "html"]
    subprocess.run([*command, str(SOURCE), str(SITE)], check=True)
    print(f"open {(SITE / 'index.html').relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
