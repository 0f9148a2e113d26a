"""The numbers of a class: statistics worked out by hand, and times a hostile notebook tells."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.grading.report.failures import look_at
from chainrule.grading.report.statistics import bins, discrimination, median
from chainrule.grading.report.timing import question_times
from chainrule.notebook.cells import plain_json
from grader_tests.support.gradedclass import ran

# ---- Statistics.


def test_discrimination_worked_by_hand() -> None:
    # Deviations ±1/2 and 1, 0, 0, -1: cov 1, variances 1 and 2.
    assert discrimination([1, 1, 0, 0], [3, 2, 2, 1]) == pytest.approx(1 / math.sqrt(2))
    assert discrimination([0, 1, 2], [5, 7, 9]) == pytest.approx(1)
    assert discrimination([2, 1, 0], [5, 7, 9]) == pytest.approx(-1)
    assert discrimination([0, 1, 0, 1], [1, 1, 2, 2]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("item", "rest"),
    [
        ([], []),
        ([1.0, 0.0], [1.0, 2.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([1.0, 0.0, 1.0], [2.0, 2.0, 2.0]),
        ([1.0, 0.0, 1.0], [0.1 + 0.2, 0.3, 0.3]),
    ],
)
def test_discrimination_is_undefined(item: list[float], rest: list[float]) -> None:
    assert discrimination(item, rest) is None


POINTS = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 1000)) | st.tuples(*[st.integers(0, 3)] * 2),
    max_size=30,
)


@given(POINTS)
def test_discrimination_is_between_minus_one_and_one(points: list[tuple[float, float]]) -> None:
    item, rest = [p[0] for p in points], [p[1] for p in points]
    found = discrimination(item, rest)
    assert found is None or -1 <= found <= 1
    turned = discrimination([-x for x in item], rest)
    assert (found is None) == (turned is None)
    if found is not None and turned is not None:
        assert turned == pytest.approx(-found, abs=1e-6)


def test_histogram_worked_by_hand() -> None:
    found = bins([0, 1, 2, 9.5, 10, 11, -1], 10)
    assert [(one.low, one.high) for one in found] == [(n, n + 1) for n in range(10)]
    assert [one.count for one in found] == [2, 1, 1, 0, 0, 0, 0, 0, 0, 3]
    assert [(one.low, one.high) for one in bins([], 39)] == [(5 * n, 5 * n + 5) for n in range(8)]
    assert bins([1, 2], 0) == []


@given(st.lists(st.floats(-10, 1e6)), st.floats(0.1, 1e5))
def test_histogram_holds_everybody(points: list[float], most: float) -> None:
    found = bins(points, most)
    assert sum(one.count for one in found) == len(points)
    assert 1 <= len(found) <= 15
    assert found[-1].low < most <= found[-1].high * (1 + 1e-6)


def test_median() -> None:
    assert median([3.0, 1.0, 2.0, 10.0]) == 2.5
    assert median([]) is None


# ---- Times.


def handed_in(**execution: Any) -> bytes:
    cells = [
        {"metadata": {"nbgrader": {"grade_id": name}, "execution": value}}
        for name, value in execution.items()
    ]
    return json.dumps({"cells": cells}).encode()


QUESTIONS = {"q1_a": "q1", "q1_a_check": "q1", "q2_b": "q2", "q3_c": "q3"}


def test_a_question_takes_from_the_one_before_to_its_own_last_run() -> None:
    content = handed_in(
        setup=ran("18:00:00.5"), q1_a=ran("18:03:00"), q1_a_check=ran("18:04:00.5"),
        q2_b=ran("18:14:00.5"), q3_c=ran("18:09:00.5"),
    )  # fmt: skip
    assert question_times(content, QUESTIONS) == {"q1": 240.0, "q3": 300.0, "q2": 300.0}


def test_times_that_cannot_be_are_dropped() -> None:
    content = handed_in(setup=ran("08:00:00"), q1_a=ran("08:00:01"), q2_b=ran("19:00:00"))
    assert question_times(content, QUESTIONS) == {}  # all run at once; a day in between
    for absurd in (
        {"shell.execute_reply": "9999-12-31T23:59:59Z"}, {"shell.execute_reply": "1970-01-01"},
        {"shell.execute_reply": "x" * 10_000}, {"shell.execute_reply": 1e300}, "now", [], None,
        {"shell.execute_reply": "0001-01-01T00:00:00+23:59"}, {"shell.execute_reply": ["2026"]},
    ):  # fmt: skip
        content = handed_in(setup=ran("18:00:00"), q1_a=absurd, q2_b=ran("18:01:00"))
        assert question_times(content, QUESTIONS) == {"q2": 60.0}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe", b"[]", b'"execution"', b"[" * 100_000 + b'"execution"', b"1" * 100_000,
        b'{"cells": {"execution": 1}}', b'{"cells": [1, null, {"execution": []}]}',
        b'{"cells": [{"metadata": {"nbgrader": {"grade_id": ["execution"]}}}]}',
    ],
)  # fmt: skip
def test_a_notebook_that_is_none_has_no_times(content: bytes) -> None:
    assert question_times(content, QUESTIONS) == {}
    assert look_at(plain_json(content), QUESTIONS, QUESTIONS).failures == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
CELL = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries(
            {"nbgrader": st.just({"grade_id": "q1_a"}), "execution": JSON}
        )
    },
    optional={"outputs": JSON | st.lists(JSON), "source": JSON},
)


def times_are_sound(content: bytes) -> bool:
    """Whether the times tell anything; what they tell is of a question, and of one sitting."""
    times = question_times(content, QUESTIONS)
    assert set(times) <= set(QUESTIONS.values())
    assert all(5 <= value <= 7200 for value in times.values())
    return bool(times)


def test_times_that_a_notebook_makes_up_are_of_one_sitting() -> None:
    minutes = st.integers(0, 3 * 60)
    moment = minutes.map(lambda n: ran(f"{18 + n // 60}:{n % 60:02}:00")["shell.execute_reply"])
    execution = st.fixed_dictionaries(
        {"shell.execute_reply": moment}, optional={"iopub.status.idle": moment | JSON}
    )
    cells = st.dictionaries(
        st.sampled_from(["setup", *QUESTIONS]), execution | execution | JSON, min_size=3
    )
    told = []

    @settings(derandomize=True, database=None, deadline=None)
    @given(cells)
    def hold(cells: dict[str, Any]) -> None:
        told.append(times_are_sound(handed_in(**cells)))

    hold()
    assert sum(told) > len(told) / 5


@given(st.lists(CELL | JSON, max_size=4) | JSON)
def test_any_json_is_read(cells: Any) -> None:
    content = json.dumps({"cells": cells}).encode()
    times_are_sound(content)
    look_at(plain_json(content), {"q1_a": "q1"}, {})
    look_at(plain_json(content), {}, {"q1_a": "q1"})
