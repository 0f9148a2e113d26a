"""Functions whose derivative mpmath knows: random formulas, and functions that are hard to measure.

Each is written once, as a formula over a small set of functions, and worked out twice: in float64,
as a student's forward would, and by mpmath with a hundred digits or more, for the truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

from chainrule.numeric import numerical_gradient

__all__ = ["Hard", "hard_functions", "is_missed", "random_formulas", "true_slopes"]

Formula = Callable[[Any, Any], Any]
"""f(m, x): the value at x, with the functions of m, which is `math`-like or mpmath-like."""


@dataclass(frozen=True)
class Hard:
    """A function, where it is tried, and what is known of its slope there.

    formula: what is meant; seen: what float64 makes of it, where that is something else (rounded to
    six decimals, say). slopes: the true ones from the left and from the right, by hand, where
    mpmath cannot know them.
    """

    name: str
    x: float
    formula: Formula
    seen: Callable[[float], float] | None = None
    slopes: tuple[float, float] | None = None

    def __call__(self, x: float) -> float:
        return self.seen(x) if self.seen is not None else self.formula(_Floats, x)


def _number(function: Callable[..., Any]) -> Any:
    """A function of math, which gives inf and nan as NumPy does in place of raising."""

    def quiet(x: float) -> float:
        try:
            return float(function(x))
        except OverflowError:
            return math.inf
        except ValueError:
            return math.nan

    return staticmethod(quiet)


class _Floats:
    """The functions that formulas are made of, in float64."""

    exp, log, sin, cos, tan, tanh, sqrt, atan, expm1, log1p = (
        _number(getattr(math, name))
        for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sqrt", "atan", "expm1", "log1p")
    )
    abs = staticmethod(abs)
    pi = math.pi

    @staticmethod
    def number(value: float) -> float:
        return value

    @staticmethod
    def divide(a: float, b: float) -> float:
        return a / b if b else math.nan


class _Exact:
    """The same by mpmath; numbers are the very floats, not their decimals."""

    exp, log, sin, cos, tan, tanh, sqrt, atan, expm1, log1p = (
        staticmethod(getattr(mpmath, name))
        for name in ("exp", "log", "sin", "cos", "tan", "tanh", "sqrt", "atan", "expm1", "log1p")
    )
    abs = staticmethod(mpmath.fabs)
    pi = math.pi  # as float64 has it: what is differentiated is the function that was typed

    @staticmethod
    def number(value: float) -> Any:
        return mpmath.mpf(value)

    @staticmethod
    def divide(a: Any, b: Any) -> Any:
        return mpmath.mpf(a) / b


def true_slopes(case: Hard) -> tuple[float, float]:
    """The slopes from the left and from the right, by mpmath.

    Raises ValueError where it cannot tell them.
    """
    if case.slopes is not None:
        return case.slopes
    found = []
    with mpmath.workdps(150 + round(2 * abs(math.log10(abs(case.x) or 1.0)))):
        x = mpmath.mpf(case.x)
        for side in (-1, 1):
            h = side * (abs(x) or 1) * mpmath.mpf(10) ** -60
            by_step = [
                (case.formula(_Exact, x + h * k) - case.formula(_Exact, x)) / (h * k)
                for k in (1, mpmath.mpf(10) ** -5)
            ]
            if not mpmath.almosteq(*by_step, rel_eps=1e-20, abs_eps=1e-40):
                raise ValueError(f"{case.name} has no slope at {case.x}")
            found.append(float(by_step[1]))
    return found[0], found[1]


def is_missed(case: Hard) -> bool:
    """Whether a numerical gradient's bar is finite and does not cover the true slopes."""
    estimate = numerical_gradient(case, case.x)
    if not np.isfinite(estimate.error):
        return False
    return not all(estimate.covers(slope, 1e-15 * abs(slope)) for slope in true_slopes(case))


# Random formulas ----------------------------------------------------------------------------------


