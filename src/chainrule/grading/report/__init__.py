"""What people read: a page for each student, Formgrader's page, and the report on a class.

Nothing here changes a grade. `failures.py` reads what went wrong from graded notebooks; pages come
from `templates/`. Start with `feedback_page.py` or `class_report.py`. It may import `gradebook` and
what is below it.
"""
