"""What the tests reach: `coverage report`, and an end with status 1 where a file is below the bar.

What runs behind the layers of a jail can write no data, so it is measured apart: CONTRIBUTING says
how, and what came out.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage

from grader_tests.support.paths import ROOT

__all__ = ["BAR", "JAILED"]

BAR = 80.0  # per cent of the lines of a file
JAILED = frozenset({
    "grading/remote/server.py", "grading/remote/introspect.py", "grading/sandbox/guest.py",
    "grading/sandbox/supervisor.py", "grading/sandbox/layers.py", "grading/sandbox/landlock.py",
    "grading/sandbox/seccomp.py", "grading/sandbox/kernel.py", "grading/sandbox/cgroup.py",
})  # fmt: skip


def main() -> int:
    """Put the data files of all processes together, and print what is below the bar."""
    measured = Coverage(config_file=str(ROOT / "pyproject.toml"))
    measured.combine()
    measured.save()
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        total = measured.json_report(outfile=file.name)
        files = json.loads(Path(file.name).read_text())["files"]
    low = []
    for name, found in sorted(files.items()):
        within = name.partition("src/chainrule/")[2]
        lines = found["summary"]["covered_lines"], found["summary"]["num_statements"]
        part = 100.0 * lines[0] / lines[1] if lines[1] else 100.0
        if part < BAR and within not in JAILED:
            low.append(f"{within}: {part:.0f} % of {lines[1]} lines")
    text = io.StringIO()
    measured.report(file=text, skip_covered=True)
    print(text.getvalue())
    print(f"{total:.1f} % of lines and branches in all; the jail's own modules are measured apart")
    if len(files) < 100:
        low.append(f"only {len(files)} files were measured")
    for line in low:
        print(f"below {BAR:g} %: {line}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
