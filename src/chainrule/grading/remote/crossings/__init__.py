"""What crosses as the value it is, beyond plain Python and NumPy's numbers: a row each.

A row takes a value apart into plain data and, on the other side, makes it anew from that. Nothing
is ever unpickled and nothing of a student's class is made here: what is read is plain data first,
and a row takes only what a value of its kind can consist of. Start with `table.py`. It may import
`wire_types`.
"""
