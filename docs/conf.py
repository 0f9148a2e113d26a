"""Sphinx configuration. `docs/build.py` puts the pages and the lectures in one folder first."""

import re

project = "Chainrule"
author = "The Chainrule authors"
copyright = "2026, The Chainrule authors"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", r".*")]

# Lectures are stored with their outputs, and a test holds those against a fresh run.
nb_execution_mode = "off"
nb_mime_priority_overrides = [("html", "text/html", 10)]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"

html_theme = "sphinx_book_theme"
html_title = "Chainrule"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["chainrule.css", "home.css"]
html_js_files = ["print.js"]
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navigation_with_keys": False,
    "navbar_persistent": [],
}
html_context = {"default_mode": "auto"}

# Served from the site itself: a built site asks nothing of the network.
mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "local"}}


def _plain_docstring(app, what, name, obj, options, lines) -> None:
    """Docstrings here are plain text: keep their line breaks, and their stars and backquotes."""
    text = "\n".join(lines).replace("\\", "\\\\").replace("|", "\\|")
    # A star is a star, but for *emphasised words*.
    text = re.sub(r"(?<!\w)(\*\w[^*\n]*\*)(?!\w)|\*", lambda m: m[1] or "\\*", text)
    paragraphs = []
    for paragraph in re.sub(r"(?<!`)`(?!`)", "``", text).split("\n\n"):
        if all(line.startswith("    ") for line in paragraph.splitlines() if line.strip()):
            paragraphs.append("::\n\n" + paragraph.replace("\\*", "*").replace("\\|", "|"))
        elif re.search(r"^[\w, .]+: ", paragraph, re.MULTILINE):
            paragraphs.append("\n".join(f"| {line.strip()}" for line in paragraph.splitlines()))
        else:
            paragraphs.append(paragraph)
    lines[:] = "\n\n".join(paragraphs).split("\n")


def setup(app) -> None:
    app.connect("autodoc-process-docstring", _plain_docstring)
