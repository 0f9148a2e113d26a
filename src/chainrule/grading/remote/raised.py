"""Exceptions of the student's own classes, as a check catches them.

Python catches by real classes alone, so for each such class one is made here: with its name, with
the same bases, and nothing else of it. What it is asked beyond that is asked of the student's.
"""

from __future__ import annotations

import sys
from typing import Any

from chainrule.grading.remote.proxy import Proxy, remote_of

__all__ = ["behind", "of_a_library", "raised_class", "stands_for", "stands_for_class"]

_LONGEST_TEXT = 10_000  # characters of a message
_OURS = {"misconception", "student_line", "student_line_number"}  # that student code cannot set


def _asked(proxy: Proxy | None, name: str) -> Any:
    """An attribute of the student's object. Raises AttributeError, whatever went wrong there."""
    if proxy is None or name.startswith("_") or name in _OURS:
        raise AttributeError(name)
    try:
        return getattr(proxy, name)
    except AttributeError:
        raise
    except Exception as error:
        raise AttributeError(f"{name}: {error}") from error


class _Class(type):
    """The class of those classes. __behind__: the proxy of the student's class, once it was met."""

    __behind__: Proxy | None

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__behind__ is None:
            raise TypeError(f"{cls.__name__} of the student's cannot be made here")
        remote = remote_of(cls.__behind__)
        return remote.owner.call(cls.__behind__, args, kwargs)

    def __getattr__(cls, name: str) -> Any:
        return _asked(cls.__behind__, name)


class _Raised:
    """What such an exception does. _proxy_: of the student's exception; _text_: what it says."""

    _proxy_: Proxy | None = None
    _text_: str | None = None

    def __getattr__(self, name: str) -> Any:
        return _asked(self._proxy_, name)

    def __str__(self) -> str:
        if self._text_ is None:
            self._text_ = str(self._proxy_)
        return self._text_[:_LONGEST_TEXT]

    def __repr__(self) -> str:
        return repr(self._proxy_)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Raised) and self._proxy_ == other._proxy_

    def __hash__(self) -> int:
        return hash(self._proxy_)

    @property
    def args(self) -> Any:
        return _asked(self._proxy_, "args")


def of_a_library(said: Any) -> Any:
    """What a library that is imported here has, "module:name"; None where it has nothing. What is
    of our own house is nobody's to name."""
    if type(said) is not str or said.count(":") != 1 or said.startswith("chainrule"):
        return None
    module, name = said.split(":")
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


def _base(said: Any) -> type[BaseException] | None:
    """A class that may be caught: one of Python's, of ours for the student's, or of a library."""
    found = of_a_library(said) if type(said) is str else said
    if not issubclass(type(found), type) or not issubclass(found, Exception):
        return None
    if issubclass(found, (StopIteration, StopAsyncIteration)):  # it would end something of ours
        return None
    return found


def raised_class(name: str, bases: Any) -> type[BaseException] | None:
    """The class that stands for one of the student's exceptions; None where nothing can.

    bases: what the jail says that it is derived from.
    """
    found = [_base(one) for one in bases] if type(bases) is tuple else []
    kept = tuple(one for one in found if one is not None)
    if not kept:
        return None
    own = {"__behind__": None, "__module__": "__main__", "__doc__": None}
    for some in (kept, kept[:1], (Exception,)):
        try:
            # First _Raised, whose methods are those that count; a base may have it already.
            first = () if any(issubclass(one, _Raised) for one in some) else (_Raised,)
            made = _Class(name, first + some, own)
            made.__new__(made)  # type: ignore[call-overload]
        except TypeError:  # some go with nothing else, some are not made of nothing
            continue
        return made  # type: ignore[return-value]
    return None


def stands_for(kind: type[BaseException], proxy: Proxy, text: str | None = None) -> BaseException:
    """The exception that stands for the one of a proxy."""
    made: Any = kind.__new__(kind)
    made._proxy_, made._text_ = proxy, text
    return made


def stands_for_class(kind: type[BaseException], proxy: Proxy) -> type[BaseException]:
    """The class that stands for the student's, which can be called from now on."""
    kind.__behind__ = proxy  # type: ignore[attr-defined]
    return kind


def behind(value: Any) -> Proxy | None:
    """The proxy of what `value` stands for, if it is such an exception or such a class."""
    if isinstance(value, _Raised):
        return value._proxy_
    return type.__getattribute__(value, "__behind__") if isinstance(value, _Class) else None
