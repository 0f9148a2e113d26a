"""One student's feedback on one notebook, as one HTML page: a pure function of what was graded.

The page runs no script and asks for nothing: what a student wrote goes through `safehtml`, and a
policy in the page's head forbids the rest. Hidden checks are not in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from chainrule.formatting import decimal
from chainrule.grading.gradebook.feedback_rows import CellScore
from chainrule.grading.report.hidden_values import NOT_SHOWN, HiddenValues
from chainrule.notebook import safe_html
from chainrule.notebook.cells import grade_id_of, is_masters, nbgrader_of, outputs_of, source_of
from chainrule.notebook.failed_check import FailedCheck, failed_checks, notes_of
from chainrule.notebook.hidden_tests import Hidden
from chainrule.notebook.safe_html import plain
from chainrule.notebook.text import joined

__all__ = ["FeedbackInput", "attachments", "fingerprint", "page", "shown_files"]

_MOST_CODE = 50_000  # characters of a cell that are coloured
_MOST_RICH = 1_000_000  # characters of a notebook, pictures apart, that are more than plain text


@dataclass(frozen=True)
class FeedbackInput:
    """A graded notebook and what the gradebook has of it.

    content: the file in autograded/. rows: by grade_id. late: points taken off for being late.
    files: pictures beside the notebook, by relative path. marks: those around hidden checks.
    hidden_values: show the values that hidden checks try and expect.
    """

    student: str
    assignment: str
    notebook: str
    content: bytes
    rows: Mapping[str, CellScore]
    late: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    marks: tuple[str, str] = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
    hidden_values: bool = False


def page(graded: FeedbackInput) -> str:
    """The page. Raises ValueError when the content is no notebook."""
    notebook = json.loads(graded.content)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError(f"{graded.notebook} of {graded.student} is no notebook")
    view = _View(graded, cells)
    items = [view.item(cell) for cell in cells]
    scores = [row.score for row in graded.rows.values()]
    return _template().render(
        graded=graded,
        fingerprint=fingerprint(graded),
        notes=notes_of(notebook),
        items=items,
        questions=_questions(cells, items),
        earned=sum(score for score in scores if score is not None) - graded.late,
        max_score=sum(row.max_score for row in graded.rows.values()),
        waiting=any(item["state"] == "waiting" for item in items),
    )


def fingerprint(graded: FeedbackInput) -> str:
    """A hash of all that goes into the page: while it is the same, so is the page."""
    rows = {name: asdict(row) for name, row in graded.rows.items()}
    told = [
        graded.student, graded.assignment, graded.notebook, rows, graded.late, graded.marks,
        graded.hidden_values,
    ]  # fmt: skip
    found = hashlib.sha256(_look() + json.dumps(told, sort_keys=True).encode())
    found.update(graded.content)
    for name, content in sorted(graded.files.items()):
        found.update(name.encode() + b"\0" + content)
    return found.hexdigest()[:32]


class _View:
    """How the cells of one notebook are shown."""

    def __init__(self, graded: FeedbackInput, cells: list[dict[str, Any]]) -> None:
        self._rows = graded.rows
        self._hidden = Hidden(cells, *graded.marks)
        self._values = HiddenValues(self._hidden, cells, graded.hidden_values)
        self._files = shown_files(graded.files)
        size = sum(len(source_of(cell)) + _size(cell.get("outputs")) for cell in cells)
        self._rich = size <= _MOST_RICH

    def item(self, cell: dict[str, Any]) -> dict[str, Any]:
        """What the template shows of a cell; see there."""
        known = nbgrader_of(cell)
        name = grade_id_of(cell)
        has_points = bool(known.get("grade") or known.get("task"))
        row = self._rows.get(name, CellScore()) if known else CellScore()
        masters = is_masters(cell)
        check = masters and has_points
        state = _state(row) if has_points else ""
        told = check and state != "passed"
        return {
            "kind": "check" if check else "answer" if name and not masters else "",
            "name": name,
            "row": row,
            "state": state,
            "diagnosis": [self._diagnosis(cell, one) for one in failed_checks(cell)]
            if told
            else [],
            "source": self._source(cell, masters),
            "outputs": self._outputs(cell, masters, told),
            "comment": Markup(safe_html.markdown(row.comment)) if row.comment else "",
        }

    def _outputs(self, cell: dict[str, Any], masters: bool, told: bool) -> list[Markup]:
        """told: what it raised is shown as a diagnosis."""
        outputs = outputs_of(cell)
        if not masters and outputs and not self._values.may_tell(cell):
            lines = filter(None, (self._values.error(cell), NOT_SHOWN))
            return [Markup(f'<p class="note">{plain(line)}</p>') for line in lines]
        found = (
            self._output(one, masters)
            for one in outputs
            if not (told and one.get("output_type") == "error")
        )
        return [shown for shown in found if shown]

    def _source(self, cell: dict[str, Any], masters: bool) -> Markup:
        source = source_of(cell)
        if masters:
            source = self._hidden.cut(source)
        if cell.get("cell_type") == "markdown" and self._rich:
            pictures = attachments(cell.get("attachments")) | self._files
            return Markup(f'<div class="prose">{safe_html.markdown(source, pictures)}</div>')
        if not source.strip():
            return Markup("")
        coloured = cell.get("cell_type") == "code" and len(source) <= _MOST_CODE and self._rich
        return Markup(f'<pre class="code">{_coloured(source) if coloured else plain(source)}</pre>')

    def _output(self, output: dict[str, Any], masters: bool) -> Markup:
        kind = output.get("output_type")
        if kind == "stream":
            text = plain(self._hidden.redact(joined(output.get("text"))))
            return Markup(f'<pre class="printed">{text}</pre>')
        if kind == "error":
            return self._error(output, masters)
        data = output.get("data")
        if not isinstance(data, dict):
            return Markup("")
        told = {name: joined(content) for name, content in data.items() if isinstance(name, str)}
        if any(self._hidden.stands_in(content) for content in told.values()):
            told = {"text/plain": self._hidden.redact(told.get("text/plain", ""))}
        if not self._rich:
            told = {"text/plain": told.get("text/plain", "")}
        return Markup(f'<div class="shown">{safe_html.show(told)}</div>')

    def _error(self, output: dict[str, Any], masters: bool) -> Markup:
        traceback = output.get("traceback")
        frames = traceback if isinstance(traceback, list) and not masters else []
        text = "\n".join(joined(frame) for frame in frames)
        if not text.strip():
            text = ": ".join(filter(None, (joined(output.get(k)) for k in ("ename", "evalue"))))
        return Markup(f'<pre class="printed raised">{plain(self._hidden.redact(text))}</pre>')

    def _diagnosis(self, cell: dict[str, Any], failed: FailedCheck) -> dict[str, Any]:
        """A failed check: in a line, in more lines, and where in the student's own code."""
        reduced = self._values.reduced(cell, failed)
        if reduced is not None:
            failed = reduced
        frames = self._hidden.own_frames(failed.traceback)
        return {
            "headline": self._hidden.redact(failed.headline),
            "details": self._hidden.redact(failed.details),
            "frames": self._hidden.redact("\n".join(frames)),
        }


