"""A release: what is written about it agrees; `make release-check` refuses what is not ready."""

from __future__ import annotations

import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import chainrule
from grader_tests.support import release
from grader_tests.support.paths import ROOT
from grader_tests.support.release import NotReady, changelog_disagrees, relative_links
from hatch_build import absolute

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
SOURCE = release.PROJECT["urls"]["Source"]


def changelog(unreleased: str) -> str:
    return f"# Changelog\n\n## [Unreleased]\n{unreleased}\n## [1.0.0] - 2026-01-31\n\n- begun\n"


# ---- What is written about it.


def test_there_is_one_version() -> None:
    assert release.PROJECT["dynamic"] == ["version", "readme"]
    assert "version" not in release.PROJECT
    assert CITATION["version"] == chainrule.__version__
    for page in ("docs/student.md", "docs/instructor.md"):
        named = re.findall(r"chainrule-(\d[\w.]*?)-py3", (ROOT / page).read_text(encoding="utf-8"))
        assert set(named) == {chainrule.__version__}, page


def test_the_citation_is_what_github_reads() -> None:
    needed = {"cff-version", "message", "title", "authors"}
    known = {"type", "abstract", "version", "license", "repository-code", "keywords"}
    assert needed <= set(CITATION) <= needed | known
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    assert CITATION["license"] == release.PROJECT["license"]
    assert CITATION["repository-code"] == SOURCE
    assert [one["name"] for one in CITATION["authors"]] == [
        one["name"] for one in release.PROJECT["authors"]
    ]


@pytest.mark.parametrize(
    ("unreleased", "version", "tag", "fine"),
    [
        ("- new\n", "1.1.0", "", True),
        ("- new\n", "1.1.0.dev0", "", True),
        ("- new\n", "1.0.0", "", False),
        ("- new\n", "0.9.0", "", False),
        ("- new\n", "1.1.0", "v1.1.0", False),
        ("", "1.0.0", "", True),
        ("", "1.0.0", "v1.0.0", True),
        ("", "1.0.0", "v1.0.1", False),
        ("", "1.1.0", "", False),
    ],
)
def test_the_changelogs_top_entry_and_the_version(
    unreleased: str, version: str, tag: str, fine: bool
) -> None:
    assert (changelog_disagrees(changelog(unreleased), version, tag) is None) is fine


def test_this_changelog_and_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert changelog_disagrees(text, chainrule.__version__) is None


def test_links_of_the_readme_lead_somewhere_from_anywhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert relative_links(text)
    assert relative_links(absolute(text, SOURCE)) == []
    raw = SOURCE.replace("github.com", "raw.githubusercontent.com")
    page = 'See [a](docs/a.md#b) [c](https://c.org/) [d](#e) <img src="f.svg" alt="g">'
    assert absolute(page, SOURCE) == (
        f"See [a]({SOURCE}/blob/HEAD/docs/a.md#b) [c](https://c.org/) [d](#e) "
        f'<img src="{raw}/HEAD/f.svg" alt="g">'
    )


def test_nobody_is_sent_to_an_index_for_a_package_that_is_not_there() -> None:
    """The README warns of it; no page, no notebook and no message says `pip install chainrule`."""
    line = re.compile(r"pip install (-\S+ )*[\"']?chainrule\b(?!-\d|\[?\w*\]? @|/)")
    assert line.search("%pip install -q chainrule")
    assert not line.search("pip install chainrule-0.2.0-py3-none-any.whl")
    said = re.compile(r"[^.]*`pip install chainrule`[^.]*\.")
    (warning,) = said.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "stranger" in warning
    folders = ("course", "docs", "release", "source", "src")
    kinds = {".ipynb", ".md", ".py", ".jinja"}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path.suffix in kinds and "_build" not in path.parts:
            assert not line.search(path.read_text(encoding="utf-8")), path


