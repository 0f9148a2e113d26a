"""Numbers as people write them."""

from __future__ import annotations

__all__ = ["MINUS", "decimal", "number"]

MINUS = "−"


def number(value: float, digits: int = 6, minus: str = "-") -> str:
    """A number with that many significant digits; a zero has no sign.

    minus: as it is written: the typed one where a student compares it with what Python prints, the
    true one (`MINUS`) in pictures and sentences.

    >>> number(0.1966119), number(-12.0), number(-0.0), number(-1.5, minus=MINUS)
    ('0.196612', '-12', '0', '−1.5')
    """
    text = f"{float(value):.{digits}g}"
    return "0" if text == "-0" else text.replace("-", minus)


def decimal(value: float, places: int = 2) -> str:
    """A number without an exponent, and with no more decimals than it needs.

    >>> decimal(2.0), decimal(0.5), decimal(4 / 3)
    ('2', '0.5', '1.33')
    """
    text = f"{value:.{places}f}"
    return (text.rstrip("0").rstrip(".") if places else text) if float(text) else "0"
