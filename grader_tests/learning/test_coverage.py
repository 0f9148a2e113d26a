"""The table of what is taught and where it is tried: whole, and the page is made from the marks."""

from __future__ import annotations

import sys

import pytest

from grader_tests.learning.test_syllabus import ITEMS
from grader_tests.support.paths import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import coverage_table

FOUND = coverage_table.items()


def test_every_item_is_there_and_no_other() -> None:
    """A mark in a lecture or in a problem set that is no item of the syllabus shows here."""
    assert set(FOUND) == set(ITEMS)


@pytest.mark.parametrize("item", ITEMS)
def test_no_field_is_empty(item: str) -> None:
    row = FOUND[item]
    empty = [column for column in coverage_table.COLUMNS if not getattr(row, column)]
    assert empty == []


def test_the_page_has_a_row_for_each_item_and_links_to_its_section() -> None:
    page = coverage_table.page()
    assert page.count("\n| ") == len(ITEMS) + len({item.split(".")[0] for item in ITEMS})
    for link in {part.split('"')[0] for part in page.split('href="')[1:]}:
        path, _, anchor = link.partition("#")
        lecture = (ROOT / path).with_suffix(".ipynb").read_text(encoding="utf-8")
        assert f'<a id=\\"{anchor}\\">' in lecture, link


def test_a_missing_mark_shows() -> None:
    assert not coverage_table.Item("8.nothing").taught
    assert [c for c in coverage_table.COLUMNS if getattr(coverage_table.Item("8.x"), c)] == []
