"""Grading a class: what students send is judged in a jail, recorded, and told to people.

From the bottom up: `limits` says what a submission may use; `remote` is student code at arm's
length; `sandbox` is where it lives; `judge` grades one submission; `gradebook` is nbgrader's
database and folders; `report` is what people read; `lms` is work in and grades out. Each imports
only what is named before it here, and `course`, `notebook` and `check`. Start with
`judge/judge.py`.
"""
