"""The browser edition: JupyterLite in the folder `lite/` of the site, with Python and the course.

`jupyter lite build` puts JupyterLite's own files there. What is ours comes on top:

- Pyodide and the wheels, this course's among them, and a lock file that names no others, so that
  a notebook starts with the package and nothing is looked up in an index;
- the lectures without their outputs, and the problem sets;
- docs/browser/: the page around a notebook, the service worker, settings;
- `files.json`: every file with its size, which that page downloads for when there is no network,
  and the version, which is a digest of them all.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pyodide_files
from pyodide_files import sha256

import chainrule

DOCS = Path(__file__).resolve().parent
OURS = DOCS / "browser"

KERNEL = "@jupyterlite/pyodide-kernel-extension"
# What the kernel loads before it starts. `wheels()` finds what these depend on.
OF_THE_KERNEL = ("ssl", "sqlite3", "micropip", "piplite", "ipykernel", "comm", "pyodide_kernel")
PRELOADED = (*OF_THE_KERNEL, "ipython", "numpy", "matplotlib", "chainrule")

DISABLED = (
    # The line "last checkpoint" fails where there is no checkpoint yet.
    "@jupyter-notebook/notebook-extension:checkpoints",
    # Whether outputs are trusted: what a reader runs is shown, and nothing else is to be decided.
    "@jupyter-notebook/notebook-extension:trusted",
)

# What JupyterLite brings along that no notebook asks for.
NOT_NEEDED = (
    "doc",
    "icon-*.png",
    "manifest.webmanifest",
    # Older forms of a font that every browser takes as woff2.
    *(f"build/fa-*.{form}" for form in ("eot", "svg", "ttf", "woff")),
)


class Notebook(dict[str, str]):
    """One that can be opened: `path` in the edition, `name`, `title`, `kind`."""


def notebooks(release: Path) -> list[Notebook]:
    """All lectures, then all problem sets, in their order, as release/ has them."""
    found = []
    for kind, pattern in (("lecture", "lectures/*.ipynb"), ("set", "ps*/*.ipynb")):
        for path in sorted(release.glob(pattern)):
            first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
            title = "".join(first).splitlines()[0].lstrip("# ")
            where = path.relative_to(release).as_posix()
            found.append(Notebook(path=where, name=path.stem, title=title, kind=kind))
    return found


def build(site: Path, flavour: str = "local", answers: bool = False) -> Path:
    """Make `site`/lite; returns it.

    flavour: "local", with everything in it, or "cdn": Pyodide and its wheels are then taken from
    Pyodide's own address by whoever opens a notebook, which needs a network.
    answers: with the worked answers, for self-learners.

    Raises pyodide_files.Unavailable if the flavour is "local" and the files cannot be had.
    """
    pyodide = pyodide_files.get() if flavour == "local" else None
    lite = site / "lite"
    shutil.rmtree(lite, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        release = DOCS.parent / "release"
        _jupyterlite(lite, Path(scratch), release)
        _python(lite / "pyodide", _our_wheels(Path(scratch), answers), pyodide)
        _pages(lite, notebooks(release), flavour)
        _list_files(lite)
    return lite


def _jupyterlite(lite: Path, scratch: Path, release: Path) -> None:
    contents = scratch / "contents"
    contents.mkdir()
    for book in notebooks(release):
        (contents / book["path"]).parent.mkdir(exist_ok=True)
        shutil.copy(release / book["path"], contents / book["path"])
    extension = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / KERNEL
    settings: dict[str, Any] = {
        "LiteBuildConfig": {
            "apps": ["notebooks"],
            "contents": [str(contents)],
            "federated_extensions": [str(extension)],
            "ignore_sys_prefix": ["federated_extensions"],
            "no_sourcemaps": True,
            "output_dir": str(lite),
        }
    }
    (scratch / "jupyter_lite_config.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(scratch)]
    # nbgrader's and other programs' settings have nothing to say here.
    environment = os.environ | {"JUPYTER_NO_CONFIG": "1", "JUPYTER_CONFIG_DIR": str(scratch)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=scratch, env=environment, check=False
    )
    if done.returncode:
        sys.exit(f"JupyterLite could not be built:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    for pattern in NOT_NEEDED:
        for path in lite.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    # The kernel finds these in pyodide/; an empty index has them looked for nowhere else.
    for path in (lite / "extensions" / KERNEL / "static" / "pypi").iterdir():
        path.write_text("{}") if path.suffix == ".json" else path.unlink()
    # When a file was copied says nothing; without it, the same course has the same version.
    for path in lite.glob("api/contents/**/all.json"):
        text = re.sub(r'"\d{4}-\d\d-\d\dT[^"]*Z"', '"2026-01-01T00:00:00Z"', path.read_text())
        path.write_text(text)


def _our_wheels(scratch: Path, answers: bool) -> list[Path]:
    """The course's own wheel, and what the kernel needs and Pyodide does not have."""
    made = scratch / "wheels"
    made.mkdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=DOCS.parent, check=False)
    if done.returncode:
        sys.exit(f"the package could not be built:\n{done.stderr}")
    if answers:
        with zipfile.ZipFile(next(made.glob("chainrule-*.whl")), "a") as wheel:
            for path in sorted((DOCS.parent / "answers").glob("*.md")):
                wheel.writestr(_entry(f"chainrule/answers/{path.name}"), path.read_bytes())
    _pack("comm", made)
    static = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / KERNEL / "static"
    for name in ("ipykernel", "piplite", "pyodide_kernel"):
        shutil.copy(next(static.glob(f"pypi/{name}-*.whl")), made)
    return sorted(made.glob("*.whl"))


