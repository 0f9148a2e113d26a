"""Chainrule: work backpropagation out by hand, with every gradient checked."""

__version__ = "0.2.0"
