"""The browser edition when the site has a newer version, and when Pyodide is elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader_tests.support import browser, edition, pyodide
from grader_tests.support.paths import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.overnight, pytest.mark.timeout(900)]

NAME = "ps1_scalar_circuits"
PATH = f"{NAME}/{NAME}.ipynb"
MINE = "# my own words"


def listed_again(lite: Path) -> None:
    """Write files.json for what is in the folder now."""
    code = (
        "import sys; sys.path.insert(0, 'docs'); import browser_edition; from pathlib import Path; "
    )
    code += f"browser_edition._list_files(Path({str(lite)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def version(lite: Path) -> str:
    found: str = json.loads((lite / "files.json").read_text())["version"]
    return found


def test_a_newer_version_is_offered_and_work_is_kept(chromium: Any, tmp_path: Path) -> None:
    site = edition.build(tmp_path)
    lite = site / "lite"
    with edition.served(site) as address:
        context = chromium.new_context()
        context.set_default_timeout(120_000)
        page = context.new_page()
        watch = browser.Watch(allowed=(address,)).on(page)
        page.goto(f"{address}lite/?open={NAME}")
        reader = edition.Reader(page, PATH)
        reader.ready()
        reader.write("q1_add", MINE)
        reader.state("Saved in this browser")
        old = version(lite)
        page.goto(f"{address}lite/?open={NAME}")
        reader.ready()
        assert page.locator("#notice").is_hidden()

        # The site has a new look, and the set a new sentence.
        with (lite / "desk.css").open("a") as style:
            style.write("\nh1 { letter-spacing: 3px; }\n")
        published = lite / "files" / PATH
        book = json.loads(published.read_text())
        book["cells"][0]["source"] += "\n\nNew this week."
        published.write_text(json.dumps(book))
        listed_again(lite)
        assert version(lite) != old
        page.goto(f"{address}lite/?open={NAME}")
        notice = page.locator("#notice")
        notice.filter(has_text="There is a newer version").wait_for()
        assert f"edition {old}" in page.locator("#version").inner_text(), "the old one until then"
        notice.get_by_role("button", name="Get it, keep my work").click()
        page.locator("#version", has_text=f"edition {version(lite)}").wait_for()
        reader.ready()
        spacing = page.locator("h1").evaluate("e => getComputedStyle(e).letterSpacing")
        assert spacing == "3px"
        assert reader.text("q1_add") == MINE
        names = page.evaluate("caches.keys()")
        assert [name.split()[-1] for name in names] == [version(lite)], "the old one is gone"

        notice.filter(has_text="has changed since you began").wait_for()
        notice.get_by_role("button", name="Get the new one, keep mine").click()
        reader.state("Python starts")
        reader.ready()
        assert "New this week." in reader.frame.locator(".jp-MarkdownCell").first.inner_text()
        assert MINE not in reader.text("q1_add")
        page.get_by_role("link", name="All notebooks").click()
        page.locator("#aside li").first.wait_for()
        assert page.locator("#aside li").count() == 1
        watch.quiet()
        context.close()


def test_pyodide_may_be_elsewhere(chromium: Any, tmp_path: Path) -> None:
    """`make site PYODIDE=cdn`, with a server of this machine in the place of Pyodide's own."""
    site = edition.build(tmp_path, PYODIDE="cdn")
    lite = site / "lite"
    size = sum(path.stat().st_size for path in lite.rglob("*") if path.is_file())
    assert size < 25e6, "the big files are left out"
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(pyodide.folder(), elsewhere)
    with (
        edition.served(elsewhere, shared=True) as other,
        edition.served(site) as address,
    ):
        settings = lite / "jupyter-lite.json"
        text = settings.read_text()
        assert "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/pyodide.js" in text
        settings.write_text(text.replace("https://cdn.jsdelivr.net/pyodide/v0.27.7/full/", other))
        listed_again(lite)
        with browser.visit(
            chromium, f"{address}lite/?open={NAME}", origin=address, also=other
        ) as page:
            reader = edition.Reader(page, PATH)
            reader.ready()
            for name in ("setup", "q1_add"):
                reader.run(name)
            assert "is not written yet" in reader.run("q1_add_forward")
