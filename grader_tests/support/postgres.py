"""A PostgreSQL server of the tests' own: made in a folder, listening on a Unix socket in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg import sql

_DEBIAN = Path("/usr/lib/postgresql")  # keeps the server's programs off PATH
_NEW = ("-A", "trust", "-E", "UTF8", "--no-sync")
_WITHIN = 60.0  # seconds, to take connections


@dataclass
class Server:
    """A server that can be killed and started again; its folder stays.

    account: who runs it, None for this user. role: its superuser, let in without a password.
    """

    programs: Path
    folder: Path
    account: str | None
    role: str = "grader"
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """What goes into `c.CourseDirectory.db_url`. The database is made when it is not there."""
        with self.connect() as server:
            row = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            if row.fetchone() is None:
                server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return f"postgresql+psycopg://{self.role}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), user=self.role, dbname=database, autocommit=True
        )

    def somebody_waits(self) -> bool:
        """Whether a connection waits for a lock that another holds."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with self.connect() as server:
            row = server.execute(query).fetchone()
        return row is not None and row[0] > 0

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off"]
        options = [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                **self._as_account(),
            )
        until = time.monotonic() + _WITHIN
        while True:
            try:
                return self.connect().close()
            except psycopg.OperationalError:
                text = (self.folder / "log").read_text()
                assert self._process.poll() is None, f"PostgreSQL ended:\n{text}"
                assert time.monotonic() < until, f"PostgreSQL takes no connections:\n{text}"
            time.sleep(0.05)

    def stop(self) -> None:
        """An ordinary stop; whoever is connected is sent away."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL, for the server and for all that it started."""
        assert self._process is not None
        started = psutil.Process(self._process.pid).children()
        self._end(signal.SIGKILL)
        for one in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=_WITHIN)
            self._process = None

    def initialise(self) -> None:
        if self.account:
            shutil.chown(self.folder, self.account)
        subprocess.run(
            [self.programs / "initdb", "-D", self.folder / "data", "-U", self.role, *_NEW],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as_account(),
        )

    def _as_account(self) -> dict[str, Any]:
        if self.account is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.account, "group": self.account, "extra_groups": []}


def programs() -> Path:
    """Where PostgreSQL's programs are. Skips on a laptop without a server, fails in CI."""
    versions = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    if versions or on_path:
        return (versions[-1] if versions else Path(str(on_path))).parent
    reason = "needs a PostgreSQL server (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(reason + ", and CI has to have one")
    pytest.skip(reason)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A new server in `folder`; its path has to be short, for a socket's name is."""
    # PostgreSQL refuses root; Debian's package brings an account for it.
    server = Server(programs(), folder, "postgres" if os.geteuid() == 0 else None)
    server.initialise()
    server.start()
    try:
        yield server
    finally:
        server.stop()
