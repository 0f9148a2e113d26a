"""The files around the package agree with it: workflows, forms, hooks, changelog, pages."""

from __future__ import annotations

import os
import pkgutil
import re
import shlex
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from functools import cache
from importlib.metadata import distributions, packages_distributions
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from trove_classifiers import classifiers as known_classifiers

from chainrule.grading.limits import Limits
from grader_tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.y*ml"))
TEST = GITHUB / "workflows" / "test.yml"
FORMS = sorted(set(GITHUB.glob("ISSUE_TEMPLATE/*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"})
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md")


class _Loader(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a word, and a key that is there twice is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        doubled = [key for key, n in Counter(keys).items() if n > 1]
        assert not doubled, f"line {node.start_mark.line + 1}: {doubled[0]} is there twice"
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in known if tag != "tag:yaml.org,2002:bool"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|false)$"), ["t", "f"])


def load(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    assert isinstance(found, dict)
    return found


def named(path: Path) -> str:
    return path.stem


# Workflows ----------------------------------------------------------------------------------------


def commands(workflow: dict[str, Any]) -> str:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    return "\n".join(step["run"] for step in steps if "run" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_workflow_has_what_github_needs(path: Path) -> None:
    workflow = load(path)
    assert isinstance(workflow["name"], str)
    assert workflow["on"]
    assert isinstance(workflow["permissions"], dict), "the token may do what is written here only"
    assert workflow["concurrency"]["group"]
    assert workflow["jobs"]
    for name, job in workflow["jobs"].items():
        assert re.fullmatch(r"[a-z_][\w-]*", name)
        assert job["runs-on"]
        assert job["steps"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", step["uses"]), step


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_step_is_a_program_that_a_shell_can_read(path: Path) -> None:
    said = re.sub(r"\$\{\{.*?\}\}", "said", commands(load(path)))
    subprocess.run(["bash", "-n"], input=said, text=True, check=True)


def test_the_tests_run_on_every_push_and_pull_request_with_no_rights() -> None:
    workflow = load(TEST)
    assert set(workflow["on"]) >= {"push", "pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True


def test_the_matrix_is_what_the_package_is_for() -> None:
    tried = load(TEST)["jobs"]["test"]["strategy"]["matrix"]["python"]
    found = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one)
             for one in PROJECT["classifiers"]]  # fmt: skip
    claimed = [match[1] for match in found if match]
    assert tried == claimed
    assert claimed == sorted(claimed, key=Version)
    wanted = SpecifierSet(PROJECT["requires-python"])
    assert all(version in wanted for version in claimed)
    first = Version(claimed[0])
    assert f"{first.major}.{first.minor - 1}" not in wanted, "the oldest version is not tried"


def test_workflows_make_what_the_makefile_has() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {path: set(re.findall(r"\bmake ([\w-]+)", commands(load(path)))) for path in WORKFLOWS}
    assert {target for one in made.values() for target in one} <= targets
    assert made[TEST] >= {"lint", "test", "test-slow"}


def test_the_workflow_brings_what_ci_brings() -> None:
    listed = re.findall(r"missing\+=\(([^)]*)\)", (ROOT / ".ci" / "run").read_text())
    packages = " ".join(listed).split()
    assert packages
    for name, job in load(TEST)["jobs"].items():
        brought = commands({"jobs": {name: job}})
        assert [package for package in packages if not re.search(rf"\b{package}\b", brought)] == []


# Issue forms --------------------------------------------------------------------------------------

_NEEDS = {
    "markdown": {"value"}, "input": {"label"}, "textarea": {"label"},
    "dropdown": {"label", "options"}, "checkboxes": {"label", "options"},
}  # fmt: skip
_MAY_HAVE = {
    "markdown": set(), "input": {"description", "placeholder", "value"},
    "textarea": {"description", "placeholder", "value", "render"},
    "dropdown": {"description", "multiple", "default"}, "checkboxes": {"description"},
}  # fmt: skip


@pytest.mark.parametrize("path", FORMS, ids=named)
def test_a_form_is_one_that_github_shows(path: Path) -> None:
    form = load(path)
    assert set(form) <= {"name", "description", "title", "labels", "assignees", "projects", "body"}
    assert form["name"]
    assert form["description"]
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert asked
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        needs = _NEEDS[field["type"]]
        assert needs <= set(field["attributes"]) <= needs | _MAY_HAVE[field["type"]], field
        options = [str(option) for option in field["attributes"].get("options", [])]
        assert len(options) == len(set(options))
        assert "None" not in options, "GitHub keeps that word for itself"
    ids = [field["id"] for field in asked]
    labels = [field["attributes"]["label"] for field in asked]
    assert len(ids) == len(set(ids))
    assert len(labels) == len(set(labels))
    assert all(re.fullmatch(r"[\w-]+", one) for one in ids)


def test_forms_can_be_told_apart() -> None:
    names = [load(path)["name"] for path in FORMS]
    assert len(names) == len(set(names)) >= 3


def test_a_wrong_verdict_can_be_tried_again() -> None:
    form = load(GITHUB / "ISSUE_TEMPLATE" / "wrong-verdict.yml")
    asked = {field["id"]: field for field in form["body"] if "id" in field}
    for name in ("verdict", "problem-set", "question", "answer", "message"):
        assert asked[name]["validations"]["required"] is True
    offered = asked["problem-set"]["attributes"]["options"]
    assert offered[:-1] == sorted(path.parent.name for path in ROOT.glob("source/*/*.ipynb"))


def test_holes_are_not_reported_in_public() -> None:
    config = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert config["blank_issues_enabled"] is False
    for link in config["contact_links"]:
        assert set(link) == {"name", "url", "about"}
    private = PROJECT["urls"]["Source"] + "/security/advisories/new"
    assert private in {link["url"] for link in config["contact_links"]}
    assert private in read("SECURITY.md")


# Changelog and metadata ---------------------------------------------------------------------------


def test_the_changelog_is_one() -> None:
    text = read("CHANGELOG.md")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", one) for one in headings[1:]]
    released = [(Version(match[1]), date.fromisoformat(match[2])) for match in found if match]
    assert len(released) == len(headings) - 1, "## [1.2.3] - 2026-01-31"
    assert all(new[0] > old[0] and new[1] >= old[1] for new, old in pairwise(released))
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[2:]:
        assert re.search(r"^### ", section, re.MULTILINE), section.splitlines()[0]
    for heading in headings:
        name = re.escape(heading.split("]")[0] + "]")
        assert re.search(rf"^{name}: https://\S+$", text, re.MULTILINE), heading


def test_metadata_is_known_to_package_indexes() -> None:
    assert set(PROJECT["classifiers"]) <= known_classifiers
    assert set(PROJECT["urls"]) >= {"Homepage", "Documentation", "Source", "Issues", "Changelog"}
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert files("chainrule").joinpath("py.typed").is_file()


def test_there_is_one_repository() -> None:
    ours = PROJECT["urls"]["Source"].removeprefix("https://github.com/")
    texts = [read("pyproject.toml"), read("CHANGELOG.md"), *map(read, PAGES)]
    texts += [path.read_text(encoding="utf-8") for path in sorted(GITHUB.rglob("*.*"))]
    found = {one for text in texts for one in re.findall(r"//github\.com/([\w-]+/[\w-]+)", text)}
    assert found == {ours}


# Hooks --------------------------------------------------------------------------------------------


def hooks() -> list[dict[str, Any]]:
    (local,) = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    found: list[dict[str, Any]] = local["hooks"]
    return found


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_a_hook_runs_what_the_dev_extra_brings(hook: dict[str, Any]) -> None:
    assert hook["name"]
    assert hook["language"] == "system"
    assert hook["pass_filenames"] is False  # so that it says what `make lint` says
    program, *arguments = shlex.split(hook["entry"])
    name = program.removeprefix(".venv/bin/")
    assert name != program
    if name == "python":
        assert arguments[0] == "-m"
        providers = set(packages_distributions()[arguments[1]])
    else:
        providers = {one.name for one in distributions() for file in one.files or ()
                     if file.parts[-2:] == ("bin", name)}  # fmt: skip
    extra = {canonicalize_name(Requirement(text).name)
             for text in PROJECT["optional-dependencies"]["dev"]}  # fmt: skip
    assert {canonicalize_name(one) for one in providers} & extra
    assert [word for word in arguments if "/" in word and not exists(word)] == []


def test_hooks_are_the_linters() -> None:
    ids = [hook["id"] for hook in hooks()]
    assert len(ids) == len(set(ids))
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    linters = set(re.findall(r"\$\(BIN\)/([^>|\n]*[^>|\s])", recipe[1]))
    assert linters
    assert linters <= {hook["entry"].removeprefix(".venv/bin/") for hook in hooks()}


def test_no_problem_set_goes_past_the_hook_that_refuses_outputs() -> None:
    (hook,) = (hook for hook in hooks() if hook["id"] == "no-outputs")
    notebooks = [path for path in all_files() if path.startswith(("source/", "release/"))]
    assert notebooks
    assert [path for path in notebooks if not re.search(hook["files"], path)] == []


# Pages --------------------------------------------------------------------------------------------

_SKIPPED = {".git", ".venv", "_build", "__pycache__", "demo", "node_modules"}
_FILE = re.compile(r"\.(css|csv|ipynb|jinja|js|json|md|png|py|sh|sql|svg|toml|tsv|txt|ya?ml)$")
_MADE = {"demo/", "dist/", "grades.csv"}  # by commands, where they are run


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def all_files() -> tuple[str, ...]:
    """The files of the repository, by path; not what was built or installed in it."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [one for one in below if one not in _SKIPPED and not one.endswith("_cache")]
        found += [(Path(folder) / one).relative_to(ROOT).as_posix() for one in names]
    return tuple(found)


def exists(path: str) -> bool:
    """Whether a path that a page names is there. psN_topic is any problem set, * is anything;
    a name without a folder may be in any folder."""
    pattern = re.escape(path.rstrip("/")).replace("psN_topic", r"ps\d+_\w+").replace(r"\*", "[^/]*")
    below = "/.+" if path.endswith("/") else "(/.+)?"
    above = "" if "/" in path else "(.+/)?"
    return any(re.fullmatch(above + pattern + below, one) for one in all_files())


def paths(text: str) -> Iterator[str]:
    """The files and folders of this repository that a page's code names.

    That is a word of code that has a / and does not begin with one, or ends as a file does. In a
    command or an output, which name the files of others as well, it has to begin with one of our
    folders.
    """
    folders = {path.split("/")[0] for path in all_files() if "/" in path}
    fence = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`]+)`", fence.sub("", text))
    for code in (*fence.findall(text), *spans):
        words = [word.strip("()\"',;:").rstrip(".") for word in code.split()]
        alone = len(words) == 1 and code in spans
        for word in words:
            ours = "/" in word and word.split("/")[0] in folders
            clear = alone and ("/" in word or _FILE.search(word))
            if (ours or clear) and re.fullmatch(r"[\w.*-]+(/[\w.*-]+)*/?", word):
                yield word


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_files_that_are_there(page: str) -> None:
    found = set(paths(read(page)))
    assert found
    assert sorted(path for path in found - _MADE if not exists(path)) == []


def test_a_file_that_is_not_there_is_noticed() -> None:
    for path in (
        "src/chainrule/check/misconceptions.py", "tests/", "grader_tests/answers/psN_topic.txt",
        "nowhere.py", "Makefile/",
    ):  # fmt: skip
        assert list(paths(f"Look at `{path}`.")) == [path]
        assert not exists(path)
    for path in ("src/chainrule/", "source/psN_topic/psN_topic.ipynb", "gates.js", ".ci/run"):
        assert list(paths(f"Look at `{path}`.")) == [path]
        assert exists(path)
    command = "```\npython docs/gone.py /etc/x.py their/x.py x.py\n```\n"
    assert list(paths(command)) == ["docs/gone.py"]
    assert list(paths("`/srv/x.py` `make test` `c.Judge` `### END` `a@b.py`")) == []


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md"])
def test_a_page_links_to_pages_that_are_there(page: str) -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", read(page))]
    links = [link for link in links if link and not re.match(r"\w+:", link)]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_pages_for_contributors_are_linked() -> None:
    text = read("README.md") + read("CONTRIBUTING.md")
    for page in ("CHANGELOG.md", "SECURITY.md", "docs/glossary.md", "CONTRIBUTING.md"):
        assert f"]({page})" in text, page
    assert re.search(r"^glossary$", read("docs/index.md"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_modules_and_settings_that_are_there(page: str) -> None:
    text = read(page)
    for name in set(re.findall(r"\bchainrule(?:\.\w+)+", text)):
        pkgutil.resolve_name(name)
    limits = {field.name for field in fields(Limits)}
    assert set(re.findall(r"\bc\.Judge\.(\w+)", text)) <= limits


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    parts = re.split(r"^## .*$", read("docs/glossary.md"), flags=re.MULTILINE)[1:]
    assert len(parts) == 2
    for part in parts:
        entries = part.strip().split("\n\n")
        words = [re.findall(r"\*\*(.+?)\*\*", entry) for entry in entries]
        assert [entry for entry, found in zip(entries, words, strict=True) if len(found) != 1] == []
        order = [re.sub(r"[^a-z]", "", found[0].lower()) for found in words]
        assert order == sorted(set(order))
