"""What a guest says that a cell showed, made safe to store: small, and a failure stays one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chainrule.notebook.outputs import CUT, clean_outputs, size_of, stream_output

ROOM = 10_000
ERROR = {"output_type": "error", "ename": "E", "evalue": "x" * 9_000, "traceback": ["y" * 9_000]}
SHOWN = {"output_type": "display_data", "data": {"text/plain": "é" * 3_000}, "metadata": {}}
KINDS: dict[str, list[dict[str, Any]]] = {
    "text": [stream_output("x" * 50_000)],
    "text of two bytes": [stream_output("é" * 9_000)],
    "text of six bytes": [stream_output("\x01" * 9_000)],
    "pictures": [SHOWN] * 30,
    "errors": [ERROR] * 100,
    "an error in the end": [*[SHOWN] * 30, ERROR],
    "lines of an error": [{**ERROR, "traceback": ["y" * 9_000] * 150}],
    "nothings": [{"output_type": "display_data", "data": {}}] * 500,
}


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_take_no_more_than_their_room(kind: str) -> None:
    cleaned = clean_outputs(KINDS[kind], ROOM)
    stored = json.dumps(cleaned, ensure_ascii=False).encode()
    assert len(stored) < ROOM + 3_000
    assert any(CUT.strip() in json.dumps(one) for one in cleaned) or "error" in kind
    failed = any(one["output_type"] == "error" for one in KINDS[kind])
    assert any(one["output_type"] == "error" for one in cleaned) == failed


def test_text_is_cut_where_it_has_to_be() -> None:
    (made,) = clean_outputs(KINDS["text of two bytes"], ROOM)
    assert made["text"].endswith(CUT)
    assert 4_000 < made["text"].count("é") < 5_000


def test_the_size_is_what_is_stored() -> None:
    outputs = [ERROR, SHOWN, stream_output("é\x01")]
    assert size_of(outputs) == sum(
        len(json.dumps(one, ensure_ascii=False).encode()) for one in outputs
    )
