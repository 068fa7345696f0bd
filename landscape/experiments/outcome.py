"""What an experiment leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """Files and sentences.

    Attributes
    ----------
    results
        All numbers, see :mod:`landscape.experiments.results`.
    figures
        Pictures drawn from them.
    findings
        What was found, one sentence each, computed from the numbers.
    """

    results: Path
    figures: list[Path]
    findings: list[str]
