"""For everybody on this machine. Goes to /etc/jupyter/jupyter_server_config.py."""

c = get_config()

# Students fetch, validate and submit; only the course's own server grades.
c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": False,
    "nbgrader.server_extensions.course_list": False,
}

# Nothing is installed from within JupyterLab, and nobody is asked about news.
c.LabApp.extension_manager = "readonly"
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
