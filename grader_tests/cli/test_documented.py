"""The command and the pages about it say the same."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from chainrule.cli.app import app
from chainrule.cli.failures import EXIT_CODES, TABLE
from grader_tests.support.paths import ROOT

PAGES = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "src/chainrule/course/templates/README.md.jinja",
]  # fmt: skip
COMMANDS = set(get_command(app).commands)  # type: ignore[attr-defined]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_page_has_every_command_and_every_exit_status() -> None:
    assert set(re.findall(r"^\| `chainrule ([\w-]+)`", PAGE, re.MULTILINE)) == COMMANDS
    told = dict(re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE))
    assert told == {str(code): says for code, says in EXIT_CODES.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_commands_that_there_are(page: object) -> None:
    text = page.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    text = re.sub(r"^\[.*$", "", text, flags=re.MULTILINE)  # what nbgrader says
    code = "\n".join(re.findall(r"`[^`\n]+`|```.*?```", text, re.DOTALL))
    named = set(re.findall(r"(?<![\w/.-])(?<!--course )chainrule ([a-z][\w-]*)\b", code))
    assert named <= COMMANDS, named - COMMANDS


def test_rows_of_failures_end_in_known_statuses_and_are_lines() -> None:
    for row in TABLE:
        assert row.status in {*EXIT_CODES, 141}
        assert "\n" not in row.line
        re.compile(row.pattern)
