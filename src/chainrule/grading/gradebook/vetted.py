"""Before a class is graded: whether the masters' own solutions pass their checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chainrule.grading.gradebook.submitted import BatchError
from chainrule.grading.judge.judge import vetting_of
from chainrule.grading.judge.master import Master
from chainrule.grading.judge.scores import Graded
from chainrule.grading.judge.ways import INSIDE
from chainrule.grading.limits import Limits
from chainrule.notebook.cells import grade_id_of, note_of
from chainrule.notebook.failed_check import NOTE

__all__ = ["problems", "require", "run_inside"]


def problems(masters: Sequence[Master], limits: Limits) -> list[str]:
    """What is wrong with the masters' own solutions, a sentence each.

    Raises JailUnavailable, ForkServerError.
    """
    found = [(master.name, vetting_of(master, limits).problem) for master in masters]
    return [f"The master {name}: {problem}." for name, problem in found if problem]


def require(masters: Sequence[Master], limits: Limits) -> None:
    """Raises BatchError where a master fails its own checks, unless limits.even_so;
    JailUnavailable, ForkServerError."""
    failing = [master for master in masters if vetting_of(master, limits).fails]
    if failing and not limits.even_so:
        raise BatchError(
            f"nothing was graded. {' '.join(problems(failing, limits))} `chainrule vet` says more; "
            "--even-so (c.Judge.even_so = True) grades all the same"
        )


def run_inside(graded: Iterable[Graded | None]) -> Iterator[str]:
    """The checks in these notebooks that were run in the student's own process."""
    for one in graded:
        for cell in one.notebook["cells"] if one else ():
            if note_of(cell, NOTE).get("way") == INSIDE:
                yield grade_id_of(cell)
