"""The built site in a browser: every page is quiet, and its circuits can be stepped through."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pypdf import PdfReader

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.course.notebooks import read
from grader_tests.support import browser, edition
from grader_tests.support.paths import ROOT
from grader_tests.support.worked import given_away

pytestmark = pytest.mark.browser

LECTURES = sorted(path.stem for path in ROOT.glob("course/*.ipynb"))
DOORS = sorted(path.stem for path in ROOT.glob("docs/*.md"))
PAGES = [*DOORS, "browser", "coverage", "hosted", "misconceptions", "threats"]
PAGES += [f"course/{name}" for name in LECTURES]
WIDGETS = ("stepper", "activation", "jacobian", "training")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, in_ci: bool) -> Path:
    """The site, built from scratch; a warning of Sphinx fails it."""
    if shutil.which("npm") is None and not in_ci:
        pytest.skip("the site needs npm, for MathJax")
    place = tmp_path_factory.mktemp("site")
    # A site with the worked answers was built there before.
    (place / "html" / "answers").mkdir(parents=True)
    shutil.copy(ROOT / "answers" / "ps1_scalar_circuits.md", place / "html" / "answers")
    # Python for the browser is the business of test_browser_edition.py.
    return edition.build(place, PYODIDE="cdn")


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """pytest needs no log of what was served."""


@pytest.fixture(scope="module")
def origin(folder: Path) -> Iterator[str]:
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(chromium: Any, origin: str) -> Iterator[Any]:
    """Opens a page of the site by its name."""
    with ExitStack() as pages:
        yield lambda name, **options: pages.enter_context(
            browser.visit(chromium, f"{origin}{name}.html", origin, **options)
        )


@pytest.fixture
def steppers(visit: Any) -> Any:
    """The steppers of lecture 1: (x + y) z, the neuron, the fork."""
    page = visit("course/01_scalar_circuits")
    unfold(page)
    found = page.locator(".chainrule-stepper")
    assert found.count() == 3
    return found


def squeezed(text: str) -> str:
    """Without spaces, ligatures taken apart: a PDF has its own ideas of both."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def unfold(page: Any) -> None:
    """Open all that waits for a click."""
    page.evaluate("document.querySelectorAll('details.hide').forEach((fold) => (fold.open = true))")


