"""Grade the check library like a classifier: `make diagnosis`.

Every answer of grader_tests/answers/, right and wrong, goes through the real check cells of its
question. The last line is for scripts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from chainrule.sample.sample_class import Answer
from grader_tests.support.cells import Verdict
from grader_tests.support.trial import answers, problem_sets, try_named


@dataclass
class Score:
    """How one problem set's answers were judged; `faults` says what went wrong, a line each."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, answer: Answer, verdict: Verdict) -> None:
        self.counts["right" if answer.right else "wrong"] += 1
        label = f"{answer.cell} | {answer.name}"
        if answer.right:
            self.counts["accepted"] += verdict.accepted
            if not verdict.accepted:
                self.faults.append(f"refused: {label}: {_first_line(verdict)}")
            return
        self.counts["refused"] += not verdict.accepted
        if verdict.accepted:
            self.faults.append(f"accepted: {label}")
        misnamed = verdict.named - {answer.mistake}
        self.counts["misnamed"] += bool(misnamed)
        if misnamed:
            self.faults.append(f"misnamed: {label}: {', '.join(sorted(misnamed))}")
        if answer.mistake:
            self.counts["nameable"] += 1
            self.counts["named"] += verdict.named == {answer.mistake}
            if not verdict.named:
                self.faults.append(f"unnamed: {label}: {_first_line(verdict)}")

    def row(self) -> list[str]:
        c = self.counts
        return [
            f"{c['accepted']}/{c['right']}",
            f"{c['refused']}/{c['wrong']}",
            f"{c['named']}/{c['nameable']}",
            str(c["misnamed"]),
            str(c["nameable"] - c["named"]),
        ]


def _first_line(verdict: Verdict) -> str:
    return "; ".join(f"{type(e).__name__}: {e}".split("\n")[0] for e in verdict.failed.values())


def grade_set(name: str, done: Callable[[], None] = lambda: None) -> Score:
    """The score of one problem set's answers; `done` is called after each."""
    score = Score()
    for answer in answers(name):
        score.add(answer, try_named(name, answer))
        done()
    return score


def grade_the_grader() -> dict[str, Score]:
    """The score of every problem set that has answers."""
    total = sum(len(answers(name)) for name in problem_sets())
    with Progress(transient=True) as progress:
        task = progress.add_task("answers", total=total)
        return {name: grade_set(name, lambda: progress.advance(task)) for name in problem_sets()}


def main() -> None:
    console = Console()
    scores = grade_the_grader()
    table = Table(
        "problem set", "right accepted", "wrong refused", "rightly named", "wrongly named"
    )
    table.add_column("unnamed")
    whole = Score()
    for name, score in scores.items():
        table.add_row(name, *score.row())
        whole.counts += score.counts
    table.add_section()
    table.add_row("all", *whole.row())
    for score in scores.values():
        for fault in score.faults:
            console.print(fault, markup=False, highlight=False)
    console.print(table)
    accepted, refused, named, misnamed, _ = whole.row()
    print(f"right accepted {accepted}, wrong refused {refused}, named {named}, misnamed {misnamed}")


if __name__ == "__main__":
    main()