def _pack(name: str, folder: Path) -> None:
    """A wheel of a package in plain Python, out of what is installed here."""
    installed = distribution(name)
    with zipfile.ZipFile(folder / f"{name}-{installed.version}-py3-none-any.whl", "w") as wheel:
        for path in installed.files or ():
            kept = path.suffix == ".py" or path.name in ("METADATA", "WHEEL", "RECORD", "LICENSE")
            if kept and ".." not in path.parts:
                wheel.writestr(_entry(str(path)), Path(str(path.locate())).read_bytes())


def _entry(name: str) -> zipfile.ZipInfo:
    """A file in a wheel, of a time that is always the same."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _python(folder: Path, ours: list[Path], pyodide: Path | None) -> None:
    """Pyodide, the wheels, and a lock file that names these and no others.

    Without `pyodide` the lock file is as good as empty but for ours; docs/browser/notebook.js puts
    it together with the one at Pyodide's own address.
    """
    folder.mkdir()
    rows: dict[str, Any] = {}
    lock: dict[str, Any] = {}
    if pyodide is not None:
        lock = pyodide_files.lock(pyodide)
        rows = pyodide_files.wheels(lock)
        for name in (*pyodide_files.CORE, *(row["file_name"] for row in rows.values())):
            if name not in ("pyodide.mjs", "package.json"):  # those are for Node
                shutil.copy(pyodide / name, folder / name)
    depends = {"chainrule": ["numpy", "matplotlib"], "pyodide_kernel": ["ipython", "comm"]}
    for wheel in ours:
        name, version = wheel.name.split("-")[:2]
        shutil.copy(wheel, folder / wheel.name)
        rows[name.replace("_", "-")] = {
            "name": name,
            "version": version,
            "file_name": wheel.name,
            "install_dir": "site",
            "sha256": sha256(wheel.read_bytes()),
            "package_type": "package",
            "imports": [name],
            "depends": depends.get(name, []),
            "unvendored_tests": False,
        }
    text = json.dumps({"info": lock.get("info", {}), "packages": rows}, indent=1)
    (folder / pyodide_files.LOCK).write_text(text, encoding="utf-8")


def _pages(lite: Path, books: list[Notebook], flavour: str) -> None:
    for path in OURS.iterdir():
        if path.name != "overrides.json":
            shutil.copy(path, lite)
    shutil.copy(DOCS / "_static" / "favicon.svg", lite)  # where it is kept for later, too
    page = lite / "notebooks" / "index.html"
    before = "await import("
    text = page.read_text(encoding="utf-8")
    if before not in text:
        sys.exit("JupyterLite's page of a notebook is not as it was: see docs/browser_edition.py")
    # Ours runs after JupyterLite has read its settings, and before the application does.
    ours = "const { adjust } = await import('../notebook.js');"
    text = re.sub(r"(await import\(\s*'[^']+'\s*\);)", rf"{ours} \1 adjust();", text)
    text = re.sub(r'<link rel="manifest"[^>]*>', "", text)
    text = text.replace("</head>", '<link rel="stylesheet" href="../notebook.css"></head>')
    page.write_text(text, encoding="utf-8")

    config_path = lite / "jupyter-lite.json"
    config = json.loads(config_path.read_text(encoding="utf-8"))
    local = flavour == "local"
    # Python looks for no module in the notebook's folder: each look would be a request.
    options: dict[str, Any] = {"packages": list(PRELOADED), "env": {"PYTHONSAFEPATH": "1"}}
    kernel: dict[str, Any] = {
        "pyodideUrl": "./pyodide/pyodide.js" if local else pyodide_files.CDN + "pyodide.js",
        "disablePyPIFallback": True,
        "loadPyodideOptions": options,
    }
    config["jupyter-config-data"] |= {
        "appName": "Chainrule",
        "appUrl": "./notebooks",
        "exposeAppInBrowser": True,
        "faviconUrl": "./static/favicons/favicon.ico",
        "litePluginSettings": {f"{KERNEL}:kernel": kernel},
        "disabledExtensions": list(DISABLED),
        "settingsOverrides": json.loads((OURS / "overrides.json").read_text(encoding="utf-8")),
    }
    config_path.write_text(json.dumps(config, indent=1), encoding="utf-8")
    jupyterlite = config["jupyter-config-data"]["appVersion"]
    about = {
        "jupyterlite": jupyterlite,
        "notebooks": books,
        "flavour": flavour,
        "package": chainrule.__version__,
    }
    (lite / "course.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _list_files(lite: Path) -> None:
    """files.json: the version, and all that the edition needs when there is no network."""
    files = {
        path.relative_to(lite).as_posix(): path
        for path in sorted(lite.rglob("*"))
        if path.is_file() and path.name not in ("files.json", "service-worker.js")
    }
    rows = [
        {"path": name, "size": path.stat().st_size, "hash": sha256(path.read_bytes())[:16]}
        for name, path in files.items()
    ]
    worker = sha256((lite / "service-worker.js").read_bytes())
    version = hashlib.sha256(json.dumps([rows, worker]).encode()).hexdigest()[:8]
    text = json.dumps({"version": version, "files": rows}, separators=(",", ":"))
    (lite / "files.json").write_text(text, encoding="utf-8")
