"""The demonstration: a sample class of made-up students hands in, is graded, and is reported on.

Start with `run.run_demo`. It may import all but `selfcheck` and `cli`.
"""
