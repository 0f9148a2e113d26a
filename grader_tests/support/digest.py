"""What a process has in memory, counted: so that it can be compared before and after.

It is also run as the text of a check cell, in the process that judges, and so imports nothing of
this project.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import time
import types
from collections import Counter
from pathlib import Path

_LARGE = 1000  # larger numbers are process ids, seeds and addresses
_TAG = re.compile(r"\d+-\d+-\d+")  # what a worker calls itself
_PLAIN = (str, bytes, bool, type(None))
_NOT_STATE = (types.FrameType, types.TracebackType)


def digest(*names: str) -> Counter[str]:
    """What can be reached from the modules whose names begin so (from all, if none is given):
    each object's kind, the text of strings, small numbers, and the length of what has one."""
    re.purge()  # which patterns a worker needs depends on whether it had to wait
    modules = [one for name, one in list(sys.modules.items()) if name.startswith(names or "")]
    waiting: list[object] = [vars(one) for one in modules if isinstance(one, types.ModuleType)]
    found: Counter[str] = Counter()
    seen = {id(found), id(waiting), id(modules)}
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOT_STATE):
            continue
        seen.add(id(one))
        kind = type(one)
        token = f"{kind.__module__}.{kind.__qualname__}"
        if kind in _PLAIN:
            token += f" {one!r}"[:200] if kind is not str or not _TAG.fullmatch(str(one)) else ""
        elif kind is int and abs(one) < _LARGE:  # type: ignore[operator]
            token += f" {one!r}"
        elif kind in (list, dict, tuple, set, frozenset):
            token += f" {len(one)}"  # type: ignore[arg-type]
        found[token] += 1
        waiting += gc.get_referents(one)
    return found


def write(folder: str) -> None:
    """Write the digest of this process into a new file there."""
    path = Path(folder, f"{time.time_ns()}.json")
    path.write_text(json.dumps(digest()))
