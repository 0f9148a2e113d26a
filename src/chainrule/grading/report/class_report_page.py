"""A class report as a page, as a table in a file, and as a table in the terminal.

The page holds all it needs: no script, no picture and no font from elsewhere, and a policy that
forbids the browser to fetch or run anything. Whatever a student wrote is escaped by the template.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from chainrule.check.misconceptions import MISCONCEPTIONS
from chainrule.course.folder import CourseError
from chainrule.formatting import MINUS, decimal
from chainrule.grading.report.class_report import MOST_MADE, ClassReport, QuestionRow
from chainrule.grading.report.statistics import Bin

__all__ = ["as_table", "write_report"]


def write_report(report: ClassReport, page: Path) -> tuple[Path, Path]:
    """Write the page, and beside it the table of questions as CSV; returns where both are.

    Raises CourseError when they cannot be written.
    """
    environment = Environment(
        loader=PackageLoader("chainrule.grading.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": _percent, "signed": _signed, "duration": _duration, "spoken": _spoken,
        "lecture": _lecture,
    }  # fmt: skip
    template = environment.get_template("report.html.jinja")
    text = template.render(
        report=report,
        chart=_chart(report),
        most=MOST_MADE,
        phrases=MISCONCEPTIONS,
        waits=waits,
        left_out=left_out(report),
        made_at=f"{report.made_at.day} {report.made_at:%B %Y}",  # %-d is not known everywhere
    )
    page = page.with_suffix(".html") if page.suffix == ".csv" else page
    table = page.with_suffix(".csv")
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        with table.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(_lines(report))
    except OSError as error:
        raise CourseError(f"{error.filename or page} cannot be written: {error.strerror}") from None
    return page, table


def as_table(report: ClassReport, width: int = 120) -> RenderableType:
    """The questions in short, for a terminal of so many columns.

    In a narrow one the misconceptions have a table of their own, below.
    """
    table = Table(box=SIMPLE_HEAD, header_style="bold", title=report.assignment, title_style="bold")
    table.title_justify = "left"
    table.add_column("question", no_wrap=True, overflow="ellipsis")
    for name in ("all points", "mean", "discrimination", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    told = [(row, _most_made(row)) for row in report.questions]
    if width >= _WIDE:
        table.add_column("misconception", overflow="fold")
    for row, mistake in told:
        cells: list[str | Text] = [
            _question(row), _all_points(report, row), _mean(report, row),
            _signed(row.discrimination), _duration(row.seconds), mistake,
        ]  # fmt: skip
        table.add_row(*cells[: len(table.columns)])
    mistakes = Table(box=SIMPLE_HEAD, header_style="bold")
    mistakes.add_column("question", no_wrap=True)
    mistakes.add_column("misconception")
    for row, mistake in told:
        if mistake:
            mistakes.add_row(Text(_spoken(row.name)), mistake)
    apart = width < _WIDE and mistakes.row_count
    return Group(table, *([mistakes] if apart else []), Text(_summary(report)))


_WIDE = 100  # columns in which there is room for all


def _question(row: QuestionRow) -> Text:
    return Text(f"{_spoken(row.name)} {row.title}" + (" ✎" if row.by_hand else ""))


def _all_points(report: ClassReport, row: QuestionRow) -> Text:
    if waits(report, row):
        return Text(f"{row.graded} of {report.submissions} graded", style="dim")
    low = row.pass_rate is not None and row.pass_rate < 0.5
    return Text(_percent(row.pass_rate), style="red" if low else "green")


def _mean(report: ClassReport, row: QuestionRow) -> str:
    return "–" if waits(report, row) else _percent(row.mean)


def _most_made(row: QuestionRow) -> Text:
    told = (f"{MISCONCEPTIONS[m].phrase} ×{n}" for m, n in row.mistakes.most_common(1))
    return Text(next(told, ""))


def waits(report: ClassReport, row: QuestionRow) -> bool:
    """Whether a person has yet to grade a question for some: then shares say nothing of it."""
    return row.by_hand and row.graded < report.submissions


def _summary(report: ClassReport) -> str:
    """The class in a line."""
    count = report.submissions
    line = f"{count} submission{'' if count == 1 else 's'}"
    if report.median is not None:
        line += f", median {decimal(report.median)} of {decimal(report.max_score)} points"
    return f"{line}; {why}" if (why := left_out(report)) else line


def left_out(report: ClassReport) -> str:
    """What the numbers leave out, since a person has yet to grade it; nothing if nothing is."""
    count = report.set_aside
    parts = [", ".join(map(_spoken, report.unread))] if report.unread else []
    if count:
        parts.append(f"{count} submission{'' if count == 1 else 's'}")
    return f"without {' and '.join(parts)}, to be graded by a person" if parts else ""


def _lines(report: ClassReport) -> list[list[object]]:
    """A header and a line a question; rates from 0 to 1, times in seconds."""
    lines: list[list[object]] = [
        ["question", "title", "points", "graded", "passed", "pass_rate", "mean", "discrimination",
         "median_seconds", "timed", "misconceptions"]
    ]  # fmt: skip
    for row in report.questions:
        shares = [row.pass_rate, row.mean, row.discrimination]
        told = "; ".join(f"{name} {count}" for name, count in row.mistakes.most_common())
        lines.append(
            [row.name, row.title, f"{decimal(row.max_score)}", row.graded, row.passed,
             *("" if share is None else f"{share:.4f}" for share in shares),
             "" if row.seconds is None else f"{row.seconds:.0f}", row.timed, told]
        )  # fmt: skip
    return lines


def _percent(share: float | None) -> str:
    """`85 %`, or a dash. Only what is all or nothing is written as 100 % or 0 %."""
    if share is None:
        return "–"
    if 0 < share < 1:
        share = min(0.99, max(0.01, share))
    return f"{100 * share:.0f} %"


def _signed(value: float | None) -> str:
    """`0.42`, `−0.10`, or a dash."""
    return "–" if value is None else f"{value:.2f}".replace("-", MINUS)


def _duration(seconds: float | None) -> str:
    """`40 s`, `12 min`, `1 h 05 min`, or a dash."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _spoken(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lecture(section: str) -> str:
    """`01_scalar_circuits#One-gate` as people say it."""
    notebook, _, heading = section.partition("#")
    number, _, title = notebook.partition("_")
    return f"lecture {int(number)}, {title.replace('_', ' ')}: “{heading.replace('-', ' ')}”"


