"""All threats that are a submission, in the order of the threat model."""

from __future__ import annotations

from grader_tests.threats import (
    exhausting,
    holding,
    malformed,
    reaching,
    reading,
    stealing,
    telling,
)
from grader_tests.threats.row import Threat

THREATS: tuple[Threat, ...] = (
    *stealing.THREATS,
    *reading.THREATS,
    *exhausting.EXHAUSTING,
    *exhausting.DYING,
    *malformed.THREATS,
    *reaching.THREATS,
    *holding.HOLDING,
    *holding.FILLING,
    *telling.DERIVING,
    *telling.HIDDEN,
)
