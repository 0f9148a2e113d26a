"""What the course shows in a real JupyterLab: predictions folded, one's own engine stepped through,
quiz questions, and a worked answer once its question is solved.

The notebooks are the course's own, cut down to what is looked at: lectures with their outputs, as
they are read, and a problem set as it is given out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

from chainrule.course.notebooks import read, write
from grader_tests.support import browser
from grader_tests.support.lab import Lab, cell, jupyterlab, menu, run, wait_for_kernel
from grader_tests.support.lab import write as type_over
from grader_tests.support.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ENGINE = ("setup", "value-class", "value-run", "order-function", "forks-run")
SET = "ps1_scalar_circuits"
SOLVING = ("setup", "progress", "q2_multiply", "q2_multiply_forward", "q2_multiply_backward")
MULTIPLY = """class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        return {}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab with both notebooks in its folder."""
    home = tmp_path_factory.mktemp("lab")
    lecture = read(ROOT / "course" / "07_autograd_engine.ipynb")
    other = read(ROOT / "course" / "05_activations.ipynb")
    quiz = [one for one in other.cells if one.id == "quiz-where"]
    lecture.cells = [one for one in lecture.cells if one.id in ENGINE] + quiz
    assert len(lecture.cells) == len(ENGINE) + 1
    write(lecture, home / "work" / "engine.ipynb")
    problem_set = read(ROOT / "release" / SET / f"{SET}.ipynb")
    problem_set.cells = [one for one in problem_set.cells if one.id in SOLVING]
    assert len(problem_set.cells) == len(SOLVING)
    problem_set.cells.append(new_code_cell('check.answer("q2")', id="own"))
    write(problem_set, home / "work" / "set.ipynb")
    with jupyterlab(home, home / "work") as lab:
        yield lab


@contextmanager
def opened(chromium: Any, running: Lab, name: str) -> Iterator[Any]:
    url = running.url(f"lab/tree/{name}.ipynb")
    with browser.visit(chromium, url, running.address) as page:
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.keyboard.press("Control+b")  # the file browser's room is needed
        wait_for_kernel(page)
        yield page


def test_predictions_an_engine_and_a_quiz(chromium: Any, running: Lab) -> None:
    with opened(chromium, running, "engine") as page:
        at = {name: k for k, name in enumerate((*ENGINE, "quiz"))}
        # What answers a Predict waits for a click, and it is there then.
        for name in ("value-run", "forks-run"):
            one = cell(page, at[name])
            one.scroll_into_view_if_needed()
            fold = one.locator(".jp-Cell-outputWrapper .jp-Placeholder-content")
            fold.wait_for()
            assert one.locator(".jp-OutputArea-output").count() == 0
            fold.click()
            one.locator(".jp-OutputArea-output").first.wait_for()
        assert "f: value -6" in cell(page, at["value-run"]).inner_text()
        menu(page, "Run", re.compile("^Run All Cells"))
        # The graph of the engine that the lecture wrote: its own numbers, step by step.
        widget = cell(page, at["forks-run"]).locator(".chainrule-stepper")
        widget.scroll_into_view_if_needed()
        browser.press(widget, "Predict")
        browser.press(widget, "Forward")
        assert browser.guess(widget, "1").endswith("Once more.")
        assert "The gate is multiply. Work out x × y" in browser.guess(widget, "2")
        assert browser.guess(widget, "3").startswith("Not quite")
        browser.press(widget, "Predict")
        browser.to_the_end(widget)
        assert browser.numbers(widget)["x"] == ["2", "−3"]
        # A quiz: choices in its own words, code as code; each is answered on a click.
        quiz = cell(page, at["quiz"]).locator(".jp-OutputArea-output")
        quiz.scroll_into_view_if_needed()
        assert quiz.locator("summary").count() == 3
        for choice in quiz.locator("summary").all():
            choice.click()
        assert quiz.locator("code", has_text="where").first.is_visible()
        assert "`" not in quiz.inner_text()


def test_a_worked_answer_opens_when_its_question_is_solved(chromium: Any, running: Lab) -> None:
    with opened(chromium, running, "set") as page:
        at = {name: k for k, name in enumerate((*SOLVING, "own"))}

        def tried(going_back: str) -> str:
            """The question answered so, both checks run, and then what `check.answer` says."""
            type_over(page, at["q2_multiply"], MULTIPLY.format(going_back))
            for name in SOLVING[2:]:
                run(page, at[name])
            return run(page, at["own"])

        for name in SOLVING[:2]:
            run(page, at[name])
        assert "run its checks first" in run(page, at["own"])
        assert "some of its checks have passed" in tried("upstream * self.x, upstream * self.y")
        told = tried("upstream * self.y, upstream * self.x")
        assert "q2: the multiply gate" in told
        shown = cell(page, at["own"]).locator(".jp-RenderedMarkdown")
        assert shown.locator("h2").count() == 1
        assert shown.locator("ol > li").count() == 3
        assert "local_x" in shown.locator("pre code").inner_text()
        assert "$" not in shown.locator("ol").inner_text(), "formulas are drawn"
