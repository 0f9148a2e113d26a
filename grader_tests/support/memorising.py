"""Answers made to checks that one has seen: right at the inputs of those, and wrong elsewhere.

Against these there are hidden checks: each has to ask at an input that the others do not.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["Memory", "made_to"]


class Memory:
    """What was asked. While `open`, inputs are taken in; afterwards others are answered wrongly."""

    def __init__(self) -> None:
        self.open = True
        self._seen: set[str] = set()

    def knows(self, asked: str) -> bool:
        """Whether it was asked at these inputs before."""
        if self.open:
            self._seen.add(asked)
        return asked in self._seen

    def answers(self, asked: str, right: Callable[[], Any]) -> Any:
        """What is right, where the inputs are known."""
        known = self.knows(asked)
        try:
            found = right()
        except Exception:
            if known:
                raise
            return 0.0
        return found if known else _spoilt(found)

    def function(self, right: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is right where the memory is."""

        @functools.wraps(right)
        def answer(*args: Any, **named: Any) -> Any:
            asked = _text((right.__name__, args, named))
            return self.answers(asked, lambda: right(*args, **named))

        return answer

    def gate(self, right: type[Any]) -> type[Any]:
        """A class with forward and backward that are."""
        memory = self

        class Gate(right):  # type: ignore[misc]
            def __init__(self, *made_with: Any, **named: Any) -> None:
                super().__init__(*made_with, **named)
                self.made = _text((right.__name__, made_with, named))

            def forward(self, *inputs: Any) -> Any:
                self.at = _text(inputs)
                return memory.answers(self.made + self.at, lambda: right.forward(self, *inputs))

            def backward(self, *upstream: Any) -> Any:
                asked = f"backward {self.made} {self.at} {_text(upstream)}"
                return memory.answers(asked, lambda: right.backward(self, *upstream))

            def jacobian(self) -> Any:
                asked = f"jacobian {self.made} {self.at}"
                return memory.answers(asked, lambda: right.jacobian(self))

        if not hasattr(right, "jacobian"):
            del Gate.jacobian
        Gate.__name__, Gate.__qualname__ = right.__name__, right.__qualname__
        return Gate

    def of(self, right: Any) -> Any:
        """The same for whatever a cell defines: what is neither stays as it is."""
        if not isinstance(right, type):
            return self.function(right)
        both = hasattr(right, "forward") and hasattr(right, "backward")
        return self.gate(right) if both else right


def made_to(source: str) -> str:
    """The cell of an answer with what it defines made so; the name `memory` has to be bound."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    names = [node.name for node in ast.parse(source).body if isinstance(node, kinds)]
    return "\n".join([source, *(f"{name} = memory.of({name})" for name in names)])


def _text(value: Any) -> str:
    """All that tells a value from another one, as it is now: it may be changed in place later."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, Mapping):
        return str([(_text(key), _text(item)) for key, item in value.items()])
    if isinstance(value, (list, tuple, set)):
        return f"{type(value).__name__} {[_text(item) for item in value]}"
    code = getattr(value, "__code__", None)
    if code is not None:
        return f"{code.co_code.hex()} {code.co_consts} {code.co_names}"
    return f"{type(value).__name__} {value!r}"


def _spoilt(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {key: _spoilt(item) for key, item in found.items()}
    if isinstance(found, (list, tuple)) and found:
        return type(found)(_spoilt(item) for item in found)
    if isinstance(found, (bool, np.bool_)):
        return not found
    if isinstance(found, (int, float, complex, np.number, np.ndarray)):
        return found * 3 + 1
    return None
