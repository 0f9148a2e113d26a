"""nbgrader's settings for this course; every nbgrader command started here reads them."""

from chainrule.nbgrader import protect

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.course_id = "chainrule"

# `nbgrader autograde` and Formgrader's button grade with the judge of chainrule, as
# `chainrule grade` does: student code runs in a jail, and the checks out of its reach.
c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"

# Feedback pages without hidden checks, and without scripts; the same for Formgrader's page of a
# submission, which runs in the instructor's own session.
c.GenerateFeedback.exporter_class = "chainrule.nbgrader.FeedbackExporter"
protect(c)

# What students send is unpacked and collected as if they meant harm.
c.ExchangeFactory.collect = "chainrule.nbgrader.Collect"
c.ZipCollectApp.extractor_plugin = "chainrule.nbgrader.SafeExtractor"
c.ZipCollectApp.collector_plugin = "chainrule.nbgrader.LmsCollector"

# Solutions start where the stub of the method begins; students see one line in their place.
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code here"}

# Should nbgrader's own autograder ever be used again: a check cell that a student deleted is put
# back, so that it counts as failed and not as absent, and an endless loop ends.
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 10

# A kernel warns on stderr that its local sockets are not encrypted; nobody here can act on that.
c.Execute.extra_arguments = ["--log-level=40", "--HistoryManager.hist_file=:memory:"]
