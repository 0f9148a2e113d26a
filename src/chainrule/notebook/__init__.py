"""A notebook, a stranger's too, as data: nothing is run here, and nothing it says is believed.

Start with `cells.py`, which reads what a cell says of itself, and `failed_check.py`, which reads
what a check said. It may import `check` and what is below it. Files of a course and graded work are
both read by it.
"""
