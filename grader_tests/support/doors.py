"""The pages that a newcomer follows word for word, as something that can be run.

On a page, a fence marked `bash` is commands, a line each, typed in order in one terminal. A fence
marked `text` after it holds lines of what they print, in their order; `…` stands for what varies.
Fences with another mark are files. A command ends with status 0 unless a comment behind it says
`# exit status 1`. `jupyter lab` is started, asked for its page and stopped.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import textwrap
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<mark>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
_STATUS = re.compile(r"#.*\bexit status (\d+)")
_ANSWERS_WITHIN = 180  # seconds


@dataclass(frozen=True)
class Fence:
    """A fenced block of a page. mark: what stands behind its opening."""

    mark: str
    text: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


def fences(page: Path) -> list[Fence]:
    text = page.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(_FENCE.findall(text)), f"{page.name}: an odd fence"
    return [
        Fence(found["mark"].strip(), textwrap.dedent(found["text"]))
        for found in _FENCE.finditer(text)
    ]


def commands(page: Path) -> list[str]:
    """Every command on a page."""
    return [line for fence in fences(page) if fence.mark == "bash" for line in fence.lines]


class Terminal:
    """A shell that is typed into: folder, variables and environment stay from line to line."""

    def __init__(self, folder: Path, env: Mapping[str, str], port: int) -> None:
        self._port = port
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        with self._shell:  # its pipes are closed, and it is waited for
            os.killpg(self._shell.pid, signal.SIGKILL)  # and what it has started

    def type(self, command: str) -> str:
        """Run a line; what it printed. It has to end with the status that its comment says."""
        if command.startswith("jupyter lab"):
            return self._serve(command)
        found = _STATUS.search(command)
        status, said = self._run(command)
        assert status == (int(found[1]) if found else 0), f"$ {command}\n{said}[{status}]"
        return said

    def _run(self, command: str) -> tuple[int, str]:
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        end = f"end-{uuid.uuid4().hex}"
        # Nothing a command reads comes from here.
        self._shell.stdin.write(f"{{ {command}\n}} </dev/null; END=$?; echo; echo {end} $END\n")
        self._shell.stdin.flush()
        said: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(end):
                return int(line.split()[1]), "".join(said)
            said.append(line)
        raise AssertionError(f"$ {command}\nthe shell ended:\n{''.join(said)}")

    def _serve(self, command: str) -> str:
        status, said = self._run(f"{command} >lab.log 2>&1 & LAB=$!")
        assert status == 0, said
        try:
            self._wait(f"http://127.0.0.1:{self._port}/api/status")
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/lab", timeout=60) as page:
                assert "JupyterLab" in page.read().decode()
        except Exception as error:
            error.add_note(self._run("cat lab.log")[1])
            raise
        finally:
            self._run("kill $LAB; wait $LAB")
        return self._run("cat lab.log; rm lab.log")[1]

    def _wait(self, address: str) -> None:
        until = time.monotonic() + _ANSWERS_WITHIN
        while True:
            try:
                with urllib.request.urlopen(address, timeout=10):
                    return
            except OSError:
                if time.monotonic() > until or self._run("kill -0 $LAB")[0]:
                    raise
                time.sleep(0.5)


Before = Mapping[str, Callable[[], None]]
"""What others do meanwhile, by the command before which they have done it (how it begins)."""


def follow(page: Path, terminal: Terminal, before: Before) -> Iterator[str]:
    """Type every command of a page, and hold what it prints against the page; yields commands."""
    open_ends = dict(before)
    said = ""
    last = ""
    for fence in fences(page):
        if fence.mark == "bash":
            said = ""
            for command in fence.lines:
                for start in [start for start in open_ends if command.startswith(start)]:
                    open_ends.pop(start)()
                said += terminal.type(command)
                last = command
                yield command
        elif fence.mark == "text":
            missing = not_said(fence.lines, said)
            assert missing is None, f"$ {last}\n{said}\nThe page has: {missing}"
    assert not open_ends, f"{page.name} has no command {sorted(open_ends)[0]} any more"


def not_said(lines: list[str], said: str) -> str | None:
    """The first of the lines that does not come, in this order; spaces count once."""
    rest = iter(" ".join(line.split()) for line in said.splitlines())
    for line in lines:
        parts = [re.escape(" ".join(part.split())) for part in line.split("…")]
        pattern = re.compile(r"\s*" + r".*".join(parts) + r"\s*")
        if not any(pattern.fullmatch(one) for one in rest):
            return line
    return None
