"""Lectures run on a clean kernel and print what is stored, and the syllabus's numbers."""

from __future__ import annotations

import re
from functools import cache

import pytest
from nbformat import NotebookNode

from chainrule.check.misconceptions import MISCONCEPTIONS, Misconception
from chainrule.course.kernel import run_lecture
from chainrule.course.notebooks import faults, read
from grader_tests.support.lectures import LECTURES, printed
from grader_tests.support.paths import ROOT

# For each lecture, what some of its cells have to print, by cell id. From the syllabus.
SYLLABUS = {
    "01_scalar_circuits": {
        "circuit-build": ["q = 3", "f = -12"],
        "one-gate-by-hand": ["df/dz = 3", "df/dq = -4", "df/dx = -4", "df/dy = -4"],
        "neuron-forward": [
            "dot       1.000000",
            "neg_dot  -1.000000",
            "exp_neg   0.367879",
            "denom     1.367879",
            "f         0.731059",
        ],
        "neuron-backward": [
            "f         1.000000",
            "denom    -0.534447",
            "exp_neg  -0.534447",
            "neg_dot  -0.196612",
            "dot       0.196612",
        ],
        "neuron-inputs-run": [
            "dw = [-0.196612, -0.393224, 0.196612]",
            "dx = [0.393224, -0.589836, -0.589836]",
            "dx0 from the rounded number: 0.40",
            "dx0 from the full one:       0.39",
        ],
        "sigmoid-run": ["sigmoid(1)   = 0.731059", "s * (1 - s)  = 0.196612"],
    },
}


@cache
def run(name: str) -> NotebookNode:
    return run_lecture(LECTURES[name])


@pytest.mark.parametrize("name", LECTURES)
def test_lecture_prints_what_is_stored(name: str) -> None:
    stored, fresh = read(LECTURES[name]), run(name)
    assert [c.id for c in stored.cells] == [c.id for c in fresh.cells]
    for before, now in zip(stored.cells, fresh.cells, strict=True):
        assert printed(now) == printed(before), f"cell {now.id}: run `make notebooks`"


@pytest.mark.parametrize("name", SYLLABUS)
def test_lecture_has_the_syllabus_numbers(name: str) -> None:
    cells = {cell.id: cell for cell in run(name).cells}
    for cell_id, lines in SYLLABUS[name].items():
        shown = printed(cells[cell_id]).splitlines()
        for line in lines:
            assert line in shown, f"{name}, cell {cell_id}: {line!r} is not printed"


@pytest.mark.parametrize("name", LECTURES)
def test_every_picture_has_a_description(name: str) -> None:
    pictures = 0
    for cell in run(name).cells:
        for output in cell.get("outputs", []):
            for tag in re.findall(r"<img[^>]*>", output.get("data", {}).get("text/html", "")):
                assert re.search(r'alt="[^"]{20,}"', tag), f"{cell.id}: {tag[:80]}"
                pictures += 1
            assert "image/png" not in output.get("data", {}), f"{cell.id}: a bare figure has no alt"
    assert pictures, "a lecture without a picture, or its pictures are no longer found"


@pytest.mark.parametrize("name", LECTURES)
def test_lecture_is_made_of_short_cells(name: str) -> None:
    cells = read(LECTURES[name]).cells
    assert 25 <= len(cells) <= 45
    for cell in cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 22, f"{cell.id} is a wall of code"


@pytest.mark.parametrize("name", LECTURES)
def test_what_answers_a_prediction_is_folded_and_nothing_else(name: str) -> None:
    """A cell that follows a *Predict* has the tag, and its output waits for a click everywhere."""
    asked = False
    revealed = 0
    for cell in read(LECTURES[name]).cells:
        if cell.cell_type == "markdown":
            asked = "**Predict" in cell.source
            continue
        tags = cell.metadata.get("tags", [])
        assert ("reveal" in tags) == asked, cell.id
        folded = cell.metadata.get("jupyter", {})
        assert folded.get("outputs_hidden", False) == asked, cell.id
        wanted = "plumbing" in tags or cell.id.startswith("quiz-")
        assert folded.get("source_hidden", False) == wanted, cell.id
        revealed += asked
    assert revealed >= 8


@pytest.mark.parametrize("name", LECTURES)
def test_the_lecture_to_work_in_has_no_outputs(name: str) -> None:
    stored, work = read(LECTURES[name]), read(ROOT / "release" / "lectures" / f"{name}.ipynb")
    assert [cell.source for cell in work.cells] == [cell.source for cell in stored.cells]
    assert faults(work) == [], "run `make notebooks`"


@pytest.mark.parametrize("name", LECTURES)
def test_every_section_has_an_anchor_of_its_own(name: str) -> None:
    """A link to a section goes on working when its heading changes."""
    text = "\n".join(c.source for c in read(LECTURES[name]).cells if c.cell_type == "markdown")
    found = re.findall(r'^<a id="([\w-]+)"></a>\n\n##+ ', text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^##+ ", text, re.MULTILINE))
    assert len(set(found)) == len(found)
    named = {row.section.partition("#")[2] for row in MISCONCEPTIONS.values()
             if row.section.startswith(f"{name}#")}  # fmt: skip
    assert named <= set(found)


@pytest.mark.parametrize("name", LECTURES)
def test_tables_have_something_in_their_heads(name: str) -> None:
    for cell in read(LECTURES[name]).cells:
        heads = re.findall(r"^(\|.*\|)\n\|[-|: ]+\|$", cell.source, re.MULTILINE)
        for head in heads if cell.cell_type == "markdown" else []:
            assert head.strip("| "), f"{cell.id}: a table with an empty head"


@pytest.mark.parametrize("name", LECTURES)
def test_what_is_korean_says_so(name: str) -> None:
    for cell in read(LECTURES[name]).cells:
        rest = re.sub(r'<span lang="ko">[^<]*</span>', "", cell.source)
        assert not re.search("[\uac00-\ud7a3]", rest), cell.id


@pytest.mark.parametrize("name", LECTURES)
def test_nobody_is_sent_to_notes_that_nobody_has(name: str) -> None:
    text = " ".join(cell.source for cell in read(LECTURES[name]).cells)
    assert not re.search(r"\bthe notes\b", text, re.IGNORECASE)


@pytest.mark.parametrize("row", MISCONCEPTIONS.values(), ids=lambda row: row.id)
def test_a_mistake_sends_its_reader_to_a_heading_that_is_there(row: Misconception) -> None:
    name, _, heading = row.section.partition("#")
    assert heading in {found.replace(" ", "-") for found in headings(name)}


@cache
def headings(name: str) -> list[str]:
    text = "\n".join(c.source for c in read(LECTURES[name]).cells if c.cell_type == "markdown")
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)
