"""The browser edition for a test: the site it is part of, a server for it, and a reader's hands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
import pytest

from grader_tests.support.paths import ROOT

READY_WITHIN = 180_000  # milliseconds, on a machine that does other things as well


def build(folder: Path, **environment: str) -> Path:
    """The whole site, built as `make site` does it; returns its folder."""
    command = [sys.executable, str(ROOT / "docs" / "build.py"), str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    site = folder / "html"
    about = json.loads((site / "lite" / "course.json").read_text(encoding="utf-8"))
    if environment.get("PYODIDE") != "cdn" and about["flavour"] != "local":
        assert not os.environ.get("CI"), done.stdout  # the build itself fails there
        pytest.skip(f"Pyodide cannot be had here: {done.stdout}")
    return site


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """pytest needs no log of what was served."""


class _Shared(_Silent):
    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


@contextmanager
def served(folder: Path, shared: bool = False) -> Iterator[str]:
    """The address of a server for a folder. When it ends, the folder is nowhere to be had.

    shared: pages from elsewhere may have the files, too.
    """
    handler = _Shared if shared else _Silent
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class Reader:
    """Somebody before an open notebook of the edition."""

    def __init__(self, page: Any, path: str) -> None:
        """path: of the notebook, below release/."""
        self.page = page
        self.frame = page.frame_locator("#frame")
        book = nbformat.read(ROOT / "release" / path, as_version=4)
        self.cells = [cell.id for cell in book.cells]

    def ready(self) -> None:
        """Python is there, and the course's package."""
        self.state("Python is ready")

    def state(self, words: str) -> None:
        state = self.page.locator("#state", has_text=words)
        state.wait_for(timeout=READY_WITHIN)

    def cell(self, name: str) -> Any:
        """A cell by its id; JupyterLab has them in their order."""
        return self.frame.locator(".jp-Notebook .jp-Cell").nth(self.cells.index(name))

    def text(self, name: str) -> str:
        return self.cell(name).locator(".cm-content").inner_text()

    def write(self, name: str, source: str) -> None:
        editor = self.cell(name).locator(".cm-content")
        editor.scroll_into_view_if_needed()
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def run(self, name: str, wait: bool = True) -> str:
        """Run a cell; what it said when it was done."""
        cell = self.cell(name)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        if not wait:
            return ""
        self._done()
        self.page.wait_for_timeout(200)  # the last output is drawn
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

    def timed(self, name: str) -> float:
        """Run a cell; seconds until Python was done with it."""
        self.cell(name).locator(".cm-content").click()
        began = time.perf_counter()
        self.page.keyboard.press("Control+Enter")
        self._done()
        return time.perf_counter() - began

    def _done(self) -> None:
        """What is asked of Python is done in its turn: after the cells that run."""
        self.page.evaluate(
            """async () => {
              const { jupyterapp } = document.getElementById("frame").contentWindow;
              const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
              const nothing = { code: "", silent: true, store_history: false };
              await kernel.requestExecute(nothing).done;
            }"""
        )

    def download(self, folder: Path) -> Path:
        with self.page.expect_download() as waiting:
            self.page.locator("#download").click()
        file = folder / waiting.value.suggested_filename
        waiting.value.save_as(file)
        return file
