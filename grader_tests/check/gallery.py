"""Every message that a failed check can show, one after another: `make messages` writes the page.

Each is what an answer of grader_tests/answers/ or of cases.py was told. One message stands for each
misconception, and one for each other headline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chainrule.check import CheckFailed
from chainrule.check import misconceptions as table
from chainrule.check.misconceptions import MISCONCEPTIONS
from grader_tests.check.test_cases import blames, judged
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import answers, problem_sets, try_named

PAGE = ROOT / "docs" / "messages.md"

_HEAD = """# What a failed check says

Every kind of message, one after another, each as some wrong answer of the test suite was told it.
It is made by `make messages`. Whoever adds a misconception or changes a sentence runs it, and reads
what has changed here from top to bottom, as somebody would who sees it for the first time.
"""


def messages() -> Iterator[tuple[str, CheckFailed]]:
    """(which answer, what it was told), of all answers that the tests know."""
    for name in problem_sets():
        for answer in answers(name):
            for error in try_named(name, answer).failed.values():
                if isinstance(error, CheckFailed):
                    yield f"{name}, {answer.cell}: {answer.name}", error
    for blame in blames():
        for error in judged(blame).failed.values():
            if isinstance(error, CheckFailed):
                yield f"{blame.problem_set}, {blame.cell}: {blame.title}", error


def kind_of(error: CheckFailed) -> str:
    """What is said, whoever it is said to: names, numbers and shapes left out."""
    if error.misconception:
        return error.misconception
    text = re.sub(r"\([^()]*\)", "()", error.headline)
    text = re.sub(r"\b\w+\.(forward|backward|jacobian)\b", r"Gate.\1", text)
    text = re.sub(r"\b(d\w+|J|W|b|result(\[\d\])?)((, | and )(d\w+|J|W|b))*\b", "dx", text, count=1)
    text = re.sub(r"\b[a-z]+_[a-z_]+\b", "function", text)
    return re.sub(r"-?\d[\d.e+-]*", "0", text)


def page() -> str:
    """The page, as text."""
    told: dict[str, tuple[str, CheckFailed]] = {}
    for where, error in messages():
        told.setdefault(kind_of(error), (where, error))
    lines = [_HEAD]
    parts = [part for part in vars(table).values() if hasattr(part, "ROWS")]
    for part in parts:
        lines.append(f"\n## {part.__doc__.splitlines()[0].rstrip('.')}\n")
        for row in part.ROWS:
            if row.id in told:
                lines += _shown(row.id, *told.pop(row.id))
    lines.append("\n## Without a name\n")
    for kind in sorted(set(told) - set(MISCONCEPTIONS)):
        lines += _shown("", *told[kind])
    return "\n".join(lines) + "\n"


def _shown(row: str, where: str, error: CheckFailed) -> list[str]:
    name = f"`{row}` " if row else ""
    return [f"{name}({where})", "", "```text", str(error), "```", ""]


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
