"""What several tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chainrule.grading.course import Course, programs_on_path

programs_on_path()  # the tests start nbgrader, which starts alembic


@pytest.fixture(scope="session")
def course() -> Course:
    """The course in this checkout."""
    return Course(Path(__file__).resolve().parents[1])


@pytest.fixture(scope="session")
def in_ci() -> bool:
    return bool(os.environ.get("CI"))
