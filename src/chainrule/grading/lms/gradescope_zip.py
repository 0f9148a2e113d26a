"""autograder.zip: this judge on Gradescope, one submission at a time.

Gradescope builds an image by running `setup.sh` as root, lays the archive out in
/autograder/source, a submission in /autograder/submission, and runs /autograder/run_autograder
(https://gradescope-autograders.readthedocs.io/en/latest/specs/). What runs there is
`gradescope_run.py`.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from chainrule.course.folder import Course
from chainrule.grading.gradebook.submitted import BatchError, read_masters
from chainrule.grading.gradebook.vetted import require
from chainrule.grading.judge.autotests import file_of
from chainrule.grading.limits import Limits
from chainrule.grading.lms.own_wheel import own_wheel

__all__ = ["write_autograder"]

# Gradescope's images come with the Python of their Ubuntu; 22.04 has a newer one beside it.
_SETUP = """#!/usr/bin/env bash
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
cd /autograder/source
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv libseccomp2
python=python3
if ! $python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi
$python -m venv /autograder/venv
/autograder/venv/bin/pip install --no-cache-dir "./{wheel}[grading]"{more}
chmod -R go-rwx /autograder/source
"""
_RUN = """#!/usr/bin/env bash
exec /autograder/venv/bin/python -m chainrule.grading.lms.gradescope_run \\
    --assignment {assignment} --seconds {seconds} /autograder
"""
_UNIX, _PROGRAM = 3, 0o755  # of a file in an archive: who wrote it, and that it can be run


def write_autograder(
    course: Course, assignment: str, target: Path, seconds: int, requirements: Path | None = None
) -> list[str]:
    """Write the archive for an assignment; the names of what is in it.

    seconds: what Gradescope gives a submission (its setting). requirements: a file of further
    packages that the course needs, as pip reads it.
    Raises BatchError, also where a master fails its own checks; MasterError, JailUnavailable.
    """
    config = course.config()
    folders = CourseDirectory(config=config)
    limits = Limits.of(config.get("Judge", {})).of_assignment(assignment)
    require(read_masters(folders, assignment, config), limits)
    source = Path(folders.format_path(folders.source_directory, ".", assignment))
    wheel, content = own_wheel()
    more = ""
    files: dict[str, bytes] = {wheel: content}
    if requirements is not None:
        files["requirements.txt"] = requirements.read_bytes()
        more = " -r requirements.txt"
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
            files[f"course/source/{assignment}/{path.relative_to(source).as_posix()}"] = (
                path.read_bytes()
            )
    for name in ("nbgrader_config.py", file_of(config)):
        if (course.root / name).is_file():
            files[f"course/{name}"] = (course.root / name).read_bytes()
    programs = {
        "setup.sh": _SETUP.format(wheel=wheel, more=more),
        "run_autograder": _RUN.format(assignment=_quoted(assignment), seconds=seconds),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in programs.items():
            archive.writestr(_entry(name, _PROGRAM), text, zipfile.ZIP_DEFLATED)
        for name, raw in files.items():
            archive.writestr(_entry(name, 0o644), raw, zipfile.ZIP_DEFLATED)
    return [*programs, *files]


def _quoted(name: str) -> str:
    """For a shell. Raises BatchError for a name that an argument cannot be."""
    if not name or name.startswith("-") or "\0" in name:
        raise BatchError(f"{name} is no name for an assignment on Gradescope")
    return "'" + name.replace("'", "'\\''") + "'"


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = _UNIX, mode << 16
    return entry
