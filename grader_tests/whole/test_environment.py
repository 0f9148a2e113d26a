"""The set-up files agree with each other."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

from grader_tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())
PINS = {
    line.split("==")[0].lower().replace("_", "-"): line.split("==")[1].strip()
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if "==" in line
}


def requirements() -> list[Requirement]:
    listed = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        listed += extra
    return [Requirement(text) for text in listed]


def test_environment_bounds_are_pyprojects() -> None:
    specs = [MatchSpec(text) for text in CONDA["dependencies"] if isinstance(text, str)]
    by_name = {spec.name.normalized: spec for spec in specs}
    assert set(by_name) == {"python", "pip"}
    assert SpecifierSet(str(by_name["python"].version)) == SpecifierSet(PROJECT["requires-python"])
    assert CONDA["channels"][0] == "conda-forge"


def test_environment_installs_the_package_with_a_known_extra() -> None:
    (by_pip,) = (d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict))
    assert by_pip[0] == "-c constraints.txt"
    match = re.fullmatch(r"-e \.\[(\w+)\]", by_pip[1])
    assert match is not None
    assert match[1] in PROJECT["optional-dependencies"]


def test_every_requirement_is_pinned_within_its_bounds() -> None:
    for requirement in requirements():
        name = requirement.name.lower().replace("_", "-")
        assert name in PINS, f"{name} is not in constraints.txt: run `make constraints`"
        assert PINS[name] in requirement.specifier, f"{name} {PINS[name]}"


def test_constraints_name_no_index() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"://|--index|--find-links| @ ", text)


def test_base_install_is_numpy_and_matplotlib() -> None:
    assert {Requirement(d).name for d in PROJECT["dependencies"]} == {"numpy", "matplotlib"}


@pytest.mark.parametrize("module", ["circuit", "draw", "numeric", "plots", "quiz", "check"])
def test_learning_side_needs_only_the_base_install(module: str) -> None:
    """Importing it loads nothing from site-packages but numpy, and matplotlib only to plot."""
    code = (
        "import sys, numpy; before = set(sys.modules);"
        f"import chainrule.{module};"
        "new = set(sys.modules) - before;"
        "files = {m.split('.')[0]: str(getattr(sys.modules[m], '__file__', '')) for m in new};"
        "print(*sorted(m for m, file in files.items() if 'site-packages' in file))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(loaded.stdout.split()) <= {"numpy"}
