"""What several tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chainrule.course.folder import Course, programs_on_path
from chainrule.grading.judge import judge as judging
from chainrule.sample.run import Demo, run_demo
from grader_tests.support import browser
from grader_tests.support.once import once
from grader_tests.support.paths import ROOT

# Test files are shared out among processes whole; one that takes long must not begin last.
_LONGEST = ("threats/", "grading/report/test_feedback", "check/test_diagnosis", "grading/judge/")

programs_on_path()  # the tests start nbgrader, which starts alembic


@pytest.fixture(scope="session")
def course() -> Course:
    """The course in this checkout."""
    return Course(ROOT)


@pytest.fixture(scope="session")
def demo(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The sample class, graded. Tests read it; what they change they change in a copy."""
    return once(
        tmp_path_factory, "demo", lambda to: run_demo(course, to / "work", lambda *_: None)
    )[0]


@pytest.fixture(scope="session")
def in_ci() -> bool:
    return bool(os.environ.get("CI"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser. For one module: while it runs, so does an event loop in this thread."""
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _close() -> Iterator[None]:
    """All tests of a process share its fork servers; whoever started one, it is ended."""
    yield
    judging.close()


@pytest.fixture
def show(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """Shows widgets on a page of their own."""
    with ExitStack() as pages:
        yield lambda *shown, **options: pages.enter_context(
            browser.plain_page(
                chromium, tmp_path, "".join(thing.html for thing in shown), **options
            )
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""

    def place(item: pytest.Item) -> int:
        found = (n for n, part in enumerate(_LONGEST) if f"grader_tests/{part}" in item.nodeid)
        return next(found, len(_LONGEST))

    items.sort(key=place)
