"""(problem, plane, points) → a stream of (index, values): one file per way of doing it."""

from landscape.evaluate.choose import PRECISIONS, choose_settings, evaluation_for
from landscape.evaluate.in_memory import evaluate
from landscape.evaluate.settings import Settings
from landscape.evaluate.stopping import Tolerance
from landscape.evaluate.tolerance import evaluate_to_tolerance

__all__ = [
    "PRECISIONS",
    "Settings",
    "Tolerance",
    "choose_settings",
    "evaluate",
    "evaluate_to_tolerance",
    "evaluation_for",
]
