"""What the browser edition takes: until it can be read, until a check has answered, and later.

    make site
    python benchmarks/browser.py [--runs 5]

Chromium and a plain file server, both on this machine, and a new profile for every run: nothing is
kept from the one before. "Kept" is the same profile again, with every file from the browser's own
store. Seconds on the clock, the median of all runs and the slowest.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT))

_SITE = _ROOT / "docs" / "_build" / "html"
_SET = "ps1_scalar_circuits"
_ENGINE = "ps7_autograd_engine"
_ADD = """class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, upstream):
        return upstream, upstream
"""
_AGAIN = 10  # times the same check


def _visit(context: Any, address: str, took: Callable[[str, float], None], kept: str) -> None:
    """A page that lists the notebooks, and then set 1 to its first checks."""
    from grader_tests.support import edition

    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{address}lite/", wait_until="commit")
    page.locator("#sets li").first.wait_for()
    took(f"list of notebooks to be read{kept}", time.perf_counter() - began)
    page.close()

    page = context.new_page()
    reader = edition.Reader(page, f"{_SET}/{_SET}.ipynb")
    began = time.perf_counter()
    page.goto(f"{address}lite/?open={_SET}", wait_until="commit")
    page.locator("#front, #frame").first.wait_for()
    reader.frame.locator(".jp-MarkdownCell h1").first.wait_for(timeout=120_000)
    took(f"notebook to be read{kept}", time.perf_counter() - began)
    reader.ready()
    took(f"Python ready{kept}", time.perf_counter() - began)
    reader.run("setup")
    reader.write("q1_add", _ADD)
    reader.run("q1_add")
    said = reader.run("q1_add_forward")
    took(f"first check answered{kept}", time.perf_counter() - began)
    assert "right" in said, said
    for _ in range(_AGAIN):
        for name in ("q1_add_forward", "q1_add_backward"):
            took("each check after that", reader.timed(name))
    page.close()


def _digits(context: Any, address: str) -> float:
    """Training a net on handwritten digits, as set 7 has it at its end, on the master's engine."""
    from grader_tests.support import edition
    from grader_tests.support.trial import master_source, problem_sets, questions

    page = context.new_page()
    reader = edition.Reader(page, f"{_ENGINE}/{_ENGINE}.ipynb")
    page.goto(f"{address}lite/?open={_ENGINE}")
    reader.ready()
    reader.run("setup")
    for name in questions(_ENGINE):
        reader.write(name, master_source(_ENGINE, name))
        reader.run(name)
    told = "\n".join(cell.source for cell in problem_sets()[_ENGINE].cells)
    (training,) = re.findall(r"```python\n(from chainrule import nets.*?)```", told, re.DOTALL)
    last = list(questions(_ENGINE))[-1]
    reader.write(last, training)
    seconds = reader.timed(last)
    assert "digits that it has never seen" in reader.cell(last).inner_text()
    page.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    if not (_SITE / "lite" / "files.json").is_file():
        sys.exit("there is no browser edition: run `make site` first")
    from grader_tests.support import browser, edition

    seconds: dict[str, list[float]] = defaultdict(list)
    with browser.chromium() as chromium, edition.served(_SITE) as address:
        for run in range(runs):
            context = chromium.new_context()
            context.set_default_timeout(edition.READY_WITHIN)
            _visit(context, address, lambda what, took: seconds[what].append(took), "")
            _visit(context, address, lambda what, took: seconds[what].append(took), ", kept")
            if run == 0:
                seconds["training on digits, set 7"].append(_digits(context, address))
            context.close()
    files = json.loads((_SITE / "lite" / "files.json").read_text(encoding="utf-8"))["files"]
    print(f"{'seconds':36}{'median':>8}{'slowest':>9}{'of':>5}")
    for what, took in seconds.items():
        print(f"{what:36}{statistics.median(took):8.2f}{max(took):9.2f}{len(took):5}")
    print(f"\n{len(files)} files, {sum(file['size'] for file in files) / 1e6:.1f} MB, loaded once")


if __name__ == "__main__":
    main()
