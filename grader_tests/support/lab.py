"""A running JupyterLab for a test, and what a person does in it, as functions.

Everything JupyterLab reads and writes is in a folder of the test's, and what it might fetch from
elsewhere (news, extensions) is switched off.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader_tests.support import browser

# Nothing is fetched from elsewhere, and nobody is asked whether it may be.
SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}
LISTENS_WITHIN = 180  # seconds; several start at once, perhaps on a slow machine
ANSWERS_WITHIN = 120_000  # milliseconds, for what a click brings about: a kernel, a grading


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab. address: ends in a slash; work: the folder it shows."""

    address: str
    token: str
    work: Path
    log: Path

    def url(self, path: str = "lab") -> str:
        """An address in it that lets its reader in."""
        return f"{self.address}{path}?reset&token={self.token}"


@contextmanager
def jupyterlab(
    home: Path,
    work: Path,
    *,
    files: Mapping[str, str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    disabled: tuple[str, ...] = (),
) -> Iterator[Lab]:
    """A JupyterLab of a person whose home is `home`, showing the folder `work`.

    files: what lies in its Jupyter configuration folder, by name; settings: of lab extensions, over
    SETTINGS; disabled: lab extensions this person does not have.
    """
    work.mkdir(parents=True, exist_ok=True)
    _settings(home, {**SETTINGS, **(settings or {})})
    configuration = home / "jupyter_config"
    page = json.dumps({"disabledExtensions": dict.fromkeys(disabled, True)})
    for name, text in {"labconfig/page_config.json": page, **(files or {})}.items():
        path = configuration / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folders = {
        f"{name}_DIR": str(home / name.lower())
        for name in ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME", "IPYTHON")
    }
    folders["JUPYTERLAB_SETTINGS_DIR"] = str(home / "settings")
    folders["JUPYTERLAB_WORKSPACES_DIR"] = str(home / "workspaces")
    port, token = free_port(), secrets.token_hex(16)
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": work,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": token,
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]
    log = home / "log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command,
            env=os.environ | folders | {"HOME": str(home)},
            cwd=work,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_listens(port, server, log)
        yield Lab(f"http://127.0.0.1:{port}/", token, work, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _settings(home: Path, settings: Mapping[str, Mapping[str, Any]]) -> None:
    for name, values in settings.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(LISTENS_WITHIN * 10):
        assert server.poll() is None, f"JupyterLab did not start:\n{log.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer:\n{log.read_text()}")


# ---- A person in front of it. `page` is a Playwright page.


@contextmanager
def at_the_desk(chromium: Any, lab: Lab) -> Iterator[Any]:
    """The page of a person working in a lab. What goes wrong is told with the lab's log.

    At the end the page asked for nothing but the lab's own.
    """
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(ANSWERS_WITHIN)
    watch = browser.Watch(allowed=(lab.address,)).on(page)
    try:
        page.goto(lab.url())
        page.locator("#jp-main-statusbar").wait_for()
        # The launcher comes last; a menu opened before it would be closed by it.
        page.locator(".jp-LauncherCard").first.wait_for()
        page.keyboard.press("Control+b")  # the file browser's room is needed
        yield page
    except BaseException as error:
        shot = lab.log.with_suffix(".png")
        with suppress(Exception):  # the browser itself may be gone
            page.screenshot(path=shot)
        error.add_note(f"{shot} shows the page at {lab.address}. The end of {lab.log}:")
        error.add_note("\n".join(lab.log.read_text().splitlines()[-40:]))
        raise
    finally:
        context.close()
    assert watch.requests == []


def menu(page: Any, name: str, entry: str | re.Pattern[str]) -> None:
    page.get_by_role("menuitem", name=name, exact=True).click()
    page.get_by_role("menuitem", name=entry).click()


def tab(page: Any, name: str) -> None:
    """Turn to something that is open in the main area."""
    page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=name).click()


# ---- A notebook. A cell is given by its place.


def wait_for_kernel(page: Any) -> None:
    """What is run before the kernel is there may be dropped."""
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()


def cell(page: Any, k: int) -> Any:
    return page.locator(".jp-Notebook .jp-Cell").nth(k)


def scroll(page: Any, pixels: int) -> None:
    page.locator(".jp-WindowedPanel-outer").evaluate("(e, by) => e.scrollBy(0, by)", pixels)


def write(page: Any, k: int, text: str) -> None:
    """Type over what is in a cell."""
    one = cell(page, k)
    one.scroll_into_view_if_needed()
    rendered = one.locator(".jp-RenderedMarkdown:visible")
    if rendered.count():
        rendered.dblclick()
    one.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def run(page: Any, k: int) -> str:
    """Run a cell; what it showed."""
    one = cell(page, k)
    one.scroll_into_view_if_needed()
    if "jp-CodeCell" not in one.get_attribute("class"):
        page.keyboard.press("Control+Enter")
        return str(one.inner_text())
    prompt = one.locator(".jp-InputArea-prompt")
    before = prompt.inner_text()
    one.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "([prompt, before]) => /\\d/.test(prompt.innerText) && prompt.innerText !== before",
        arg=[prompt.element_handle(), before],
    )
    return str(one.locator(".jp-OutputArea").inner_text())


def validate(page: Any) -> str:
    """Press nbgrader's button above the notebook, which saves it too; what the dialog says."""
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.locator("#validation-message").wait_for()
    return str(dialog.inner_text())


def close_dialog(page: Any) -> None:
    page.locator(".jp-Dialog").get_by_role("button", name="Ok").click()
    page.locator(".jp-Dialog").wait_for(state="detached")


# ---- nbgrader's Assignment List.


def assignments(page: Any, kind: str) -> Any:
    """One of its lists, released, fetched or submitted, when it has something in it."""
    found = page.locator(f"#{kind}_assignments_list")
    found.locator(".list_item").first.wait_for()
    found.locator(".list_loading").wait_for(state="hidden")
    return found


# ---- nbgrader's Formgrader, in a frame of its own.


def formgrader(page: Any) -> Any:
    return page.frame_locator("#jp-main-dock-panel iframe")


def row(frame: Any, text: str) -> Any:
    """The line of the table that says `text`."""
    return frame.locator("#main-table tr", has_text=text)


def press(row: Any, column: str) -> str:
    """Press the icon in a column, and close the message that comes; what it said."""
    row.locator(f"td.{column} a").click()
    frame = formgrader(row.page)
    message = frame.locator(".modal.in")
    message.locator(".modal-title").wait_for()
    said = str(message.inner_text())
    message.get_by_role("button", name="OK").click()
    for part in (".modal", ".modal-backdrop"):
        frame.locator(part).wait_for(state="detached")
    return said
