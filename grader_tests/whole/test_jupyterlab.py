"""Lecture 1 in a real JupyterLab: an untrusted circuit is a picture, a trusted one can be stepped.

The notebook is the lecture, cut down to its circuits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from chainrule.course.notebooks import read, write
from grader_tests.support import browser
from grader_tests.support.lab import Lab, jupyterlab, menu, wait_for_kernel
from grader_tests.support.paths import ROOT

pytestmark = pytest.mark.browser

LECTURE = ROOT / "course" / "01_scalar_circuits.ipynb"
CELLS = ("title", "setup", "circuit-build", "backward-run", "neuron-forward", "neuron-backward")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with the notebook in its folder."""
    home = tmp_path_factory.mktemp("lab")
    lecture = read(LECTURE)
    lecture.cells = [cell for cell in lecture.cells if cell.id in CELLS]
    assert len(lecture.cells) == len(CELLS)
    write(lecture, home / "work" / "lecture.ipynb")
    with jupyterlab(home, home / "work") as lab:
        yield lab


@pytest.fixture
def notebook(chromium: Any, running: Lab) -> Iterator[Any]:
    """The page with the notebook open, as it is before anybody trusts it."""
    url = running.url("lab/tree/lecture.ipynb")
    with browser.visit(chromium, url, running.address) as page:
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

    wait_for_kernel(notebook)
    menu(notebook, "Run", re.compile("^Run All Cells"))
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
