"""Files are there as a whole, whatever stood in their place."""

from pathlib import Path

import pytest

from chainrule.notebook.atomic_file import put_all

BEFORE = [
    pytest.param({}, id="nothing"),
    pytest.param({"data": b"a file"}, id="a-file-in-place-of-a-folder"),
    pytest.param({"data/deep": b"a file"}, id="a-file-in-place-of-a-deep-folder"),
    pytest.param({"data/deep/x.csv/y": b"a file"}, id="a-folder-in-place-of-a-file"),
]


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("before", BEFORE)
def test_files_take_the_place_of_what_is_in_their_way(
    tmp_path: Path, before: dict[str, bytes]
) -> None:
    put_all(tmp_path / "it", before, 0o600)
    assert _files(tmp_path) == {f"it/{name}": content for name, content in before.items()}
    put_all(tmp_path / "it", {"data/deep/x.csv": b"1,2"}, 0o640)
    assert _files(tmp_path) == {"it/data/deep/x.csv": b"1,2"}
    assert (tmp_path / "it/data/deep/x.csv").stat().st_mode & 0o777 == 0o640


def test_what_comes_later_stays(tmp_path: Path) -> None:
    put_all(tmp_path, {"data": b"a student's", "data/x.csv": b"the master's"}, 0o600)
    assert _files(tmp_path) == {"data/x.csv": b"the master's"}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "it").mkdir()
    (tmp_path / "it/data").symlink_to(tmp_path / "elsewhere")
    put_all(tmp_path / "it", {"data/x.csv": b"1,2"}, 0o600)
    assert not (tmp_path / "it/data").is_symlink()
    assert list((tmp_path / "elsewhere").iterdir()) == []
