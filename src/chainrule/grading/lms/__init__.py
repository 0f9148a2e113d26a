"""Work in from, and grades out to, other systems: Canvas, Moodle, Gradescope, nbgrader's exchange.

What comes in is unpacked as if it meant harm (`unpack.py`, `archives.py`). What goes out is one
table of formats (`export.py`). Start with `export.py` or `zip_collect.py`. It may import every
other room of `grading`.
"""
