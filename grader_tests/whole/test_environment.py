"""The set-up files agree with each other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch

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


# Machines of others ------------------------------------------------------------------------------


PYTHONS = [one.rsplit(" ", 1)[1] for one in PROJECT["classifiers"] if ":: 3." in one]


def tracked() -> dict[str, str]:
    """Path -> mode of all files that are in git, as a clone has them."""
    listed = subprocess.check_output(["git", "ls-files", "--stage", "-z"], cwd=ROOT, text=True)
    rows = [row.split("\t") for row in listed.split("\0") if row]
    return {path: about.split()[0] for about, path in rows}


def test_no_file_of_the_set_up_names_an_index() -> None:
    found = [path for path in tracked() if path.startswith((".binder/", ".devcontainer/"))]
    for path in (*found, "Dockerfile", ".dockerignore", "environment.yml"):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host|/simple\b", text), path


def test_binder_has_a_python_the_package_is_for_and_a_program_to_bring_the_package() -> None:
    binder = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text(encoding="utf-8"))
    specs = {spec.name.normalized: spec for spec in map(MatchSpec, binder["dependencies"])}
    assert set(specs) == {"python", "pip"}
    assert str(specs["python"].version).removesuffix(".*").lstrip("=") in PYTHONS
    assert binder["channels"] == CONDA["channels"]
    assert tracked()[".binder/postBuild"] == "100755", "Binder runs it, so it has to be executable"
    script = (ROOT / ".binder" / "postBuild").read_text(encoding="utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "pip install --no-cache-dir -c constraints.txt .\n" in script
    subprocess.run(["bash", "-n", ".binder/postBuild"], cwd=ROOT, check=True)


def test_the_container_for_development_makes_what_the_makefile_has() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    assert container["image"].rsplit(":", 1)[1] in PYTHONS
    (target,) = re.findall(r"^make (\S+)$", container["postCreateCommand"])
    assert target == ".venv/.dev"
    assert "\n$(VENV)/.dev:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.findall(r"missing\+=\(([^)]*)\)", (ROOT / ".ci" / "run").read_text())
    # npm comes with the feature "node".
    packages = {package for some in wanted for package in some.split()} - {"npm"}
    assert packages <= set(container["onCreateCommand"].split())
    assert any("/node:" in feature for feature in container["features"])


def instructions() -> list[tuple[str, str]]:
    """(instruction, what follows) of the Dockerfile, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    found = [line.split(None, 1) for line in lines if line.strip()]
    return [(first, rest) for first, rest in found]


def test_the_image_runs_as_somebody_who_is_not_root() -> None:
    known = {"FROM", "COPY", "RUN", "USER", "WORKDIR", "EXPOSE", "CMD"}
    steps = instructions()
    assert {first for first, _ in steps} <= known
    assert steps[0][0] == "FROM"
    base = re.fullmatch(r"python:(3\.\d+)-slim-\w+", steps[0][1])
    assert base is not None
    assert base[1] in PYTHONS
    users = [rest for first, rest in steps if first == "USER"]
    assert users[-1:] == ["instructor"]
    made = " ".join(rest for first, rest in steps if first == "RUN")
    assert "useradd --create-home --uid 1000 instructor" in made
    assert steps[-1][0] == "CMD"
    assert json.loads(steps[-1][1])[:2] == ["jupyter", "lab"]
    for first, rest in steps:
        if first == "RUN":
            subprocess.run(["bash", "-nc", rest], check=True)


def test_the_image_installs_the_checkout_with_a_known_extra() -> None:
    (install,) = re.findall(r"pip install .*", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    match = re.search(r'-c /opt/chainrule/constraints\.txt -e "/opt/chainrule\[(\w+)\]"$', install)
    assert match is not None
    assert match[1] in PROJECT["optional-dependencies"]


def test_the_image_leaves_out_what_a_class_wrote_and_nothing_else() -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    patterns = [one for one in patterns if one and not one.startswith("#")]
    kept = {one[1:] for one in patterns if one.startswith("!")}
    left_out = [one for one in patterns if not one.startswith("!")]

    def ignored(path: str) -> bool:
        parts = path.split("/")
        above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
        names = [one.removeprefix("**/") for one in left_out if one.startswith("**/")]
        whole = any(fnmatch(one, pattern) for one in above for pattern in left_out)
        return path not in kept and (whole or any(fnmatch(p, n) for p in parts for n in names))

    assert [path for path in tracked() if ignored(path)] == []
    for path in ("gradebook.db", "submitted/ada/ps1.ipynb", "autograded/ada/ps1.ipynb",
                 "feedback/ada/ps1.html", ".venv/bin/python", "src/chainrule/__pycache__/a.pyc",
                 ".git/config", "gradebook.db-wal"):  # fmt: skip
        assert ignored(path), path
