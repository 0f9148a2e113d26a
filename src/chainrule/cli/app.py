"""The `chainrule` command: its subcommands."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

import chainrule as package
from chainrule.cli import authoring, instructor, learner, results, students, vetting
from chainrule.cli.failures import EXIT_CODES
from chainrule.course.folder import programs_on_path

__all__ = ["app"]

# Typer makes a line of each paragraph.
_STATUS = "Exit status:\n\n" + "\n\n".join(f"{code}: {says}" for code, says in EXIT_CODES.items())

app = typer.Typer(
    help="A course on backpropagation, and the grading of it.",
    epilog=_STATUS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    authoring.demo,
    learner.check,
    learner.progress,
    vetting.vet,
    instructor.grade,
    instructor.feedback,
    results.report,
    results.export,
    instructor.doctor,
    authoring.notebooks,
):
    app.command(epilog=_STATUS)(command)
app.command("gradescope-zip", epilog=_STATUS)(results.gradescope_zip)
app.command("new-course", epilog=_STATUS)(authoring.new_course_folder)
class_list = typer.Typer(help="The class list: show it, and enter students.", no_args_is_help=True)
class_list.command("add", epilog=_STATUS)(students.add)
class_list.command("import", epilog=_STATUS)(students.import_roster)
class_list.command("list", epilog=_STATUS)(students.show)
class_list.command("extend", epilog=_STATUS)(students.extend)
app.add_typer(class_list, name="students")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"chainrule {package.__version__}")
        raise typer.Exit


@app.callback()
def chainrule(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="With a traceback, should something fail.")
    ] = False,
) -> None:
    """A course on backpropagation, and the grading of it."""
    # There nbgrader prints a traceback of what it raises after that.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    programs_on_path()  # nbgrader starts alembic, whether or not an environment is activated
