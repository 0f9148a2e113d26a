"""Worked answers: whole, right, shown to who has solved a question, and in nobody else's hands."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import check
from chainrule.check import problem_sets as progress
from chainrule.check import worked
from chainrule.course.notebooks import read
from chainrule.grading.sandbox.landlock import readable_paths
from chainrule.sample.sample_class import answer_cell
from grader_tests.support.command import program
from grader_tests.support.paths import ROOT
from grader_tests.support.trial import master_source, problem_sets, questions, try_answer
from grader_tests.support.worked import given_away

SETS = sorted(problem_sets())
ANSWERS = {name: (ROOT / "answers" / f"{name}.md").read_text(encoding="utf-8") for name in SETS}
SECTIONS = {name: worked.sections(text) for name, text in ANSWERS.items()}
CODE = [(name, cell) for name in SETS for cell in questions(name)]
PS1 = "ps1_scalar_circuits"


def section_of(name: str, cell: str) -> str:
    return SECTIONS[name][cell.split("_")[0]]


def code_in(text: str) -> str:
    """The Python of a section, all fences together."""
    return "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def asked(name: str) -> list[str]:
    """The questions of a problem set, those that a person reads included."""
    ids = (
        cell.metadata.nbgrader.grade_id
        for cell in problem_sets()[name].cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    )
    return [one.split("_")[0] for one in ids]


# What they say -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SETS)
def test_every_question_and_the_challenge_has_its_section(name: str) -> None:
    assert sorted(SECTIONS[name]) == sorted([*asked(name), "challenge"])
    assert ANSWERS[name].startswith(f"# Worked answers to problem set {name[2]}: ")


@pytest.mark.parametrize("name", SETS)
def test_headings_are_those_of_the_problem_set(name: str) -> None:
    text = "\n".join(c.source for c in problem_sets()[name].cells if c.cell_type == "markdown")
    titles = dict(re.findall(r"^## Question (\d+): (.*)$", text, re.MULTILINE))
    found = dict(re.findall(r"^## q(\d+): (.*)$", ANSWERS[name], re.MULTILINE))
    assert found == titles


@pytest.mark.parametrize("name", SETS)
def test_three_lines_each(name: str) -> None:
    for question, text in SECTIONS[name].items():
        lines = re.findall(r"^\d\. ", text, re.MULTILINE)
        assert len(lines) == 3, f"{question}: {len(lines)} lines"


@pytest.mark.parametrize(("name", "cell"), CODE)
def test_the_other_way_passes_every_check_and_is_another(name: str, cell: str) -> None:
    source = code_in(section_of(name, cell))
    master = master_source(name, cell)
    assert source
    # Words of the master's own solution may return; the whole of it may not.
    assert " ".join(source.split()) not in " ".join(master.split())
    verdict = try_answer(name, cell, answer_cell(master, source))
    assert verdict.accepted, {key: str(error) for key, error in verdict.failed.items()}


@pytest.mark.parametrize("name", SETS)
def test_the_challenge_is_done_by_its_answer_and_by_no_stub(name: str) -> None:
    cells = {cell.id: cell.source for cell in problem_sets()[name].cells}

    def said(source: str) -> str:
        names: dict[str, Any] = {"check": check, "np": np}
        exec(source, names)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(cells["challenge_check"], names)
        return out.getvalue()

    assert "Well done" in said(code_in(SECTIONS[name]["challenge"]))
    assert "nobody has to" in said(cells["challenge"])
    wrong = re.sub(r"(?m)^(\s+)return (?!Twice)(.+)$", r"\1return 2 * (\2)", cells["challenge"])
    wrong = wrong.replace("raise NotImplementedError", "return 0.0")
    assert "Well done" not in said(wrong)


# Who sees them -----------------------------------------------------------------------------------


@pytest.fixture
def working() -> Iterator[Any]:
    """A kernel in which problem set 1 is worked on; `passed` takes the ids of checks."""
    line = progress._Line(progress.table()[PS1])

    def passed(*ids: str) -> None:
        line._passed |= {line._by_id[one] for one in ids}

    before, progress._running = progress._running, (PS1, line)
    yield passed
    progress._running = before


def shown(question: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `check.answer` prints outside a notebook: its plain text."""
    capsys.readouterr()
    check.answer(question)
    return capsys.readouterr().out


