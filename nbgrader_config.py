"""nbgrader's settings for this course; every nbgrader command started here reads them."""

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.course_id = "chainrule"

# A check cell a student deleted is put back, so that it counts as failed and not as absent.
c.OverwriteCells.add_missing_cells = True

# An endless loop costs its own cell this many seconds, then the next cell runs.
c.Execute.timeout = 10

# Solutions start where the stub of the method begins; students see one line in their place.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code here"}

# A kernel warns on stderr that its local sockets are not encrypted; nobody here can act on that.
c.Execute.extra_arguments = ["--log-level=40", "--HistoryManager.hist_file=:memory:"]
