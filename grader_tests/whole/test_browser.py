"""What the browser tests rely on: a page that is not quiet, and text that is pale, are noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader_tests.support import browser

NOWHERE = "203.0.113.9"  # an address that is reserved for examples
LOUD = {
    "an image from elsewhere": f'<img src="http://{NOWHERE}/x.png">',
    "a socket to elsewhere": f'<script>new WebSocket("ws://{NOWHERE}/")</script>',
    "an error on the console": '<script>console.error("x")</script>',
    "an exception": '<script>throw new Error("x")</script>',
}


def visit(chromium: Any, folder: Path, html: str) -> None:
    with browser.plain_page(chromium, folder, html) as page:
        page.evaluate("() => new Promise(requestAnimationFrame)")


@pytest.mark.browser
@pytest.mark.parametrize("what", LOUD)
def test_what_nobody_asked_for_is_noticed(chromium: Any, tmp_path: Path, what: str) -> None:
    with pytest.raises(AssertionError):
        visit(chromium, tmp_path, LOUD[what])


@pytest.mark.browser
def test_a_quiet_page_is_fine(chromium: Any, tmp_path: Path) -> None:
    visit(chromium, tmp_path, "<p>Hello</p>")


PALE = {
    "grey on white": '<p style="color: #888">Pale</p>',
    "on a ground further out": '<div style="background: #444"><b style="color: #888">Pale</b>',
    "half to be seen through": '<p style="color: rgb(0 0 0 / 0.4)">Pale</p>',
    "in a widget": """<div id="host"></div><script>
        document.getElementById("host").attachShadow({ mode: "open" }).innerHTML =
          '<p style="color: #999">Pale</p>'; </script>""",
}


@pytest.mark.browser
@pytest.mark.parametrize("what", PALE)
def test_pale_text_is_noticed(chromium: Any, tmp_path: Path, what: str) -> None:
    with browser.plain_page(chromium, tmp_path, f"<p>Well seen</p>{PALE[what]}") as page:
        (found,) = browser.pale(page)
        assert found.endswith(": Pale")
