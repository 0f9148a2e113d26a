"""Zip files from a learning-management system, collected by `nbgrader zip_collect`.

One class hands in at once: honest students, and one for every attack there is a name for. Each
archive is built here; the command is nbgrader's own, with the two plugins a new course switches on.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from chainrule.grading.lms.unpack import Room, shown, unpack

PS = "ps1"
NAME = f"{PS}.ipynb"
WORK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
MIB = 1 << 20
NOISE = random.Random(1).randbytes(MIB)


def zipped(
    *members: tuple[str | zipfile.ZipInfo, bytes], pack: int = zipfile.ZIP_DEFLATED
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", pack) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def tarred(*members: tuple[str | tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(file.getvalue())


GOOD = (NAME, WORK)


def of_kind(kind: int, name: str = "evil") -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (kind | 0o644) << 16
    return info


def marked(name: str, attributes: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = attributes
    return info


def tar_kind(kind: bytes, name: str = "evil", target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def patched(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert old in content
    return content.replace(old, new)


def encrypted() -> bytes:
    """The encryption flag set, in both headers, of the member that comes first."""
    content = bytearray(zipped(("evil", b"x"), GOOD))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def lying() -> bytes:
    """20 MiB of noise that both headers call 7 bytes."""
    content = zipped(("evil", NOISE * 20), GOOD, pack=zipfile.ZIP_STORED)
    return content.replace(struct.pack("<I", 20 * MIB) * 2, struct.pack("<II", 20 * MIB, 7))


def overlapping() -> bytes:
    """A thousand names for the same packed megabyte."""
    content = bytearray(zipped(("a000", bytes(MIB))))
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry, tail = bytes(content[start:end]), content[end:]
    directory = entry * 1000
    tail[8:16] = struct.pack("<HHI", 1000, 1000, len(directory))
    return bytes(content[:start]) + directory + bytes(tail)


def tar_with_large_header() -> bytes:
    info = tar_kind(tarfile.XHDTYPE)
    return tarred((info, b"1" * (1 << 20)), GOOD)


def truncated() -> bytes:
    return zipped(GOOD, ("noise", NOISE))[: MIB // 2]


def packable(mib: int) -> bytes:
    """Some MiB that pack well, and not so well that it is suspicious."""
    return b"".join(NOISE[n : n + 1024] * 32 for n in range(0, mib * MIB // 32, 1024))


@dataclass(frozen=True)
class Attack:
    """One student's upload. kept: whether their notebook is collected all the same."""

    content: bytes | Callable[[], bytes]
    says: str
    kept: bool = True
    suffix: str = ".zip"

    @property
    def upload(self) -> bytes:
        return self.content() if callable(self.content) else self.content


