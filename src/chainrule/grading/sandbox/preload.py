"""What a fork server does before others are forked from it: the imports, and each thing once.

Only what nearly all notebooks need: a fork takes the longer, the more memory there is to share.
What few notebooks need and is large is imported for those that mention it (`mentions_plots`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from chainrule.grading.remote.shell import Shell

__all__ = ["plot", "settle", "up"]

_ALWAYS = (
    "pyseccomp", "numpy.random", "numpy.linalg", "chainrule.check", "chainrule.circuit",
    "chainrule.grading.remote.server",
)  # fmt: skip
_PLOTS = ("matplotlib.pyplot", "chainrule.plots", "scipy.special", "pandas")


def up() -> Shell:
    """Import what notebooks use, and let it do once what is slow the first time."""
    from chainrule.grading.remote.shell import make_shell  # IPython, which only this process needs

    _import(_ALWAYS)
    shell = make_shell()
    shell.use({}, 1 << 20)
    shell.run("1 / 0")
    np.random.seed()
    np.linalg.solve(np.eye(3), np.ones(3))
    shell.use({}, 1 << 20)
    return shell


def plot(shell: Shell) -> None:
    """The same for plots."""
    _import(_PLOTS)
    shell.enable_matplotlib("inline")
    shell.run("import matplotlib.pyplot as plt; plt.plot([0, 1]); plt.title('x'); plt.show()")
    shell.run("plt.close('all')")
    shell.use({}, 1 << 20)


def _import(names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def settle() -> None:
    """Before forking: children share memory as long as the collector leaves it alone."""
    gc.collect()
    gc.freeze()
