"""One submission graded: judge(master, submission, limits) -> Graded, plain data in and out.

The master (`master.py`) takes the student's answers in (`merge.py`), the notebook is run in a
worker with a guest beside it (`session.py`, `worker.py`), and points are read off what came out
(`scores.py`). No database, no folder of a class. Start with `judge.py`. It may import `sandbox`,
`remote` and `limits`.
"""
