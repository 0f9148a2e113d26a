"""Interactive pictures in a notebook: plain HTML with inline JavaScript, no library, no network.

The HTML holds a static picture, and a script that puts the widget in its place. Where scripts do
not run (an untrusted notebook, GitHub, a PDF) the static picture is simply what one sees.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["widget"]


def widget(kind: str, data: dict[str, Any], fallback: str) -> str:
    """HTML of a widget.

    kind:     the JavaScript function that builds it, called as kind(host, data, css).
    data:     what it is given; plain data.
    fallback: the HTML shown where scripts do not run; the function may read it from `host`.
    """
    scripts, style = _ASSETS[kind]
    # "<" could end the script early, and is the same string to JavaScript when it is escaped.
    given = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    css = json.dumps("".join(map(_asset, ("card.css", *style)))).replace("<", "\\u003c")
    code = "".join(map(_asset, ("common.js", *scripts)))
    # A script does not know its element when the page's owner runs it in some other way; then the
    # first widget of this kind that is still static is meant.
    return (
        f'<div class="chainrule-{kind}">{fallback}<script>(() => {{ "use strict";\n{code}\n'
        f'const own = document.currentScript?.closest(".chainrule-{kind}");\n'
        f'const host = own ?? [...document.querySelectorAll(".chainrule-{kind}")]'
        ".find((other) => !other.shadowRoot);\n"
        f"if (host && !host.shadowRoot) {kind}(host, {given}, {css});\n"
        "})();</script></div>"
    )


_ASSETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "stepper": (("gates.js", "lesson.js", "step.js"), ("step.css",)),
    "activation": (("activation.js",), ("explorers.css",)),
    "jacobian": (("jacobian.js",), ("explorers.css",)),
    "training": (("training.js",), ("explorers.css",)),
}


@cache
def _asset(name: str) -> str:
    return files("chainrule").joinpath("web", name).read_text(encoding="utf-8")
