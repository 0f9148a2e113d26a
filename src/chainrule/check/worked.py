"""Worked answers, for who has solved a question: `check.answer("q3")`.

They lie in the folder `answers/` of a checkout, a text file for each problem set, and are part of
no release and no package. So a class does not have them, and a self-learner does. A site for
self-learners (`make site ANSWERS=yes`) puts them beside the package of its browser edition.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chainrule.check import problem_sets

__all__ = ["answer", "sections"]

_HERE = Path(__file__).resolve()
FOLDERS = (_HERE.parents[3] / "answers", _HERE.parents[1] / "answers")  # a checkout; that package
_HEADING = re.compile(r"^## (?P<name>q\d+|challenge)\b.*$", re.MULTILINE)


def sections(text: str) -> dict[str, str]:
    """The worked answers of a file: `q3` (or `challenge`) -> text in Markdown, heading included."""
    found = list(_HEADING.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return {
        match["name"]: text[match.start() : end].strip()
        for match, end in zip(found, ends, strict=True)
    }


def answer(question: str) -> None:
    """Show the worked answer to a question that is solved; it never raises.

    question: its number, as in "q3", or "challenge". What is solved is known from `check.progress`.
    For a question that a person reads, there are sentences to compare one's own with.
    """
    name = str(question).strip().lower()
    name = f"q{name}" if name.isdigit() else name
    line = problem_sets.running()
    if line is None:
        print("Run the cell with check.progress first, and the checks of the question after it.")
        return
    problem_set, solved, open_questions = line
    text = _text(problem_set)
    if text is None:
        print("This copy of the course has no worked answers; whoever teaches it has them.")
    elif name not in (known := sections(text)):
        print(f"{question!r} is none of {', '.join(known)}.")
    elif name in open_questions:
        told = "some of its checks have passed" if name in solved else "run its checks first"
        print(f"{name.upper()} is not solved yet: {told}. Its worked answer opens after that.")
    else:
        _show(known[name])


def _text(problem_set: str) -> str | None:
    for folder in FOLDERS:
        try:
            return (folder / f"{problem_set}.md").read_text(encoding="utf-8")
        except OSError:  # not there, or not for this process to read
            continue
    return None


def _show(text: str) -> None:
    from IPython.display import display

    shown: dict[str, Any] = {"text/markdown": text, "text/plain": text}
    display(shown, raw=True)
