"""Outputs of cells, as notebooks store them, and what a jail reports of them made safe to store."""

from __future__ import annotations

import json
from typing import Any

from chainrule.notebook.text import plain_text

__all__ = [
    "CUT", "MOST_OUTPUTS", "OF_ERRORS", "Output", "clean_outputs", "error_output", "size_of",
    "stream_output",
]  # fmt: skip

Output = dict[str, Any]
"""An output of a cell, as nbformat 4 has it."""

OF_ERRORS = ("misconception", "line")
"""What an error output may hold beyond nbformat's fields, on its way to the cell's metadata."""

CUT = "\n... the rest of this cell's output was cut off ...\n"
MOST_OUTPUTS = 500  # separate ones, of one cell
_MOST_LINES = 200  # of a traceback
_SHORT = 500  # characters of an error for which there is no room
_stored = json.JSONEncoder(ensure_ascii=False).encode


def stream_output(text: str, name: str = "stdout") -> Output:
    """Printed text, as an output."""
    return {"output_type": "stream", "name": name, "text": text}


def error_output(name: str, message: str) -> Output:
    """An error without a traceback, in one line."""
    text = f"\x1b[0;31m{name}\x1b[0m: {message}"
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [text]}


def shortened(error: Output) -> Output:
    """An error in a few words: that a check failed is kept in any case."""
    text = f"{error['ename']}: {error['evalue']}"[:_SHORT]
    return {**error, "evalue": error["evalue"][:_SHORT], "traceback": [text]}


def size_of(outputs: list[Output]) -> int:
    """Bytes that outputs take in a stored notebook."""
    return sum(len(_stored(one).encode("utf-8", "replace")) for one in outputs)


def clean_outputs(raw: Any, most_bytes: int) -> list[Output]:
    """Outputs that a guest reported, with nothing in them but what nbformat allows.

    What is not an output is left out; all together they are cut at `most_bytes`, but for the first
    error, which is only made short. An error may say more of itself (`OF_ERRORS`), for which a
    notebook has no place but the metadata.
    """
    cleaned: list[Output] = []
    room = most_bytes + size_of([stream_output(CUT)])
    failed = full = False
    for one in raw[: MOST_OUTPUTS + 2] if isinstance(raw, list) else ():
        make = _CLEANERS.get(str(one.get("output_type"))) if isinstance(one, dict) else None
        if make is None:
            continue
        made = make(one, room)
        is_error = made["output_type"] == "error"
        if full or size_of([made]) > room:
            told = failed if is_error else full
            if told:
                continue
            full, made = True, _cut(made, room)
        failed = failed or is_error
        cleaned.append(made)
        room = max(room - size_of([made]), 0)
    return cleaned


def _cut(one: Output, room: int) -> Output:
    """As much of an output as there is room for, and the sentence that says so."""
    if one["output_type"] == "error":
        return shortened(one)
    text = one.get("text", "")
    room -= size_of([stream_output(CUT)])
    while text and (size := len(_stored(text).encode("utf-8", "replace"))) > room:
        text = text[: max(0, len(text) * room // size)]
    return stream_output(text + CUT, one.get("name", "stdout"))


def _text(value: Any, most: int = 10_000) -> str:
    return plain_text(value if isinstance(value, str) else "")[:most]


def _clean_stream(one: Output, most: int) -> Output:
    name = "stderr" if one.get("name") == "stderr" else "stdout"
    return stream_output(_text(one.get("text"), most), name)


def _clean_error(one: Output, most: int) -> Output:
    lines = one.get("traceback")
    lines = [_text(line) for line in lines] if isinstance(lines, list) else []
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        lines = [*lines[:half], "... Traceback truncated ...", *lines[-half:]]
    error: Output = {
        "output_type": "error",
        "ename": _text(one.get("ename"), 200),
        "evalue": _text(one.get("evalue")),
        "traceback": lines,
    }
    mistake, line = _text(one.get("misconception"), 100), one.get("line")
    if mistake:
        error["misconception"] = mistake
    if type(line) is int:
        error["line"] = line
    return error


def _clean_data(one: Output, most: int) -> Output:
    from chainrule.notebook.safe_html import clean_data  # with parsers, which a jail does without

    data = one.get("data")
    texts = {
        _text(kind, 200): _text(value, most)
        for kind, value in (data.items() if isinstance(data, dict) else ())
        if isinstance(kind, str) and isinstance(value, str)
    }
    return {"output_type": "display_data", "data": clean_data(texts), "metadata": {}}


def _clean_result(one: Output, most: int) -> Output:
    return {
        **_clean_data(one, most),
        "output_type": "execute_result",
        "execution_count": None,
    }


_CLEANERS = {
    "stream": _clean_stream,
    "error": _clean_error,
    "display_data": _clean_data,
    "execute_result": _clean_result,
}
