"""Files that student code and checks write for each other: copies, bounded, none that runs."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chainrule.grading.limits import Limits
from chainrule.grading.remote import files
from chainrule.grading.remote.client import RemoteStudent
from chainrule.grading.remote.files import Folder
from grader_tests.support.guests import a_guest

LIMITS = Limits(call_seconds=20, cell_seconds=20, scratch_bytes=100_000, scratch_files=20)
SOURCE = """
import os
def save(name, content, mode="wb"):
    folder = os.path.dirname(name)
    if folder: os.makedirs(folder, exist_ok=True)
    with open(name, mode) as file: file.write(content)
def read(name):
    with open(name, "rb") as file: return file.read()
def link(name, to): os.symlink(to, name)
def tell(name, content): guest._said((name, content))
import gc
from chainrule.grading.remote.server import Guest
guest = next(one for one in gc.get_objects() if type(one) is Guest)
"""


@contextmanager
def both(root: Path, limits: Limits = LIMITS) -> Iterator[tuple[RemoteStudent, Path]]:
    """A guest, and our folder."""
    ours, theirs = root / "ours", root / "theirs"
    ours.mkdir()
    theirs.mkdir()
    (ours / "data.csv").write_bytes(b"1,2")
    with a_guest(SOURCE, limits, str(theirs), Folder(str(ours), limits, guarded=True)) as guest:
        yield guest, ours


@pytest.fixture(autouse=True)
def unguarded() -> Iterator[None]:
    """The guard is for a process that ends with its submission."""
    yield
    files._watch.guarded = False


def call(guest: RemoteStudent, name: str, *args: object) -> object:
    return guest.request("find", name)[1](*args)


def test_what_one_side_writes_the_other_reads(tmp_path: Path) -> None:
    with both(tmp_path) as (guest, ours):
        call(guest, "save", "out/a.txt", b"theirs")
        assert (ours / "out" / "a.txt").read_bytes() == b"theirs"
        (ours / "in.txt").write_bytes(b"ours")
        assert call(guest, "read", "in.txt") == b"ours"
        call(guest, "save", "in.txt", b", theirs", "ab")
        assert (ours / "in.txt").read_bytes() == b"ours, theirs"
        guest.run("open('cell.txt', 'w').write('x')")
        assert (ours / "cell.txt").read_text() == "x"


@pytest.mark.parametrize(
    "name",
    ["numpy.py", "numpy.PY", "a/x.so", "x.pth", "matplotlibrc", "../up.txt", "/tmp/abs.txt",
     "__pycache__/a.txt", ".hidden", "a//b", "", "a/./b", "a\0b", "data.csv", "x" * 300, "a.zip",
     "/".join("abcdefghijk")],
)  # fmt: skip
def test_what_would_run_or_lead_out_is_not_copied(tmp_path: Path, name: str) -> None:
    with both(tmp_path) as (guest, ours):
        call(guest, "tell", name, b"print('hello')")
        found = sorted(path.relative_to(ours).as_posix() for path in ours.rglob("*"))
        assert found == ["data.csv"]
        assert (ours / "data.csv").read_bytes() == b"1,2"
        assert not (tmp_path / "up.txt").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    with both(tmp_path) as (guest, ours):
        secret = tmp_path / "secret.txt"
        secret.write_text("s")
        call(guest, "link", "a.txt", str(secret))
        call(guest, "save", "b.txt", b"x")
        assert not (ours / "a.txt").exists()
        os.symlink(secret, ours / "c.txt")  # as a check would have to make it
        call(guest, "tell", "c.txt", b"over")
        assert secret.read_text() == "s"


def test_bytes_and_files_are_bounded(tmp_path: Path) -> None:
    with both(tmp_path) as (guest, ours):
        for place in range(50):
            call(guest, "tell", f"f{place}.txt", b"x" * 10_000)
        assert sum(path.stat().st_size for path in ours.iterdir()) <= 100_003
        call(guest, "save", "large.txt", b"x" * 200_000)
        assert not (ours / "large.txt").exists()
    limits = replace(LIMITS, scratch_files=5)
    (tmp_path / "more").mkdir()
    with both(tmp_path / "more", limits) as (guest, ours):
        guest.run("for i in range(100): open(f'n{i}.txt', 'w').write('x')")
        assert len(list(ours.iterdir())) <= 6


def test_nothing_is_unpickled_once_there_is_a_file_of_theirs(tmp_path: Path) -> None:
    with both(tmp_path) as (guest, ours):
        assert pickle.loads(pickle.dumps(Path("a"))) == Path("a")
        guest.run(
            "import pickle\nclass Evil:\n    def __reduce__(self): return os.system, ('true',)\n"
            "pickle.dump(Evil(), open('model.pkl', 'wb'))"
        )
        with pytest.raises(PermissionError, match="checks"), open(ours / "model.pkl", "rb") as file:
            pickle.load(file)


def test_a_message_of_another_form_ends_the_guest(tmp_path: Path) -> None:
    with both(tmp_path) as (guest, _), pytest.raises(RuntimeError, match="unreadable"):
        call(guest, "tell", "a.txt", "text")
