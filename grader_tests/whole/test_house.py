"""The house: no module too long for a head, no class name twice, a word for each room."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from grader_tests.support.paths import ROOT

SRC = ROOT / "src" / "chainrule"
MODULES = sorted(SRC.rglob("*.py"))
MOST_LINES = 400


def test_no_module_is_over_400_lines() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert len(lines) > 100
    assert {path: n for path, n in lines.items() if n > MOST_LINES} == {}


def test_no_class_name_is_defined_twice() -> None:
    """A leading underscore makes no other word of it."""
    defined: dict[str, list[Path]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name.lstrip("_")].append(path.relative_to(SRC))
    assert len(defined) > 100
    assert {name: paths for name, paths in defined.items() if len(paths) > 1} == {}


def test_every_room_says_what_it_is_and_where_to_start() -> None:
    rooms = [path for path in MODULES if path.name == "__init__.py" and path.parent != SRC]
    assert len(rooms) >= 15
    for path in rooms:
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        missing = [word for word in ("Start with", "import") if word not in said]
        assert not missing, f"{path.relative_to(SRC)} does not say {missing}"
