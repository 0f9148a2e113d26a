"""A course of the shape of the one in nbgrader's documentation: ps1, with problem1 and problem2.

Part of problem1 reads a table with the help of a module that comes with the assignment; one check
deletes a student's function to see who calls it; one gives a part of its points. A third notebook
has checks that show all sorts of things, which nbgrader counts as points.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader_tests.support.notebooks import answered, cell, master, submission

FILES = {
    "rain.csv": "month,mm\n1,42.0\n2,36.5\n3,51.5\n4,30.0\n",
    "dry.csv": "month,mm\n1,0.5\n2,0.25\n",
    "tables.py": (
        "import csv\n\n\n"
        "def column(path, name):\n"
        "    with open(path, newline='') as file:\n"
        "        return [float(row[name]) for row in csv.DictReader(file)]\n"
    ),
}

MEAN = """
def mean(values):
    \"\"\"The mean of a list of numbers; ValueError when there are none.\"\"\"
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("the mean of no numbers")
    return sum(values) / len(values)
    ### END SOLUTION
"""
SPREAD = """
def spread(values):
    \"\"\"The mean squared distance from the mean. Uses `mean`.\"\"\"
    ### BEGIN SOLUTION
    center = mean(values)
    return mean([(value - center) ** 2 for value in values])
    ### END SOLUTION
"""
NO_NUMBERS = """
for nothing in ([], ()):
    try:
        mean(nothing)
    except ValueError:
        pass
    else:
        raise AssertionError("there was no ValueError")
"""
WITHOUT_MEAN = """
kept = mean
del mean
try:
    spread([1.0, 2.0])
except NameError:
    pass
else:
    raise AssertionError("spread does not use mean")
finally:
    mean = kept
"""
PARTS = """
right = [spread([1.0, 1.0]) == 0, spread([1.0, 3.0]) == 1, spread([0.0, 4.0]) == 4]
### BEGIN HIDDEN TESTS
right.append(abs(spread([1.5, 2.5, 6.5]) - 14 / 3) < 1e-9)
### END HIDDEN TESTS
sum(right) / 2
"""
TABLE = """
assert wettest("rain.csv") == 3
### BEGIN HIDDEN TESTS
assert wettest("dry.csv") == 1
### END HIDDEN TESTS
"""
WETTEST = """
def wettest(path):
    \"\"\"The number of the wettest month in a table.\"\"\"
    ### BEGIN SOLUTION
    months, rain = column(path, "month"), column(path, "mm")
    return int(months[rain.index(max(rain))])
    ### END SOLUTION
"""

# What nbgrader makes of a check by what it shows: grade_id -> source, points.
SHOWN: dict[str, tuple[str, float]] = {
    "half": ("half([3]) / 3", 1),
    "nothing_of_it": ("half([0])", 1),
    "no_number": ("'half of ' + str(half([3]))", 1),
    "truth": ("half([2]) == 1", 1),
    "shown_first": ("print('0')\ndisplay(half([2]))\n0.5", 1),
    "no_points": ("assert half([2]) == 1", 0),
    "warned": ("import warnings\nwarnings.warn('odd')\nassert half([2]) == 1", 1),
    "stderr": ("import sys\nprint('odd', file=sys.stderr)", 1),
    "raised_late": ("print('so far')\nhalf([])", 1),
    "array": ("import numpy as np\nnp.float64(half([1]))", 1),
    "quiet": ("0.25;", 1),
}
HALF = """
def half(values):
    ### BEGIN SOLUTION
    return values[0] / 2
    ### END SOLUTION
