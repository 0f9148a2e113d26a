"""A headless browser, and what a reader does with a widget of the course, as functions.

Each function takes a Playwright page or the locator of one widget. So the same steps run on a
plain page, on the built site and in JupyterLab.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Widgets</title><body>'

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# What `make site` makes the browser edition of brings an extension along. JupyterLab, which lies in
# the same environment here, finds it, cannot use it, and says so. A student has none of it.
_ELSEWHERE = "/lab/extensions/@jupyterlite/pyodide-kernel-extension/"


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser. Without one the test is skipped on a laptop, and fails in CI."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        reason = "needs chromium and the playwright package"
        if os.environ.get("CI"):
            pytest.fail(reason + ", and CI has to have both")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Any, url: str, origin: str = "", also: str = "", **options: Any
) -> Iterator[Any]:
    """The page at `url`. At the end it asked for nothing but `origin`'s own (and `also`'s), and
    nothing failed."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    watch = Watch(allowed=(origin or url, also or origin or url)).on(page)
    page.goto(url)
    yield page
    context.close()
    watch.quiet()


@contextmanager
def plain_page(browser: Any, folder: Path, html: str, **options: Any) -> Iterator[Any]:
    """A page of its own that holds `html`, visited."""
    path = folder / "page.html"
    path.write_text(PAGE + html, encoding="utf-8")
    with visit(browser, path.as_uri(), **options) as page:
        yield page


@dataclass
class Watch:
    """What a page did that nobody asked for: requests to elsewhere, and errors."""

    allowed: tuple[str, ...]
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def on(self, page: Any) -> Watch:
        page.on("request", lambda request: self.requested(request.url))
        page.on("websocket", lambda socket: self.requested(socket.url.replace("ws", "http", 1)))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._wrote)
        return self

    def _wrote(self, line: Any) -> None:
        if line.type == "error" and _ELSEWHERE not in line.text:
            self.errors.append(f"{line.text} ({line.location['url']})")

    def requested(self, url: str) -> None:
        if not url.startswith(("data:", "blob:", *self.allowed)):
            self.requests.append(url)

    def quiet(self) -> None:
        """Fail if anything was heard."""
        assert self.requests == []
        assert self.errors == []


def pale(page: Any) -> list[str]:
    """The texts of an article that hardly stand out from their ground, each with its contrast."""
    script = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
    # What fades in is looked at when it is there.
    page.evaluate(
        """() => document.getAnimations()
             .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
             .forEach((one) => one.finish())"""
    )
    found: list[str] = page.evaluate(script)
    return found


# ---- One stepper. `widget` is the locator of one `.chainrule-stepper`.


def press(widget: Any, word: str, times: int = 1) -> None:
    for _ in range(times):
        # A button with nothing to do is aria-disabled; a reader can press it all the same.
        widget.get_by_role("button", name=word, exact=True).click(force=True)


def keys(widget: Any, key: str, times: int = 1) -> None:
    """Press a key with the focus on the widget itself."""
    widget.locator(".step").focus()
    for _ in range(times):
        widget.page.keyboard.press(key)


def steps(widget: Any) -> tuple[int, int]:
    """Where the stepper is, and how many steps there are."""
    words = widget.locator(".phase").inner_text().split("step ")[1].split()
    return int(words[0]), int(words[2])


def to_the_end(widget: Any, *, by_key: bool = False) -> None:
    at, last = steps(widget)
    if by_key:
        keys(widget, "ArrowRight", last - at)
    else:
        press(widget, "Forward", last - at)
    assert steps(widget) == (last, last)


def said(widget: Any) -> str:
    """The sentence of this step."""
    return widget.locator(".said").inner_text()


def verdict(widget: Any) -> str:
    return widget.locator(".verdict").inner_text()


def numbers(widget: Any) -> dict[str, list[str]]:
    """Every scalar's value and gradient as the picture shows them; empty where it does not yet."""
    return widget.evaluate(
        """(host) => {
          const root = host.shadowRoot;
          const found = {};
          root.querySelectorAll("tbody tr").forEach((row, k) => {
            const group = root.querySelector(`[data-node="${k}"]`);
            const read = (kind) => {
              const spot = group.querySelector(kind);
              if (!spot) return "";
              if (spot.tagName === "INPUT") return spot.value;
              const seen = getComputedStyle(spot).visibility === "visible";
              return seen ? spot.textContent.replace("← ", "") : "";
            };
            found[row.cells[0].textContent] = [read(".value, input"), read(".gradient")];
          });
          return found;
        }"""
    )


def table(widget: Any) -> dict[str, list[str]]:
    """The same from the table under the picture."""
    return widget.evaluate(
        """(host) => Object.fromEntries([...host.shadowRoot.querySelectorAll("tbody tr")].map(
             (row) => [...row.cells].map((cell) => cell.textContent)).map(
             (cells) => [cells[0], [cells[2], cells[3]]]))"""
    )


