"""A kernel that runs a notebook, and lectures run with it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbformat import NotebookNode

from chainrule.course.folder import CourseError
from chainrule.course.notebooks import normalise, read

__all__ = ["KERNEL_ARGUMENTS", "a_kernel", "run_lecture"]


KERNEL_ARGUMENTS = ["--log-level=40", "--HistoryManager.hist_file=:memory:"]
_LECTURE_SECONDS = 60  # for one cell


def run_lecture(path: Path) -> NotebookNode:
    """Run a lecture from top to bottom on a clean kernel; returns it with its outputs.

    Raises nbclient's CellExecutionError when a cell fails.
    """
    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=_LECTURE_SECONDS,
        coalesce_streams=True,  # one stored output for one print, however the kernel flushes
        kernel_name="python3",
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(stderr=subprocess.DEVNULL)
    return normalise(notebook, keep_outputs=True)


@contextmanager
def a_kernel(client: NotebookClient) -> Iterator[None]:
    """The client's kernel, started, and in the end shut down.

    Its own stderr is nobody's: it warns of local sockets that are not encrypted, and of how it
    ended. What cells write to stderr comes as output all the same.
    Raises CourseError, with what the kernel said last, when it does not start.
    """
    with tempfile.TemporaryFile() as said, ExitStack() as stack:
        try:
            stack.enter_context(client.setup_kernel(stderr=said))
        except (RuntimeError, NoSuchKernel, OSError) as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise CourseError(f"the kernel did not start: {[str(error), *lines][-1]}") from error
        yield
