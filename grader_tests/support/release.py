"""Whether what would be released can be: `make release-check`.

Builds the source archive and the wheel, looks into them, and installs the wheel into fresh
environments of every Python at hand, with the newest versions of what it needs and with the
lowest that its bounds let in (of those that have a wheel for that Python). There it is imported,
a solved problem set is run, and so is `chainrule check`.

Only what is at hand is tried; which Pythons were not is said, and in CI that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path, PurePosixPath

from packaging.metadata import Metadata
from packaging.version import Version
from trove_classifiers import classifiers as known_classifiers

import chainrule
from chainrule.course.folder import Course
from chainrule.course.notebooks import read
from chainrule.sample.sample_class import SampleStudent, submit
from grader_tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASSIGNMENT = "ps1_scalar_circuits"
PYTHONS = [one.rsplit(" ", 1)[1] for one in PROJECT["classifiers"] if ":: 3." in one]
BOUNDS = {"newest": "highest", "lowest": "lowest-direct"}  # ours and uv's words for it

# What has to be in the wheel beside the modules.
NEEDED = (
    "chainrule/py.typed", "chainrule/data/digits.npz", "chainrule/data/digits.txt",
    "chainrule/check/progress.tsv", "chainrule/web/step.js",
    "chainrule/course/templates/nbgrader_config.py.jinja",
)  # fmt: skip


class NotReady(Exception):
    """Something that must not be released so; its text says what."""


def require(fine: bool, otherwise: str) -> None:
    if not fine:
        raise NotReady(otherwise)


# ---- What is written about the release.


def changelog_disagrees(changelog: str, version: str, tag: str = "") -> str | None:
    """What is wrong between the changelog's top entry and the version, if something is.

    With entries under *Unreleased* the version is the next one, later than the last released;
    without, it is the last released. tag: of the release, such as v0.2.0, if it is made now.
    """
    parts = re.split(r"^## \[([^\]]+)\].*$", changelog, flags=re.MULTILINE)[1:]
    names, texts = parts[::2], parts[1::2]
    if len(names) < 2 or names[0] != "Unreleased":
        return "the changelog begins with [Unreleased], and a released version follows"
    last = names[1]
    if tag and (tag != f"v{version}" or texts[0].strip()):
        return f"the tag is {tag}, the version {version}; under Unreleased has to stand nothing"
    if texts[0].strip():
        if Version(version) <= Version(last):
            return f"there are changes since {last}, and the version is {version}"
    elif Version(version) != Version(last):
        return f"the last entry of the changelog is {last}, and the version is {version}"
    return None


# ---- The two files.


def build(folder: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """The source archive and the wheel of a checkout, built into `folder`."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    for target in ("sdist", "wheel"):
        run([*command, "-t", target], root)
    (archive,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return archive, wheel


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def check_metadata(wheel: Path, version: str) -> None:
    files = contents(wheel)
    (raw,) = (text for name, text in files.items() if name.endswith(".dist-info/METADATA"))
    found = Metadata.from_email(raw, validate=True)
    require(found.name == PROJECT["name"], f"the package is called {found.name}")
    require(str(found.version) == version, f"the wheel has {found.version}, not {version}")
    require(found.license_expression == PROJECT["license"], "the licence is not in the metadata")
    strangers = set(found.classifiers or ()) - set(known_classifiers)
    require(not strangers, f"no index knows these classifiers: {strangers}")
    readme = str(message_from_bytes(raw).get_payload(decode=True), "utf-8")
    require("# Chainrule" in readme, "the README is not in the metadata")
    lost = relative_links(readme)
    require(not lost, f"these links of the README lead nowhere on an index: {lost}")


def relative_links(text: str) -> list[str]:
    """The links and pictures of a page that are neither an address nor within the page."""
    found = re.findall(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"', text)
    links = [markdown or html for markdown, html in found]
    return [link for link in links if not re.match(r"https://|#", link)]


def check_contents(wheel: Path, archive: Path) -> None:
    files = contents(wheel)
    tracked = run(["git", "ls-files", "-z", "src/chainrule"], ROOT).split("\0")
    ours = {name.removeprefix("src/") for name in tracked if name}
    packed = {name for name in files if ".dist-info/" not in name}
    require(packed == ours, f"in the wheel or in git only: {sorted(packed ^ ours)}")
    missing = [name for name in NEEDED if name not in files]
    require(not missing, f"missing in the wheel: {missing}")
    licence = (ROOT / "LICENSE").read_bytes()
    require(licence in [text for name, text in files.items() if "/licenses/" in name], "no licence")
    with tarfile.open(archive) as source:
        members = {m.name.split("/", 1)[1]: m for m in source if m.isfile()}
        named = {name: source.extractfile(member) for name, member in members.items()}
        texts = {name: packed.read() for name, packed in named.items() if packed is not None}
    for where, names in (("wheel", files), ("source archive", texts)):
        secret = [name for name in names if is_secret(name)]
        require(not secret, f"not for the {where}: {secret}")
        told = [name for name, text in names.items() if tells(text.decode("utf-8", "replace"))]
        require(not told, f"the {where} holds hidden checks: {told}")
    require(len(texts) > len(ours), "the source archive has not even the modules")


def is_secret(name: str) -> bool:
    """Whether a file is of those that no package has: notebooks, answers, tests."""
    path = PurePosixPath(name)
    return path.suffix == ".ipynb" or bool({"answers", "grader_tests", "source"} & {*path.parts})


def hidden_lines() -> set[str]:
    """The lines of the masters' hidden checks that could be nothing else."""
    lines = set()
    for master in Course(ROOT).masters():
        for cell in read(master).cells:
            for hidden in re.findall(
                r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", cell.source, re.DOTALL
            ):
                lines |= {line.strip() for line in hidden.splitlines() if len(line.strip()) > 25}
    return lines


def tells(text: str, lines: set[str] = hidden_lines()) -> bool:  # noqa: B008  read once
    return any(line in text for line in lines)


def check_rebuilt(archive: Path, wheel: Path, folder: Path) -> None:
    """The wheel that an index's user would build from the source archive is this one."""
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    (root,) = folder.glob("chainrule-*")
    _, again = build(folder / "again", root)
    require(contents(again) == contents(wheel), "the source archive builds another wheel")


# ---- In fresh environments.


def interpreters() -> dict[str, Path | None]:
    """For each version of Python that the package is for: a program that is one, if any is here."""
    found: dict[str, Path | None] = {}
    for version in PYTHONS:
        candidates = [shutil.which(f"python{version}"), sys.executable]
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        candidates += [str(one) for one in sorted(pyenv.glob(f"{version}.*/bin/python"))]
        found[version] = next((Path(one) for one in candidates if one and is_a(one, version)), None)
    return found


def is_a(program: str, version: str) -> bool:
    told = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([program, "-c", told], capture_output=True, text=True, check=False)
    return done.stdout.strip() == version


def not_tried() -> str:
    """What is said of a Python that is not here; in CI, where releases are made, all have to be."""
    require(not os.environ.get("CI"), "not at hand, and CI has to have it")
    return "not at hand: NOT TRIED"


# What a student has without the extras: a solved notebook runs as a plain program.
LEARNER = """
import importlib.metadata, sys
import chainrule, matplotlib, numpy
assert chainrule.__version__ == importlib.metadata.version("chainrule"), "two versions"
assert chainrule.__file__.startswith(sys.prefix), chainrule.__file__
from chainrule import activations, circuit, draw, explorers, matrices, nets, numeric, plots, step
assert "<img" in draw.circuit((circuit.Scalar(2.0) * circuit.Scalar(3.0)).named("f")).html
exec(compile(open(sys.argv[1], encoding="utf-8").read(), "solved", "exec"), {"__name__": "solved"})
print(f"numpy {numpy.__version__}, matplotlib {matplotlib.__version__}")
"""


def try_in(folder: Path, python: Path, bound: str, wheel: Path, solved: Path, stub: Path) -> str:
    """Install the wheel for a student, then with what an instructor needs; what was installed."""
    uv = [str(Path(sys.executable).parent / "uv"), "--quiet"]
    run([*uv, "venv", "--python", str(python), "--no-python-downloads", str(folder)], ROOT)
    inside = folder / "bin" / "python"
    install = [
        *uv, "pip", "install", "--python", str(inside), "--only-binary", ":all:",
        "--resolution", BOUNDS[bound],
    ]  # fmt: skip
    # What the package needs is named itself: "lowest" is the lowest of what is asked for directly.
    needs = PROJECT["dependencies"]
    run([*install, str(wheel), *needs], folder)
    code = folder / "solved.py"
    code.write_text(
        "\n\n".join(cell.source for cell in read(solved).cells if cell.cell_type == "code"),
        encoding="utf-8",
    )
    versions = run([str(inside), "-W", "ignore", "-c", LEARNER, str(code)], folder)
    needs = [*needs, *PROJECT["optional-dependencies"]["grading"]]
    run([*install, f"{wheel}[grading]", *needs], folder)
    command = str(folder / "bin" / "chainrule")
    require(run([command, "--version"], folder).split()[1:] == [version_of(wheel)], "--version")
    run([command, "check", str(solved)], folder)
    told = run([command, "check", str(stub)], folder, status=1)
    require("not written yet" in told, f"a stub was told {told!r}")
    return versions.splitlines()[-1]


def version_of(wheel: Path) -> str:
    return wheel.name.split("-")[1]


def solved_and_stub(folder: Path) -> tuple[Path, Path]:
    """A problem set as the master solves it, and as it is released."""
    course = Course(ROOT)
    student = SampleStudent("ada", "right", "master", {})
    stub = ROOT / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    return submit(course, ASSIGNMENT, student, [], folder), stub


# ---- All of it.


def run(command: list[str], where: Path, status: int = 0) -> str:
    """What a program prints. Raises NotReady unless it ends with `status`."""
    own = {"PYTHONPATH", "VIRTUAL_ENV", "UV_PYTHON", "CHAINRULE_SITE"}
    env = {key: value for key, value in os.environ.items() if key not in own}
    done = subprocess.run(
        command, cwd=where, env=env, capture_output=True, text=True, encoding="utf-8", check=False
    )
    told = (done.stdout + done.stderr)[-2000:]
    require(done.returncode == status, f"{' '.join(command)}\nended with {done.returncode}: {told}")
    return done.stdout


def steps(folder: Path, tag: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """(what is checked, what to call for it), in order. tag: of the release, if it is made now."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    wrong = changelog_disagrees(changelog, chainrule.__version__, tag)
    yield "the changelog's top entry", lambda: require(wrong is None, str(wrong))
    archive, wheel = build(folder / "dist")
    yield f"{archive.name} and {wheel.name}", lambda: "built"
    yield "metadata, links of the README", lambda: check_metadata(wheel, chainrule.__version__)
    yield "contents", lambda: check_contents(wheel, archive)
    yield "the wheel from the archive", lambda: check_rebuilt(archive, wheel, folder / "source")
    solved, stub = solved_and_stub(folder / "work")
    for version, python in interpreters().items():
        if python is None:
            yield f"Python {version}", not_tried
            continue
        for bound in BOUNDS:
            place = folder / f"{version}-{bound}"
            yield (
                f"Python {version}, {bound}",
                lambda place=place, python=python, bound=bound: try_in(
                    place, python, bound, wheel, solved, stub
                ),
            )


def main(tag: str = "") -> None:
    """Check, and leave the two files in dist/."""
    with tempfile.TemporaryDirectory() as made:
        try:
            for name, check in steps(Path(made), tag):
                print(f"{name}: ", end="", flush=True)
                print(check() or "fine", flush=True)
        except NotReady as error:
            sys.exit(f"NOT READY\n{error}")
        shutil.rmtree(ROOT / "dist", ignore_errors=True)
        shutil.copytree(Path(made, "dist"), ROOT / "dist")
    print("what was checked is in dist/")


if __name__ == "__main__":
    main(*sys.argv[1:])
