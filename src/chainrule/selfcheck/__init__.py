"""A learner's own notebooks, run on a kernel in a terminal: `chainrule check` and `progress`.

Nothing is jailed, since it is the learner's own code on their own machine. Start with `run.py`. It
may import `course`, `notebook` and what is below them, and nothing of `grading` but its limits.
"""