def test_a_question_that_is_not_solved_keeps_its_answer(working: Any, capsys: Any) -> None:
    assert "run its checks first" in shown("q2", capsys)
    working("q2_multiply_forward")
    assert "some of its checks have passed" in shown("q2", capsys)
    working("q2_multiply_backward")
    for way_of_writing in ("q2", "Q2", "2"):
        assert "local_x" in shown(way_of_writing, capsys)
    assert "not solved yet" in shown("q1", capsys)


def test_what_a_person_reads_and_challenges_are_open(working: Any, capsys: Any) -> None:
    assert "compare it with three sentences" in shown("q12", capsys).lower()
    assert "d_before" in shown("challenge", capsys)
    assert "is none of q1, q2" in shown("q99", capsys)


def test_without_progress_or_without_the_folder_it_says_so(
    working: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worked, "FOLDERS", (tmp_path,))
    assert "no worked answers" in shown("q12", capsys)
    monkeypatch.setattr(progress, "_running", None)
    assert "check.progress" in shown("q12", capsys)


def telling_lines() -> set[str]:
    """Lines that stand in the answers and can stand nowhere by chance."""
    return {
        line.strip()
        for text in ANSWERS.values()
        for line in text.splitlines()
        if line.startswith(tuple("123")) and len(line) > 60
    }


def test_they_are_in_no_release_and_in_no_master() -> None:
    lines = telling_lines()
    assert len(lines) > 80
    for path in [*ROOT.glob("release/**/*"), *ROOT.glob("source/**/*"), *ROOT.glob("course/*")]:
        if path.is_file():
            text = "\n".join(c.source for c in read(path).cells)
            assert not [line for line in lines if line in text], path
    assert not list(ROOT.glob("release/**/answers*"))


def test_they_are_in_no_package() -> None:
    """The package is src/chainrule and nothing else; neither has the archive of its source them."""
    lines = telling_lines()
    for path in ROOT.glob("src/**/*"):
        if path.is_file() and path.suffix in {".py", ".md", ".txt", ".tsv", ".jinja", ".html"}:
            text = path.read_text(encoding="utf-8")
            assert not [line for line in lines if line in text], path
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    files = {
        included.relative_path
        for builder in (SdistBuilder(str(ROOT)), WheelBuilder(str(ROOT)))
        for included in builder.recurse_included_files()
    }
    assert any(name.endswith("worked.py") for name in files)
    assert not [name for name in files if "answers" in Path(name).parts]


def test_the_jail_does_not_let_student_code_read_them() -> None:
    folder = os.path.realpath(ROOT / "answers")
    for path in readable_paths(()):
        real = os.path.realpath(path)
        assert os.path.commonpath([real, folder]) != real, f"{path} is readable, and holds answers/"


@pytest.mark.slow
def test_they_are_in_nothing_that_a_class_is_given(tmp_path: Path) -> None:
    """A new course, with what students get of it, and the archive for Gradescope."""
    course = tmp_path / "course"
    assert program("new-course", str(course)).returncode == 0
    made = program("gradescope-zip", PS1, "--output", str(tmp_path / "autograder.zip"), cwd=course)
    assert made.returncode == 0, made.stdout + made.stderr
    assert (course / "source").is_dir()
    assert given_away(course) == []
    assert given_away(tmp_path / "autograder.zip") == []
    # The search would find them.
    shutil.copytree(ROOT / "answers", tmp_path / "there")
    shutil.make_archive(str(tmp_path / "there" / "packed"), "zip", ROOT / "answers")
    assert len(given_away(tmp_path / "there")) == 2 * len(SETS)


@pytest.mark.slow
@pytest.mark.parametrize("asked", [False, True])
def test_the_browser_edition_has_them_where_it_was_asked_to(tmp_path: Path, asked: bool) -> None:
    """What Python in the browser installs: a wheel, with the answers in it or without."""
    code = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs")!r})
from pathlib import Path
import browser_edition
print(*browser_edition._our_wheels(Path({str(tmp_path)!r}), answers={asked}))
"""
    built = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (wheel,) = (Path(name) for name in built.stdout.split() if "/chainrule-" in name)
    assert bool(given_away(wheel)) == asked
    shutil.unpack_archive(wheel, tmp_path / "there", "zip")
    show = f"""
import sys
sys.path.insert(0, {str(tmp_path / "there")!r})
from chainrule.check import worked
assert worked.__file__.startswith(sys.path[0])
print(worked._text({PS1!r}))
"""
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    assert ("## q2: " in done.stdout) == asked, done.stdout[:500]
    if not asked:
        assert done.stdout == "None\n"
