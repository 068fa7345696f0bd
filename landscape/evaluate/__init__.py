"""Evaluate a problem at points of a plane: one file per method, each yields (index, values)."""

from landscape.evaluate.choose import PRECISIONS, choose_settings, evaluation_for
from landscape.evaluate.in_memory import evaluate
from landscape.evaluate.settings import Settings
from landscape.evaluate.stopping import Tolerance
from landscape.evaluate.tolerance import ToTolerance, evaluate_to_tolerance

__all__ = [
    "PRECISIONS",
    "Settings",
    "ToTolerance",
    "Tolerance",
    "choose_settings",
    "evaluate",
    "evaluate_to_tolerance",
    "evaluation_for",
]
