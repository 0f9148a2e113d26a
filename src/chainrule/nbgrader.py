"""What nbgrader's settings name: the one module whose path stands in configuration files.

    from chainrule.nbgrader import protect

    c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"
    c.GenerateFeedback.exporter_class = "chainrule.nbgrader.FeedbackExporter"
    c.ExchangeFactory.collect = "chainrule.nbgrader.Collect"
    c.ZipCollectApp.extractor_plugin = "chainrule.nbgrader.SafeExtractor"
    c.ZipCollectApp.collector_plugin = "chainrule.nbgrader.LmsCollector"
    protect(c)

and `nbgrader export --exporter=chainrule.nbgrader.CanvasExporter`. Everything behind these names may
move; the names stay.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "CanvasExporter", "Collect", "CsvExporter", "FeedbackExporter", "GradescopeExporter",
    "JudgeExporter", "LmsCollector", "MoodleExporter", "SafeExtractor", "protect",
]  # fmt: skip

# Imported when first asked for: every nbgrader command reads the settings, and needs one of these.
_WHERE = {
    "CanvasExporter": "chainrule.grading.export",
    "Collect": "chainrule.grading.exchange",
    "CsvExporter": "chainrule.grading.export",
    "FeedbackExporter": "chainrule.grading.feedback",
    "GradescopeExporter": "chainrule.grading.export",
    "JudgeExporter": "chainrule.grading.nbgrader_plugin",
    "LmsCollector": "chainrule.grading.collect",
    "MoodleExporter": "chainrule.grading.export",
    "SafeExtractor": "chainrule.grading.collect",
    "protect": "chainrule.grading.formgrader",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
