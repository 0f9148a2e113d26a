"""What a student wrote, as HTML that cannot do anything: no script, no style, no request.

Feedback pages, Formgrader's page of a submission and the judge's notebooks all go through here.
What comes out holds the tags and attributes of two short tables, pictures that are part of the
page, and links to other sites that open when a person clicks them. Links to where the page itself
lies are dropped: a student's own .html file may lie there.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import nh3

from chainrule.notebook.text import _CONTROLS

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

from chainrule.notebook.text import joined, without_colours

__all__ = ["clean", "clean_data", "markdown", "picture", "plain", "show", "tex"]


def _words(text: str) -> set[str]:
    return set(text.split())


_TAGS = _words(
    "a abbr b blockquote br caption code dd del details div dl dt em figcaption figure"
    " h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary"
    " sup table tbody td tfoot th thead tr u ul var wbr"
)
# Tags that go with all they hold; of others that are not known, the text stays.
_SILENT = _words(
    "script style svg math iframe object noscript noembed noframes template title textarea"
    " select xmp"
)
_WORDS = re.compile(r"left|right|center")
_DIGITS = re.compile(r"\d{1,4}")
_ATTRIBUTES: dict[str, dict[str, re.Pattern[str]]] = {
    "a": {"href": re.compile(r"https?://.+|mailto:.+", re.DOTALL)},
    "img": {"alt": re.compile(".*", re.DOTALL), "width": _DIGITS, "height": _DIGITS},
    "td": {"align": _WORDS, "colspan": _DIGITS, "rowspan": _DIGITS},
    "th": {"align": _WORDS, "colspan": _DIGITS, "rowspan": _DIGITS},
    "ol": {"start": _DIGITS},
    "details": {"open": re.compile("")},
}
_GIVEN = {("a", "target"): "_blank", ("a", "rel"): "noopener noreferrer"}
_CLEANER_ATTRIBUTES = {tag: set(known) for tag, known in _ATTRIBUTES.items()}
_CLEANER_ATTRIBUTES["img"].add("src")

_PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}
_BASE64 = re.compile(r"base64,[A-Za-z0-9+/=%]+")
_DATA_URL = re.compile(r"data:(image/[a-z+]+);base64,(.*)", re.DOTALL)

_LONGEST = 100_000  # characters of markdown, or of HTML, that are read as such
_LONGEST_TEX = 2_000


def plain(text: str) -> str:
    """Text as HTML that shows it, without the codes of a terminal."""
    return html.escape(without_colours(text))


# Pictures -----------------------------------------------------------------------------------------


def picture(kind: str, content: bytes | str) -> str | None:
    """A data: URL of a picture, given as bytes or in base64; None when it is not what it says.

    kind: its media type. An SVG is fine where it is shown by <img>: there it runs no script and
    asks for nothing.
    """
    if isinstance(content, str):
        try:
            content = base64.b64decode("".join(content.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
    if kind == "image/svg+xml":
        known = b"<svg" in content[:2000]
    else:
        known = kind in _PICTURES and content.startswith(_PICTURES[kind])
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}" if known else None


def _picture_again(url: str) -> str | None:
    match = _DATA_URL.fullmatch(url.strip())
    return picture(match[1], unquote(match[2])) if match else None


# HTML ---------------------------------------------------------------------------------------------


def clean(source: str, pictures: Mapping[str, str] | None = None) -> str:
    """A piece of HTML with nothing in it but what the tables of this module allow.

    pictures: data: URLs of the pictures it may name, as `plot.png` or `attachment:plot.png`.
    """
    if len(source) > _LONGEST and len(_BASE64.sub("", source)) > _LONGEST:
        return f"<pre>{plain(source[:_LONGEST])}</pre>"
    known = pictures or {}

    def allowed(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return known.get(unquote(value)) or _picture_again(value)
        if (tag, name) in _GIVEN:
            return _GIVEN[tag, name]
        pattern = _ATTRIBUTES.get(tag, {}).get(name)
        return value if pattern is not None and pattern.fullmatch(value) else None

    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags=_SILENT,
        attributes=_CLEANER_ATTRIBUTES,
        attribute_filter=allowed,
        url_schemes={"http", "https", "mailto", "data", "attachment"},
        set_tag_attribute_values={"a": {"target": _GIVEN["a", "target"]}},
        link_rel=_GIVEN["a", "rel"],
    )


# Formulas -----------------------------------------------------------------------------------------

_MATH_TAGS = _words(
    "math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle merror mpadded mphantom msub msup"
    " msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd"
)
_MATH_ATTRIBUTES = _words(
    "display displaystyle scriptlevel mathvariant stretchy fence separator form lspace rspace"
    " largeop movablelimits accent accentunder symmetric minsize maxsize linethickness"
    " columnalign rowalign columnspacing rowspacing columnlines rowlines width height depth voffset"
    " notation"
)
_MATH_VALUE = re.compile(r"[\w.+% -]*")


@lru_cache(maxsize=2048)
def tex(source: str, display: bool = False) -> str:
    """A formula as MathML, which browsers draw by themselves; its TeX source where it cannot be.

    display: it stands on a line of its own.
    """
    from latex2mathml.converter import convert_to_element  # only here: a judge does without

    with suppress(Exception):  # whatever a student's TeX does to the converter
        if len(source) <= _LONGEST_TEX:
            text = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{split}", source)
            root = convert_to_element(text, display="block" if display else "inline")
            return "".join(_mathml(root))
    kind = "pre" if display else "code"
    return f"<{kind}>{plain(source.strip())}</{kind}>"


def _mathml(element: Element) -> Iterator[str]:
    """Written by hand: the converter keeps entities as text, and leaves markup in it as it is.

    Raises ValueError for what is no plain MathML.
    """
    tag = element.tag.rsplit("}", 1)[-1]
    text = html.unescape(element.text or "")
    if tag not in _MATH_TAGS or (tag == "mi" and text.startswith("\\")):
        raise ValueError(f"{tag} {text}")
    kept = "".join(
        f' {name}="{value}"'
        for name, value in element.attrib.items()
        if name in _MATH_ATTRIBUTES and _MATH_VALUE.fullmatch(value)
    )
    yield f"<{tag}{kept}>{html.escape(text.translate(_CONTROLS))}"
    for child in element:
        yield from _mathml(child)
        yield html.escape(html.unescape(child.tail or ""))
    yield f"</{tag}>"


# Markdown -----------------------------------------------------------------------------------------

# A formula stands as a number between two private characters while the HTML around it is cleaned.
_MARKS = {0xE000: None, 0xE001: None}
_SPOT = re.compile('<[^<>"]*(?:"[^"]*"[^<>"]*)*>|\ue000(?P<n>\\d+)\ue001')


def markdown(source: str, pictures: Mapping[str, str] | None = None) -> str:
    """Markdown with formulas, as harmless HTML; for `pictures` see `clean`."""
    if pictures:
        return _markdown(source, pictures)
    return _plain_markdown(source)


@lru_cache(maxsize=512)  # most cells of a problem set are the same for the whole class
def _plain_markdown(source: str) -> str:
    return _markdown(source, None)


def _markdown(source: str, pictures: Mapping[str, str] | None) -> str:
    if len(source) > _LONGEST:
        return f"<pre>{plain(source[:_LONGEST])}</pre>"
    formulas: list[str] = []
    try:
        text = _parser().render(source.translate(_MARKS), {"formulas": formulas})
    except RecursionError:
        return f"<pre>{plain(source)}</pre>"

    def put_back(match: re.Match[str]) -> str:
        # A tag is left as it is: a formula's number may have come into one of its attributes.
        number = match["n"]
        if number is None or int(number) >= len(formulas):
            return match[0]
        return formulas[int(number)]

    return _SPOT.sub(put_back, clean(text, pictures)).translate(_MARKS)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.amsmath import amsmath_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, double_inline=True, allow_labels=False).use(amsmath_plugin)
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # `clean` decides
    for kind, display in {
        "math_inline": False,
        "math_inline_double": True,
        "math_block": True,
        "amsmath": True,
    }.items():
        parser.add_render_rule(kind, _formula_rule(display))
    for kind in ("td_open", "th_open"):
        parser.add_render_rule(kind, _aligned)
    return parser


def _formula_rule(display: bool) -> Callable[..., str]:
    def rule(_: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
        env["formulas"].append(tex(tokens[index].content, display))
        return f"\ue000{len(env['formulas']) - 1}\ue001"

    return rule


def _aligned(renderer: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """The alignment of a table's column as an attribute: styles are dropped."""
    style = str(tokens[index].attrs.pop("style", ""))
    if style:
        tokens[index].attrs["align"] = style.removeprefix("text-align:")
    return str(renderer.renderToken(tokens, index, options, env))


