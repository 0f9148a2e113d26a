"""`python -m chainrule` is the `chainrule` command."""

from __future__ import annotations

from chainrule.cli import main

if __name__ == "__main__":
    main()
