"""A stranger's text: a notebook's field as one string, and any text made fit to be printed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

__all__ = ["joined", "plain_text", "printable", "without_colours"]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_CONTROLS = {n: None for n in range(32) if chr(n) not in "\t\n"} | {127: None}


def joined(value: Any) -> str:
    """The text of a notebook's field, which may be a list of lines; anything else is none."""
    if isinstance(value, list):
        return "".join([line for line in value if isinstance(line, str)])
    return value if isinstance(value, str) else ""


def plain_text(value: Any) -> str:
    """As `joined`, with nothing in it that cannot be written as UTF-8 (a lone surrogate)."""
    text = joined(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def without_colours(text: str) -> str:
    """Text without the codes of a terminal."""
    return _ANSI.sub("", text).translate(_CONTROLS)


def printable(text: str, keep: str = "", longest: int | None = None) -> str:
    """Text with nothing in it that moves a cursor, turns the direction of writing, or is no
    character at all: a mark stands for each of those, a space for any other space.

    keep: characters that are let through all the same. longest: characters that are shown; what is
    longer loses its middle.
    """
    if not text.isprintable():
        text = "".join([c if c in keep or c.isprintable() else _stand_in(c) for c in text])
    if longest is not None and len(text) > longest:
        half = longest // 2
        text = f"{text[:half]}…{text[half + 1 - longest :]}"
    return text


def _stand_in(character: str) -> str:
    is_space = unicodedata.category(character)[0] == "Z" or character in "\t\n"
    return " " if is_space else "\N{REPLACEMENT CHARACTER}"