def _random_tree(rng: np.random.Generator, depth: int) -> Formula:
    """A formula in x, smooth but for the kinks of abs, of so many floors at most."""
    if depth == 0 or rng.random() < 0.12:
        if rng.random() < 0.65:
            return lambda m, x: x
        c = float(np.round(rng.choice([-1, 1]) * 10 ** rng.uniform(-2, 1.5), 3))
        return lambda m, x: m.number(c)
    if rng.random() < 0.5:
        a, b = _random_tree(rng, depth - 1), _random_tree(rng, depth - 1)
        kind = rng.integers(4)
        if kind == 0:
            return lambda m, x: a(m, x) + b(m, x)
        if kind == 1:
            return lambda m, x: a(m, x) - b(m, x)
        if kind == 2:
            return lambda m, x: a(m, x) * b(m, x)
        return lambda m, x: m.divide(a(m, x), 1 + b(m, x) * b(m, x))
    a = _random_tree(rng, depth - 1)
    kind = rng.integers(10)
    if kind < 4:
        name = ("sin", "cos", "tanh", "atan")[kind]
        return lambda m, x: getattr(m, name)(a(m, x))
    made: dict[int, Formula] = {
        4: lambda m, x: m.exp(m.tanh(a(m, x)) * 3),
        5: lambda m, x: m.log(1 + a(m, x) * a(m, x)),
        6: lambda m, x: m.sqrt(1 + a(m, x) * a(m, x)),
        7: lambda m, x: m.divide(1, 1 + m.exp(-a(m, x))),
        8: lambda m, x: a(m, x) * a(m, x),
        9: lambda m, x: (a(m, x) + m.abs(a(m, x))) / 2,
    }
    return made[int(kind)]


def random_formulas(count: int, seed: int) -> Iterator[Hard]:
    """So many random formulas at random places, from 1e-6 to 1e6; all finite there."""
    rng = np.random.default_rng(seed)
    made = 0
    while made < count:
        formula = _random_tree(rng, int(rng.integers(1, 5)))
        power = rng.uniform(-6, 6) if rng.random() < 0.3 else rng.uniform(-1, 1)
        x = float(rng.choice([-1, 1]) * 10**power)
        case = Hard(f"random {made}", x, formula)
        try:
            value, slopes = case(x), true_slopes(case)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        if math.isfinite(value) and all(map(math.isfinite, slopes)) and abs(value) < 1e100:
            made += 1
            yield case


# Functions that are hard to measure ---------------------------------------------------------------

_PLAIN: dict[str, Formula] = {
    "sin x": lambda m, x: m.sin(x),
    "exp x": lambda m, x: m.exp(x),
    "sigmoid x": lambda m, x: m.divide(1, 1 + m.exp(-x)),
    "x^3": lambda m, x: x * x * x,
}


def _rounded() -> Iterator[Hard]:
    for name, formula in _PLAIN.items():
        for x in (1.0, -0.37, 2.75, 0.03222622491908866):

            def at(x: float, formula: Formula = formula) -> float:
                return formula(_Floats, x)

            for digits in (2, 3, 4, 6, 8, 10, 12):
                yield Hard(f"round({name}, {digits})", x, formula,
                           lambda x, at=at, digits=digits: round(at(x), digits))  # fmt: skip
            for kind in (np.float16, np.float32):
                yield Hard(f"{kind.__name__} of {name}", x, formula,
                           lambda x, at=at, kind=kind: float(kind(at(x))))  # fmt: skip
                yield Hard(f"{name} of a {kind.__name__}", x, formula,
                           lambda x, at=at, kind=kind: at(float(kind(x))))  # fmt: skip


