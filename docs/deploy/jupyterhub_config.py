"""One course on one machine. Goes to /etc/jupyterhub/jupyterhub_config.py."""

c = get_config()

COURSE = "chainrule"
GRADERS = {"ida", "noor"}  # who teaches: they grade in one shared server
STUDENTS = {"ada", "ben"}  # who may log in besides

# For this machine alone; what the world sees is the proxy in front of it.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.db_url = "sqlite:////var/lib/jupyterhub/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "/var/lib/jupyterhub/cookie_secret"
c.ConfigurableHTTPProxy.pid_file = "/var/lib/jupyterhub/proxy.pid"

# Everybody is a user of this machine, and logs in with that password.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allowed_users = GRADERS | STUDENTS
c.Authenticator.allow_existing_users = False  # who is no longer named stays outside
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.default_url = "/lab"

# The course is a user too: it owns the masters, the submissions and the grades.
# Graders own none of these files; what they share is this server.
c.JupyterHub.services = [
    {
        "name": COURSE,
        "url": "http://127.0.0.1:9999",
        "user": f"grader-{COURSE}",
        "cwd": f"/home/grader-{COURSE}/course",
        "command": ["jupyterhub-singleuser", "--ServerApp.default_url=/lab"],
        # Where the grader's extensions are switched on again.
        "environment": {"JUPYTER_CONFIG_PATH": "/etc/jupyter/graders"},
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    {
        "name": f"formgrader-{COURSE}",
        "users": sorted(GRADERS),  # these and nobody else, from the hub's next start on
        "scopes": [f"access:services!service={COURSE}"],
    }
]
