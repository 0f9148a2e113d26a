"""Notebooks in Colab and in Binder: every address leads to a file, and the copies are the course's.

Nothing here asks Colab, Binder or GitHub.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

import chainrule
from chainrule.course.folder import Course
from chainrule.grading.judge.judge import judge
from chainrule.grading.judge.master import read_master
from chainrule.grading.judge.submission import Submission
from chainrule.sample.sample_class import SampleStudent, submit
from grader_tests.support import release
from grader_tests.support.limits import LIMITS
from grader_tests.support.paths import ROOT

sys.path.insert(0, str(ROOT / "docs"))
import hosted

COPIES = dict(hosted.colab_copies())
ASSIGNMENT = "ps1_scalar_circuits"


def in_git() -> set[str]:
    command = ["git", "ls-files", "release"]
    return set(subprocess.check_output(command, cwd=ROOT, text=True).splitlines())


def test_every_lecture_and_every_set_has_its_links() -> None:
    assert set(hosted.notebooks()) == {path for path in in_git() if path.endswith(".ipynb")}
    page = hosted.page()
    for path in hosted.notebooks():
        for address in hosted.HOSTS.values():
            assert f"({address(path)})" in page, path


def test_addresses_lead_to_files() -> None:
    assert release.PROJECT["urls"]["Source"] == f"https://github.com/{hosted.NAME}"
    for path in hosted.notebooks():
        colab, binder = hosted.in_colab(path), hosted.in_binder(path)
        where = f"https://colab.research.google.com/github/{hosted.NAME}/blob/{hosted.BRANCH}/"
        assert colab.removeprefix(where) in COPIES
        parts = urlsplit(binder)
        assert (parts.netloc, parts.path) == ("mybinder.org", f"/v2/gh/{hosted.NAME}/HEAD")
        (opened,) = parse_qs(parts.query)["urlpath"]
        assert opened.removeprefix("lab/tree/") in in_git()


def test_a_copy_for_colab_is_the_notebook_and_a_cell_that_installs_the_release() -> None:
    version = chainrule.__version__
    for path, text in COPIES.items():
        made = nbformat.reads(text, as_version=4)
        nbformat.validate(made)
        title, install, *rest = made.cells
        assert install.source.endswith(
            f"\n%pip install --quiet https://github.com/{hosted.NAME}/releases/download/"
            f"v{version}/chainrule-{version}-py3-none-any.whl"
        )
        given = nbformat.read(ROOT / path, as_version=4)
        assert [title, *rest] == given.cells, path
        assert made.metadata == given.metadata, path


def test_the_branch_is_the_one_that_is_published(tmp_path: Path) -> None:
    workflow = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    (command,) = re.findall(r"\.venv/bin/python (docs/\w+\.py) ", workflow)
    assert f"--initial-branch {hosted.BRANCH}\n" in workflow
    assert re.search(rf'GITHUB_REPOSITORY" {hosted.BRANCH}$', workflow, re.MULTILINE)
    subprocess.run([sys.executable, command, str(tmp_path)], cwd=ROOT, check=True)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.ipynb")}
    assert files == set(COPIES)


@pytest.mark.parametrize("other", ["", '<a class="b" href="c">Open</a>\n\n'])
def test_a_lecture_of_the_site_has_a_line_of_links_under_its_title(
    tmp_path: Path, other: str
) -> None:
    lecture = ROOT / "course" / "01_scalar_circuits.ipynb"
    notebook = json.loads(lecture.read_text(encoding="utf-8"))
    title, text = "".join(notebook["cells"][0]["source"]).split("\n\n", 1)
    notebook["cells"][0]["source"] = f"{title}\n\n{other}{text}"
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / lecture.name).write_text(json.dumps(notebook), encoding="utf-8")
    hosted.write(tmp_path)
    made = json.loads((tmp_path / "course" / lecture.name).read_text(encoding="utf-8"))
    paragraphs = [one for one in made["cells"][0]["source"].split("\n\n") if one.strip()]
    line = f"*Without the outputs, in* {hosted.links('release/lectures/' + lecture.name)}"
    expected = [title, *([other.strip()] if other else []), line]
    assert [one.strip() for one in paragraphs[: len(expected)]] == expected
    assert paragraphs[-1] == text.split("\n\n")[-1]
    assert made["cells"][1:] == notebook["cells"][1:]


def test_what_comes_back_from_colab_has_the_same_points(course: Course, tmp_path: Path) -> None:
    """Its extra cell installs nothing where there is no network, and costs nothing."""
    student = SampleStudent("ada", "right", "master", {})
    solved = submit(course, ASSIGNMENT, student, [], tmp_path).read_bytes()
    (path,) = (path for path in course.masters() if path.parent.name == ASSIGNMENT)
    master = read_master(path.read_bytes(), ASSIGNMENT)
    copy = json.dumps(hosted.for_colab(json.loads(solved))).encode()
    given, back = (judge(master, Submission(one), LIMITS) for one in (solved, copy))
    assert not given.problem + back.problem
    assert given.scores == back.scores
    assert {one.points for one in back.scores if one.points != one.most} == {None}  # by hand
