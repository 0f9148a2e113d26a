"""All threats that are a submission, in the order of the threat model."""

from __future__ import annotations

from grader_tests.threats import exhausting, malformed, reading, stealing
from grader_tests.threats.row import Threat

THREATS: tuple[Threat, ...] = (
    *stealing.THREATS,
    *reading.THREATS,
    *exhausting.EXHAUSTING,
    *exhausting.DYING,
    *malformed.THREATS,
)