ATTACKS = {
    "dotdot": Attack(zipped(("../../../evil", b"x"), GOOD), 'leads out of its folder with ".."'),
    "dotdotinside": Attack(zipped(("a/../../evil", b"x"), GOOD), 'with ".."'),
    "absolute": Attack(zipped(("/tmp/chainrule-evil", b"x"), GOOD), "has an absolute path"),
    "backslash": Attack(zipped(("..\\evil", b"x"), GOOD), "has a backslash"),
    "drive": Attack(zipped(("C:evil", b"x"), GOOD), "has a drive letter"),
    "control": Attack(zipped(("ev\x1b[2Jil", b"x"), GOOD), "has a control character"),
    "bidi": Attack(zipped(("ev\u202elinpyi.il", b"x"), GOOD), "has a control character"),
    "null": Attack(
        lambda: patched(zipped(("evil#.py", b"x"), GOOD), b"evil#", b"evil\0"),
        "has a control character",
    ),
    "long": Attack(zipped(("x" * 201, b"x"), GOOD), "has too long a name"),
    "longpath": Attack(zipped(("/".join(["y" * 100] * 9), b"x"), GOOD), "has too long a name"),
    "deep": Attack(zipped(("d/" * 11 + "evil", b"x"), GOOD), "lies too deep"),
    "case": Attack(zipped(GOOD, (NAME.upper(), b"x")), "in capital letters only"),
    "casefolder": Attack(zipped(GOOD, ("a/x", b"x"), ("A/y", b"x")), "in capital letters only"),
    "accent": Attack(zipped(GOOD, ("\u00e9", b"1"), ("e\u0301", b"2")), "capital letters only"),
    "filefolder": Attack(zipped(GOOD, (NAME + "/evil", b"x")), "where something else is already"),
    "dotsame": Attack(zipped(GOOD, ("./" + NAME, b"x")), "where something else is already"),
    "archivefolder": Attack(
        zipped(("q/x", b"x"), ("q.zip", zipped(GOOD)), GOOD), "an archive in an archive"
    ),
    "link": Attack(zipped((of_kind(stat.S_IFLNK), b"/etc/passwd"), GOOD), "is a link"),
    "windowslink": Attack(zipped((marked("evil", 0x400), b"x"), GOOD), "is a link"),
    "device": Attack(zipped((of_kind(stat.S_IFCHR), b""), GOOD), "is a device or a pipe"),
    "pipe": Attack(zipped((of_kind(stat.S_IFIFO), b""), GOOD), "is a device or a pipe"),
    "encrypted": Attack(encrypted, "is encrypted"),
    "bzip2": Attack(lambda: zipped(GOOD, pack=zipfile.ZIP_BZIP2), "is packed in a way", kept=False),
    "bomb": Attack(lambda: zipped(("evil", bytes(15 * MIB)), GOOD), "100 times its size"),
    "lying": Attack(lying, "is damaged"),
    "large": Attack(lambda: zipped(("evil", NOISE * 17), GOOD), "is larger than 16 MiB"),
    "much": Attack(
        lambda: zipped(*((str(n), packable(14)) for n in range(5)), GOOD),
        "unpacks to too much",
        kept=False,
    ),
    "many": Attack(
        zipped(GOOD, *((str(n), b"") for n in range(1000))), "holds too many files", kept=False
    ),
    "overlapping": Attack(overlapping, "", kept=False),
    "nested": Attack(
        zipped(("q.zip", zipped(("evil", b"x"))), GOOD), "is an archive in an archive in an archive"
    ),
    "nozip": Attack(b"no archive at all", "is damaged, or no archive", kept=False),
    "truncated": Attack(truncated, "is damaged, or no archive", kept=False),
    "tardotdot": Attack(tarred(("../../evil", b"x"), GOOD), 'with ".."', suffix=".tar.gz"),
    "tarabsolute": Attack(
        tarred(("/tmp/chainrule-evil", b"x"), GOOD), "has an absolute path", suffix=".tgz"
    ),
    "tarlink": Attack(
        tarred((tar_kind(tarfile.SYMTYPE, target="/etc/passwd"), b""), GOOD),
        "is a link",
        suffix=".tar.gz",
    ),
    "tarhardlink": Attack(
        tarred((tar_kind(tarfile.LNKTYPE, target="/etc/passwd"), b""), GOOD),
        "is a link",
        suffix=".tar.gz",
    ),
    "tardevice": Attack(
        tarred((tar_kind(tarfile.CHRTYPE), b""), GOOD), "is a device", suffix=".tar.gz"
    ),
    "tarbomb": Attack(
        lambda: tarred(("../skipped", bytes(80 * MIB)), GOOD),
        "unpacks to too much",
        kept=False,
        suffix=".tar.gz",
    ),
    "tarheader": Attack(
        tar_with_large_header, "has a header that is too large", kept=False, suffix=".tar.gz"
    ),
    "gz": Attack(gzip.compress(WORK), "is damaged, or no archive", kept=False, suffix=".gz"),
}
HONEST = {
    "plain": (".ipynb", WORK),
    "zip": (".zip", zipped(GOOD, ("__MACOSX/._" + NAME, b"x"), (".DS_Store", b"x"))),
    "folder": (".zip", zipped(("my work/", b""), ("my work/" + NAME, WORK))),
    "tgz": (".tar.gz", tarred(("./" + NAME, WORK))),
}