def _cancelling() -> Iterator[Hard]:
    for power in (3, 6, 8, 10, 12, 15):
        big = 10.0**power
        for name, formula in _PLAIN.items():
            yield Hard(f"{name} + 1e{power} - 1e{power}", 0.5,
                       lambda m, x, f=formula, big=big: f(m, x) + big - big)  # fmt: skip
            yield Hard(f"({name} * 1e{power} + 1e{power}) - 1e{power}", -1.25,
                       lambda m, x, f=formula, big=big: (f(m, x) * big + big) - big)  # fmt: skip
    for x in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8):
        yield Hard("(1 - cos x) / x^2", x, lambda m, x: m.divide(1 - m.cos(x), x * x))
        yield Hard("(e^x - 1) / x", x, lambda m, x: m.divide(m.exp(x) - 1, x))
        yield Hard("log(1 + x) / x", x, lambda m, x: m.divide(m.log(1 + x), x))
        yield Hard("(1 + x)^2 - 1 - 2 x", x, lambda m, x: (1 + x) * (1 + x) - 1 - 2 * x)
        yield Hard("sqrt(1 + x) - 1", x, lambda m, x: m.sqrt(1 + x) - 1)
        yield Hard("sin x - x", x, lambda m, x: m.sin(x) - x)
    for x in (1e2, 1e4, 1e6, 1e8, 1e12):
        yield Hard("sqrt(x + 1) - sqrt x", x, lambda m, x: m.sqrt(x + 1) - m.sqrt(x))
        yield Hard("(x + 1)^2 - x^2", x, lambda m, x: (x + 1) * (x + 1) - x * x)
        yield Hard("1/x - 1/(x + 1)", x, lambda m, x: m.divide(1, x) - m.divide(1, x + 1))
    for x in (5.0, 15.0, 25.0, 33.0, 36.0, 40.0):
        yield Hard("1 - sigmoid x", x, lambda m, x: 1 - m.divide(1, 1 + m.exp(-x)))
        yield Hard("log(sigmoid x)", x, lambda m, x: m.log(m.divide(1, 1 + m.exp(-x))))
        yield Hard("1 - tanh(x)^2", x, lambda m, x: 1 - m.tanh(x) * m.tanh(x))


def _rippled() -> Iterator[Hard]:
    for power in range(2, 13):
        for x in (-1.3, 0.4, 2.7):
            fast = 10.0**power
            yield Hard(f"sin(1e{power} x)", x, lambda m, x, w=fast: m.sin(w * x))
            yield Hard(f"x + sin(1e{power} x) / 1e{power}", x,
                       lambda m, x, w=fast: x + m.sin(w * x) / w)  # fmt: skip
    for power in range(1, 11):
        fast = 2 * math.pi * 4.0**power  # whole periods in steps that are powers of two
        yield Hard(f"sin(2 pi 4^{power} x)", 0.5, lambda m, x, w=fast: m.sin(w * x))
        yield Hard(f"x + sin(2 pi 4^{power} x) / 1000", 1.25,
                   lambda m, x, w=fast: x + m.sin(w * x) / 1000)  # fmt: skip


def _kinked() -> Iterator[Hard]:
    def kink(size: float, away: float, x: float) -> Hard:
        at = x - away
        there = math.copysign(1.0, x - at) if x != at else 0.0
        sides = (there, there) if there else (-1.0, 1.0)
        left, right = (size * side + math.cos(x) for side in sides)
        return Hard(
            f"{size:g} |x - ({x:g} - {away:g})| + sin x", x,
            lambda m, x: size * m.abs(x - m.number(at)) + m.sin(x), slopes=(left, right),
        )  # fmt: skip

    for size in (1.0, 1e-2, 1e-4, 1e-6, 1e-9):
        for away in (0.0, 1e-12, 1e-10, 1e-9, 1e-7, 1e-5, 1e-3, -1e-8, -1e-4):
            yield kink(size, away, 0.0)
            yield kink(size, away, 0.75)
    for size in (1e-6, 1e-3, 1.0):
        for x in (1e-12, 1e-9, -1e-9, 1e-6, -1e-3):
            yield Hard(f"{size:g} |x| + sin x", x,
                       lambda m, x, size=size: size * m.abs(x) + m.sin(x))  # fmt: skip