# Outputs ------------------------------------------------------------------------------------------


def _shown_picture(kind: str) -> Callable[[str], str]:
    def show_it(content: str) -> str:
        url = picture(kind, content.encode() if kind == "image/svg+xml" else content)
        return f'<img src="{url}" alt="a picture that this cell showed">' if url else ""

    return show_it


def _shown_html(content: str) -> str:
    cleaned = clean(content)
    visible = "<img" in cleaned or re.sub(r"<[^>]*>|\s", "", cleaned)
    return cleaned if visible else ""


def _shown_latex(content: str) -> str:
    """A formula, with or without the dollars that say so."""
    text = content.strip()
    return markdown(text) if text.startswith(("$", "\\begin")) else tex(text, display=True)


# The richest first.
_SHOWN: dict[str, Callable[[str], str]] = {
    "text/html": _shown_html,
    "text/markdown": markdown,
    **{kind: _shown_picture(kind) for kind in ("image/svg+xml", *_PICTURES)},
    "text/latex": _shown_latex,
    "text/plain": lambda content: f"<pre>{plain(content)}</pre>",
}


def show(data: Any) -> str:
    """What a cell displayed, given by media type, as harmless HTML: the richest form that has
    anything left to show, or nothing."""
    for kind, shown in _SHOWN.items():
        content = joined(data.get(kind)) if isinstance(data, dict) else ""
        text = shown(content) if content else ""
        if text:
            return text
    return ""


def clean_data(data: Mapping[str, str]) -> dict[str, str]:
    """The same media types, cleaned, for a notebook; those that a page could run are left out."""
    kept = {kind: joined(data.get(kind)) for kind in _SHOWN if data.get(kind)}
    for kind in _PICTURES:
        if kind in kept and picture(kind, kept[kind]) is None:
            del kept[kind]
    if "text/html" in kept:
        kept["text/html"] = clean(kept["text/html"])
    return {kind: text for kind, text in kept.items() if text}