def set_input(widget: Any, name: str, value: str) -> None:
    widget.get_by_label(f"{name}, an input of the circuit").fill(value)


def guess(widget: Any, text: str) -> str:
    """Type a guess and press Enter; returns what is said of it."""
    widget.locator(".guess input").fill(text)
    widget.page.keyboard.press("Enter")
    return verdict(widget)


# ---- What every circuit of the course has to stand, wherever it is shown.


def check_xyz(widget: Any) -> None:
    """(x + y) z at -2, 5, -4 from start to end: by button, by key, and with another input."""
    press(widget, "Reset")
    assert numbers(widget) == {
        "x": ["-2", ""], "y": ["5", ""], "q": ["", ""], "z": ["-4", ""], "f": ["", ""],
    }  # fmt: skip
    press(widget, "Forward")
    assert said(widget) == "add: q = x + y = −2 + 5 = 3"
    press(widget, "Forward", 3)
    assert said(widget) == "multiply, back to q: upstream 1 × local −4 = −4"
    finished = {
        "x": ["-2", "−4"], "y": ["5", "−4"], "q": ["3", "−4"], "z": ["-4", "3"], "f": ["−12", "1"],
    }  # fmt: skip
    to_the_end(widget)
    assert numbers(widget) == finished
    keys(widget, "Home")
    assert steps(widget) == (0, 7)
    to_the_end(widget, by_key=True)
    assert numbers(widget) == finished
    keys(widget, "ArrowLeft")
    assert steps(widget) == (6, 7)
    assert numbers(widget)["y"] == ["5", ""]
    keys(widget, "ArrowRight")
    set_input(widget, "z", "2")
    assert numbers(widget) == {
        "x": ["-2", "2"], "y": ["5", "2"], "q": ["3", "2"], "z": ["2", "3"], "f": ["6", "1"],
    }  # fmt: skip
    set_input(widget, "z", "-4")
    assert numbers(widget) == finished
    press(widget, "Reset")


def check_neuron(widget: Any) -> None:
    """The sigmoid neuron, gate by gate, to its end."""
    press(widget, "Reset")
    to_the_end(widget, by_key=True)
    shown = numbers(widget)
    assert [shown[name][0] for name in ("dot", "neg_dot", "exp_neg", "denom", "f")] == [
        "1", "−1", "0.3679", "1.368", "0.7311",
    ]  # fmt: skip
    assert [shown[name][1] for name in ("f", "denom", "exp_neg", "neg_dot", "dot")] == [
        "1", "−0.5344", "−0.5344", "−0.1966", "0.1966",
    ]  # fmt: skip
    assert [shown[f"w{i}"][1] for i in range(3)] == ["−0.1966", "−0.3932", "0.1966"]
    assert [shown[f"x{i}"][1] for i in range(3)] == ["0.3932", "−0.5898", "−0.5898"]
    press(widget, "Reset")


def check_predict(widget: Any) -> None:
    """Predict mode on (x + y) z: wrong guesses with another try and a hint, then right ones."""
    press(widget, "Reset")
    press(widget, "Predict")
    press(widget, "Forward")
    assert said(widget) == "add: q = x + y = −2 + 5 = ?"
    assert numbers(widget)["q"] == ["?", ""]
    told = guess(widget, "7")
    assert told.startswith("Not quite")
    assert told.endswith("Once more.")
    assert said(widget) == "add: q = x + y = −2 + 5 = ?"
    told = guess(widget, "8")
    assert "The gate is add. Work out x + y" in told
    assert numbers(widget)["q"] == ["?", ""]
    assert guess(widget, "9").startswith("Not quite")
    assert said(widget) == "add: q = x + y = −2 + 5 = 3"
    press(widget, "Forward")
    assert guess(widget, "-12") == "Right."
    assert "1 of 2 guessed right" in widget.locator(".phase").inner_text()
    assert numbers(widget)["f"] == ["−12", ""]
    press(widget, "Forward", 2)  # shows the seed without a guess, which does not count
    press(widget, "Forward")
    assert said(widget) == "multiply, back to q: upstream 1 × local ? = ?"
    assert "the size is right, the sign is not" in guess(widget, "4")
    assert "The gate is multiply. A product gives each input" in guess(widget, "4")
    assert said(widget) == "multiply, back to q: upstream 1 × local ? = ?"
    assert guess(widget, "-4") == "Right."
    assert said(widget) == "multiply, back to q: upstream 1 × local −4 = −4"
    assert "2 of 3 guessed right" in widget.locator(".phase").inner_text()
    press(widget, "Predict")
    press(widget, "Reset")
