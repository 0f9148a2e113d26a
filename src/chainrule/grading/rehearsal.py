"""What checks ask, and what came of it: learned from the master's own answers, used for all.

The check cells of a class ask each student's code the same questions, and work out the same
numerical gradients from the same answers. So the master's own solution is judged first, and each
cell's *part* is noted: what it asked, what it was answered, and its outputs. Of a student a whole
part is asked in one message. Where all the answers are ones that were had before, to the last bit,
the cell's outputs are known; where they are not, the check itself is run, on those answers.

Only cells whose outcome depends on the answers alone have a part: see `repeatable.py`, and here,
whatever comes out otherwise the second time, with other random numbers, or leaves a trace behind.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import random
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.grading import wire
from chainrule.grading.master import Master
from chainrule.grading.shell import Output

__all__ = ["Heard", "News", "Outcome", "Part", "Rehearsal", "rehearsed", "state_of"]

_MOST_KNOWN = 200  # outcomes of a part that are kept
_MOST_TRIES = 4  # different continuations that one student's code is asked
_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_METHOD_AT = {"get": 1, "method": 1, "many": 3}  # which argument of a request names a method


@dataclass(frozen=True)
class Outcome:
    """What the answers to a part led to.

    answers: to the first requests of the part, each by its digest. packed, methods, more: what was
    asked then in place of the rest of the part (see `pack`), the methods that it asks objects for,
    and the digests of those answers. outputs: of the cell.
    cell: the number they mention, as tracebacks do ("Cell In[4]"), or 0.
    """

    answers: tuple[bytes, ...]
    packed: bytes
    methods: tuple[str, ...]
    more: tuple[bytes, ...]
    outputs: list[Output]
    cell: int

    @classmethod
    def of(
        cls,
        answers: Iterable[bytes],
        talk: list[tuple[bytes, bytes]],
        outputs: list[Output],
        cell: int,
    ) -> Outcome:
        """From answers as they came, and the conversation after them; `cell` is its number."""
        requests = tuple(request for request, _ in talk)
        mentioned = cell if "Cell In[" in json.dumps(outputs) else 0
        told = digests(_told(talk))
        methods = methods_of(requests)
        return cls(digests(answers), pack(requests), methods, told, outputs, mentioned)


def digests(answers: Iterable[bytes]) -> tuple[bytes, ...]:
    """Short stand-ins for answers."""
    return tuple(hashlib.blake2b(answer, digest_size=16).digest() for answer in answers)


@dataclass
class Part:
    """A cell's part. number: of the cell, which names of objects begin with; requests: what is
    asked; packed: that in a message; methods: that objects are asked for; known: outcomes so far.
    """

    number: int
    requests: tuple[bytes, ...] = ()
    packed: bytes = b""
    methods: tuple[str, ...] = ()
    known: list[Outcome] = field(default_factory=list)

    def recall(
        self,
        answers: list[bytes],
        ask: Callable[[bytes, tuple[str, ...]], list[bytes]],
        cell: int,
    ) -> list[Output] | None:
        """The outputs that these answers, or the first of them, led to before.

        ask: has further requests answered, given the methods that they ask objects for.
        cell: the number of the cell in the notebook.
        """
        given = digests(answers)
        tries = 0
        for outcome in self.known:
            if given[: len(outcome.answers)] != outcome.answers or tries == _MOST_TRIES:
                continue
            if outcome.cell not in (0, cell):
                continue
            if outcome.packed:
                tries += 1
                if digests(ask(outcome.packed, outcome.methods)) != outcome.more:
                    continue
            return [dict(output) for output in outcome.outputs]
        return None

    def learn(self, outcome: Outcome) -> None:
        """Keep an outcome, if there is room."""
        if len(self.known) < _MOST_KNOWN:
            self.known.append(outcome)


Rehearsal = dict[str, Part]
"""By grade_id."""

News = tuple[str, Outcome]
"""An outcome that was not known, and the grade_id of its cell."""


@dataclass
class Heard:
    """One run of a cell: the conversation, the outputs, whether it left anything behind, and the
    number that the cell had."""

    talk: list[tuple[bytes, bytes]]
    outputs: list[Output]
    traceless: bool
    cell: int

    @property
    def whole(self) -> bool:
        """Whether every request has its answer, and none came from the student's side."""
        return self.traceless and all(request and answer for request, answer in self.talk)


