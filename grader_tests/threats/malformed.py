"""What is no notebook, or an odd one, or lies oddly in its folder."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader_tests.threats.course import ASSIGNMENT
from grader_tests.threats.row import files, raw

_FORMATS = "nbformat 2/3/4.0-4.5/5"
_PLACE = "a folder or symlink or FIFO in a file's place"
_NAMES = "brackets and `..` in names"
_FILE = f"{ASSIGNMENT}.ipynb"


def _edited(edit: Callable[[dict[str, Any]], Any]) -> Callable[[bytes], bytes]:
    """An edit of a notebook, as one of its bytes."""

    def content(whole: bytes) -> bytes:
        notebook: dict[str, Any] = json.loads(whole)
        return json.dumps(edit(notebook) or notebook).encode()

    return content


def _minor(number: int, major: int = 4) -> Callable[[bytes], bytes]:
    def edit(notebook: dict[str, Any]) -> None:
        notebook.update(nbformat=major, nbformat_minor=number)
        if number < 5:
            for one in notebook["cells"]:
                one.pop("id", None)

    return _edited(edit)


def _sheets(major: int) -> Callable[[bytes], bytes]:
    """Formats 2 and 3, which had worksheets."""

    def edit(notebook: dict[str, Any]) -> dict[str, Any]:
        cells = []
        for one in notebook["cells"]:
            made = {"cell_type": one["cell_type"], "metadata": one["metadata"]}
            if one["cell_type"] == "code":
                made |= {"input": one["source"], "outputs": [], "language": "python",
                         "collapsed": False, "prompt_number": 1}  # fmt: skip
            else:
                made["source"] = one["source"]
            cells.append(made)
        sheets = [{"cells": cells, "metadata": {}}]
        return {"nbformat": major, "nbformat_minor": 0, "metadata": {}, "worksheets": sheets}

    return _edited(edit)


def _no_metadata(notebook: dict[str, Any]) -> None:
    for one in notebook["cells"]:
        del one["metadata"]


def _no_names(notebook: dict[str, Any]) -> None:
    for one in notebook["cells"]:
        one["metadata"].pop("nbgrader", None)


def _schema(version: object) -> Callable[[bytes], bytes]:
    def edit(notebook: dict[str, Any]) -> None:
        for one in notebook["cells"]:
            if "nbgrader" in one["metadata"]:
                one["metadata"]["nbgrader"]["schema_version"] = version

    return _edited(edit)


def _same_ids(notebook: dict[str, Any]) -> None:
    for one in notebook["cells"]:
        one["id"] = "same"


def _odd_ids(notebook: dict[str, Any]) -> None:
    for one in notebook["cells"]:
        one["id"] = {"a": "../x"}


def _same_grade_ids(notebook: dict[str, Any]) -> None:
    for one in notebook["cells"]:
        if one["metadata"].get("nbgrader", {}).get("solution"):
            one["metadata"]["nbgrader"]["grade_id"] = "q1_multiply"


def _odd_cells(notebook: dict[str, Any]) -> None:
    notebook["cells"] += [None, 3, [], {}, {"cell_type": 4, "source": {"a": 1}, "metadata": 7}]


def _deep_cells(notebook: dict[str, Any]) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    notebook["cells"][0]["metadata"]["deep"] = deep


def _link(folder: Path, whole: bytes) -> None:
    (folder / _FILE).symlink_to(folder.parents[1] / "000-honest" / ASSIGNMENT / _FILE)


def _linked_file(folder: Path, whole: bytes) -> None:
    (folder / _FILE).write_bytes(whole)
    (folder / "mine.txt").symlink_to(folder.parents[1] / "000-honest" / ASSIGNMENT / "notes.txt")
    (folder / "all").symlink_to(folder.parents[2])


def _pipes(folder: Path, whole: bytes) -> None:
    (folder / _FILE).write_bytes(whole)
    os.mkfifo(folder / "data.csv")


def _linked_folder(folder: Path, whole: bytes) -> None:
    folder.rmdir()
    folder.symlink_to(folder.parents[1] / "000-honest" / ASSIGNMENT)


def _named(*names: str) -> Callable[[Path, bytes], None]:
    """The notebook as it should be called, and files of these names."""

    def lay(folder: Path, whole: bytes) -> None:
        (folder / _FILE).write_bytes(whole)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(whole if name.endswith(".ipynb") else b"x")

    return lay


def _odd_bytes(folder: Path, whole: bytes) -> None:
    (folder / _FILE).write_bytes(whole)
    here = os.fsencode(folder)
    for name in (b"\xff.txt", b"\x1b[2J.txt", b"a\x07\r.txt"):
        Path(os.fsdecode(here + b"/" + name)).write_bytes(b"x")
    os.symlink("/etc/passwd", here + b"/\xfe\x1b[31m.csv")


def _long_names(folder: Path, whole: bytes) -> None:
    (folder / _FILE).write_bytes(whole)
    (folder / ("n" * 255)).write_bytes(b"x")
    deep = folder
    for _ in range(12):
        deep = deep / ("d" * 250)
    deep.mkdir(parents=True)
    (deep / "x").write_bytes(b"x")


def _bomb(folder: Path, whole: bytes) -> None:
    """A zip file of a megabyte that holds a gigabyte, and one that names files outside."""
    (folder / _FILE).write_bytes(whole)
    with zipfile.ZipFile(folder / "work.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
        with bomb.open("big.bin", "w") as big:
            for _ in range(1024):
                big.write(bytes(1 << 20))
        bomb.writestr("../../../left-outside.txt", "x")


THREATS = (
    raw("invalid-json", "invalid JSON", "The file breaks off.", lambda b: b[: len(b) // 2],
        "not valid JSON"),
    raw("nan", "invalid JSON", "The file holds a number of a hundred thousand digits.",
        lambda b: b'{"cells": ' + b"9" * 100_000 + b"}", "notebook"),
    raw("null-bytes", "null bytes", "The file holds null bytes.",
        lambda b: b[:50] + b"\0\0" + b[50:], "null bytes"),
    raw("utf-16", "wrong encoding", "The file is UTF-16.",
        lambda b: b.decode().encode("utf-16"), "UTF-8"),
    raw("latin-1", "wrong encoding", "The file is Latin-1.",
        lambda b: b.replace(b'"nbformat":', b'"caf\xe9": 1, "nbformat":'), "UTF-8"),
    raw("bom", "wrong encoding", "The file begins with a byte order mark.",
        lambda b: b"\xef\xbb\xbf" + b, "", 10),
    raw("surrogates", "wrong encoding", "A cell holds half a character.",
        _edited(lambda n: n["cells"].append(
            {"cell_type": "markdown", "id": "s", "metadata": {}, "source": "\ud800"})), "", 10),
    raw("nbformat-2", _FORMATS, "nbformat 2", _sheets(2), "", 10),
    raw("nbformat-3", _FORMATS, "nbformat 3", _sheets(3), "", 10),
    *(raw(f"nbformat-4-{n}", _FORMATS, f"nbformat 4.{n}", _minor(n), "", 10) for n in range(6)),
    raw("nbformat-4-99", _FORMATS, "nbformat 4.99", _minor(99), "", 10),
    raw("nbformat-5", _FORMATS, "nbformat 5", _minor(0, 5), "", 10),
    raw("nbformat-text", _FORMATS, "nbformat “new”",
        _edited(lambda n: n.update(nbformat="new")), "", 10),
    raw("no-nbformat", "missing metadata", "The file does not say its nbformat.",
        _edited(lambda n: {key: n[key] for key in ("cells", "metadata")}), "", 10),
    raw("no-metadata", "missing metadata", "No cell has metadata.", _edited(_no_metadata),
        "without its metadata", 10, 0),
    raw("no-names", "missing metadata", "No cell has nbgrader's metadata.", _edited(_no_names),
        "without its metadata", 10, 0),
    raw("metadata-list", "missing metadata", "The notebook's metadata is a list.",
        _edited(lambda n: n.update(metadata=[1, 2])), "", 10),
    raw("schema-99", "unknown `schema_version`", "schema_version is 99.", _schema(99), "", 10),
    raw("schema-0", "unknown `schema_version`", "schema_version is 0.", _schema(0), "", 10),
    raw("schema-text", "unknown `schema_version`", "schema_version is a text.", _schema("x"), "",
        10),
    raw("same-ids", "duplicate ids", "All cells have the same id.", _edited(_same_ids), "", 10),
    raw("odd-ids", "duplicate ids", "Ids are no ids.",
        _edited(_odd_ids), "", 10),
    raw("same-grade-ids", "duplicate ids", "All answers have the same grade_id.",
        _edited(_same_grade_ids), "more than once", 10, 0),
    raw("copied-cell", "duplicate ids", "The last cell is there twice.",
        _edited(lambda n: n["cells"].append(n["cells"][-1])), "more than once", 10),
    raw("deep", "deep nesting", "Lists a hundred thousand deep.", lambda b: b"[" * 100_000,
        "nested"),
    raw("deep-objects", "deep nesting", "Objects a hundred thousand deep.",
        lambda b: b'{"a":' * 100_000, "nested"),
    raw("deep-metadata", "deep nesting", "Metadata 300 deep.", _edited(_deep_cells), "", 10),
    raw("png", "not a notebook", "A picture is called a notebook.",
        lambda b: b"\x89PNG\r\n\x1a\n\xff\xfe\0\0", "a picture"),
    raw("a-list", "not a notebook", "The file is a list.", lambda b: b"[]", "not a notebook"),
    raw("a-number", "not a notebook", "The file is a number.", lambda b: b"3", "not a notebook"),
    raw("no-cells", "not a notebook", "The notebook has no cells.", lambda b: b"{}", "no cells"),
    raw("cells-object", "not a notebook", "Its cells are no list.",
        lambda b: b'{"cells": {"a": 1}}', "no cells"),
    raw("odd-cells", "not a notebook", "Among its cells are numbers and lists.",
        _edited(_odd_cells), "", 10),
    raw("empty", "empty file", "An empty file.", lambda b: b"", "empty"),
    raw("blank", "empty file", "A file of blanks.", lambda b: b"  \n ", "empty"),
    files("nothing", "empty file", "An empty folder.", lambda f, b: None, "not handed in"),
    files("folder", _PLACE, "A folder is called as the notebook should be.",
          lambda f, b: (f / _FILE).mkdir(), "not an ordinary file|directory"),
    files("link", _PLACE, "A link to another student's notebook.", _link, "is a link"),
    files("linked-file", _PLACE, "Links to another student's file, and to the course.",
          _linked_file, "is a link", 10),
    files("linked-folder", _PLACE, "The folder itself is a link to another student's.",
          _linked_folder, "is a link"),
    files("fifo", _PLACE, "A pipe that nobody writes to.", lambda f, b: os.mkfifo(f / _FILE),
          "not an ordinary file"),
    files("fifo-file", _PLACE, "A pipe among the files.", _pipes, "not an ordinary file", 10),
    files("renamed", "renamed notebook", "The notebook is called `gates (1).ipynb`.",
          lambda f, b: (f / "gates (1).ipynb").write_bytes(b),
          r"gates \(1\).* graded as", 10),
    files("renamed-case", "renamed notebook", "The notebook is called `Gates.ipynb`.",
          lambda f, b: (f / "Gates.ipynb").write_bytes(b),
          "Gates.* graded as", 10),
    files("extra", "extra notebooks", "Other notebooks lie beside it.",
          _named("gates-copy.ipynb", "more/deep.ipynb", "broken.ipynb"), "gates-copy.*not graded",
          10),
    files("spaces", "spaces", "Names with spaces and line breaks.",
          _named("my data.csv", " ", "a\nb.txt", "my copy.ipynb"), "my copy.*not graded", 10),
    files("brackets", _NAMES, "Names with brackets, stars and format fields.",
          _named("[x]", "*", "{student_id}", "%s", "[red].ipynb", "ünï ☃.txt"),
          "not graded", 10),
    files("dots", _NAMES, "Names that begin with dots, and one that looks like a way out.",
          _named("...", "..\\..\\x", ".chainrule.json", ".hidden/x", "-rf"), "", 10),
    files("bytes", _NAMES, "Names that are no text, and that would move a terminal's cursor.",
          _odd_bytes, "is a link", 10),
    files("long-names", _NAMES, "Names as long as can be, in folders as deep as can be.",
          _long_names, "too long", 10),
    files("own-names", _NAMES, "Names that the grader uses itself.",
          _named(".gates.ipynb.part/x", ".chainrule.json/x", "gates.ipynb.part", "..part"), "", 10),
    files("zip-bomb", "zip bombs at collection",
          "A zip file of a megabyte holds a gigabyte, and names files outside.", _bomb, "", 10),
)  # fmt: skip