@dataclass(frozen=True)
class Collected:
    """A course folder after `nbgrader zip_collect`, and what the command said."""

    root: Path
    said: str

    def notebook(self, student: str) -> bytes | None:
        path = self.root / "submitted" / student / PS / NAME
        return path.read_bytes() if path.is_file() else None

    @property
    def students(self) -> set[str]:
        return {path.name for path in self.root.glob("submitted/*")}


def collect(
    root: Path, downloaded: dict[str, bytes], system: str, students: list[dict[str, str]]
) -> Collected:
    """Collect what was downloaded (name -> content) in a course folder of its own."""
    (root / "release" / PS).mkdir(parents=True)
    (root / "release" / PS / NAME).write_bytes(WORK)
    for name, content in downloaded.items():
        path = root / "downloaded" / PS / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        'c.ZipCollectApp.extractor_plugin = "chainrule.nbgrader.SafeExtractor"\n'
        'c.ZipCollectApp.collector_plugin = "chainrule.nbgrader.LmsCollector"\n'
        f"c.LmsCollector.system = {system!r}\n"
    )
    with Gradebook(f"sqlite:///{root}/gradebook.db") as book:
        for student in students:
            details = dict(student)
            book.add_student(details.pop("id"), **details)
    return run(root)


def run(root: Path, *options: str) -> Collected:
    command = [sys.executable, "-m", "nbgrader", "zip_collect", PS, *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return Collected(root, done.stdout + done.stderr)


def canvas(number: int, student: str, file: str) -> str:
    return f"{student}_{number}_{900_000 + number}_{file}"


# ---- Every attack at once, as Canvas would send it.


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    root = tmp_path_factory.mktemp("around") / "course"
    uploads = {name: (one.suffix, one.upload) for name, one in ATTACKS.items()} | HONEST
    ids = {name: 100 + n for n, name in enumerate(uploads)}
    download = zipped(
        *(
            (canvas(ids[name], name, PS + suffix), content)
            for name, (suffix, content) in uploads.items()
        ),
        ("../outermost", b"x"),
        pack=zipfile.ZIP_STORED,
    )
    students = [{"id": name, "lms_user_id": str(number)} for name, number in ids.items()]
    return collect(root, {"submissions.zip": download}, "canvas", students)


def about(collected: Collected, student: str) -> list[str]:
    """What was said of one student's files."""
    return [line for line in collected.said.splitlines() if re.search(rf"\b{student}_\d", line)]


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_in_one_sentence_and_the_rest_goes_on(
    attacked: Collected, name: str
) -> None:
    attack = ATTACKS[name]
    lines = about(attacked, name)
    refusals = [line for line in lines if "it was left out." in line]
    if attack.says:
        assert len([line for line in refusals if attack.says in line]) == 1, lines
    assert attacked.notebook(name) == (WORK if attack.kept else None)


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_is_collected(attacked: Collected, name: str) -> None:
    assert attacked.notebook(name) == WORK
    assert not [line for line in about(attacked, name) if "left out" in line]


def test_nothing_lands_anywhere_else(attacked: Collected) -> None:
    around = attacked.root.parent
    assert [path.name for path in around.iterdir()] == ["course"]
    assert {path.name for path in attacked.root.iterdir()} == {
        "downloaded", "gradebook.db", "nbgrader_config.py", "release", "submitted",
    }  # fmt: skip
    assert not Path("/tmp/chainrule-evil").exists()
    for path in (attacked.root / "downloaded").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.is_file()
        assert path.name != "evil"


def test_nothing_of_a_stranger_moves_the_cursor(attacked: Collected) -> None:
    assert "\x1b[2J" not in attacked.said
    assert "\u202e" not in attacked.said


@pytest.mark.slow
def test_collecting_again_gives_the_same(attacked: Collected) -> None:
    before = {name: attacked.notebook(name) for name in attacked.students}
    again = run(attacked.root, "--force")
    assert {name: again.notebook(name) for name in again.students} == before


# ---- Whose work it is.

ADA = {"id": "ada", "first_name": "Ada", "last_name": "Lovelace", "lms_user_id": "101"}
EMMY = {"id": "emmy", "first_name": "Emmy", "last_name": "Nöther", "lms_user_id": "102"}
TWINS = [
    {"id": f"twin{n}", "first_name": "Alex", "last_name": "Twin", "lms_user_id": f"11{n}"}
    for n in (1, 2)
]


def own(text: str) -> bytes:
    return WORK[:-1] + f', "whose": "{text}"}}'.encode()


def test_canvas(tmp_path: Path) -> None:
    download = zipped(
        ("lovelaceada_101_7_ps1.ipynb", own("ada")),
        ("nötheremmy_LATE_102_8_ps1-2.ipynb", own("emmy")),
        ("strange_999_9_ps1.ipynb", own("a stranger")),
        ("readme.ipynb", b"from nobody"),
    )
    done = collect(tmp_path / "c", {"submissions.zip": download}, "canvas", [ADA, EMMY])
    assert done.students == {"ada", "emmy"}
    assert done.notebook("ada") == own("ada")
    assert done.notebook("emmy") == own("emmy")
    assert "strange_999_9_ps1.ipynb names nobody in the gradebook" in done.said
    assert "readme.ipynb is not named as canvas names files" in done.said


def test_moodle_with_folders_and_without(tmp_path: Path) -> None:
    download = zipped(
        ("Ada Lovelace_1234_assignsubmission_file_/ps1.ipynb", own("ada")),
        ("Nöther Emmy_1235_assignsubmission_file_ps1 (2).ipynb", own("emmy")),
        ("Alex Twin_1236_assignsubmission_file_/ps1.ipynb", own("one of two")),
    )
    done = collect(tmp_path / "c", {"all.zip": download}, "moodle", [ADA, EMMY, *TWINS])
    assert done.students == {"ada", "emmy"}
    assert done.notebook("ada") == own("ada")
    assert done.notebook("emmy") == own("emmy")
    assert "names more than one student in the gradebook" in done.said


@pytest.mark.slow
@pytest.mark.parametrize("download", ["class.zip", "a zip for each", "loose"])
def test_folders(tmp_path: Path, download: str) -> None:
    files = {
        "class.zip": {
            "class.zip": zipped(("ada/ps1.ipynb", own("ada")), ("emmy/x/ps1.ipynb", own("emmy")))
        },
        "a zip for each": {
            "ada.zip": zipped(("ps1.ipynb", own("ada"))),
            "emmy.zip": zipped(("ps1.ipynb", own("emmy"))),
        },
        "loose": {"ada/ps1.ipynb": own("ada"), "emmy/ps1.ipynb": own("emmy")},
    }[download]
    done = collect(tmp_path / "c", files, "folders", [ADA, EMMY])
    assert done.students == {"ada", "emmy"}
    assert (done.notebook("ada"), done.notebook("emmy")) == (own("ada"), own("emmy"))


@pytest.mark.slow
def test_a_pattern_of_ones_own(tmp_path: Path) -> None:
    files = {"hw-ada-ps1.ipynb": own("ada"), "hw-emmy-ps1.ipynb": own("emmy")}
    pattern = r"hw-(?P<student_id>\w+)-(?P<file>.+)"
    done = collect(tmp_path / "c", files, pattern, [ADA, EMMY])
    assert (done.notebook("ada"), done.notebook("emmy")) == (own("ada"), own("emmy"))


IMPERSONATIONS = {
    "canvas": [
        ("nötheremmy_102_8_ps1.zip", zipped(("lovelaceada_101_7_ps1.ipynb", own("emmy")))),
        ("nötheremmy_102_9_lovelaceada_101_7_ps1.ipynb", own("emmy")),
    ],
    "moodle": [
        (
            "Emmy Nöther_5_assignsubmission_file_/x.zip",
            zipped(("Ada Lovelace_4_assignsubmission_file_/ps1.ipynb", own("emmy"))),
        ),
        (
            "Emmy Nöther_5_assignsubmission_file_/Ada Lovelace_4_assignsubmission_file_/ps1.ipynb",
            own("emmy"),
        ),
    ],
    "folders": [
        ("emmy/ada/ps1.ipynb", own("emmy")),
        ("mallory/ada/ps1.ipynb", own("mallory")),
        ("emmy/x.zip", zipped(("ada/ps1.ipynb", own("emmy")))),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("system", IMPERSONATIONS)
def test_nobody_hands_in_for_somebody_else(tmp_path: Path, system: str) -> None:
    download = {"all.zip": zipped(*IMPERSONATIONS[system])}
    done = collect(tmp_path / "c", download, system, [ADA, EMMY])
    assert done.students <= {"emmy"}


@pytest.mark.slow
def test_two_files_of_one_name_do_not_end_the_collection(tmp_path: Path) -> None:
    download = zipped(
        ("lovelaceada_101_7_ps1.zip", zipped(("a/ps1.ipynb", own("1")), ("b/ps1.ipynb", own("2")))),
        ("nötheremmy_102_8_ps1.ipynb", own("emmy")),
    )
    done = collect(tmp_path / "c", {"all.zip": download}, "canvas", [ADA, EMMY])
    assert done.notebook("ada") == own("1")
    assert done.notebook("emmy") == own("emmy")
    assert "ada has handed in another file of that name" in done.said


@pytest.mark.slow
def test_a_pattern_without_a_student_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="has no group for the student"):
        collect(tmp_path / "c", {"ps1.ipynb": WORK}, r"(?P<file>.+)", [ADA])


# ---- The ground under it.


def test_links_among_the_downloads_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.ipynb").symlink_to(tmp_path / "secret")
    (source / "folder").symlink_to(tmp_path)
    (source / "b.ipynb").write_text("b")
    refused = unpack(source, tmp_path / "out")
    assert refused == ["a.ipynb is a link: it was left out.", "folder is a link: it was left out."]
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["b.ipynb"]


def test_overlapping_members_do_not_fill_the_disk(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "x.zip").write_bytes(overlapping())
    refused = unpack(source, tmp_path / "out")
    assert refused
    assert sum(path.stat().st_size for path in tmp_path.glob("out/**/*") if path.is_file()) <= MIB


def test_room_holds_at_its_edges(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "x.zip").write_bytes(zipped(("a", b"12345"), ("b", b"123456")))
    room = Room(file_bytes=5)
    (refused,) = unpack(source, tmp_path / "out", room)
    assert refused.startswith("b in x.zip is larger than")
    assert (tmp_path / "out" / "x" / "a").read_bytes() == b"12345"
    assert not (tmp_path / "out" / "x" / "b").exists()
    assert unpack(source, tmp_path / "two", Room(class_files=3)) == []
    assert "holds too many files" in unpack(source, tmp_path / "three", Room(class_files=2))[0]
    assert unpack(source, tmp_path / "four", Room(class_bytes=11)) == []
    assert "unpacks to too much" in unpack(source, tmp_path / "five", Room(class_bytes=10))[0]


@given(st.text(max_size=300))
def test_a_name_shown_is_one_plain_line(name: str) -> None:
    assert len(shown(name)) <= 121
    assert shown(name).isprintable()


SEEDS = [
    (".zip", zipped(("a/b.ipynb", WORK), ("c.zip", zipped(GOOD)), ("noise", NOISE[:500]))),
    (".tar.gz", tarred(("a/b.ipynb", WORK), ("c", NOISE[:500]))),
    (".tar", gzip.decompress(tarred(("a/b.ipynb", WORK), ("x" * 150, b"1")))),
]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=8)), max_size=8),
    cut=st.integers(0, 200),
)
def test_damaged_archives_end_in_files_or_sentences(
    tmp_path_factory: pytest.TempPathFactory,
    seed: tuple[str, bytes],
    edits: list[tuple[int, bytes]],
    cut: int,
) -> None:
    suffix, content = seed[0], bytearray(seed[1])
    for at, new in edits:
        at %= len(content)
        content[at : at + len(new)] = new
    del content[len(content) - cut :]
    root = tmp_path_factory.mktemp("fuzz")
    (root / "in").mkdir()
    (root / "in" / f"x{suffix}").write_bytes(content)
    for sentence in unpack(root / "in", root / "out"):
        assert sentence.isprintable()
    assert {path.name for path in root.iterdir()} <= {"in", "out"}
    for path in (root / "out").rglob("*"):
        assert path.is_file() or path.is_dir()
        assert not path.is_symlink()
