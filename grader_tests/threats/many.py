"""A class of all sorts: right in many styles, wrong, broken, and hostile."""

from __future__ import annotations

from grader_tests.threats.course import EXP, MULTIPLY, RIGHT, WRONG, Traps, hand_in, stub
from grader_tests.threats.holding import ONE_MIB, shows
from grader_tests.threats.table import THREATS

_CLASSES = {
    "stores-tuple": """
class Multiply:
    def forward(self, x, y):
        self.saved = (x, y)
        return np.multiply(x, y)
    def backward(self, upstream):
        x, y = self.saved
        return [upstream * y, upstream * x]
""",
    "slots": "\nclass Multiply:\n    __slots__ = ('x', 'y')" + MULTIPLY.split(":", 1)[1],
    "base": f"\nclass Gate:\n    def __repr__(self): return 'a gate'\n{MULTIPLY}".replace(
        "class Multiply:", "class Multiply(Gate):"
    ),
    "dataclass": """
from dataclasses import dataclass
@dataclass
class Multiply:
    x: object = None
    y: object = None
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y
    def backward(self, upstream):
        return upstream * self.y, upstream * self.x
""",
    "typed": MULTIPLY.replace("(self, x, y):", "(self, x: float, y: float) -> float:"),
    "rebinds": f"{MULTIPLY}\nkept = Multiply\ndel Multiply\nMultiply = kept\n",
    "by-type": """
def forward(self, x, y):
    self.x, self.y = x, y
    return x * y
def backward(self, upstream):
    return upstream * self.y, upstream * self.x
Multiply = type("Multiply", (), {"forward": forward, "backward": backward})
""",
}
_POWERS = {
    "lambda": "power = lambda x, n: x ** n",
    "numpy": "def power(x, n): return np.power(x, n)",
    "lists": "def power(x, n): return (np.asarray(x) ** n).tolist()",
    "loop": "def power(x, n):\n    out = 1.0\n    for _ in range(n): out = out * x\n    return out",
    "recursive": "def power(x, n): return 1.0 if n == 0 else x * power(x, n - 1)",
    "cached": "import functools\n@functools.lru_cache(None)\ndef times(n): return [1.0] * n\n"
              "def power(x, n):\n    for one in times(n - 1): x = x * one\n    return x ** n",
    "float32": "def power(x, n): return (np.asarray(x) ** n).astype(np.float64)",
    "warns": "import warnings\ndef power(x, n):\n    warnings.warn('slow')\n    return x ** n",
    "prints": "def power(x, n):\n    print('asked for', n)\n    return x ** n",
    "method": "class _P:\n    def __call__(self, x, n): return x ** n\npower = _P()",
    "magic": "%matplotlib inline\ndef power(x, n): return x ** n\npower(2, 3)",
    "global": "calls = 0\ndef power(x, n):\n    global calls\n    calls += 1\n    return x ** n",
    "eval": "power = eval('lambda x, n: x ** n')",
}  # fmt: skip
_EXPS = {
    "again": EXP.replace("upstream * self.out", "upstream * self.forward(self.x)").replace(
        "self.out = np.exp(x)", "self.x = x; self.out = np.exp(x)"
    ),
    "cosh": EXP.replace("np.exp(x)", "np.cosh(x) + np.sinh(x)"),
    "copies": EXP.replace("return self.out", "return np.copy(self.out)"),
}
_WRONG = {
    "all-wrong": {"q1_multiply": WRONG, "q2_power": "pass", "q3_exp": "pass"},
    "swapped": {"q1_multiply": MULTIPLY.replace("upstream * self.y, upstream * self.x",
                                                "upstream * self.x, upstream * self.y")},
    "no-upstream": {"q3_exp": EXP.replace("upstream * self.out", "self.out")},
    "off-by-one": {"q2_power": "def power(x, n): return x ** (n + 1)"},
    "rounds": {"q2_power": "def power(x, n): return np.round(x ** n)"},
    "returns-none": {"q2_power": "def power(x, n): x ** n"},
    "wrong-shape": {"q2_power": "def power(x, n): return np.ravel(x ** n)[:1]"},
    "nan": {"q3_exp": EXP.replace("np.exp(x)", "np.exp(x) * np.nan")},
    "in-place": {"q2_power": "def power(x, n):\n    x **= n\n    return x"},
    "infinite": {"q2_power": "def power(x, n): return np.full(np.shape(x), np.inf)"},
}  # fmt: skip
_BROKEN = {
    "syntax": {"q2_power": "def power(x, n) return x ** n"},
    "indent": {"q2_power": "def power(x, n):\nreturn x ** n"},
    "name-error": {"q2_power": "def power(x, n): return undefined"},
    "raises": {"q3_exp": "raise ValueError('not today')"},
    "exits": {"q1_multiply": f"{MULTIPLY}\nimport sys; sys.exit(3)"},
    "blank": dict.fromkeys(RIGHT, ""),
    "stub": {},
    "no-class": {"q1_multiply": "Multiply = 3"},
    "no-backward": {"q3_exp": EXP.split("    def backward")[0]},
    "recursion": {"q2_power": "def power(x, n): return power(x, n)"},
}
# Whose text shows nothing of its own process, and that do not take the whole time there is.
_HOSTILE = [
    "late",
    "late-name",
    "near-size",
    "warn-once",
    "lines-of-others",
    "numbers",
    "equals",
    "caches",
    "print-options",
    "locale",
    "recursion-limit",
    "locks",
    "sees-limits",
    "sets-limits",
    "sets-affinity",
    "deep-scratch",
    "deep-folders",
    "odd-mro",
    "describes-number",
    "describes-lists",
    "many-kinds",
    "hashes",
    "room-raised",
    "time-used-up",
    "threads",
    "input-transformer",
    "numpy",
    "os-exit",
    "segfault-call",
    "kill-parent",
    "memory-bomb-caught",
    "imports-numeric",
    "hidden-raised",
    "invalid-json",
    "nothing",
    "link",
]
_FEW = [
    "late", "warn-once", "lines-of-others", "numbers", "os-exit", "invalid-json",
    "room-raised",
]  # fmt: skip


def hand_in_many(traps: Traps, few: bool = False) -> list[str]:
    """Lay them all into a course (few: some of each kind); their names, by which they are known."""
    made = {
        **{f"class-{name}": {**RIGHT, "q1_multiply": text} for name, text in _CLASSES.items()},
        **{f"power-{name}": {**RIGHT, "q2_power": text} for name, text in _POWERS.items()},
        **{f"exp-{name}": {**RIGHT, "q3_exp": text} for name, text in _EXPS.items()},
        **{f"wrong-{name}": {**RIGHT, **answers} for name, answers in _WRONG.items()},
        **{f"broken-{name}": answers if name in ("blank", "stub") else {**RIGHT, **answers}
           for name, answers in _BROKEN.items()},
    }  # fmt: skip
    names = list(made)[:: 6 if few else 1]
    for name in names:
        hand_in(traps, name, stub(traps, made[name]))
    rows = {row.id: row for row in THREATS}
    for name in _FEW if few else _HOSTILE:
        rows[name].put(traps, f"hostile-{name}")
    if not few:  # a hundred such cells come near to the time there is
        shows(30, ONE_MIB)(traps, "hostile-many-cells")
    return sorted(path.name for path in (traps.course / "submitted").iterdir())