"""

NOTEBOOKS = {
    "problem1": (
        new_markdown_cell("## Means and spreads", id="title"),
        cell("set-up", "setup", "from tables import column\n\nrain = column('rain.csv', 'mm')"),
        cell("answer", "mean", MEAN),
        new_code_cell("mean(rain)", id="try-mean"),
        cell("check", "mean_is_right", "assert mean(rain) == 40\nassert mean([1.0]) == 1", 1),
        cell("check", "mean_of_nothing", NO_NUMBERS, 1),
        cell("answer", "spread", SPREAD),
        cell("check", "spread_in_parts", PARTS, 2),
        cell("check", "spread_uses_mean", WITHOUT_MEAN, 0.5),
        cell("check", "mean_is_back", "assert mean([2.0, 4.0]) == 3", 0.5),
        cell("answer", "wettest", WETTEST),
        cell("check", "wettest_is_right", TABLE, 1),
        cell("written", "formula", "Write the spread as a formula.", 1),
        cell("task", "plot", "Draw the rain in a way of your choice, in cells below.", 4),
    ),
    "shown": (
        cell("answer", "half_of", HALF),
        *(cell("check", name, *row) for name, row in SHOWN.items()),
    ),
    "problem2": (
        cell("written", "what", "What does `mean` do with one number?", 1),
        cell("written", "when", "When is the spread zero?", 2),
        new_markdown_cell("Now use `spread` for something of your own.", id="ask"),
        cell("by hand", "use", "### BEGIN SOLUTION\nround(2 / 3, 2)\n### END SOLUTION", 2),
    ),
}
_MEAN = (
    "def mean(values):\n    if not values:\n        raise ValueError('nothing')\n"
    "    return sum(values) / len(values)"
)
_SPREAD = "def spread(values):\n    return mean([(v - mean(values)) ** 2 for v in values])"
_WETTEST = (
    "def wettest(path):\n    rain = column(path, 'mm')\n"
    "    return int(column(path, 'month')[rain.index(max(rain))])"
)

_HALF = "def half(values):\n    return values[0] / 2"

# student -> notebook -> grade_id -> answer; a notebook that is not named was not handed in.
STUDENTS: dict[str, dict[str, dict[str, str]]] = {
    "bitdiddle": {
        "problem1": {
            "mean": _MEAN, "spread": _SPREAD, "wettest": _WETTEST,
            "formula": r"$\\frac1n \\sum_i (x_i - \\bar x)^2$",
        },
        "problem2": {
            "what": "It returns it.", "when": "When all are equal.",
            "use": "def even(values):\n    return len(values) % 2 == 0\n\neven([1, 2])",
        },
        "shown": {"half_of": _HALF},
    },
    # Does not call its own function, forgets the empty list, and knows one table by heart.
    "hacker": {
        "problem1": {
            "mean": "def mean(values):\n    return sum(values) / len(values)",
            "spread": "def spread(values):\n    m = sum(values) / len(values)\n"
                      "    return sum((v - m) ** 2 for v in values) / (len(values) or 1)",
            "wettest": "def wettest(path):\n    return 3",
        },
        "problem2": {"what": "Nothing.", "use": "1 / 0"},
        "shown": {"half_of": "def half(values):\n    print('half of', values)\n    return 0.5"},
    },
    # Late, half right: divides by one less, so that only some parts are right.
    "reasoner": {
        "problem1": {
            "mean": _MEAN,
            "spread": "def spread(values):\n    m = mean(values)\n"
                      "    return sum((v - m) ** 2 for v in values) / max(1, len(values) - 1)",
            "wettest": _WETTEST,
        },
        "problem2": {"when": "Never."},
        "shown": {
            "half_of": "import warnings\n\n"
                       "def half(values):\n    warnings.warn('half')\n    return values[0] / 2"
        },
    },
    # Hands one notebook of two in, the other not.
    "ben": {"problem1": {"mean": _MEAN, "spread": _SPREAD}},
}  # fmt: skip
HANDED_IN = {
    "bitdiddle": "2030-01-01 09:00:00 UTC",
    "reasoner": "2030-01-03 15:00:00 UTC",
}
DUE = "2030-01-02 00:00:00 UTC"


def make(root: Path) -> Path:
    """The course in a folder: the assignment, and what the students handed in."""
    source = root / "source/ps1"
    source.mkdir(parents=True)
    for name, cells in NOTEBOOKS.items():
        nbformat.write(new_notebook(cells=list(cells)), source / f"{name}.ipynb")
    for student, handed_in in STUDENTS.items():
        folder = root / "submitted" / student / "ps1"
        folder.mkdir(parents=True)
        for name, answers in handed_in.items():
            work = submission(answered(master(*NOTEBOOKS[name], name=name), answers))
            (folder / f"{name}.ipynb").write_bytes(work.notebook or b"")
        for file, content in FILES.items():
            (source / file).write_text(content)
            (folder / file).write_text(content)
        if student in HANDED_IN:
            (folder / "timestamp.txt").write_text(HANDED_IN[student])
    (root / "submitted/hacker/ps1/rain.csv").write_text("month,mm\n3,1000\n")
    (root / "submitted/hacker/ps1/notes").mkdir()
    (root / "submitted/hacker/ps1/notes/own.txt").write_text("mine")
    return root
