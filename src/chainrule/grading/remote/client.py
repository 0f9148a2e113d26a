"""The worker's end of the conversation with a guest: requests with limits, and what comes back."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

from chainrule.grading.limits import Limits
from chainrule.grading.remote import wire_types
from chainrule.grading.remote.around import Around
from chainrule.grading.remote.changed import changes, copy_back
from chainrule.grading.remote.clock import Budget, GuestCost, Limit, Stopwatch, TooManyThreads
from chainrule.grading.remote.connection import Connection
from chainrule.grading.remote.files import Folder
from chainrule.grading.remote.framing import Clock, FramedSocket
from chainrule.grading.remote.kinds import proxy_class
from chainrule.grading.remote.looked_up import REBOUND, LookedUp
from chainrule.grading.remote.proxy import Kind, Proxy, Remote, remote_of
from chainrule.grading.remote.raised import behind, stands_for, stands_for_class
from chainrule.grading.remote.steps import packed
from chainrule.grading.remote.telling import ending, named, raised_in_cell
from chainrule.grading.remote.wire_types import OF_A_CLASS, Closed, Late, Ref, WireError

if TYPE_CHECKING:
    import socket

__all__ = ["Gone", "Overran", "RemoteProcess", "RemoteStudent"]

_MOST_KINDS = 1000
_FUNCTION = proxy_class(("function", ("__call__",), (), "builtins:function", (), ()))
_CLASS = proxy_class(("type", ("__call__",), (), "builtins:type", (), ()))
_UNTRACED = 16 << 20  # bytes that a process may take for itself while it is traced


class RemoteProcess(GuestCost, Protocol):
    """The process at the other end, as the sandbox hands it over. sock: the line to it."""

    sock: socket.socket

    def memory(self) -> tuple[int, int]:
        """Bytes of address space: what it has now, and the most it ever had; 0 where unknown."""

    def memory_limited(self, most: int) -> AbstractContextManager[None]:
        """Let it have so many bytes of address space meanwhile."""

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in it, if student code runs."""

    def lower_priority(self) -> None:
        """Let others go first from now on."""

    def close(self) -> None:
        """End it, without waiting to hear how."""

    def end(self) -> int | None:
        """End it if it has not ended; its exit code, negative for a signal, None if unknown."""


class Gone(RuntimeError):
    """The student's process ended; what lived in it is lost. The text says why."""


class Overran(TimeoutError):
    """Student code ran longer than its limit and was interrupted.

    partial: what the request answered all the same, or None.
    """

    partial: Any = None


