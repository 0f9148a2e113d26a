"""The `chainrule` command: its subcommands, and what becomes of their failures."""

from __future__ import annotations

import sys

try:
    import typer
    from rich.console import Console

    from chainrule.cli import authoring, instructor, learner
    from chainrule.course.folder import CourseError
    from chainrule.grading.gradebook.submitted import BatchError
    from chainrule.grading.gradebook.writer import BookError
    from chainrule.grading.judge.master import MasterError
    from chainrule.grading.sandbox.guest_process import ForkServerError
    from chainrule.grading.sandbox.kernel import JailUnavailable
except ModuleNotFoundError as missing:
    sys.exit(
        f"The chainrule command needs {missing.name}, which is not installed.\n"
        "In the course's checkout, run:  pip install -e '.[grading]'"
    )

__all__ = ["app", "main"]

app = typer.Typer(
    help="A course on backpropagation, and the grading of it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    authoring.demo,
    learner.check,
    learner.progress,
    instructor.grade,
    instructor.feedback,
    instructor.report,
    instructor.export,
    instructor.doctor,
    authoring.notebooks,
):
    app.command()(command)
app.command("new-course")(authoring.new_course_folder)


@app.callback()
def chainrule() -> None:
    """A course on backpropagation, and the grading of it."""


# What is wrong with the course or the machine, and not with this program: told in a line.
_FAILURES = (CourseError, BatchError, BookError, JailUnavailable, MasterError, ForkServerError)


def main() -> None:
    """Run the command; what is wrong with the course is one line, not a traceback."""
    try:
        app()
    except _FAILURES as error:
        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False)
        sys.exit(2)