def test_what_is_published_was_checked_and_has_no_more_rights_than_it_needs() -> None:
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    workflow = yaml.load(text, yaml.BaseLoader)  # "on" stays a word
    assert workflow["on"] == {"push": {"tags": ["v*"]}, "workflow_dispatch": ""}
    assert workflow["permissions"] == {"contents": "read"}
    made, site = workflow["jobs"]["release"], workflow["jobs"]["site"]
    assert made["if"] == "github.ref_type == 'tag'"
    assert made["permissions"] == {"contents": "write"}
    programs = [step["run"] for step in made["steps"] if "run" in step]
    checked, published, _ = programs
    assert checked == 'make release-check PYTHON=python3.11 TAG="$GITHUB_REF_NAME"'
    assert published.startswith('gh release create "$GITHUB_REF_NAME" dist/*')
    (pythons,) = (one["with"]["python-version"] for one in made["steps"] if "with" in one)
    assert sorted(pythons.split()) == sorted(release.PYTHONS)
    # A site that does not follow from a release that failed; Pages needs these three rights.
    assert site["needs"] == "release"
    assert "needs.release.result != 'failure'" in site["if"]
    assert site["permissions"] == {"contents": "read", "pages": "write", "id-token": "write"}
    assert site["environment"]["name"] == "github-pages"
    used = [step["uses"].split("@")[0] for step in site["steps"] if "uses" in step]
    assert used[-2:] == ["actions/upload-pages-artifact", "actions/deploy-pages"]
    (folder,) = (one["with"]["path"] for one in site["steps"] if "path" in one.get("with", {}))
    assert folder == "docs/_build/html"
    assert site["environment"]["url"] == "${{ steps.pages.outputs.page_url }}"
    assert site["steps"][-1]["id"] == "pages"


# ---- The check itself.


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return release.build(tmp_path_factory.mktemp("dist"))


def test_what_is_built_is_ready(built: tuple[Path, Path], tmp_path: Path) -> None:
    archive, wheel = built
    release.check_metadata(wheel, chainrule.__version__)
    release.check_contents(wheel, archive)
    release.check_rebuilt(archive, wheel, tmp_path)


def changed(wheel: Path, folder: Path, name: str, text: str | None) -> Path:
    """A copy of the wheel with one file added, or dropped if text is None."""
    files = {key: value for key, value in release.contents(wheel).items() if key != name}
    if text is not None:
        files[name] = text.encode()
    with zipfile.ZipFile(folder / wheel.name, "w") as packed:
        for key, value in files.items():
            packed.writestr(key, value)
    return folder / wheel.name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chainrule/ps1.ipynb", "{}"),
        ("answers/ps1.md", ""),
        ("chainrule/check/left_over.py", ""),
        ("chainrule/py.typed", None),
        (f"chainrule-{chainrule.__version__}.dist-info/licenses/LICENSE", None),
        ("chainrule/__init__.py", min(release.hidden_lines())),
    ],
)
def test_a_wheel_with_too_much_or_too_little_is_refused(
    built: tuple[Path, Path], tmp_path: Path, name: str, text: str | None
) -> None:
    archive, wheel = built
    with pytest.raises(NotReady):
        release.check_contents(changed(wheel, tmp_path, name, text), archive)


def test_an_archive_with_the_tests_is_refused(built: tuple[Path, Path], tmp_path: Path) -> None:
    archive, wheel = built
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("chainrule-*")
    (folder / "grader_tests").mkdir()
    (folder / "grader_tests" / "README.md").touch()
    with tarfile.open(tmp_path / "again.tar.gz", "w:gz") as again:
        again.add(folder, folder.name)
    with pytest.raises(NotReady, match="grader_tests"):
        release.check_contents(wheel, tmp_path / "again.tar.gz")


def test_another_version_is_refused(built: tuple[Path, Path]) -> None:
    with pytest.raises(NotReady, match=re.escape(chainrule.__version__)):
        release.check_metadata(built[1], "9.9.9")


def test_a_python_that_is_not_here_is_said_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert "NOT TRIED" in release.not_tried()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(NotReady, match="CI has to have it"):
        release.not_tried()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bound", release.BOUNDS)
def test_the_wheel_is_enough_in_a_fresh_environment(
    built: tuple[Path, Path], tmp_path: Path, bound: str
) -> None:
    """Of this Python; it takes an index for packages."""
    solved, stub = release.solved_and_stub(tmp_path / "work")
    told = release.try_in(tmp_path / "venv", Path(sys.executable), bound, built[1], solved, stub)
    numpy = re.fullmatch(r"numpy (\S+), matplotlib (\S+)", told)
    assert numpy is not None
    lowest = numpy[1].startswith("2.0.")
    assert lowest is (bound == "lowest" and sys.version_info < (3, 13)), told


@pytest.mark.overnight
@pytest.mark.timeout(1800)
def test_it_can_be_released() -> None:
    """In fresh environments of every Python at hand; takes minutes, and an index for packages."""
    release.main()
