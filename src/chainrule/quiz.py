"""Self-check questions: every choice is answered at once, the wrong ones too.

Plain HTML that opens on a click: it works where scripts do not, and asks nothing of a server. In
texts, `code` in backquotes and *words* between stars are shown as such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = ["Choice", "Question", "ask"]


@dataclass(frozen=True)
class Choice:
    """One choice: its text, whether it is right, and why (or why not)."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question with its choices, in the order in which they are shown."""

    text: str
    choices: tuple[Choice, ...]

    @property
    def html(self) -> str:
        items = "".join(
            f'<li style="margin:.3em 0"><details><summary>{_marked(c.text)}</summary>'
            f'<p style="margin:.3em 1em"><b>{_verdict(c)}</b> {_marked(c.why)}</p></details></li>'
            for c in self.choices
        )
        return (
            f'<div class="chainrule-question"><p><b>{_marked(self.text)}</b></p>'
            f'<ol type="a" style="margin-top:0">{items}</ol></div>'
        )

    def __str__(self) -> str:
        lines = [self.text]
        lines += [f"  ({'abcdefgh'[i]}) {c.text}" for i, c in enumerate(self.choices)]
        return "\n".join(lines)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.html}


def ask(text: str, *, right: Mapping[str, str], wrong: Mapping[str, str]) -> Question:
    """A question with one right choice; both mappings are choice -> why.

    Choices are shown in alphabetical order, so that their order gives nothing away.
    Raises ValueError unless there is exactly one right choice and at least one wrong one, all
    different and all explained.

    >>> why = {"1": "At x = 0 it is 1/4, and nowhere steeper."}
    >>> print(ask("How steep can a sigmoid be?", right={"1/4": "It is, at x = 0."}, wrong=why))
    How steep can a sigmoid be?
      (a) 1
      (b) 1/4
    """
    if len(right) != 1 or not wrong or set(right) & set(wrong):
        raise ValueError("a question needs one right choice and some wrong ones, all different")
    choices = [Choice(t, True, why) for t, why in right.items()]
    choices += [Choice(t, False, why) for t, why in wrong.items()]
    if not all(c.why.strip() for c in choices):
        raise ValueError("every choice needs an explanation")
    return Question(text, tuple(sorted(choices, key=lambda c: c.text)))


def _marked(text: str) -> str:
    """Text as HTML, with `code` and *words that matter* as what they are."""
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"(?<![\w*])\*(\w[^*]*\w|\w)\*(?![\w*])", r"<em>\1</em>", safe)


def _verdict(choice: Choice) -> str:
    return "Right." if choice.right else "Not quite."
