"""What checks ask, and what came of it: learned from the master's own answers, used for all.

The check cells of a class ask each student's code the same questions, and work out the same
numerical gradients from the same answers. So the master's own solution is judged first, and each
cell's *part* is noted: what it asked, what it was answered, and its outputs. Of a student a whole
part is asked in one message. Where all the answers are ones that were had before, to the last bit,
the cell's outputs are known; where they are not, the check itself is run, on those answers.

Only cells whose outcome depends on the answers alone have a part: see `purity.py`, and here,
whatever comes out otherwise the second time, with other random numbers, or leaves a trace behind.
"""

from __future__ import annotations

import hashlib
import json
import random
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.grading.judge.master import Master
from chainrule.grading.remote import codec
from chainrule.grading.remote.bundle import PLAIN, joined, pack
from chainrule.notebook.outputs import Output

__all__ = [
    "SEEDS",
    "Heard",
    "News",
    "Outcome",
    "Part",
    "Rehearsal",
    "common_state",
    "rehearsed",
    "solution",
    "state_of",
]

_MOST_KNOWN = 200  # outcomes of a part that are kept
_MOST_TRIES = 4  # different continuations that one student's code is asked
_DESCRIBE = bytes(codec.encode(("describe", (), None)))[:18]  # how such a request begins


@dataclass(frozen=True)
class Seen:
    """A stand-in for answers: how many bytes they were, with their sizes, and the digest of those.

    As each answer has its size before it, answers begin with others where their bytes do.
    """

    size: int
    digest: bytes

    @classmethod
    def of(cls, answers: bytes) -> Seen:
        """The stand-in for these answers."""
        return cls(len(answers), hashlib.blake2b(answers, digest_size=16).digest())


@dataclass(frozen=True)
class Outcome:
    """What the answers to a part led to.

    answers: to the first requests of the part. packed, methods, more: what was asked then in place
    of the rest of the part (see `pack`), the methods that it asks objects for, and those answers.
    outputs: of the cell. cell: the number they mention, as tracebacks do ("Cell In[4]"), or 0.
    """

    answers: Seen
    packed: bytes
    methods: tuple[str, ...]
    more: Seen
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
        packed, methods = pack(request for request, _ in talk)
        mentioned = cell if "Cell In[" in json.dumps(outputs) else 0
        told = Seen.of(joined(_told(talk, methods)))
        return cls(Seen.of(joined(answers)), packed, methods, told, outputs, mentioned)


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
        answers: bytes,
        ask: Callable[[bytes, tuple[str, ...]], bytes],
        cell: int,
    ) -> list[Output] | None:
        """The outputs that these answers, or the first of them, led to before.

        ask: has further requests answered, given the methods that they ask objects for.
        cell: the number of the cell in the notebook.
        """
        tries = 0
        begins: dict[int, Seen] = {}  # of these answers, as many bytes of them
        for outcome in self.known:
            size = outcome.answers.size
            if size not in begins:
                begins[size] = Seen.of(answers[:size])
            if outcome.cell not in (0, cell) or outcome.answers != begins[size]:
                continue
            if outcome.packed:
                if tries == _MOST_TRIES:
                    continue
                tries += 1
                if Seen.of(ask(outcome.packed, outcome.methods)) != outcome.more:
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

    def outcome(self, methods: tuple[str, ...]) -> Outcome:
        """What it came to, if it is whole. methods: that its part asks objects for."""
        return Outcome.of(_told(self.talk, methods), [], self.outputs, self.cell)


SEEDS = (1, 2)
"""Of a rehearsal's runs: what comes out otherwise with another one is not repeatable."""


def solution(master: Master) -> bytes:
    """The master's own answers, as a submission."""
    cells = [
        {
            "cell_type": kind,
            "source": source,
            "metadata": {"nbgrader": {"grade_id": name}} if name else {},
        }
        for name, kind, source in master.solved
    ]
    return json.dumps({"cells": cells}).encode()


def rehearsed(cells: dict[str, int], runs: Sequence[dict[str, Heard]]) -> Rehearsal:
    """The parts of a master's cells, from what was heard in each of the runs.

    cells: the number of each repeatable cell, by grade_id.
    """
    found: Rehearsal = {}
    for name, number in cells.items():
        one, *others = (heard.get(name) for heard in runs)
        if one is not None and one.whole and all(other == one for other in others):
            requests = [request for request, _ in one.talk]
            part = found[name] = Part(number, tuple(requests), *pack(requests))
            part.learn(one.outcome(part.methods))
    return found


def _told(talk: list[tuple[bytes, bytes]], methods: tuple[str, ...]) -> list[bytes]:
    """The answers as a script gets them: of a class, only the methods that are asked for."""
    answers = []
    for request, answer in talk:
        if request.startswith(_DESCRIBE):
            name, specials, theirs = codec.decode(answer[1:])
            kept = tuple(one for one in theirs if one in methods)
            answer = answer[:1] + bytes(codec.encode((name, specials, kept)))
        answers.append(answer)
    return answers


# What a cell might leave behind -------------------------------------------------------------------


def common_state() -> Any:
    """What all cells share and a cell could change, in a form to be compared."""
    drawn: dict[str, Any] = np.random.get_state(legacy=False)
    state = drawn["state"]
    return [
        random.getstate(), state["key"].tobytes(), state["pos"], np.geterr(), np.get_printoptions()
    ]  # fmt: skip


def state_of(names: dict[str, Any]) -> Any:
    """What a cell of the judge's could change without binding a name, in a form to be compared."""
    return common_state(), {name: _seen(value) for name, value in names.items()}


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
    return repr(value) if type(value) in PLAIN else id(value)
