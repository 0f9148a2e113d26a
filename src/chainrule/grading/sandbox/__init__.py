"""Where student code lives: processes that fork it, and the layers of the jail around it.

It knows no notebook and no points. `launcher.py` starts the fork server (`forkserver.py`), from
which workers and the supervisor (`supervisor.py`) are forked; the supervisor forks guests
(`guest.py`) behind `layers.py`, which kernel, Landlock, seccomp and cgroup make up. Start with
`layers.py`. It may import `remote`, whose server a guest runs, and `limits`.
"""