def test_every_page_is_tested(folder: Path) -> None:
    made_by_sphinx = {"genindex", "py-modindex", "search"}
    by_itself = {"sheet"}  # below
    found = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.html")}
    assert {name for name in found if not name.startswith(("_", "lite/"))} == {
        *PAGES,
        *made_by_sphinx,
        *by_itself,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_and_shows_everything(visit: Any, name: str, scheme: str) -> None:
    page = visit(name, color_scheme=scheme)
    assert page.locator("html").get_attribute("data-theme") == scheme
    # Formulas are drawn, none of them as an error.
    page.wait_for_function(
        """() => [...document.querySelectorAll(".math")].every(
             (formula) => formula.querySelector("mjx-container svg"))"""
    )
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    if name in {f"course/{lecture}" for lecture in LECTURES}:
        assert page.locator(".math").count() > 5
    # So are pictures, and each is described.
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    broken = page.evaluate(
        """() => [...document.images].filter((image) => !image.naturalWidth || !image.alt)
             .map((image) => image.outerHTML.slice(0, 100))"""
    )
    assert broken == []
    # And every widget took its static picture's place.
    for kind in WIDGETS:
        assert page.locator(f".chainrule-{kind}").evaluate_all(
            "(hosts) => hosts.every((host) => host.shadowRoot.childElementCount > 2)"
        )
    # All text stands out from its ground, that under a fold as well.
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert browser.pale(page) == []
    # Nothing sticks out of the page sideways.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_first_page_has_the_doors_first(visit: Any) -> None:
    page = visit("index", reduced_motion="reduce")
    first = page.locator("article section").first.locator(":scope > *").nth(2)
    assert "chainrule-doors" in first.get_attribute("class")
    doors = [one.removesuffix(".html") for one in _links(first)]
    assert doors[-3:] == ["self-learner", "student", "instructor"]
    assert doors[:-3] == [name for name in ("browser",) if name in PAGES]
    shown = page.locator("article").inner_text()
    assert "<!--" not in shown
    assert "The site shows" not in shown, "a part that was to be filled in"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| (one page.*?) \|", readme, re.MULTILINE):
        assert page.get_by_role("cell", name=row, exact=True).count() == 1
    (told,) = page.locator(".highlight-text").all_inner_texts()
    assert told.startswith("Multiply.backward: dx and dy are wrong")
    assert told.strip() in readme, "what a check says, in the README and here"


def _links(part: Any) -> list[str]:
    hrefs: list[str] = part.locator("a").evaluate_all(
        "(all) => all.map((a) => a.getAttribute('href'))"
    )
    return hrefs


def test_the_first_pages_circuit_moves_until_it_is_taken_in_hand(visit: Any) -> None:
    still = visit("index", reduced_motion="reduce").locator(".chainrule-stepper")
    moving = visit("index").locator(".chainrule-stepper")
    moving.scroll_into_view_if_needed()
    moving.get_by_text("step 1 of 7").wait_for()
    assert moving.locator("[aria-live]").get_attribute("aria-live") == "off"
    browser.press(moving, "Forward")
    assert browser.steps(moving) == (2, 7)
    assert moving.locator("[aria-live]").get_attribute("aria-live") == "polite"
    assert moving.locator("button.play").inner_text() == "Play"
    assert browser.steps(still) == (0, 7)


def test_xyz_to_the_end_by_button_by_key_and_with_another_input(steppers: Any) -> None:
    browser.check_xyz(steppers.nth(0))


def test_the_neuron_to_the_end(steppers: Any) -> None:
    browser.check_neuron(steppers.nth(1))


def test_predict(steppers: Any) -> None:
    browser.check_predict(steppers.nth(0))


def test_the_graph_of_an_engine_that_a_lecture_writes(visit: Any) -> None:
    page = visit("course/07_autograd_engine")
    unfold(page)
    (widget,) = page.locator(".chainrule-stepper").all()
    browser.to_the_end(widget)
    assert browser.numbers(widget)["x"] == ["2", "−3"]
    assert browser.numbers(widget)["y"] == ["-4", "2"]


@pytest.mark.parametrize("name", LECTURES)
def test_every_choice_of_a_quiz_is_answered_and_code_is_code(visit: Any, name: str) -> None:
    page = visit(f"course/{name}")
    questions = page.locator(".chainrule-question")
    assert questions.count() >= 3
    for choice in questions.locator("details").all():
        answer = choice.locator(":scope > :not(summary)").first
        assert not answer.is_visible()
        choice.locator("summary").focus()
        page.keyboard.press("Enter")
        assert answer.is_visible()
    assert not re.search(r"`|\*\*|\$", " ".join(questions.all_inner_texts()))


def test_circuits_on_a_page_do_not_interfere(steppers: Any) -> None:
    first, second = steppers.nth(0), steppers.nth(1)
    browser.press(second, "Forward", 3)
    browser.check_xyz(first)
    assert browser.steps(second) == (3, 24)
    browser.press(first, "Forward", 2)
    browser.set_input(second, "w0", "3")
    assert browser.steps(first) == (2, 7)
    assert browser.numbers(first)["q"] == ["3", ""]
    assert browser.steps(second) == (3, 24)


@pytest.mark.parametrize("name", LECTURES)
def test_without_scripts_every_circuit_is_an_image_and_a_table(visit: Any, name: str) -> None:
    stored = [
        output.data
        for cell in read(ROOT / "course" / f"{name}.ipynb").cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    page = visit(f"course/{name}", java_script_enabled=False)
    for fold in page.locator("details.hide > summary").all():
        fold.click()
    # A circuit's text form is its table: a line for each scalar.
    circuits = [d["text/plain"] for d in stored if d["text/plain"].startswith("scalar ")]
    figures = page.locator("figure:has(details table):has(img)")
    assert figures.count() == len(circuits)
    for i, text in enumerate(circuits):
        image = figures.nth(i).locator("img")
        assert image.get_attribute("alt").startswith("Circuit of ")
        box = image.bounding_box()
        assert box["width"] > 250
        assert box["height"] > 60
        figures.nth(i).locator("summary").click()
        shown = figures.nth(i).locator("tr")
        assert [line.split() for line in shown.all_inner_texts()] == [
            line.split() for line in text.splitlines()
        ]
    # What else steps or plays has a picture or a table, too.
    for kind in WIDGETS:
        for host in page.locator(f".chainrule-{kind}").all():
            assert host.locator("img, table").first.is_visible()


@pytest.mark.parametrize("name", LECTURES)
def test_predictions_wait_for_a_click(visit: Any, name: str) -> None:
    """Each output that answers a *Predict* is folded, opens by key, and holds something."""
    page = visit(f"course/{name}")
    tagged = [
        cell
        for cell in read(ROOT / "course" / f"{name}.ipynb").cells
        if "reveal" in cell.metadata.get("tags", ())
    ]
    folds = page.locator("details.hide.below-input")
    assert folds.count() == len(tagged) >= 8
    for fold in folds.all()[:3]:
        assert fold.get_attribute("open") is None
        fold.locator("> summary").focus()
        page.keyboard.press("Enter")
        assert fold.get_attribute("open") is not None
        assert fold.locator(".cell_output").first.is_visible()


def lost(line: str, pdf: str) -> bool:
    """Whether a line of text is not in a PDF; it may go on on the next page, so that one piece of a
    long line is torn."""
    words = line.split()
    pieces = [squeezed(" ".join(words[n : n + 5])) for n in range(0, len(words), 5)]
    return sum(piece not in pdf for piece in pieces) > (len(pieces) > 2)


@pytest.mark.overnight
@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", PAGES)
def test_on_paper_nothing_is_cut_and_nothing_is_dark(
    visit: Any, tmp_path: Path, name: str, paper: str
) -> None:
    """Printed from a dark screen: every line of text of the page is in the PDF, folded ones too."""
    page = visit(name, color_scheme="dark")
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    page.evaluate(
        """() => window.addEventListener("beforeprint", () => {
             window.printed = document.documentElement.dataset.theme; })"""
    )
    page.pdf(path=tmp_path / "page.pdf", format=paper)
    assert page.evaluate("window.printed") == "light"
    assert page.locator("html").get_attribute("data-theme") == "dark", "as it was, afterwards"
    pages = PdfReader(tmp_path / "page.pdf").pages
    pdf = squeezed("".join(one.extract_text() for one in pages))
    unfold(page)
    # Formulas are drawn as pictures; a machine may lack a font for Korean; and what is there to be
    # clicked is not for paper.
    text = page.locator("article").evaluate(
        """(article) => {
             const away = ".math, mjx-container, [lang=ko], summary, .headerlink, .chainrule-open";
             article.querySelectorAll(away).forEach((part) => part.replaceWith("\\n"));
             return article.innerText; }"""
    )
    lines = [line for line in text.splitlines() if squeezed(line)]
    assert len(lines) > 10
    assert [line for line in lines if lost(line, pdf)] == []


def test_no_worked_answer_is_on_a_site_that_did_not_ask_for_them(folder: Path) -> None:
    assert not (folder / "answers").exists()
    for path in folder.rglob("*.html"):
        assert "Worked answers to problem set" not in path.read_text(encoding="utf-8"), path
    assert list(folder.glob("lite/**/chainrule-*.whl")), "what the browser edition installs"
    assert given_away(folder) == []


def test_the_sheet_is_two_pages_and_can_be_read_everywhere(visit: Any, folder: Path) -> None:
    for paper in ("a4", "letter"):
        pdf = (folder / f"sheet-{paper}.pdf").read_bytes()
        assert pdf.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
    # On paper no table is wider than its column; 9 mm of either side of the sheet are margin.
    for millimetres in (210, 216):
        viewport = {"width": round((millimetres - 18) / 25.4 * 96), "height": 1000}
        page = visit("sheet", viewport=viewport)
        page.emulate_media(media="print")
        assert page.locator("section").evaluate_all(
            "(all) => all.every((one) => one.scrollWidth <= one.clientWidth)"
        )
    for scheme in ("light", "dark"):
        for width in (390, 1440):
            viewport = {"width": width, "height": 900}
            page = visit("sheet", color_scheme=scheme, viewport=viewport)
            assert page.locator("h2").count() == len(LECTURES)
            assert page.locator("math").count() > 40
            assert "$" not in page.locator("body").inner_text()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_each_mistake_links_to_what_to_read(visit: Any, folder: Path) -> None:
    page = visit("misconceptions")
    links = page.locator("a.reference[href*='course/'][href*='#']").evaluate_all(
        "(links) => links.map((link) => link.getAttribute('href'))"
    )
    assert len(links) == len(MISCONCEPTIONS)
    for link in set(links):
        path, _, anchor = link.partition("#")
        assert f'id="{anchor}"' in (folder / path).read_text(encoding="utf-8"), link


def test_a_build_without_npm_fails_in_words(tmp_path: Path) -> None:
    """With nothing on PATH and no copy of MathJax from an earlier build."""
    docs = tmp_path / "docs"
    ignored = shutil.ignore_patterns("_build")
    shutil.copytree(ROOT / "docs", docs, ignore=ignored)
    for name in ("course", "release"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "threats.json", tmp_path / "benchmarks")
    command = [sys.executable, str(docs / "build.py")]
    environment = os.environ | {"PATH": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode != 0
    assert "make site needs npm" in done.stderr
