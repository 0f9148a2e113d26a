"""Numerical gradients of a check's own references, and its points, for whoever asks again.

A reference (`of=` of a check) is a function of ours, and pure: what it gives is decided by its code
and by what that code names. So what was worked out of it is kept by that content, and the next
check of the same text, in this process or in one forked from it, finds it. What cannot be read off,
as a student's object, is not kept.

A process hands over what it knows by `export()`, as bytes, and another one takes it by
`load(exported)`. So whoever runs the same checks for a whole class, as a judge's template process,
can compute them once: run the checks on the master's answers, `export`, and `load` where the next
process starts. A process forked after that has it without either. `forget()` drops it all.
"""

from __future__ import annotations

import builtins
import dis
import hashlib
import pickle
import types
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.check import inputs
from chainrule.numeric import Estimate

__all__ = ["export", "forget", "kept", "load"]

_MOST_BYTES = 32 * 1024**2
_PARTS = ("value", "error", "left", "right")

Arrays = tuple[np.ndarray, ...]
"""The parts of an `Estimate`, which nobody may write to."""

_known: dict[bytes, tuple[Arrays, ...]] = {}
_size = 0


def kept(
    what: str,
    function: Callable[..., Any],
    given: Sequence[Any],
    work: Callable[[list[int]], Sequence[Sequence[Estimate]]],
) -> list[tuple[Estimate, ...]]:
    """Estimates for each item of `given`: kept ones, and what `work` returns for the places of the
    other items.

    what: says which work it is; an item of `given` is all that it depends on beside the function.
    """
    keys = _keys(what, function, given)
    missing = [place for place, key in enumerate(keys) if key is None or key not in _known]
    found: dict[int, tuple[Estimate, ...]] = {}
    if missing:
        for place, estimates in zip(missing, work(missing), strict=True):
            found[place] = tuple(estimates)
            key = keys[place]
            if key is not None:
                arrays = (tuple(np.array(getattr(e, part)) for part in _PARTS) for e in estimates)
                _keep(key, tuple(arrays))
    for place, key in enumerate(keys):
        if place not in found and key is not None:
            found[place] = tuple(Estimate(*arrays) for arrays in _known[key])
    return [found[place] for place in range(len(given))]


def export() -> bytes:
    """All that is kept, for `load` in another process of ours. It is a pickle."""
    return pickle.dumps((_known, inputs.drawn))


def load(exported: bytes) -> None:
    """Take what another process exported. Only for what comes from a process of ours."""
    known, drawn = pickle.loads(exported)
    for key, found in known.items():
        _keep(key, found)
    inputs.drawn.update(drawn)


def forget() -> None:
    """Keep nothing of what was known so far."""
    global _size
    _known.clear()
    inputs.drawn.clear()
    _size = 0


def _keep(key: bytes, found: tuple[Arrays, ...]) -> None:
    global _size
    if key in _known:
        return
    _known[key] = found
    for array in (array for arrays in found for array in arrays):
        array.setflags(write=False)
        _size += array.nbytes
    while _size > _MOST_BYTES and len(_known) > 1:
        oldest = _known.pop(next(iter(_known)))
        _size -= sum(array.nbytes for arrays in oldest for array in arrays)


# Content ------------------------------------------------------------------------------------------


class _Unknown(Exception):
    """Something whose content cannot be read off."""


def _keys(
    what: str, function: Callable[..., Any], given: Sequence[Any]
) -> list[bytes] | list[None]:
    """By which it is kept; None where the content cannot be read off."""
    if type(function) is not types.FunctionType:
        return [None] * len(given)
    common = hashlib.blake2b(what.encode(), digest_size=16)
    try:
        content = _Content(common.update)
        content.add(function)
        keys = []
        for item in given:
            digest = common.copy()
            _Content(digest.update).add(item)
            keys.append(digest.digest())
    except (_Unknown, RecursionError):
        return [None] * len(given)
    return keys


