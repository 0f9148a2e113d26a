# What the shared machine adds to the course's own nbgrader_config.py.
c.Exchange.root = "/srv/nbgrader/exchange"

# Formgrader's button grades in the jail, as `chainrule grade` does.
c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"

# What a student wrote cannot run in a grader's browser.
from chainrule.nbgrader import protect

protect(c)

# Feedback shows nothing of the hidden checks, and runs nothing either.
c.GenerateFeedback.exporter_class = "chainrule.nbgrader.FeedbackExporter"

# The server knows the course by its Unix account: there is no password to keep.
c.CourseDirectory.db_url = "postgresql+psycopg:///gradebook?host=/var/run/postgresql"

# Ordinary files of their owner, and no links: see "The exchange" on the page.
c.ExchangeFactory.collect = "chainrule.nbgrader.Collect"
