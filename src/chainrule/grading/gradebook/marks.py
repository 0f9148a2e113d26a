"""The mark beside graded work: what it was graded with, so that the next run knows what changed."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from traitlets.config import Config

from chainrule.grading.judge.judge import Submission
from chainrule.grading.judge.master import Master
from chainrule.grading.limits import Limits
from chainrule.notebook.atomic_file import put

__all__ = ["MARK", "Mark", "late_policy", "mark_of", "unfinished", "versions"]

MARK = ".chainrule.json"
_PACKAGES = ("chainrule", "numpy")


@dataclass(frozen=True)
class Mark:
    """What is noted of a graded submission.

    graded: the hash of all that its points depend on (see `mark_of`). versions: of the programs it
    was graded with. unlisted: its student was in no class list then.
    """

    graded: str
    versions: Mapping[str, str] = field(default_factory=dict)
    unlisted: bool = False

    @classmethod
    def read(cls, folder: Path) -> Mark | None:
        """The mark in a folder of autograded/, if there is one."""
        try:
            found = json.loads((folder / MARK).read_text())
            return cls(
                str(found["graded"]),
                {str(name): str(one) for name, one in found.get("versions", {}).items()},
                bool(found.get("unlisted", False)),
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def as_bytes(self) -> bytes:
        """The mark as its file has it."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps(told).encode()

    def older(self) -> str:
        """The programs it was graded with that have another version now, or nothing."""
        now = versions()
        return ", ".join(
            f"{name} {one}" for name, one in self.versions.items() if now.get(name, one) != one
        )


def unfinished(folder: Path, unlisted: bool, mode: int = 0o644) -> None:
    """Have the work in a folder graded again. Who is in no class list is so after a kill, too: the
    gradebook may have a row of them by then, and nothing else would tell."""
    if unlisted:
        put(folder / MARK, Mark("", {}, unlisted=True).as_bytes(), mode)
    else:
        (folder / MARK).unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """The programs on which a grade may depend, by name."""
    found = {name: metadata.version(name) for name in _PACKAGES}
    return found | {"Python": platform.python_version()}


def mark_of(
    masters: list[Master],
    notebooks: Mapping[str, Submission],
    files: Mapping[str, bytes],
    limits: Limits,
    late: str,
) -> str:
    """A hash of all that the points of a submission depend on, versions of programs apart.

    files: all that was handed in besides the notebooks; late: what decides about a late penalty.
    """
    found = hashlib.sha256(f"{_set(limits)!r}\0{late}\0".encode())
    for master in masters:
        one = notebooks[master.name]
        content = f"-{one.problem}".encode() if one.notebook is None else one.notebook
        found.update(master.fingerprint.encode())
        found.update(hashlib.sha256(content).digest())
    for name, content in sorted(files.items()):
        found.update(os.fsencode(name) + b"\0" + hashlib.sha256(content).digest())
    return found.hexdigest()


def late_policy(config: Config, plugin: Any) -> str:
    """What the course takes off for being late: the plugin, its code, and its settings."""
    kind = type(plugin)
    names = ["AssignLatePenalties", *(one.__name__ for one in kind.__mro__)]
    settings = {name: config[name] for name in names if name in config}
    try:
        code = Path(inspect.getfile(kind)).read_bytes()
    except (OSError, TypeError):  # it was made in the settings themselves
        code = b""
    told = f"{kind.__module__}.{kind.__qualname__} {settings!r} ".encode()
    return hashlib.sha256(told + code).hexdigest()


def _set(limits: Limits) -> dict[str, Any]:
    """The limits that are not as they are by default: a later version may have other defaults."""
    usual = Limits()
    return {
        name: value for name, value in limits.as_dict().items() if value != getattr(usual, name)
    }
