"""Landlock: what student code may read and write."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
import sysconfig
from functools import cache
from pathlib import Path

import chainrule
from chainrule.grading.sandbox.kernel import (
    LANDLOCK_CREATE,
    LANDLOCK_RESTRICT,
    LANDLOCK_RULE,
    NoLayer,
    Sandbox,
    system_call,
)

__all__ = ["DEVICES", "readable_paths"]


@cache
def readable_paths(more: tuple[str, ...]) -> list[str]:
    """What student code may read: Python, its packages, this package, the system's libraries.

    Never all of /usr: below /usr/local/share other people's work may lie (nbgrader's exchange).
    """
    site = [p for p in sys.path if p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    package = str(Path(chainrule.__file__).resolve().parent)
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    paths = [*(path for path in prefixes if path not in _SHARED), *site, package]
    paths += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [*_SYSTEM, *more]
    found = dict.fromkeys(path for path in paths if path and os.path.exists(path))
    kept: list[str] = []
    for path in sorted(found, key=lambda p: (len(p), p)):
        if not any(path == other or path.startswith(other + "/") for other in kept):
            kept.append(path)
    return kept


_SHARED = ("/", "/usr", "/usr/local")  # prefixes below which there is more than Python
_SYSTEM = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib",
    "/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig", "/usr/share/zoneinfo",
    "/usr/share/mime", "/usr/share/locale", "/usr/share/i18n", "/etc/fonts", "/etc/localtime",
    "/etc/ld.so.cache", "/etc/mime.types",
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")

_READ, _READ_FOLDER = 1 << 2, 1 << 3
_WRITE = 1 << 1
_BY_VERSION = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # rights each version added


def landlock(sandbox: Sandbox) -> None:
    """Read what Python needs, write the scratch folder, nothing else; no TCP, no signal outside."""
    try:
        version = system_call(LANDLOCK_CREATE, "landlock", None, ctypes.c_size_t(0), 1)
    except OSError as error:
        raise NoLayer(f"the kernel has no Landlock ({error.strerror})") from error
    handled = sum(rights for since, rights in _BY_VERSION.items() if since <= version)
    network = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    attributes = struct.pack("<QQQ", handled, network, scoped)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = system_call(LANDLOCK_CREATE, "landlock", attributes, ctypes.c_size_t(size), 0)
    try:
        for path in readable_paths(sandbox.limits.readable):
            _allow(rules, path, _READ | _READ_FOLDER)
        for path in DEVICES:
            _allow(rules, path, _READ | (_WRITE if path == "/dev/null" else 0))
        if sandbox.scratch:
            devices = 1 << 6 | 1 << 9 | 1 << 11  # no device, no socket
            _allow(rules, sandbox.scratch, handled & ~devices & ~1)
        system_call(LANDLOCK_RESTRICT, "landlock", rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _READ | _WRITE | 1 << 14
        system_call(LANDLOCK_RULE, "landlock", rules, 1, struct.pack("<Qi", rights, place), 0)
    finally:
        os.close(place)
