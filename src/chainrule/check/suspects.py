"""A check of a search: whether it finds the gates whose backward is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.check.calls import heard, passed
from chainrule.check.compare import compare
from chainrule.check.derivatives import gradients
from chainrule.check.inputs import upstream_like
from chainrule.check.messages import CheckFailed
from chainrule.check.plain import kind_of, plain
from chainrule.check.student_code import call, name_of, quietly

__all__ = ["finds"]


@quietly
def finds(
    finder: Callable[..., Any],
    *,
    among: Mapping[str, tuple[Callable[..., Any], Callable[..., Any], np.ndarray]],
) -> None:
    """Check that `finder(among)` returns the names of the gates whose backward is wrong.

    among: name -> (forward, backward, x), with forward(x) and backward(x, upstream).

    Which are wrong is measured here, as for any gate. The result may be a list, a tuple or a set,
    in any order. Raises CheckFailed; its message gives numbers, and no names.
    """
    name = name_of(finder)
    wrong = {key for key, (f, b, x) in among.items() if _is_wrong(key, f, b, x)}
    with heard(True):
        given = {k: (f, b, x.copy()) for k, (f, b, x) in among.items()}
        answer = plain(call(name, lambda: finder(given)))
    if not isinstance(answer, (list, tuple, set, frozenset)):
        raise CheckFailed(f"{name}: {kind_of(answer)} was returned; a list of names is wanted.")
    found = list(answer)
    if not all(isinstance(item, str) and item in among for item in found):
        raise CheckFailed(f"{name}: what was returned holds something that is no suspect's name.")
    if len(set(found)) != len(found):
        raise CheckFailed(f"{name}: a name was returned twice.")
    missed, blamed = wrong - set(found), set(found) - wrong
    if missed or blamed:
        raise CheckFailed(
            f"{name} is wrong about {len(missed | blamed)} of {len(among)} suspects.",
            [
                f"wrong ones that were not found:   {len(missed)} of {len(wrong)}",
                f"right ones that were blamed:      {len(blamed)} of {len(among) - len(wrong)}",
            ],
        )
    passed(f"{name}: right about all {len(among)} suspects.")


def _is_wrong(
    name: str, forward: Callable[..., Any], backward: Callable[..., Any], x: np.ndarray
) -> bool:
    upstream = upstream_like(forward(x.copy()), name)
    ((expected,),) = gradients(forward, [(x,)], [upstream])
    claim = backward(x.copy(), upstream)
    return bool(np.shape(claim) != x.shape or compare(claim, expected) is not None)