def _stepped() -> Iterator[Hard]:
    for away in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-12):
        edge = 0.5 + away
        yield Hard(f"x, and 1 more from 0.5 + {away:g}", 0.5, lambda m, x: x,
                   lambda x, edge=edge: x + (x > edge))  # fmt: skip
        yield Hard(f"x^2, and 1e-6 more from 0.5 + {away:g}", 0.5, lambda m, x: x * x,
                   lambda x, edge=edge: x * x + 1e-6 * (x > edge))  # fmt: skip
        yield Hard(f"0 within {away:g}, else |x| - {away:g}", 0.0, lambda m, x: 0 * x,
                   lambda x, away=away: max(abs(x) - away, 0.0))  # fmt: skip
        yield Hard(f"relu at {away:g}", away, lambda m, x: x, lambda x: max(x, 0.0))
        yield Hard(f"relu at -{away:g}", -away, lambda m, x: 0 * x, lambda x: max(x, 0.0))


def _steep() -> Iterator[Hard]:
    for away in (1e-1, 1e-3, 1e-6, 1e-9, 1e-12):
        yield Hard("log x", away, lambda m, x: m.log(x))
        yield Hard("sqrt x", away, lambda m, x: m.sqrt(x))
        yield Hard("1 / x", away, lambda m, x: m.divide(1, x))
        yield Hard("1 / x^2", -away, lambda m, x: m.divide(1, x * x))
        yield Hard("x log x", away, lambda m, x: x * m.log(x))
        yield Hard("tan near pi / 2", math.pi / 2 - away, lambda m, x: m.tan(x))
    for width in (1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8):
        for x in (0.5, 0.5 + width / 3, 0.5 + 2 * width):
            yield Hard(f"a peak of width {width:g}", x,
                       lambda m, x, w=width: m.exp(-(((x - 0.5) / w) ** 2)))  # fmt: skip
            yield Hard(f"a pole {width:g} away", x,
                       lambda m, x, w=width: m.divide(1, 1 + ((x - 0.5) / w) ** 2))  # fmt: skip
            yield Hard(f"a tanh of width {width:g}", x,
                       lambda m, x, w=width: m.tanh((x - 0.5) / w))  # fmt: skip


def _extreme() -> Iterator[Hard]:
    for x in (100.0, 500.0, 700.0, 709.0, -700.0, -740.0):
        yield Hard("e^x", x, lambda m, x: m.exp(x))
    for size in (1e-300, 1e-100, 1e-30, 1e30, 1e100, 1e290):
        yield Hard(f"{size:g} sin x", 0.7, lambda m, x, s=size: s * m.sin(x))
        yield Hard(f"{size:g} x^2", 3.0, lambda m, x, s=size: s * (x * x))
        yield Hard("x / 3", size, lambda m, x: x / 3)
        yield Hard("sin x", size, lambda m, x: m.sin(x)) if size < 1e10 else Hard(
            "log x", size, lambda m, x: m.log(x))  # fmt: skip
    for x in (20.0, 30.0, 40.0, 100.0, 1000.0):
        yield Hard("tanh x", x, lambda m, x: m.tanh(x))
        yield Hard("sigmoid x", -x, lambda m, x: m.divide(1, 1 + m.exp(-x)))
        yield Hard("sigmoid x", x, lambda m, x: m.divide(1, 1 + m.exp(-x)))
        yield Hard("softplus x", -x, lambda m, x: m.log1p(m.exp(x)))
    for x in (0.02, 0.05, 0.1, 0.3):
        yield Hard("exp(-1 / x^2)", x, lambda m, x: m.exp(-m.divide(1, x * x)))
        yield Hard("x^20", x, lambda m, x: x**20)
        yield Hard("x^2 sin(1 / x)", x, lambda m, x: x * x * m.sin(m.divide(1, x)))


def hard_functions() -> list[Hard]:
    """More than 500 of them, of a dozen kinds."""
    kinds = (_rounded, _cancelling, _rippled, _kinked, _stepped, _steep, _extreme)
    return [case for kind in kinds for case in kind()]
