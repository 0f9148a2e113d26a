"""How each check of a master is to be run: its own solution decides.

In the template, before any submission. The solution is judged with every check outside; what fails
there is tried in the next way, and so on. A check is run in the strictest way that it passes
whatever the random numbers are. Nothing that a student sent has a say in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from chainrule.grading.judge.master import Master
from chainrule.grading.judge.ways import AS_LEFT, INSIDE, OUTSIDE, crossing_of, uses_data
from chainrule.grading.limits import VETTED, Limits, Took
from chainrule.notebook.cells import grade_id_of, outputs_of
from chainrule.notebook.text import joined, without_colours

__all__ = ["CheckRun", "SolutionRun", "VettedCheck", "Vetting", "check_runs", "vet"]

_SEEDS = (1, 2, 3)  # of random numbers: whoever passes by luck does not do so with all of them
_MOST_NAMED = 5  # checks that its solution does not pass
_LEFT_OUT = "data of the set-up cells are not what the student's cells leave behind"


@dataclass(frozen=True)
class CheckRun:
    """What came of one check.

    passes: with all points. error: what it ended with, in a line, or nothing. late: it was stopped.
    partly: with some points. asked: how often it asked student code for something; -1 where that is
    not known. seconds: what it took.
    """

    passes: bool
    error: str = ""
    late: bool = False
    partly: bool = False
    asked: int = -1
    seconds: float = 0.0


@dataclass
class SolutionRun:
    """What a run of the master's own solution told.

    took: its seconds. numbers: of its cells, by grade_id. modules: what its checks imported; plots:
    whether it, or they, imported matplotlib. memo: the gradients of its checks' own references, see
    `check.memo`. checks: by grade_id. problem: why it was not run.
    """

    took: Took = field(default_factory=Took)
    numbers: dict[str, int] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)
    plots: bool = False
    memo: bytes = b""
    checks: dict[str, CheckRun] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class VettedCheck:
    """A check, and how it is run.

    way: see `ways.WAYS`. why: what keeps it from the strictest, in a phrase, or nothing. passes:
    the master's own solution does, in that way, or gets some of the points. steady: whatever the
    random numbers were. error: what it ends with where it does not get all points. asked, seconds:
    as `CheckRun` has them.
    """

    grade_id: str
    way: str = OUTSIDE
    why: str = ""
    passes: bool = True
    steady: bool = True
    error: str = ""
    asked: int = -1
    seconds: float = 0.0


@dataclass(frozen=True)
class Vetting:
    """How the checks of a master are run.

    problem: why its own solution is in doubt, in a few words, or nothing. fails: for that reason no
    class should be graded with it (and not just because it has no solution).
    """

    checks: tuple[VettedCheck, ...] = ()
    problem: str = ""
    fails: bool = False

    @property
    def ways(self) -> dict[str, str]:
        """By grade_id, of those that are not run in the strictest way."""
        return {one.grade_id: one.way for one in self.checks if one.way != OUTSIDE}

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a message."""
        return asdict(self)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Vetting:
        """From that plain data."""
        checks = tuple(VettedCheck(**one) for one in said["checks"])
        return cls(checks, said["problem"], said["fails"])


Run = Callable[[Mapping[str, str], int], SolutionRun]
"""Judges the master's own solution: (ways by grade_id, seed of the random numbers)."""


