"""A Python kernel where somebody installed the base package, or not even that.

    python bare_kernel.py [--without chainrule] -f connection_file ...

Importing anything but the standard library, what `pip install chainrule` brings, and what a
notebook host has to have anyway (ipykernel and what it needs) fails as if it were not there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions, requires
from types import ModuleType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NEEDS_MORE = tuple(
    f"chainrule.{room}" for room in ("grading", "cli", "course", "notebook", "sample", "selfcheck")
)  # of our own: these need chainrule[grading]


def installed_with(*names: str) -> set[str]:
    """The distributions that come with these, no extras, themselves included."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(needed.name))
    return found


class Refuse(MetaPathFinder):
    """Refuses every module of a distribution that is not among `present`."""

    def __init__(self, present: Iterable[str], without: Iterable[str] = ()) -> None:
        owners = {
            module: {canonicalize_name(name) for name in names}
            for module, names in packages_distributions().items()
        }
        allowed = set(present)
        self.refused = {module for module, names in owners.items() if not names & allowed}
        self.refused |= set(without)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top = name.partition(".")[0]
        ours = any(name == one or name.startswith(one + ".") for one in NEEDS_MORE)
        if ours or (top in self.refused and top not in sys.stdlib_module_names):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def main() -> None:
    without = sys.argv[2:3] if sys.argv[1] == "--without" else []
    del sys.argv[1 : 1 + 2 * len(without)]
    sys.meta_path.insert(0, Refuse(installed_with("chainrule", "ipykernel"), without))
    sys.path.pop(0)  # the folder of this file: no kernel has it on its path
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
