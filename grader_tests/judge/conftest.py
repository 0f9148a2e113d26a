"""One warm process for all these tests, with short limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chainrule.grading.judge import judge as judging
from chainrule.grading.judge.judge import Submission
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded
from chainrule.grading.limits import Limits

LIMITS = Limits(
    cell_seconds=1.5, call_seconds=1.0, grace_seconds=0.4, total_seconds=30.0, cpu_seconds=20
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes long; deselect with -m 'not slow'")


@pytest.fixture(scope="session", autouse=True)
def _close() -> Iterator[None]:
    yield
    judging.close()


@pytest.fixture
def grade() -> Callable[[Master, Submission], Graded]:
    return lambda master, submission: judging.judge(master, submission, LIMITS)
