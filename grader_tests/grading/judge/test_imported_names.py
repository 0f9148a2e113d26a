"""A name that the master's answer imports is the student's to bind: a check finds theirs."""

from __future__ import annotations

import pytest

from chainrule.grading.judge.judge import judge
from grader_tests.support.limits import LIMITS
from grader_tests.support.notebooks import answered, cell, master, points, submission

MASTER = master(
    cell("answer", "q", "### BEGIN SOLUTION\nimport numpy as np\nfrom math import floor, pi\n"
         "import collections.abc\n### END SOLUTION"),
    cell("check", "module", "assert np.sqrt(4) == 2 and isinstance(np.ones(2), np.ndarray)", 1),
    cell("check", "function", "assert floor(2.5) == 2", 1),
    cell("check", "value", "assert abs(pi - 3.14159) < 1e-5", 1),
    cell("check", "package", "assert issubclass(list, collections.abc.Sized)", 1),
)  # fmt: skip
ANSWERS = {
    "import numpy as np\nfrom math import floor, pi\nimport collections.abc": "1111",
    "pass": "0000",
    "np = 5\nfloor = 'x'\npi = 3\ncollections = None": "0000",
    "import math as np\ndef floor(x): return int(x)\npi = 3.1415926\nimport collections": "0111",
    "def floor(x): return 3\nfrom math import e as pi\nimport numpy": "0000",
    "import numpy, math\nnp, floor, pi = numpy, math.floor, math.pi": "1110",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_it_is_what_the_student_bound(answer: str) -> None:
    got = points(judge(MASTER, submission(answered(MASTER, {"q": answer})), LIMITS))
    assert "".join(str(int(score or 0)) for score in got.values()) == ANSWERS[answer]
