"""The `chainrule` command."""

from chainrule.cli.app import main

__all__ = ["main"]