def rehearsed(
    master: Master, cells: dict[str, int], run: Callable[[bytes], dict[str, Heard]]
) -> Rehearsal:
    """The parts of a master's cells.

    cells: the number of each repeatable cell, by grade_id. run: judges a notebook, with every cell
    run for real.
    """
    found: Rehearsal = {}
    solved, stub = (_notebook(master, which) for which in (True, False))
    first, again, empty = (_seeded(run, *one) for one in ((solved, 1), (solved, 2), (stub, 3)))
    for name, number in cells.items():
        one, two = first.get(name), again.get(name)
        if one is None or two is None or not one.whole or one != two:
            continue
        requests = tuple(request for request, _ in one.talk)
        part = found[name] = Part(number, requests, pack(requests), methods_of(requests))
        part.learn(Outcome.of(_told(one.talk), [], one.outputs, one.cell))
        other = empty.get(name)
        if other is not None and other.whole:
            asked = tuple(request for request, _ in other.talk)
            if asked == requests[: len(asked)] and asked != requests:
                part.learn(Outcome.of(_told(other.talk), [], other.outputs, other.cell))
    return found


def _seeded(
    run: Callable[[bytes], dict[str, Heard]], notebook: bytes, seed: int
) -> dict[str, Heard]:
    random.seed(seed)
    np.random.seed(seed)
    return run(notebook)


def _notebook(master: Master, solved: bool) -> bytes:
    """The master as a submission: with its solutions, or as students get it."""
    stubs = {cell.grade_id: cell.source for cell in master.cells}
    cells = [
        {
            "cell_type": kind,
            "source": source if solved or not name else stubs.get(name, source),
            "metadata": {"nbgrader": {"grade_id": name}} if name else {},
        }
        for name, kind, source in master.solved
    ]
    return json.dumps({"cells": cells}).encode()


def methods_of(requests: Iterable[bytes]) -> tuple[str, ...]:
    """The names of methods in requests, each once."""
    found: dict[str, None] = {}
    for request in requests:
        op, args, _ = wire.decode(request)
        place = _METHOD_AT.get(op)
        if place is not None:
            found[args[place]] = None
    return tuple(found)


def pack(requests: Iterable[bytes]) -> bytes:
    """Requests for one message, nothing for none. A jail reads them many times faster than one by
    one: those of plain data are (operation, number of the object it is asked of or 0, arguments).
    """
    rows: list[Any] = []
    for request in requests:
        op, args, _ = wire.decode(request)
        target = args[0] if args else None
        if type(target) is wire.Ref and not target.mine and _is_plain(args[1:]):
            rows.append((op, target.number, args[1:]))
        else:
            rows.append((op, 0, args) if _is_plain(args) else request)
    return marshal.dumps(rows) if rows else b""


def _is_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(map(_is_plain, value.keys())) and all(map(_is_plain, value.values()))
    if type(value) in (tuple, list):
        return all(map(_is_plain, value))
    return type(value) in _PLAIN


def _told(talk: list[tuple[bytes, bytes]]) -> list[bytes]:
    """The answers as a script gets them: of a class, only the methods that are asked for."""
    methods = methods_of(request for request, _ in talk)
    answers = []
    for request, answer in talk:
        if wire.decode(request)[0] == "describe":
            name, specials, theirs = wire.decode(answer[1:])
            kept = tuple(one for one in theirs if one in methods)
            answer = answer[:1] + bytes(wire.encode((name, specials, kept)))
        answers.append(answer)
    return answers


# What a cell might leave behind -------------------------------------------------------------------


def state_of(names: dict[str, Any]) -> Any:
    """What a cell of the judge's could change without binding a name, in a form to be compared."""
    drawn: dict[str, Any] = np.random.get_state(legacy=False)
    state = [random.getstate(), drawn["state"]["key"].tolist(), drawn["state"]["pos"]]
    state += [np.geterr(), np.get_printoptions()]
    return [*map(repr, state), {name: _seen(value) for name, value in names.items()}]


def _seen(value: Any, depth: int = 8) -> Any:
    """A value in a form to be compared: containers and functions by what they hold."""
    if depth == 0 or isinstance(value, (types.ModuleType, type)):
        return id(value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, repr(value.tolist())
    if isinstance(value, dict):
        return [(_seen(key, depth - 1), _seen(one, depth - 1)) for key, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [type(value), *(_seen(one, depth - 1) for one in value)]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, value))
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        kept = [value.__defaults__, value.__kwdefaults__, value.__dict__, *cells]
        return id(value), *(_seen(one, depth - 1) for one in kept)
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    return repr(value) if type(value) in _PLAIN else id(value)
