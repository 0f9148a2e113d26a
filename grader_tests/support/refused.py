"""A command where the kernel refuses namespaces, as it does in containers by default."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

__all__ = ["REFUSED", "USER", "as_user", "opened"]

USER = 64311  # nobody's
_REFUSE = """
import errno, os, sys
import pyseccomp
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for call in ("unshare", "setns", "mount"):
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), call)
rules.load()
os.execvp(sys.argv[1], sys.argv[1:])
"""
_GIVE = f"""
chown -R {USER}:{USER} "$HOME" "$TMPDIR" .
exec setpriv --reuid {USER} --regid {USER} --clear-groups "$@"
"""

REFUSED = (sys.executable, "-c", _REFUSE)
"""What to write before a command: it and all that it starts then have no namespaces."""


def as_user() -> tuple[str, ...]:
    """What root writes before a command that an ordinary user is to run in a course of theirs.

    The working folder, HOME and TMPDIR are given to them.
    """
    return ("sh", "-euc", _GIVE, "sh")


def opened() -> tuple[str, ...]:
    """What root writes before a command, so that other users find Python where root alone may look.

    The folders are opened in a layer that the command and what it starts see, and nobody else.
    """
    files = Path(sys.executable), Path(sys.executable).resolve(), Path(__file__)
    closed = {one for file in files for one in file.parents if not one.stat().st_mode & 0o001}
    lines = ["mount -t tmpfs none /mnt", 'mkdir "/mnt/up" "/mnt/scratch"'] if closed else []
    for number, folder in enumerate(sorted(closed)):
        up, work, name = f"/mnt/up/{number}", f"/mnt/scratch/{number}", shlex.quote(str(folder))
        lines.append(
            f"mkdir {up} {work}; chmod 755 {up}; mount -t overlay none "
            f"-o lowerdir={name},upperdir={up},workdir={work} {name}"
        )
    return ("unshare", "--mount", "sh", "-euc", "\n".join([*lines, 'exec "$@"']), "sh")
