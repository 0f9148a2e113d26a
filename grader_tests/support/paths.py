"""Where things are in this checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["ANSWERS", "ROOT", "SAMPLE", "STUDENTS"]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "grader_tests"
"""Holds the sample class: who is in it, and what they answer."""

ANSWERS = SAMPLE / "answers"
STUDENTS = SAMPLE / "students.toml"
