"""What the site's first page has that a file of Markdown cannot: things that were run.

In docs/index.md stand pairs of comments, `<!-- stepper -->` and `<!-- end -->`. Between them is
what a reader of the file sees; on the site, what the function of that name makes takes its place.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from chainrule import step
from chainrule.check import CheckFailed
from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.circuit import Scalar

ROOT = Path(__file__).resolve().parents[1]
PROBLEM_SET = ROOT / "release" / "ps1_scalar_circuits" / "ps1_scalar_circuits.ipynb"
_PART = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.DOTALL)

# A mistake that many make, as a student would write it below the stub of question 2.
QUESTION = "q2_multiply"
MISTAKE = """class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        dx = upstream * self.x
        dy = upstream * self.y
        return dx, dy
"""

_BROWSER = """- **[Open it in the browser](browser.md)**
  Every lecture and problem set at a click. Nothing to install, no account; your work stays on your
  device."""

_TOLD = """```python
{answer}```

The check below it says:

```text
{message}
```

What to read is a click away here: [{section}](course/{lecture}.ipynb#{anchor}). The mistake keeps
its name, one of [{count}](misconceptions.md): an instructor sees how many of the class it was."""


def browser(source: Path) -> str:
    """The door of the browser edition, on a site that has one."""
    return _BROWSER if (source / "browser.md").is_file() else ""


def stepper() -> str:
    """The circuit of the picture, to step through."""
    x, y, z = Scalar(-2, "x"), Scalar(5, "y"), Scalar(-4, "z")
    q = (x + y).named("q")
    f = (q * z).named("f")
    moved = '<script defer src="_static/home.js"></script>'
    return f"``````{{raw}} html\n{step.through(f).html}\n{moved}\n``````"


def mistake() -> str:
    """A wrong answer, and what the real check cells of its question say of it."""
    cells = json.loads(PROBLEM_SET.read_text(encoding="utf-8"))["cells"]
    sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    known: dict[str, Any] = {"__name__": "student"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(sources["setup"], "setup", "exec"), known)
        exec(compile(MISTAKE, QUESTION, "exec"), known)
        exec(compile(sources[f"{QUESTION}_forward"], "check", "exec"), known)  # this much is right
    try:
        exec(compile(sources[f"{QUESTION}_backward"], "check", "exec"), known)
    except CheckFailed as failed:
        row = MISCONCEPTIONS[str(failed.misconception)]
        lecture, _, anchor = row.section.partition("#")
        return _TOLD.format(
            answer=MISTAKE,
            message=str(failed),
            count=len(MISCONCEPTIONS),
            section=anchor.replace("-", " "),
            lecture=lecture,
            anchor=anchor.lower(),
        )
    raise SystemExit("docs/home.py: the check accepts the mistake of the first page")


def cost() -> str:
    """The README's section of that name, without its heading."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.split(r"^## ", text.split("## What it costs\n", 1)[1], flags=re.MULTILINE)[0].strip()


def filled(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """A page with each part in its place. Raises KeyError for a part that nobody makes."""
    return _PART.sub(lambda found: parts[found[1]](), text)


def write(source: Path) -> None:
    """Fill in the first page among the site's sources."""
    page = source / "index.md"
    parts = {
        "browser": partial(browser, source),
        "stepper": stepper,
        "mistake": mistake,
        "cost": cost,
    }
    page.write_text(filled(page.read_text(encoding="utf-8"), parts), encoding="utf-8")
