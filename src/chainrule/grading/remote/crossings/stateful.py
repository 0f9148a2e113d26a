"""What has a state and nothing else: generators of random numbers, and files in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.grading.remote.crossings.row import Crossing, exactly, of, typed
from chainrule.grading.remote.wire_types import CannotCross

__all__ = ["ROWS"]

_BITS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def _bits_apart(bits: Any) -> Any:
    name = type(bits).__name__
    if name not in _BITS or type(bits) is not of("numpy.random", name):
        raise CannotCross("random bits of another make")
    return name, bits.state


def _bits_made(said: Any) -> Any:
    name, state = exactly(2, said)
    if name not in _BITS:
        raise CannotCross("random bits of another make")
    made = of("numpy.random", name)(0)
    made.state = typed(state, dict)
    return made


def _become_bits(value: Any, other: Any) -> None:
    value.bit_generator.state = other.bit_generator.state


def _old_apart(value: Any) -> Any:
    return value.get_state(legacy=False)


def _old_made(said: Any) -> Any:
    made = of("numpy.random", "RandomState")(0)
    made.set_state(typed(said, dict))
    return made


def _become_old(value: Any, other: Any) -> None:
    value.set_state(other.get_state(legacy=False))


def _random_apart(value: Any) -> Any:
    version, words, gauss = value.getstate()
    return version, np.array(words, np.uint32), gauss


def _random_made(said: Any) -> Any:
    version, words, gauss = exactly(3, said)
    if typed(words, np.ndarray).dtype != np.uint32 or words.shape != (625,):
        raise CannotCross("no state of random numbers")
    made = of("random", "Random")()
    made.setstate((version, tuple(words.tolist()), None if gauss is None else typed(gauss, float)))
    return made


def _become_random(value: Any, other: Any) -> None:
    value.setstate(other.getstate())


def _stream_apart(value: Any) -> Any:
    if value.closed:
        raise CannotCross("a closed file")
    return value.getvalue(), value.tell()


def _stream_made(name: str, kind: type) -> Any:
    def made(said: Any) -> Any:
        content, place = exactly(2, said)
        stream = of("io", name)(typed(content, kind))
        if not 0 <= typed(place, int) <= len(content):
            raise CannotCross("a place beyond the end")
        stream.seek(place)
        return stream

    return made


def _become_stream(value: Any, other: Any) -> None:
    value.seek(0)
    value.truncate()
    value.write(other.getvalue())
    value.seek(other.tell())


ROWS = (
    Crossing(
        "a Generator of numpy", ("numpy.random:Generator",),
        lambda v: _bits_apart(v.bit_generator),
        lambda said: of("numpy.random", "Generator")(_bits_made(said)), become=_become_bits,
    ),
    Crossing(
        "a RandomState of numpy", ("numpy.random:RandomState",), _old_apart, _old_made,
        become=_become_old,
    ),
    Crossing(
        "a Random", ("random:Random",), _random_apart, _random_made, become=_become_random
    ),
    Crossing(
        "a StringIO", ("io:StringIO",), _stream_apart, _stream_made("StringIO", str),
        become=_become_stream,
    ),
    Crossing(
        "a BytesIO", ("io:BytesIO",), _stream_apart, _stream_made("BytesIO", bytes),
        become=_become_stream,
    ),
)  # fmt: skip
