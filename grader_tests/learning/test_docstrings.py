"""The examples in docstrings, run: what they print is what stands there."""

from __future__ import annotations

import doctest
import importlib
import io
from pathlib import Path
from types import ModuleType

import pytest

import chainrule

PACKAGE = Path(chainrule.__file__).parent


def with_examples() -> list[ModuleType]:
    """The modules of the package whose text holds an example; no other is imported for this."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            found.append(importlib.import_module(".".join(parts).removesuffix(".__init__")))
    return found


def examples() -> list[doctest.DocTest]:
    """Every docstring with examples, in the order of the modules."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [test for module in with_examples() for test in finder.find(module) if test.examples]


EXAMPLES = examples()


def run(test: doctest.DocTest) -> str:
    """What doctest has to say of the examples of one docstring; empty where all are right."""
    said = io.StringIO()
    doctest.DocTestRunner(verbose=False).run(test, out=said.write, clear_globs=False)
    return said.getvalue()


@pytest.mark.parametrize("test", EXAMPLES, ids=lambda test: test.name.removeprefix("chainrule."))
def test_an_example_prints_what_its_docstring_says(test: doctest.DocTest) -> None:
    assert run(test) == ""


def test_every_line_that_looks_like_an_example_is_run() -> None:
    """Not, say, one in a docstring of a function inside a function."""
    for module in with_examples():
        mine = [test for test in EXAMPLES if test.name.startswith(module.__name__)]
        run_here = {
            line for test in mine for one in test.examples for line in one.source.split("\n")
        }
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        written = [line.strip() for line in text.splitlines() if line.strip().startswith(">>> ")]
        assert written
        assert {line.removeprefix(">>> ") for line in written} <= run_here


def test_an_example_that_is_wrong_would_be_noticed() -> None:
    text = ">>> 1 + 1\n3\n"
    test = doctest.DocTestParser().get_doctest(text, {}, "wrong", None, None)
    assert "Expected:\n    3\nGot:\n    2" in run(test)


def test_what_a_notebook_calls_first_is_shown_in_use() -> None:
    shown = {test.name.removeprefix("chainrule.") for test in EXAMPLES}
    assert {
        "circuit",
        "circuit.Scalar.backward",
        "activations",
        "numeric.gradient.numerical_gradient",
        "nets.train",
        "quiz.ask",
        "data.spiral.spiral",
        "matrices.line",
        "draw.svg.Drawing.table",
    } <= shown