class RemoteStudent(Connection):
    """The worker's end of the conversation with one guest.

    folder: where a check finds what student code writes, and writes what that finds.
    lost: why the guest is no more, or None. orphaned: it went with the supervisor, by no fault of
    the student's. overran: a call took too long, and no other one is made until that is cleared.
    budget: what the whole submission may spend. around: what a check arranged here, and hears.
    spent: seconds of the last request; slowest: of the slowest one that ran no cell. requests: how
    many there were, until whoever counts sets it to 0.
    """

    def __init__(
        self, process: RemoteProcess, limits: Limits, budget: Budget, folder: Folder | None = None
    ) -> None:
        caps = wire_types.Caps(limits.message_bytes, limits.items, limits.hashed_items)
        super().__init__(FramedSocket(process.sock), caps, limits.call_depth)
        self._process, self._limits, self.budget = process, limits, budget
        self._kinds = {0: _FUNCTION}
        self._shown: WeakValueDictionary[int, Proxy] = WeakValueDictionary()
        self._watch = Stopwatch(process)
        self._limit = Limit(self._watch, process, limits.threads)
        self._stopping = False
        self.around = Around(limits.output_bytes)
        self.looked_up = LookedUp(self)
        self._folder = folder or Folder("", limits, guarded=True)
        self._written: list[tuple[str, bytes | None]] = []  # by the guest, during a request
        self.lost: str | None = None
        self.orphaned = self.overran = False
        self.spent = self.slowest = 0.0
        self.requests = 0

    # Requests

    def request(self, op: str, *args: Any) -> Any:
        """Ask for something that runs student code, within the limits of a call.

        Raises what student code raised, as its nearest built-in kin; Overran; Gone.
        """
        return self._within(self._limits.call_seconds, op, *args)[0]

    def run(self, source: str, quiet: bool = False, number: int | None = None) -> Any:
        """Run a cell in the guest: (whether it raised nothing, its outputs), as the guest says."""
        return self._within(self._limits.cell_seconds, "run", source, quiet, number)[0]

    def call(
        self, target: Proxy, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = ""
    ) -> Any:
        """Call an object, or its method; arguments changed in place are changed here too."""
        seconds = self._limits.call_seconds
        if method:
            answer, changed = self._within(seconds, "method", target, method, args, kwargs)
        else:
            answer, changed = self._within(seconds, "call", target, args, kwargs)
        for key, value in changes(changed, 2):
            if type(key) is int and 0 <= key < len(args):
                copy_back(args[key], value)
            elif type(key) is str and key in kwargs:
                copy_back(kwargs[key], value)
        return answer

    def steps(
        self,
        target: Proxy,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
    ) -> list[Any]:
        """Take several steps, see `Proxy.__steps__`; as `call` otherwise."""
        return self._stepped("steps", target, steps, made_with)[0]

    def measured(
        self,
        target: Proxy,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
        under: int,
    ) -> tuple[list[Any], int]:
        """As `steps`; and the most bytes that were in use at a time, more than before.

        The guest traces itself, which gives the number that it would give at home. It could lie, so
        it is also held against what the kernel counted, give or take `_UNTRACED`.
        """
        before, most_before = self._process.memory()
        answers, traced = self._stepped("measured", target, steps, made_with)
        traced = traced if type(traced) is int else 0
        bound = before + under + _UNTRACED
        if traced > under or not before:
            return answers, traced
        if most_before > bound:  # it had more than that already: the kernel's peak says nothing
            with self._process.memory_limited(bound):
                again = self._stepped("steps", target, steps, made_with)[0]
            failed = any(isinstance(one, MemoryError) for one in again)
            return answers, under + _UNTRACED if failed else traced
        most = self._process.memory()[1]
        return answers, traced if most <= bound else most - before

    def _stepped(
        self,
        op: str,
        target: Proxy,
        steps: Sequence[tuple[int, str, tuple[Any, ...]]],
        made_with: Sequence[Any],
    ) -> tuple[list[Any], Any]:
        seconds = self._limits.call_seconds
        found, changed = self._within(seconds, op, target, packed(steps), tuple(made_with))
        more = None
        if type(found) is tuple and len(found) == 3:
            *found, more = found
            found = tuple(found)
        raised, answers = found if type(found) is tuple and len(found) == 2 else (b"", [])
        if (type(raised), type(answers)) != (bytes, list) or not (
            len(raised) == len(answers) == len(steps)
        ):
            raise TypeError("as many answers as calls were expected of student code")
        for step, key, value in changes(changed, 3):
            if type(step) is type(key) is int and 0 <= step < len(steps):
                args = steps[step][2]
                if 0 <= key < len(args):
                    copy_back(args[key], value)
        pairs = zip(raised, answers, strict=True)
        return [self._raised(one) if bad else one for bad, one in pairs], more

    def _within(self, seconds: float, op: str, *args: Any) -> tuple[Any, Any]:
        if self.lost is not None:
            raise Gone(self.lost)
        if self.overran and op != "run":
            raise Overran("is not called again, since it took too long before")
        if self.budget.left <= 0:
            raise Overran("was not called: the time for this submission is over")
        self.requests += 1
        outermost, outer = self._depth == 0, self._limit
        if outermost:
            self._watch.start()
        already = 0.0 if outermost else self._watch.spent()
        limit = Limit(self._watch, self._process, self._limits.threads)
        limit.seconds = already + min(seconds, self.budget.left)
        limit.told = f"took longer than {seconds:.3g} s"
        if self.budget.left < seconds:
            limit.told = "took longer than what was left of the time for this submission"
        self._limit = limit
        try:
            news = self.around.news()
            if news is not None:
                self.ask("arrange", *news, clock=limit)
            if self._folder.watch.changed:
                for name, content in self._folder.changes():
                    self.ask("file", name, content, clock=limit)
            try:
                return self.ask(op, *args, clock=limit)
            finally:
                if self._written or self.around.said:
                    self._settled()
        except Closed:
            raise Gone(self._end("")) from None
        except TooManyThreads:
            why = "it started more threads than are allowed (c.Judge.threads)"
            raise Gone(self._end(why)) from None
        except WireError as error:
            raise Gone(self._end(f"it answered with something unreadable ({error})")) from None
        finally:
            self._limit = outer
            if outermost:
                self.spent = self._watch.spent()
                self.budget.charge(self.spent)
                if op != "run":
                    self.slowest = max(self.slowest, self.spent)

    def answer(self, number: int, clock: Clock | None) -> tuple[Any, Any]:
        limit = self._limit
        try:
            return super().answer(number, clock)
        except Late:
            pass
        outer, self._stopping = self._stopping, True
        self.overran = True
        late = Overran(f"{limit.told} and was stopped")
        limit.seconds = self._watch.spent() + self._limits.grace_seconds
        try:
            self._process.interrupt()
            late.partial = super().answer(number, limit)[0]
        except Late:
            why = f"it {limit.told} and did not let itself be stopped"
            raise Gone(self._end(why)) from None
        except Overran:  # it came, and names an object of a kind that is not asked about any more
            pass
        except (WireError, OSError):
            raise Gone(self._end("")) from None
        except Exception:  # noqa: S110  the interrupt itself, or what came of it
            pass
        finally:
            self._stopping = outer
        raise late

    def _end(self, why: str) -> str:
        """End the jail; one sentence about how it ended."""
        if self.lost is None:
            self.lost = why or "it ended"
            self._watch.stop()
            code = self._process.end()
            if not why:
                self.lost = ending(code)
                self.orphaned = code is None
        return self.lost

    def lower_priority(self) -> None:
        """Let others go first from now on."""
        self._process.lower_priority()

    def close(self, why: str = "grading was over") -> None:
        """End the guest."""
        if self.lost is None:
            self.lost = why
            self._process.close()

    def serve(self, op: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        """Answer student code: it may call the functions that a check handed to it."""
        self._watch.pause()
        try:
            self._settled()
            return self._called(op, args)
        finally:
            self._watch.resume()  # what the check's own function took is not the student's time

    def _called(self, op: str, args: tuple[Any, ...]) -> tuple[Any, Any]:
        if self._stopping:
            raise TimeoutError("time is up")
        if op == "about" and len(args) == 1 and isinstance(args[0], types.FunctionType):
            return (str(args[0].__name__), str(args[0].__doc__ or "") or None), None
        if op != "call" or len(args) != 3 or type(args[2]) is not dict:
            raise TypeError("student code may only call what a check handed to it")
        target, positional, named = args
        if isinstance(target, Proxy) or not callable(target) or type(positional) is not tuple:
            raise TypeError("student code may only call what a check handed to it")
        if not all(type(key) is str for key in named):
            raise TypeError("keywords must be strings")
        return target(*positional, **named), None

    def told(self, what: Any) -> None:
        if type(what) is tuple and len(what) == 2:
            name, content = what
            if type(name) is not str or type(content) not in (bytes, type(None)):
                raise WireError("a message of an unknown form")
            if len(self._written) < self._limits.scratch_files:
                self._written.append((name, content))
        elif what == REBOUND:
            self.looked_up.forget()
        else:
            self.around.hear(what)

    def _settled(self) -> None:
        """What student code wrote and said during a request is here from now on."""
        if self._written:
            written, self._written = self._written, []
            for name, content in written:
                with contextlib.suppress(OSError):  # such a name has no place here
                    self._folder.take(name, content)
        if self.around.said:
            self.around.repeat()

    # Objects

    def kind_of(self, value: Any) -> int:
        if not callable(value) or isinstance(value, type):
            raise TypeError(
                "a check can hand numbers, text, dates, containers, arrays, tables and functions "
                f"to student code, but not {named(value)} "
                '(c.Judge.checks = "inside" runs the check in its process)'
            )
        return 0

    def native(self, value: Any) -> Ref | None:
        found = value if isinstance(value, Proxy) else behind(value)
        if found is None:
            return None
        remote = remote_of(found)
        if remote.owner is not self:
            raise TypeError("an object of a process that has ended")
        return Ref(False, remote.number, remote.kind)

    def foreign(self, number: int, kind: int) -> Any:
        shown = self._shown.get(number)
        if shown is not None:
            remote_of(shown).count += 1
            kind = remote_of(shown).kind
        else:
            shown = self._shown[number] = self.kind(kind).shown(Remote(self, number, kind))
        raised = self.kind(kind & ~OF_A_CLASS).raised
        if raised is None:
            return shown
        return stands_for_class(raised, shown) if kind & OF_A_CLASS else stands_for(raised, shown)

    def kind(self, number: int) -> Kind:
        """What is known of a kind of objects; asked for when the kind is first met."""
        if number & OF_A_CLASS:
            return _CLASS
        if number not in self._kinds:
            if len(self._kinds) >= _MOST_KINDS:
                raise WireError("too many kinds of objects")
            said = self._within(self._limits.call_seconds, "describe", number)[0]
            self._kinds[number] = proxy_class(said)
        return self._kinds[number]

    def title(self, number: int) -> str | None:
        """The `__name__` of an object that was looked up."""
        return self.looked_up.titles.get(number)

    def _raised(self, what: Any) -> BaseException:
        """The exception that a jail describes as (name, message, where)."""
        if type(what) is tuple and len(what) == 3 and type(what[0]) is type(what[1]) is str:
            return self.raised(*what)
        return RuntimeError("an answer that cannot be read")

    def raised(self, name: str, message: str, where: Any, error: Any = None) -> BaseException:
        if not isinstance(error, Exception):
            error = wire_types.unpack_exception(name, message)
        if type(where) is tuple and [type(part) for part in where] == [int, str]:
            return raised_in_cell(error, *where)
        return error