def _size(value: Any) -> int:
    """The characters of text in an output, pictures apart."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(_size(one) for one in value)
    if isinstance(value, dict):
        return sum(_size(v) for k, v in value.items() if not str(k).startswith("image/"))
    return 0


def _state(row: CellScore) -> str:
    if row.score is None:
        return "waiting"
    if row.score >= row.max_score:
        return "passed"
    return "partly" if row.score > 0 else "failed"


def _questions(cells: list[dict[str, Any]], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The table of points: graded cells by the heading they stand under, or by their own name."""
    questions: list[dict[str, Any]] = []
    title = ""
    begun = True
    for cell, item in zip(cells, items, strict=True):
        if cell.get("cell_type") == "markdown" and item["kind"] != "answer":
            headings = re.findall(r"^#{1,4} +(.+)$", source_of(cell), re.MULTILINE)
            if headings:
                title, begun = headings[-1].strip()[:120], True
        if not item["state"]:
            continue
        if begun or not questions:
            questions.append({"title": title or item["name"], "parts": []})
            begun = not title
        questions[-1]["parts"].append(item)
    for question in questions:
        rows = [part["row"] for part in question["parts"]]
        question["score"] = sum(row.score or 0.0 for row in rows)
        question["max_score"] = sum(row.max_score for row in rows)
        states = {part["state"] for part in question["parts"]}
        question["state"] = states.pop() if len(states) == 1 else "partly"
    return questions


# Pictures -----------------------------------------------------------------------------------------

_KINDS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
}


def shown_files(files: Mapping[str, bytes]) -> dict[str, str]:
    """Pictures beside a notebook, given by relative path, as data: URLs."""
    found = {}
    for name, content in files.items():
        kind = _KINDS.get("." + name.rsplit(".", 1)[-1].lower(), "")
        url = safe_html.picture(kind, content)
        if url:
            found[name] = url
    return found


def attachments(given: Any) -> dict[str, str]:
    """Pictures pasted into a cell, by the address its text calls them with."""
    found = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        for kind, content in bundle.items() if isinstance(bundle, dict) else ():
            text = joined(content)
            if kind == "image/svg+xml" and "<svg" in text:
                text = base64.b64encode(text.encode()).decode("ascii")
            url = safe_html.picture(kind, text)
            if url:
                found[f"attachment:{unquote(name)}"] = url
    return found


# The template -------------------------------------------------------------------------------------


@lru_cache(maxsize=512)  # checks are the same for the whole class
def _coloured(source: str) -> str:
    return str(highlight(source, _LEXER, _FORMATTER))


_LEXER = PythonLexer(stripnl=False)
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="p-")


def _title(text: str) -> Markup:
    """A heading in a line of a table: its formulas, and its text without marks."""
    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        formulas.append(safe_html.tex(match[1]))
        return f"\x00{len(formulas) - 1}\x00"

    shown = str(escape(re.sub(r"[*`]", "", re.sub(r"\$([^$]+)\$", keep, text.replace("\0", "")))))
    return Markup(re.sub("\x00(\\d+)\x00", lambda match: formulas[int(match[1])], shown))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("chainrule.grading.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters.update(points=decimal, title=_title)
    return made


def _text_of(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


@lru_cache(maxsize=1)
def _look() -> bytes:
    """What every page has of this version: a hash of the template and its style."""
    both = _text_of("feedback.html.jinja") + _text_of("feedback.css")
    return hashlib.sha256(both.encode()).digest()


@lru_cache(maxsize=1)
def _template() -> Template:
    """The template, with its style and the policy that allows this one style and nothing else."""
    style = _text_of("feedback.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    given: dict[str, str | Callable[..., Any]] = {"style": Markup(style), "policy": policy}
    return _environment().get_template("feedback.html.jinja", globals=given)