@dataclass(frozen=True)
class _Bar:
    """A bar of the histogram, in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float
    bin: Bin


@dataclass(frozen=True)
class _Chart:
    """The histogram: bars, and ticks as (place, label). The drawing is 720 by 240."""

    bars: list[_Bar]
    across: list[tuple[float, str]]
    up: list[tuple[float, str]]
    median: float | None


_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 706.0, 26.0, 196.0


def _chart(report: ClassReport) -> _Chart | None:
    if not report.histogram:
        return None
    end = report.histogram[-1].high
    tallest = max(1, *(one.count for one in report.histogram))
    step = next(s for p in range(9) for f in (1, 2, 5) if tallest / (s := f * 10**p) <= 4)

    def x(score: float) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * min(score, end) / end, 2)

    def y(count: float) -> float:
        return round(_BOTTOM - (_BOTTOM - _TOP) * count / tallest, 2)

    bars = [
        _Bar(x(one.low) + 1.5, y(one.count), x(one.high) - x(one.low) - 3, _BOTTOM - y(one.count),
             one)
        for one in report.histogram
    ]  # fmt: skip
    edges = [one.low for one in report.histogram] + [end]
    return _Chart(
        bars,
        [(x(edge), f"{edge:g}") for edge in edges],
        [(y(count), str(count)) for count in range(0, tallest + 1, step)],
        None if report.median is None else x(report.median),
    )
