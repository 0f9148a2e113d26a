"""What nbgrader's settings name: the one module whose path stands in configuration files.

    from chainrule.nbgrader import protect

    c.Autograde.exporter_class = "chainrule.nbgrader.JudgeExporter"
    c.GenerateFeedback.exporter_class = "chainrule.nbgrader.FeedbackExporter"
    c.ExchangeFactory.collect = "chainrule.nbgrader.Collect"
    c.ZipCollectApp.extractor_plugin = "chainrule.nbgrader.SafeExtractor"
    c.ZipCollectApp.collector_plugin = "chainrule.nbgrader.LmsCollector"
    protect(c)

and `nbgrader export --exporter=chainrule.nbgrader.CanvasExporter`. What stands behind these names
may move; the names stay.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported when first asked for: every nbgrader command reads the settings, and needs one of these.
_WHERE = {
    "CanvasExporter": "chainrule.grading.lms.export",
    "Collect": "chainrule.grading.lms.exchange",
    "CsvExporter": "chainrule.grading.lms.export",
    "FeedbackExporter": "chainrule.grading.report.feedback",
    "GradescopeExporter": "chainrule.grading.lms.export",
    "JudgeExporter": "chainrule.grading.gradebook.nbgrader_plugin",
    "LmsCollector": "chainrule.grading.lms.zip_collect",
    "MoodleExporter": "chainrule.grading.lms.export",
    "SafeExtractor": "chainrule.grading.lms.zip_collect",
    "protect": "chainrule.grading.report.formgrader",
}

__all__ = [*_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
