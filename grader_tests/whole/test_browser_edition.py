"""The browser edition as a student has it: on a train, with a mistake, and handed in.

The site is loaded once, and then its server ends: from there on whatever asks for anything fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from chainrule.course.folder import Course
from chainrule.grading.report.summary import results
from grader_tests.support import browser, edition
from grader_tests.support.command import program
from grader_tests.support.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "ps1_scalar_circuits"
PATH = f"{NAME}/{NAME}.ipynb"
ADD = """class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, upstream):
        return upstream, upstream
"""
SWAPPED = """class Multiply:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, upstream):
        return upstream * self.x, upstream * self.y
"""
MENDED = SWAPPED.replace(
    "upstream * self.x, upstream * self.y", "upstream * self.y, upstream * self.x"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edition.build(tmp_path_factory.mktemp("edition"))


@pytest.fixture(scope="module")
def loaded(chromium: Any, site: Path) -> Iterator[tuple[Any, str, browser.Watch]]:
    """A browser that has been to set 1 once, with the server gone since; the site's old address."""
    context = chromium.new_context(accept_downloads=True)
    context.set_default_timeout(60_000)
    with edition.served(site) as address:
        watch = browser.Watch(allowed=(address,))
        context.on("request", lambda request: watch.requested(request.url))
        page = context.new_page()
        watch.on(page)
        page.goto(f"{address}course/01_scalar_circuits.html")
        link = page.get_by_role("link", name="Open in the browser").first
        assert link.get_attribute("href") == "../lite/?open=01_scalar_circuits"
        page.goto(f"{address}browser.html")
        page.locator(f'a[href="lite/?open={NAME}"]').click()
        edition.Reader(page, PATH).ready()
        page.close()
    yield context, address, watch
    context.close()


@pytest.fixture(autouse=True)
def quiet(loaded: tuple[Any, str, browser.Watch]) -> Iterator[None]:
    """No test asks anything of anybody, or writes an error."""
    yield
    loaded[2].quiet()


def opened(loaded: tuple[Any, str, browser.Watch], path: str = PATH) -> edition.Reader:
    """A notebook, set 1 if no other, opened without a server."""
    context, address, watch = loaded
    page = context.new_page()
    watch.on(page)
    page.on("requestfailed", lambda request: watch.requests.append(request.url))
    page.goto(f"{address}lite/?open={Path(path).stem}")
    reader = edition.Reader(page, path)
    reader.ready()
    return reader


def test_a_mistake_is_named_mended_and_handed_in_without_a_network(
    loaded: Any, tmp_path: Path
) -> None:
    reader = opened(loaded)
    for name in ("setup", "progress"):
        reader.run(name)
    reader.write("q1_add", ADD)
    reader.run("q1_add")
    reader.run("q1_add_forward")
    reader.run("q1_add_backward")
    reader.write("q2_multiply", SWAPPED)
    reader.run("q2_multiply")
    reader.run("q2_multiply_forward")
    told = reader.run("q2_multiply_backward")
    assert "dx and dy are wrong: each input was used for its own gradient." in told
    assert "/course/01_scalar_circuits.html#multiply-switches" in told, (
        "where to read, on this site"
    )
    reader.write("q2_multiply", MENDED)
    reader.run("q2_multiply")
    reader.run("q2_multiply_forward")
    told = reader.run("q2_multiply_backward")
    points = re.search(r"(\d+) of 50 points; next: Q3", told)
    assert points, told
    assert points[1] == "6"

    file = reader.download(tmp_path)
    assert file.name == f"{NAME}.ipynb"
    mine, original = (nbformat.read(path, as_version=4) for path in (file, ROOT / "release" / PATH))
    assert mine.metadata == original.metadata
    assert [cell.id for cell in mine.cells] == [cell.id for cell in original.cells]
    assert [cell.metadata for cell in mine.cells] == [cell.metadata for cell in original.cells]
    hand_in(reader, file, tmp_path, points=6)

    start_over(reader)


