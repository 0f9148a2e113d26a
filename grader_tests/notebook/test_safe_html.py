"""What students wrote cannot run, nor ask for anything, in feedback or in Formgrader's page."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from chainrule.grading.gradebook.feedback_rows import CellScore
from chainrule.grading.report.feedback import generate
from chainrule.grading.report.feedback_page import FeedbackInput, page
from chainrule.notebook import safe_html
from grader_tests.support.browser import PAGE
from grader_tests.support.lab import Lab, jupyterlab
from grader_tests.support.payloads import ELSEWHERE, count, fragments, hostile_notebook

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAA"
    "AABJRU5ErkJggg=="
)
STUDENT = "<img src=x onerror=top.run(998)>"


@contextmanager
def watched(
    chromium: Any, url: str, origin: str, **options: Any
) -> Iterator[tuple[Any, list[str]]]:
    """The page at url, and what it asked for elsewhere: never answered, only noted."""
    context = chromium.new_context(**options)
    context.add_init_script("window.ran = []; window.run = (number) => window.ran.push(number)")
    asked: list[str] = []

    def ask(route: Any) -> None:
        if route.request.url.startswith(origin):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route(lambda url: not url.startswith(("data:", "about:")), ask)
    shown = context.new_page()
    shown.set_default_timeout(60_000)
    # A script in a frame without an origin cannot call `top.run`; that it failed tells of it.
    shown.on("pageerror", lambda error: asked.append(str(error)))
    shown.goto(url)
    shown.wait_for_timeout(1500)
    yield shown, asked
    context.close()


def ran(shown: Any) -> list[int]:
    return shown.evaluate("window.ran || []")


def dangerous(shown: Any, root: str) -> list[str]:
    """Attributes and tags below `root` that could do something when clicked or hovered."""
    return shown.evaluate(
        """(root) => [...document.querySelectorAll(root + ' *')].flatMap((element) => {
          const found = [];
          const tag = element.tagName.toLowerCase();
          if (['script', 'iframe', 'object', 'embed', 'form', 'link', 'base', 'meta', 'style',
               'video', 'audio', 'svg', 'template'].includes(tag)) found.push(tag);
          for (const {name, value} of element.attributes) {
            if (name.startsWith('on')) found.push(`${tag} ${name}`);
            const link = ['href', 'action', 'src', 'xlink:href', 'data', 'ping'].includes(name);
            const fine = name === 'src' ? /^data:image\\// : /^(https?:|mailto:|#)/;
            if (link && !fine.test(value)) found.push(`${tag} ${name}=${value}`);
          }
          return found;
        })""",
        root,
    )


@pytest.mark.slow
@pytest.mark.browser
def test_the_payloads_are_live(chromium: Any, tmp_path: Path) -> None:
    """Uncleaned, most of these run or ask: a test that they do not would else say nothing."""
    alive = set()
    for number, fragment in enumerate(fragments()):
        path = tmp_path / "page.html"
        path.write_text(PAGE + fragment, encoding="utf-8")
        with watched(chromium, path.as_uri(), path.as_uri()) as (shown, asked):
            if asked or shown.url.startswith(ELSEWHERE) or number in ran(shown):
                alive.add(number)
    assert len(alive) >= 20, sorted(alive)


@pytest.mark.browser
def test_cleaned_fragments_do_nothing(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    cleaned = [safe_html.clean(one) + safe_html.markdown(one) for one in fragments()]
    path.write_text(PAGE + "\n".join(cleaned), encoding="utf-8")
    with watched(chromium, path.as_uri(), path.as_uri()) as (shown, asked):
        assert ran(shown) == []
        assert asked == []
        assert dangerous(shown, "body") == []


@pytest.mark.browser
def test_feedback_page_does_nothing(chromium: Any, tmp_path: Path) -> None:
    content = nbformat.writes(hostile_notebook()).encode()
    path = tmp_path / "page.html"
    comment = "\n\n".join(fragments())
    rows = {"q1": CellScore(1.0, 2.0, comment)}
    path.write_text(page(FeedbackInput(STUDENT, STUDENT, STUDENT, content, rows)), encoding="utf-8")
    with watched(chromium, path.as_uri(), path.as_uri()) as (shown, asked):
        assert shown.locator("main .cell").count() == count()
        assert ran(shown) == []
        assert asked == []
        assert dangerous(shown, "body") == []
        # The second wall stands by itself: what were to get into the page would not run.
        refused = shown.evaluate(
            """() => new Promise((done) => {
              const event = 'securitypolicyviolation';
              document.addEventListener(event, (refused) => done(refused.violatedDirective));
              const script = document.createElement('script');
              script.textContent = 'top.run(1)';
              document.body.append(script);
            })"""
        )
        assert refused.startswith("script-src")
        assert ran(shown) == []


# Formgrader ---------------------------------------------------------------------------------------


def hostile_course(folder: Path, *, protected: bool) -> str:
    """A course with one graded submission full of payloads; returns its id in the gradebook."""
    name = "ps1"
    (folder / "source" / name).mkdir(parents=True)
    notebook = hostile_notebook()
    written = nbformat.v4.new_markdown_cell(
        f"![own](plot.png) ![mine]({ELSEWHERE}) ![up](../../../gradebook.db)\n\n{STUDENT}"
    )
    written.metadata["nbgrader"] = {
        "grade": True, "solution": True, "locked": False, "task": False, "points": 2.0,
        "grade_id": "q1", "schema_version": 3, "cell_type": "markdown",
    }  # fmt: skip
    notebook.cells.insert(0, written)
    graded = folder / "autograded" / STUDENT.replace("/", "") / name / f"{name}.ipynb"
    graded.parent.mkdir(parents=True)
    nbformat.write(notebook, graded)
    (graded.parent / "plot.png").write_bytes(base64.b64decode(PNG))
    lines = ["c = get_config()", 'c.CourseDirectory.course_id = "hostile"']
    if protected:
        lines += ["from chainrule.nbgrader import protect", "protect(c)"]
    (folder / "nbgrader_config.py").write_text("\n".join(lines) + "\n")
    with Gradebook(f"sqlite:///{folder}/gradebook.db", "hostile") as book:
        book.add_assignment(name, course_id="hostile")
        book.add_notebook(name, name)
        book.add_grade_cell("q1", name, name, max_score=2.0, cell_type="markdown")
        book.add_solution_cell("q1", name, name)
        book.add_student(STUDENT.replace("/", ""), first_name=STUDENT, last_name=STUDENT)
        book.add_submission(name, STUDENT.replace("/", ""))
        found = book.find_submission_notebook(name, name, STUDENT.replace("/", ""))
        return str(found.id)


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    home = tmp_path_factory.mktemp("formgrader")
    work = home / "course"
    work.mkdir()
    submission = hostile_course(work, protected=True)
    with jupyterlab(home, work) as lab:
        yield lab, submission


@pytest.mark.browser
def test_formgraders_page_does_nothing(chromium: Any, formgrader: tuple[Lab, str]) -> None:
    lab, submission = formgrader
    url = f"{lab.address}formgrader/submissions/{submission}/"
    key = {"Authorization": f"token {lab.token}"}
    with watched(chromium, url, lab.address, extra_http_headers=key) as (shown, asked):
        shown.locator("#q1").wait_for()
        assert shown.locator(".cell").count() == count() + 1
        assert ran(shown) == []
        assert asked == []
        assert dangerous(shown, "#notebook-container") == []
        pictures = shown.locator("#notebook-container img[src^='data:image/png']")
        assert [picture.get_attribute("alt") for picture in pictures.all()] == ["own"]
        # Formgrader itself still works: a grade that is typed in is kept.
        shown.locator("#q1").fill("1.5")
        with shown.expect_response(lambda answer: "/api/grade" in answer.url) as answered:
            shown.locator("#q1").press("Tab")
        assert answered.value.ok
    with Gradebook(f"sqlite:///{lab.work}/gradebook.db", "hostile") as book:
        found = book.find_submission_notebook_by_id(submission)
        assert [grade.manual_score for grade in found.grades] == [1.5]


# Without a browser --------------------------------------------------------------------------------


def test_what_is_harmless_stays() -> None:
    shown = safe_html.markdown(
        "# Title\n\n*a* **b** `c` ~~d~~ [e](https://example.org)\n\n"
        "| x |\n|--:|\n| 1 |\n\n<details><summary>s</summary>more</details>\n\n"
        f"$\\frac{{1}}{{2}}$ ![plot](data:image/png;base64,{PNG})"
    )
    for part in (
        "<h1>Title</h1>", "<em>a</em>", "<strong>b</strong>", "<code>c</code>", "<s>d</s>",
        'href="https://example.org"', 'rel="noopener noreferrer"', '<td align="right">1</td>',
        "<summary>s</summary>", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>",
        f'src="data:image/png;base64,{PNG}"',
    ):  # fmt: skip
        assert part in shown, part


def test_attached_pictures_are_shown() -> None:
    known = {"attachment:a b.png": f"data:image/png;base64,{PNG}"}
    assert PNG in safe_html.markdown("![x](attachment:a%20b.png)", known)
    assert PNG not in safe_html.markdown("![x](attachment:other.png)", known)


@pytest.mark.parametrize(
    ("kind", "content", "shown"),
    [
        ("image/png", PNG, True),
        ("image/png", PNG[:30] + "\n" + PNG[30:], True),
        ("image/jpeg", PNG, False),
        ("image/png", base64.b64encode(b"<svg>").decode(), False),
        ("image/png", "no base64!", False),
        ("text/html", base64.b64encode(b"<p>").decode(), False),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", True),
        ("image/svg+xml", b"<html>", False),
    ],
)
def test_a_picture_is_what_it_says(kind: str, content: str | bytes, shown: bool) -> None:
    assert (safe_html.picture(kind, content) is not None) == shown


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"text/html": "<iframe></iframe>", "text/plain": "<IFrame>"}, "&lt;IFrame&gt;"),
        ({"text/html": "<b>x</b>", "text/plain": "x"}, "<b>x</b>"),
        ({"text/html": ["<b>", "x</b>"]}, "<b>x</b>"),
        ({"text/latex": "$x^2$"}, "<msup>"),
        ({"application/json": {"a": 1}, "text/plain": "{'a': 1}"}, "{&#x27;a&#x27;: 1}"),
        ({"image/png": PNG, "text/plain": "<Figure>"}, "<img"),
        ({"text/plain": "\x1b[31mred\x1b[0m"}, "<pre>red</pre>"),
        ({"text/plain": 3, 4: "x"}, ""),
        ("no mapping", ""),
    ],
)
def test_the_richest_form_that_has_anything_left(data: Any, part: str) -> None:
    shown = safe_html.show(data)
    assert part in shown
    assert bool(shown) == bool(part)


def test_data_of_a_notebook_is_cleaned() -> None:
    cleaned = safe_html.clean_data(
        {
            "text/plain": "x",
            "text/html": "<b onclick=y>x</b><script>y</script>",
            "application/javascript": "y",
            "image/png": "no",
            "application/vnd.jupyter.widget-view+json": "{}",
        }
    )
    assert cleaned == {"text/plain": "x", "text/html": "<b>x</b>"}


@pytest.mark.parametrize(
    "source",
    ["\\frac{", "x^", "\\sqrt{" * 600 + "x", "\\unknown{x}", "\\bbox[red]{x}", "x" * 5000],
)
def test_tex_that_cannot_be_drawn_is_shown_as_it_is(source: str) -> None:
    assert safe_html.tex(source) == f"<code>{safe_html.plain(source)}</code>"


_PIECES = st.sampled_from(
    ["<", ">", '"', "'", "`", "$", "$$", "\\text{", "}", "\n\n", " ", "<b ", "<a href=",
     "<img src=", "title=", "onclick=x", "<!--", "-->", "<svg>", "</svg>", "<math>", "<p>",
     "</p>", "x", "\ue0000\ue001", "[", "](", ")", "javascript:x", "&lt;", "&#x22;", "<div"]
)  # fmt: skip
# Half of the tags are links, and most of what they have is as it should be, lest a tag is left out
# for what is amiss in one attribute and never tried with the others.
_TAGS = st.builds(
    lambda name, attributes: f"<{name} {' '.join(attributes)}>x</{name}>",
    st.just("a") | st.sampled_from(["A", "b", "svg", "math", "script", "iframe", "form", "x-y"]),
    st.lists(
        st.builds(
            '{}="{}"'.format,
            st.just("href") | st.sampled_from(["onclick", "ONERROR", "on\tload", "HREF", "style"]),
            st.sampled_from(["https://example.org", "mailto:x@y"])
            | st.sampled_from(
                ["javascript:x", "java&#x09;script:x", "data:text/html,x", "//x", '">']
            ),
        ),
        max_size=3,
    ),
)


def test_no_markdown_makes_a_handler() -> None:
    """Cleaning what comes out once more, formulas set apart, changes nothing of its tags."""
    from bs4 import BeautifulSoup

    linked = []

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(st.lists(_PIECES | _TAGS, max_size=12).map("".join))
    def hold(source: str) -> None:
        found = BeautifulSoup(safe_html.markdown(source), "html.parser").find_all(True)
        for element in found:
            assert element.name not in ("script", "svg", "style", "iframe", "form")
            assert not [name for name in element.attrs if name.startswith("on")]
            assert element.attrs.get("href", "https:").startswith(("http", "mailto:"))
        linked.append(any("href" in element.attrs for element in found))

    hold()
    assert sum(linked) > len(linked) / 10  # so many that a bad one would be among them


def test_a_page_of_the_students_own_is_not_feedback(tmp_path: Path) -> None:
    """Pages beside the notebook are left where they are; pictures are put into the page."""
    hostile_course(tmp_path, protected=True)
    (folder,) = (tmp_path / "autograded").glob("*/ps1")
    shutil.copy(__file__, folder / "evil.html")
    (folder / "timestamp.txt").write_text("2026-01-01 00:00:00 UTC")
    notebook = json.loads((folder / "ps1.ipynb").read_text())
    notebook["cells"][0]["source"] = "![p](plot.png) ![q](../../../gradebook.db)"
    (folder / "ps1.ipynb").write_text(json.dumps(notebook))
    (written,) = generate(tmp_path, "ps1").written
    assert sorted(path.name for path in written.parent.iterdir()) == ["ps1.html", "timestamp.txt"]
    assert PNG in written.read_text()
