"""Chainrule: work backpropagation out by hand, with every gradient checked."""

__version__ = "0.1.0"