def hand_in(reader: edition.Reader, file: Path, home: Path, points: int) -> None:
    """By the learning-management system, zipped as Canvas does, and on with the commands of
    docs/deploy.md, *Without a server*."""
    (home / "class.csv").write_text(
        "id,first_name,last_name,lms_user_id\nada,Ada,Lovelace,101\n", encoding="utf-8"
    )
    done = program("new-course", str(home / "backprop"), "--students", str(home / "class.csv"))
    assert done.returncode == 0, done.stderr
    (home / "Downloads").mkdir()
    with zipfile.ZipFile(home / "Downloads" / "submissions.zip", "w") as canvas:
        canvas.write(file, f"lovelaceada_101_9001_{file.name}")
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    section = page.split("## Without a server", 1)[1]
    (commands,) = re.findall(r"^```bash\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        ["bash", "-euxc", commands],
        env=os.environ | {"HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    course = home / "backprop"
    assert [(row.student, row.score) for row in results(Course(course), NAME)] == [("ada", points)]
    assert (course / "exports" / f"{NAME}-canvas.csv").is_file()
    feedback = course / "feedback" / "ada" / NAME / f"{NAME}.html"
    with browser.visit(reader.page.context.browser, feedback.as_uri()) as shown:
        told = shown.locator("body").inner_text()
    assert "each input was used for its own gradient" not in told, "that was mended"
    assert f"{points} of 53 points" in told


def start_over(reader: edition.Reader) -> None:
    """The original comes back, and what was done is set aside, to be opened and downloaded."""
    page = reader.page
    page.locator("#start-over").click()
    page.locator("#ask").get_by_role("button", name="Cancel").click()
    assert "upstream * self.y" in reader.text("q2_multiply")
    page.locator("#start-over").click()
    page.locator("#ask").get_by_role("button", name="Start over").click()
    reader.state("Python starts")
    reader.ready()
    assert "raise NotImplementedError" in reader.text("q2_multiply")
    page.get_by_role("link", name="All notebooks").click()
    aside = page.locator("#aside li")
    aside.first.wait_for()
    assert aside.count() == 1
    with page.expect_download() as waiting:
        aside.get_by_role("button", name="Download").click()
    assert waiting.value.suggested_filename == f"{NAME}.ipynb"
    assert "upstream * self.y, upstream * self.x" in waiting.value.path().read_text()


def test_a_loop_can_be_stopped_and_work_survives_a_reload(loaded: Any) -> None:
    reader = opened(loaded)
    reader.run("setup")
    reader.write("q1_add", ADD + "\nwhile True:\n    pass")
    reader.run("q1_add", wait=False)
    reader.page.wait_for_timeout(500)
    reader.page.locator("#stop").click()
    reader.state("Stopped, and Python is ready again")
    reader.write("q1_add", ADD)
    reader.run("setup")
    reader.run("q1_add")
    assert "Add.forward" in reader.run("q1_add_forward")
    # Too deep a recursion is told of, or stopped; what was written is there all the same.
    reader.write("q1_add", ADD + "\ndef down(n):\n    return down(n + 1)\n\ndown(0)")
    assert "RecursionError" in reader.run("q1_add")
    reader.write("q1_add", ADD)
    reader.page.reload()
    reader.ready()
    assert "return x + y" in reader.text("q1_add")


def test_what_answers_a_predict_is_folded(loaded: Any) -> None:
    reader = opened(loaded, "lectures/01_scalar_circuits.ipynb")
    reader.run("setup")
    assert reader.run("circuit-build") == ""
    fold = reader.cell("circuit-build").locator(".jp-Placeholder-content").last
    # The first line of what is folded stands there, and is not to be seen.
    assert (
        fold.locator(".jp-PlaceholderText").evaluate("e => getComputedStyle(e).fontSize") == "0px"
    )
    fold.click()
    output = reader.cell("circuit-build").locator(".jp-OutputArea-output").first
    assert output.inner_text().strip() == "q = 3\nf = -12"
    assert "q = 3" in reader.run("circuit-build"), "whoever opened it wants it open"


def test_only_one_tab_works_on_the_notebooks(loaded: Any) -> None:
    first = opened(loaded)
    first.write("q1_add", ADD + "# first tab")
    second = opened(loaded)
    first.state("You went on in another tab")
    assert "# first tab" in second.text("q1_add"), "the first one saved before it stepped back"


def test_without_a_secure_address_it_says_so(chromium: Any, site: Path) -> None:
    """A browser keeps nothing that came by http:// over a network; then that is not promised."""
    with edition.served(site) as address:
        context = chromium.new_context()
        page = context.new_page()
        page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
        page.goto(f"{address}lite/")
        page.locator("#size", has_text="browsers keep pages only from https").wait_for()
        context.close()