def vet(master: Master, limits: Limits, run: Run) -> tuple[Vetting, SolutionRun]:
    """The way of each check, and the run of the solution in these ways."""
    names = [cell.grade_id for cell in master.cells if cell.is_check]
    forced = {name: limits.forced_way(name, master.name) for name in names}
    ways = {name: way for name, way in forced.items() if way != VETTED}
    solved = _has_a_solution(master)
    free = [name for name in names if name not in ways] if solved else []
    first = run(ways, _SEEDS[0])
    failing = [name for name in free if not _passes(first, name)]
    why: dict[str, str] = {}
    unsteady: set[str] = set()
    chosen = dict(ways)
    if failing and not first.problem:
        more = [run(ways, seed) for seed in _SEEDS[1:]]
        unsteady = {
            name for name in free if any(_passes(first, name) != _passes(one, name) for one in more)
        }
        open_ones = [
            name
            for name in failing
            if name not in unsteady and not first.checks.get(name, CheckRun(False)).late
        ]
        reasons: dict[str, Callable[[str], str]] = {
            AS_LEFT: lambda name: _LEFT_OUT,
            INSIDE: lambda name: crossing_of(master.by_id[name], master, first.checks[name].error),
        }
        for way, reason in reasons.items():
            tried = [name for name in open_ones if way != AS_LEFT or uses_data(master, name)]
            if not tried:
                continue
            tries = [run({**chosen, **dict.fromkeys(tried, way)}, seed) for seed in _SEEDS]
            for name in tried:
                if all(_passes(one, name) for one in tries):
                    chosen[name], why[name] = way, reason(name)
            if all(name in chosen for name in tried):
                first = tries[0]  # which was in these ways
            open_ones = [name for name in open_ones if name not in chosen]
        if chosen != ways and open_ones:
            first = run(chosen, _SEEDS[0])
    known = []
    for name in names:
        one = first.checks.get(name, CheckRun(False, "it was not run"))
        way = chosen.get(name, OUTSIDE)
        told = why.get(name, "c.Judge.checks asks for it" if name in ways else "")
        known.append(
            VettedCheck(
                name, way, told if way != OUTSIDE else "", one.passes or one.partly,
                name not in unsteady, one.error, one.asked, one.seconds,
            )
        )  # fmt: skip
    problem = first.problem or _problem(known, solved)
    return Vetting(tuple(known), problem, bool(problem) and solved), first


def _passes(run: SolutionRun, name: str) -> bool:
    one = run.checks.get(name)
    return one is not None and one.passes


def _has_a_solution(master: Master) -> bool:
    """Whether the master has an answer in any of its cells, and not only stubs."""
    return any(
        cell.is_solution and (own := master.answers.get(cell.grade_id, "").strip())
        and own != cell.source.strip()
        for cell in master.cells
    )  # fmt: skip


def _problem(checks: list[VettedCheck], solved: bool) -> str:
    """Which of its own checks the master's solution does not pass, in a few words, or nothing."""
    names = [one.grade_id for one in checks if not one.passes]
    if not names:
        return ""
    if not solved:
        return "it has no solution of its own, so nothing tells whether its checks can be passed"
    more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return f"its own solution fails {', '.join(names[:_MOST_NAMED] + more)}"


def check_runs(
    master: Master,
    cells: list[dict[str, Any]],
    asked: Mapping[str, int],
    seconds: Mapping[str, float],
) -> dict[str, CheckRun]:
    """What came of the checks, by grade_id, in cells that were run.

    nbgrader gives no points for an error or anything on stderr, and takes a number that a check
    ends with for its points.
    """
    found = {}
    for cell in cells:
        known = master.by_id.get(grade_id_of(cell))
        if known is None or not known.is_check:
            continue
        outputs = outputs_of(cell)
        errors = [one for one in outputs if one["output_type"] == "error"]
        warned = any(one.get("name") == "stderr" for one in outputs)
        told, partly = "", False
        if errors:
            lines = without_colours(joined(errors[0].get("evalue"))).strip().splitlines()
            kind = str(errors[0].get("ename"))
            told = f"{kind}: {lines[0]}" if lines else kind
        elif warned:
            told = "something on stderr, for which nbgrader gives no points"
        elif (given := _number(outputs)) is not None and given < known.points:
            told, partly = f"{given:g} of {known.points:g} points", given > 0
        late = bool(errors) and errors[0].get("ename") == "TimeoutError"
        asks = asked.get(known.grade_id, -1)
        took = seconds.get(known.grade_id, 0.0)
        found[known.grade_id] = CheckRun(not told, told, late, partly, asks, took)
    return found


def _number(outputs: list[dict[str, Any]]) -> float | None:
    """The number that a cell ends with, if it does."""
    for output in outputs:
        if output["output_type"] == "execute_result":
            try:
                return float(joined(output["data"].get("text/plain")))
            except ValueError:
                return None
    return None
