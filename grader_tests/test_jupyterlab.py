"""Lecture 1 in a real JupyterLab: an untrusted circuit is a picture, a trusted one can be stepped.

The notebook is the lecture, cut down to its circuits. Everything JupyterLab reads and writes is in
a temporary folder, and what it might fetch from elsewhere (news, extensions) is switched off.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chainrule.grading.notebooks import read, write
from grader_tests import browser

pytestmark = pytest.mark.browser

LECTURE = Path(__file__).resolve().parents[1] / "course" / "01_scalar_circuits.ipynb"
CELLS = ("title", "setup", "circuit-build", "backward-run", "neuron-forward", "neuron-backward")

# Nothing is fetched from elsewhere, and nobody is asked whether it may be.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running JupyterLab with the notebook in its folder."""
    home = tmp_path_factory.mktemp("lab")
    lecture = read(LECTURE)
    lecture.cells = [cell for cell in lecture.cells if cell.id in CELLS]
    assert len(lecture.cells) == len(CELLS)
    write(lecture, home / "work" / "lecture.ipynb")
    for name, values in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    folders = {
        f"{name}_DIR": str(home / name.lower())
        for name in ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME", "IPYTHON")
    }
    folders["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    folders["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
    port = free_port()
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": home / "work",
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=os.environ | folders, cwd=home, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        address = f"http://127.0.0.1:{port}/"
        wait_until_it_listens(port, server, home / "log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_listens(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, f"JupyterLab did not start:\n{log.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer:\n{log.read_text()}")


@pytest.fixture
def notebook(chromium: Any, lab: str) -> Iterator[Any]:
    """The page with the notebook open, as it is before anybody trusts it."""
    with browser.visit(chromium, f"{lab}lab/tree/lecture.ipynb?reset", lab) as page:
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        yield page


def test_untrusted_then_run(notebook: Any) -> None:
    """An untrusted notebook shows each circuit as an image and a table; run, it can be stepped."""
    figures = notebook.locator(".jp-OutputArea figure")
    image = figures.locator("img[alt^='Circuit of 2 gates']").first
    image.wait_for()
    assert image.bounding_box()["width"] > 400
    assert notebook.locator("script", has_text="stepper(host").count() == 0
    figures.first.locator("summary").click()
    assert "multiply of q, z" in figures.first.locator("table").inner_text()

    # The kernel first: what is run before it is there may be dropped.
    notebook.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    notebook.get_by_role("menuitem", name="Run", exact=True).click()
    notebook.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
    first, second = in_sight(notebook, 0), in_sight(notebook, 1)
    assert notebook.locator(".chainrule-stepper").count() == 2
    browser.press(second, "Forward", 3)
    browser.check_xyz(in_sight(notebook, 0))
    browser.check_predict(first)
    assert browser.steps(in_sight(notebook, 1)) == (3, 24)
    browser.check_neuron(second)


def in_sight(notebook: Any, k: int) -> Any:
    """The k-th stepper; JupyterLab leaves out of the page what is far from being seen."""
    widget = notebook.locator(".chainrule-stepper").nth(k)
    widget.locator(".frame").wait_for(state="attached")
    widget.scroll_into_view_if_needed()
    return widget
