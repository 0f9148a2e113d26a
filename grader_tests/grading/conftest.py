"""Grading with short limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from chainrule.grading.judge import judge as judging
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded
from chainrule.grading.judge.submission import Submission
from grader_tests.support.limits import LIMITS


@pytest.fixture
def grade() -> Callable[[Master, Submission], Graded]:
    return lambda master, submission: judging.judge(master, submission, LIMITS)


@pytest.fixture(scope="session")
def empty_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with nothing in it: nbgrader takes seconds to make one."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    Gradebook(f"sqlite:///{path}").close()
    return path
