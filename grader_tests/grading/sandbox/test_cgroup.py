"""When jails get a cgroup, and what it allows. The trees are folders that look like the kernel's;
what the kernel really does is asked in the last test, as far as it lets us."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chainrule.grading.limits import Limits
from chainrule.grading.sandbox.cgroup import CgroupBudget, NoCgroup, base_of, enter, own, sweep
from chainrule.grading.sandbox.kernel import Sandbox
from chainrule.grading.sandbox.launcher import doctor
from chainrule.grading.sandbox.layers import SUPERVISOR_LAYERS, build


def tree(root: Path, controllers: str = "cpu memory pids", handed_on: str = "") -> Path:
    root.mkdir(parents=True)
    for name, content in {
        "cgroup.controllers": controllers,
        "cgroup.subtree_control": handed_on,
        "cgroup.procs": "",
    }.items():
        (root / name).write_text(content)
    return root


def test_controllers_are_handed_on(tmp_path: Path) -> None:
    group = tree(tmp_path / "mine")
    assert base_of(group, uppermost=True) == group
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids"
    ready = tree(tmp_path / "ready", handed_on="memory pids")
    assert base_of(ready, uppermost=True) == ready
    assert (ready / "cgroup.subtree_control").read_text() == "memory pids"


def test_those_who_made_way_find_the_same_place_again(tmp_path: Path) -> None:
    group = tree(tmp_path / "mine", handed_on="memory pids")
    assert base_of(tree(group / "chainrule-programs"), uppermost=True) == group


@pytest.mark.parametrize(
    ("controllers", "reason"),
    [("cpu io", "no memory and pids controller"), ("memory", "no pids controller"), ("", "memory")],
)
def test_without_controllers_there_is_none(tmp_path: Path, controllers: str, reason: str) -> None:
    with pytest.raises(NoCgroup, match=reason):
        base_of(tree(tmp_path / "mine", controllers), uppermost=True)


def test_what_is_not_delegated_is_left_alone(tmp_path: Path) -> None:
    group = tree(tmp_path / "systems")
    if os.getuid() == 0:  # may write everywhere, and asks whose it is
        with pytest.raises(NoCgroup, match="Delegate=yes"):
            base_of(group, uppermost=False)
        os.setxattr(group, "trusted.delegate", b"1")
        assert base_of(group, uppermost=False) == group
    else:
        (group / "cgroup.procs").chmod(0o444)
        with pytest.raises(NoCgroup, match="Delegate=yes"):
            base_of(group, uppermost=False)


def test_room_is_made_for_more_jails_and_never_taken_away(tmp_path: Path) -> None:
    for name in ("memory.max", "pids.max"):
        (tmp_path / name).touch()
    room = CgroupBudget(tmp_path)

    def allowed() -> list[int]:
        return [int((tmp_path / f"{name}.max").read_text()) for name in ("memory", "pids")]

    room.allow(1, 1 << 30, 16)
    one = allowed()
    room.allow(3, 1 << 30, 16)
    three = allowed()
    assert (three[0] - one[0], three[1] - one[1]) == (2 << 30, 32)
    room.allow(2, 1 << 30, 16)
    assert allowed() == three


def test_only_empty_cgroups_are_removed(tmp_path: Path) -> None:
    empty, busy, other = (
        tmp_path / name for name in ("chainrule-jails-1", "chainrule-jails-2", "other")
    )
    for folder in (empty, busy, other):
        folder.mkdir()
    (busy / "cgroup.procs").write_text("17")
    sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chainrule-jails-2", "other"]


def test_a_cgroup_that_cannot_be_entered_is_no_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(NoCgroup, match="cannot be entered"):
        enter(tmp_path)  # a folder where the kernel puts no files


def test_the_kernel_is_asked() -> None:
    """With a cgroup the row is active and nothing is left of it; without, the row says why."""
    row = next(row for row in doctor() if row.name == "cgroup")
    assert row.active != bool(row.why)
    if not row.active:
        assert row.why.split()[0] in ("only", "there", "the", "no", "other", "a")
        return
    base = base_of(*own())
    assert not list(base.glob("chainrule-jails-*"))
    child = os.fork()
    if child == 0:  # it moves
        sandbox = Sandbox(Limits())
        fine = build(SUPERVISOR_LAYERS[:1], sandbox)[0].active and "chainrule-jails" in str(
            own()[0]
        )
        os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
    sweep(base)
    assert not list(base.glob("chainrule-jails-*"))
