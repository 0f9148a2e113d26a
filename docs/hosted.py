"""Notebooks on other people's machines: Binder, and Colab.

Binder builds the checkout (.binder/). Colab has no chainrule, so it opens copies whose first code
cell installs the wheel of this version from the release's address; `python docs/hosted.py FOLDER`
writes them, and publish.yml keeps them on the branch `colab`.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import chainrule

ROOT = Path(__file__).resolve().parents[1]
NAME = "chainrule/chainrule"  # the repository, as pyproject.toml has it
BRANCH = "colab"
WHEEL = (
    f"https://github.com/{NAME}/releases/download/v{chainrule.__version__}/"
    f"chainrule-{chainrule.__version__}-py3-none-any.whl"
)


def in_colab(path: str) -> str:
    return f"https://colab.research.google.com/github/{NAME}/blob/{BRANCH}/{path}"


def in_binder(path: str) -> str:
    return f"https://mybinder.org/v2/gh/{NAME}/HEAD?urlpath={quote('lab/tree/' + path, safe='')}"


# What a link says, and the address of a notebook by its path below the checkout.
HOSTS = {"Colab": in_colab, "Binder": in_binder}

_PAGE = """# In Colab or Binder

Every lecture without its outputs, and every problem set, on a machine that somebody else keeps.

| | Lecture | Problem set |
|:--|:--|:--|
{rows}

**Colab** wants a Google account. The first cell of each notebook there installs this package from
its release. *File → Save a copy in Drive* keeps your work.

**Binder** wants no account, takes some minutes to start, and forgets your work when you leave:
download the notebook before you do.

Both open what is published on GitHub, and the links to Colab lead nowhere before the first release.
Nobody has followed them for this course yet; the files behind them are checked by tests.
On a machine of your own, see [For students](student.md) and [For self-learners](self-learner.md).
"""


def notebooks() -> dict[str, str]:
    """What a reader opens, by path below the checkout -> title, in the order of the course."""
    lectures = sorted(ROOT.glob("release/lectures/*.ipynb"))
    sets = sorted(ROOT.glob("release/ps*/*.ipynb"))
    return {path.relative_to(ROOT).as_posix(): _title(path) for path in (*lectures, *sets)}


def _title(path: Path) -> str:
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].removeprefix("# ")


def links(path: str) -> str:
    """One notebook's links, in Markdown."""
    return " · ".join(f"[{host}]({address(path)})" for host, address in HOSTS.items())


def page() -> str:
    """The page of all of them, in Markdown."""
    found = notebooks()
    lectures = [path for path in found if path.startswith("release/lectures/")]
    sets = [path for path in found if path not in lectures]
    rows = [
        f"| {number}. {found[one].split(': ', 1)[1]} | {links(one)} | {links(other)} |"
        for number, (one, other) in enumerate(zip(lectures, sets, strict=True), start=1)
    ]
    return _PAGE.format(rows="\n".join(rows))


def write(source: Path) -> None:
    """The page, and a line of links under the title of each lecture of the site's sources."""
    (source / "hosted.md").write_text(page(), encoding="utf-8")
    for lecture in sorted(source.glob("course/*.ipynb")):
        notebook = json.loads(lecture.read_text(encoding="utf-8"))
        line = links(f"release/lectures/{lecture.name}")
        title, *rest = "".join(notebook["cells"][0]["source"]).split("\n")
        # What else opens it has its own line there already, and goes first.
        at = next((i for i, text in enumerate(rest) if text.startswith("<a class=")), 0)
        rest[at : at + 1] = [*rest[at : at + 1], "", f"*Without the outputs, in* {line}", ""]
        notebook["cells"][0]["source"] = "\n".join([title, *rest])
        lecture.write_text(json.dumps(notebook), encoding="utf-8")


def for_colab(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy whose first code cell installs the package."""
    made = copy.deepcopy(notebook)
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "colab-install",
        "metadata": {},
        "outputs": [],
        "source": f"# Colab has no chainrule: this brings it, from its release.\n"
        f"%pip install --quiet {WHEEL}",
    }
    made["cells"].insert(1, cell)
    return made


def colab_copies() -> Iterator[tuple[str, str]]:
    """(path, text) of every notebook for Colab."""
    for path in notebooks():
        notebook = json.loads((ROOT / path).read_text(encoding="utf-8"))
        yield path, json.dumps(for_colab(notebook), indent=1, ensure_ascii=False) + "\n"


def main(folder: Path) -> None:
    for path, text in colab_copies():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    print(f"{len(notebooks())} notebooks for Colab in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
