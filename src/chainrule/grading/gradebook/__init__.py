"""nbgrader's database and folders: what was submitted is read, judged in parallel, and recorded.

`writer.py` is the only module that writes the database, `reader.py` and `queries.py` read it,
`submitted.py` reads the folders, and `batch.py` grades a class from one to the other. Start with
`batch.py`. It may import `judge` and what is below it.
"""
