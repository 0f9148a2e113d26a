"""The first page of the site, and the page that compares: filled in, fair, and true to the course.

How they look in a browser is in test_site.py.
"""

from __future__ import annotations

import re
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from chainrule.check.misconceptions import MISCONCEPTIONS
from grader_tests.support.paths import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import home

PAGE = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
COMPARE = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
OTHERS = ("nbgrader", "otter-grader", "Gradescope", "PrairieLearn",
          "CS231n", "micrograd", "minitorch", "Autodiff Puzzles")  # fmt: skip


def site(folder: Path, *, browser: bool) -> str:
    """The first page, filled in; browser: whether the site has the browser edition."""
    (folder / "index.md").write_text(PAGE, encoding="utf-8")
    if browser:
        (folder / "browser.md").touch()
    home.write(folder)
    return (folder / "index.md").read_text(encoding="utf-8")


def doors(page: str) -> list[str]:
    return re.findall(r"^- \*\*\[.*\]\((.*)\)\*\*$", page.split("## ")[0], re.MULTILINE)


def test_the_browser_edition_is_the_first_door_of_a_site_that_has_it(tmp_path: Path) -> None:
    others = ["self-learner.md", "student.md", "instructor.md"]
    assert doors(site(tmp_path, browser=False)) == others
    assert doors(site(tmp_path, browser=True)) == ["browser.md", *others]


def test_every_part_is_filled_in(tmp_path: Path) -> None:
    assert len(re.findall(r"^<!-- \w+ -->$", PAGE, re.MULTILINE)) == 8
    page = site(tmp_path, browser=True)
    assert "<!--" not in page.split("``````")[0] + page.split("``````")[-1]
    assert "chainrule-stepper" in page
    with pytest.raises(KeyError, match="nothing"):
        home.filled("<!-- nothing -->\n<!-- end -->", {})


def test_the_mistake_was_judged_by_the_check_and_what_to_read_is_there() -> None:
    told = home.mistake()
    (message,) = re.findall(r"```text\n(.*?)\n```", told, re.DOTALL)
    assert f"```\n{message}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"[{len(MISCONCEPTIONS)}](misconceptions.md)" in told
    ((lecture, anchor),) = re.findall(r"\((course/\w+\.ipynb)#([\w-]+)\)", told)
    anchors = re.findall(r'<a id=\\"([\w-]+)\\">', (ROOT / lecture).read_text(encoding="utf-8"))
    assert anchor in [one.lower() for one in anchors]


def test_an_answer_that_the_check_accepts_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    right = home.MISTAKE.replace("dx = upstream * self.x", "dx = upstream * self.y")
    right = right.replace("dy = upstream * self.y", "dy = upstream * self.x")
    monkeypatch.setattr(home, "MISTAKE", right)
    with pytest.raises(SystemExit, match="accepts"):
        home.mistake()


def test_figures_are_the_readmes_and_counts_the_courses() -> None:
    cost = home.cost()
    assert "| one page of feedback |" in cost
    assert "##" not in cost
    assert len(list(ROOT.glob("course/*.ipynb"))) == len(list(ROOT.glob("source/*/*.ipynb"))) == 7
    assert "seven lectures, a problem set for each" in PAGE
    # Every other number of the page would have to be measured somewhere.
    text = re.sub(r"<!--.*?<!-- end -->|\(.*?\)", "", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"\d+", text)) == {"1", "17"}, "problem set 1, a sample class of 17"


def test_compare_names_everybody_with_sources_and_a_date() -> None:
    (found,) = re.findall(r"looked at each on (\d+ \w+ \d{4})", COMPARE)
    assert datetime.strptime(found, "%d %B %Y").date() <= date.today()
    paragraphs = re.findall(r"^\*\*(?:.(?!\n\n))+", COMPARE, re.MULTILINE | re.DOTALL)
    for name in OTHERS:
        about = [one for one in paragraphs if re.match(rf"\*\*\[?{name}", one)]
        assert len(about) == 1, name
        sources = re.findall(r"\]\[([\w-]+)\]", about[0])
        assert sources, f"{name}: no source"
        assert [one for one in sources if f"\n[{one}]: https://" not in COMPARE] == []
        assert re.search(rf"^\| \*\*{name}\*\* \|", COMPARE, re.MULTILINE), f"{name}: no row"
    assert len(paragraphs) == len(OTHERS)
    assert "[Compare](compare.md)" in PAGE
