"""A name of the student's is looked up once, and again as soon as it means something else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chainrule.grading.remote.client import RemoteStudent
from chainrule.grading.remote.namespace import CheckNamespace
from chainrule.grading.remote.steps import packed, unpacked
from grader_tests.support.guests import a_guest

CELL = """
class Add:
    def forward(self, x, y):
        return x + y

class Liar:
    __name__ = "Add"

def swap():
    global Add
    class Add:
        def forward(self, x, y):
            return 0.0

def rename():
    Add.__name__ = "Subtract"

def later():
    import threading, time
    threading.Thread(target=swap).start()
    time.sleep(0.2)

numbers = [1]

def more():
    numbers.append(2)

def take_away():
    global Add
    del Add
"""


@pytest.fixture
def guest() -> Iterator[RemoteStudent]:
    with a_guest() as student:
        student.run(CELL)
        yield student


@pytest.fixture
def names(guest: RemoteStudent) -> CheckNamespace:
    found = CheckNamespace()
    found.student = guest
    return found


def messages(guest: RemoteStudent) -> int:
    """How many requests were sent so far."""
    return guest._asked


def test_it_is_asked_for_once(guest: RemoteStudent, names: CheckNamespace) -> None:
    add = names["Add"]
    before = messages(guest)
    assert names["Add"] is add
    assert names["Add"].__name__ == "Add"
    assert messages(guest) == before


@pytest.mark.parametrize("how", ["swap", "later"])
def test_a_name_that_student_code_binds_anew(
    guest: RemoteStudent, names: CheckNamespace, how: str
) -> None:
    assert names["Add"]().forward(1.0, 2.0) == 3.0
    names[how]()
    assert names["Add"]().forward(1.0, 2.0) == 0.0


def test_a_name_that_is_gone(names: CheckNamespace) -> None:
    assert names["Add"].__name__ == "Add"
    names["take_away"]()
    with pytest.raises(KeyError):
        names["Add"]


def test_a_class_that_is_called_otherwise(names: CheckNamespace) -> None:
    kept = names["Add"]
    assert kept.__name__ == "Add"
    names["rename"]()
    assert kept.__name__ == names["Add"].__name__ == "Subtract"
    kept.__name__ = "Multiply"
    assert names["Add"].__name__ == kept.__name__ == "Multiply"


def test_what_a_class_calls_itself(names: CheckNamespace) -> None:
    assert names["Liar"].__name__ == "Liar"


def test_a_name_that_a_check_binds(guest: RemoteStudent) -> None:
    names = CheckNamespace(owned=frozenset({"Add", "swap"}))
    names.student = guest
    add, other = names["Add"], names["swap"]
    names["Add"] = other
    assert names["Add"] == other
    names.settle()
    assert names["Add"] == other
    names["Add"] = add
    names.settle()
    assert names["Add"] == add


def test_plain_data_is_asked_for_each_time(names: CheckNamespace) -> None:
    assert names["numbers"] == [1]
    names["more"]()
    assert names["numbers"] == [1, 2]


def test_a_cell_binds_it_anew(guest: RemoteStudent, names: CheckNamespace) -> None:
    assert names["Add"].__name__ == "Add"
    guest.run("class Add: pass")
    assert not hasattr(names["Add"], "forward")


def test_steps_are_the_same_on_the_other_side() -> None:
    steps = [(0, "", ()), (1, "forward", (1.0, 2.0)), (0, "backward", ([1], None)), (300, "", ())]
    assert unpacked(packed(steps)) == steps
    assert unpacked(packed([])) == []
