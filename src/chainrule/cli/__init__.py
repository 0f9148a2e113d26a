"""The `chainrule` command. Each module holds the commands of one kind of person.

Start with `app.py`, which lists them. It may import every room, and no room imports it.
"""

from chainrule.cli.app import main

__all__ = ["main"]
