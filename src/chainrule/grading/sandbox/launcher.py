"""The fork server (see `forkserver.py`), seen from the process that wants submissions judged."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox import layers
from chainrule.grading.sandbox.guest_process import LARGEST_PACKET, ForkServerError
from chainrule.grading.sandbox.kernel import LayerStatus

__all__ = ["ForkServer", "doctor", "processors"]

_THREADS = ("OPENBLAS", "OMP", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")
_KEPT = (
    "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TZ", "MPLCONFIGDIR", "TMPDIR",
    "COVERAGE_PROCESS_CONFIG",  # set only while our own tests measure what they reach
)  # fmt: skip
_STARTS_WITHIN = 120.0  # seconds; imports over a slow network disk take long
_TEMPLATE = "chainrule.grading.judge.template:serve"


class ForkServer:
    """The fork server, seen from the process that wants submissions judged.

    It starts at once, with what all notebooks need, and is used once it is `open`.
    rows: every layer of the jail, active or why not.
    """

    def __init__(self, limits: Limits, template: str = _TEMPLATE) -> None:
        """Raises JailUnavailable where there is no forking."""
        if not hasattr(os, "fork"):
            raise layers.JailUnavailable("grading needs Linux (or macOS with --no-jail)")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        start = (
            f"import sys; sys.path[:] = {[entry for entry in sys.path if entry]!r}; "
            "from chainrule.grading.sandbox import forkserver; "
            f"forkserver.serve({theirs.fileno()}, {limits.as_dict()!r}, {template!r})"
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-c", start],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        self.owner = os.getpid()
        self.rows: list[LayerStatus] = []
        self._limits, self._control = limits, ours
        self._control.settimeout(_STARTS_WITHIN)

    def open(self, plots: bool = False) -> None:
        """Wait until it is warm. plots: whether it has matplotlib and the like at hand, see
        `preload.py`.

        Raises ForkServerError when it does not start, JailUnavailable when no jail can be built
        here and `limits.no_jail` does not waive it.
        """
        try:
            self._control.send(b"plots" if plots else b"plain")
            hello = json.loads(self._control.recv(LARGEST_PACKET))
        except (OSError, ValueError):
            self.close()
            error = (self._process.stderr.read() if self._process.stderr else b"").decode()
            why = error.strip().splitlines()[-1:] or ["it said nothing"]
            raise ForkServerError(f"the fork server did not start: {why[0]}") from None
        if self._process.stderr:
            self._process.stderr.close()
        self.rows = [LayerStatus(*row) for row in hello]
        if not self._limits.no_jail:
            try:
                layers.refuse_without(self.rows)
            except layers.JailUnavailable:
                self.close()
                raise

    @property
    def usable(self) -> bool:
        """Whether the fork server still runs, and is this process's own."""
        return self.owner == os.getpid() and self._process.poll() is None

    def template(self) -> socket.socket:
        """A new template, forked from the fork server: the socket it listens on.

        Closing the socket ends it. Raises ForkServerError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise ForkServerError("the fork server is gone") from error
        return ours

    def close(self) -> None:
        """End the fork server, and with it every template, worker and guest."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def processors() -> list[int]:
    """The numbers of the processors this process may use; [-1] where that cannot be told."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [-1]


def doctor(limits: Limits | None = None) -> list[LayerStatus]:
    """Every layer of the jail, and whether it works for this user on this machine."""
    server = ForkServer(replace(limits or Limits(), no_jail=True))
    server.open()
    server.close()
    return server.rows


def _environment() -> dict[str, str]:
    """Nothing of the instructor's but what Python needs to start; it can be read in the jail."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    threads = {f"{name}_NUM_THREADS": "1" for name in _THREADS}
    return {**kept, **threads, "MPLBACKEND": "agg", "PYTHONHASHSEED": "random"}