class _Content:
    """Says the content of values, piece by piece, so that different ones are never said alike."""

    def __init__(self, say: Callable[[bytes], None]) -> None:
        self._say = say
        self._functions: list[types.FunctionType] = []

    def add(self, value: Any) -> None:
        """Raises _Unknown."""
        kind = type(value)
        if value is None or kind in (bool, int, float, complex, str, bytes):
            self._text(f"{kind.__name__} {value!r}")
        elif kind in (tuple, list, dict):
            self._text(f"{kind.__name__} {len(value)}")
            for item in value.items() if kind is dict else value:
                self.add(item)
        elif kind is np.ndarray and value.dtype.kind in "biufc":
            order = "C" if value.flags.c_contiguous else "other"
            self._text(f"array {value.dtype.str} {value.shape} {order}")
            self._bytes(value.tobytes())
        elif isinstance(value, (np.bool_, np.number)):
            self._text(f"{kind.__name__} {value.dtype.str} ")
            self._bytes(value.tobytes())
        elif kind is types.FunctionType:
            self._function(value)
        elif kind is types.ModuleType:
            self._text(f"module {value.__name__}")
        elif _is_well_known(value):
            self._text(f"known {value.__name__}")
        else:
            raise _Unknown

    def _text(self, text: str) -> None:
        self._bytes(text.encode("utf-8", "surrogatepass"))

    def _bytes(self, raw: bytes) -> None:
        self._say(len(raw).to_bytes(8, "little") + raw)

    def _function(self, function: types.FunctionType) -> None:
        if function in self._functions:  # it calls itself, or is named twice
            self._text(f"function {self._functions.index(function)}")
            return
        self._functions.append(function)
        code = function.__code__
        self._bytes(_of_code(code))
        self.add((function.__defaults__, function.__kwdefaults__))
        for cell in function.__closure__ or ():
            try:
                self.add(cell.cell_contents)
            except ValueError:
                raise _Unknown from None
        for name in _globals_of(code):
            self._text(f"global {name}")
            try:  # looked up as the function does it: a judge's namespace may find a student's
                found = function.__globals__[name]
            except KeyError:
                found = getattr(builtins, name, _Unknown)
            self.add(found)


@lru_cache(maxsize=1024)
def _of_code(code: types.CodeType) -> bytes:
    """The content of what a function does: the same whenever its text is. Raises _Unknown."""
    pieces: list[bytes] = []
    content = _Content(pieces.append)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    content.add(("function", code.co_code, *names, *counts))
    for constant in code.co_consts:
        is_code = isinstance(constant, types.CodeType)
        content.add(_of_code(constant) if is_code else constant)
    return b"".join(pieces)


def _is_well_known(value: Any) -> bool:
    """Whether it is a function or a type of Python or NumPy, found there under its name."""
    name = getattr(value, "__name__", None)
    if not isinstance(name, str) or not isinstance(
        value, (type, np.ufunc, types.BuiltinFunctionType)
    ):
        return False
    return getattr(builtins, name, None) is value or getattr(np, name, None) is value


_WRITES = {
    dis.opmap[name]
    for name in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME", "STORE_DEREF", "DELETE_DEREF",
                 "IMPORT_NAME", "STORE_ATTR")
    if name in dis.opmap
}  # fmt: skip
_EXTENDED, _LOAD_GLOBAL = dis.opmap["EXTENDED_ARG"], dis.opmap["LOAD_GLOBAL"]
_NOT_PURE = {"random", "time", "open", "input"}


@lru_cache(maxsize=1024)
def _globals_of(code: types.CodeType) -> tuple[str, ...]:
    """The names that code looks up outside of itself. Raises _Unknown for code that writes outside
    of itself, or that is pure in no other way."""
    if not _NOT_PURE.isdisjoint(code.co_names):
        raise _Unknown
    names: dict[str, None] = {}
    argument = 0
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument = argument << 8 | low
        if operation == _EXTENDED:
            continue
        if operation == _LOAD_GLOBAL:
            names[code.co_names[argument >> 1]] = None
        elif operation in _WRITES:
            raise _Unknown
        argument = 0
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= dict.fromkeys(_globals_of(constant))
    return tuple(names)
