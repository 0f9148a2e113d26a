"""A circuit that several tests look at."""

from __future__ import annotations

from chainrule.circuit import Scalar

__all__ = ["first_circuit"]


def first_circuit() -> dict[str, Scalar]:
    x, y, z = Scalar(-2, "x"), Scalar(5, "y"), Scalar(-4, "z")
    q = (x + y).named("q")
    return {"x": x, "y": y, "z": z, "q": q, "f": (q * z).named("f")}
