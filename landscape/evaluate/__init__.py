"""(problem, plane, points) → a stream of (index, values): one file per way of doing it."""

from landscape.evaluate.choose import PRECISIONS, choose_settings, evaluation_for
from landscape.evaluate.resident import evaluate
from landscape.evaluate.settings import Settings

__all__ = ["PRECISIONS", "Settings", "choose_settings", "evaluate", "evaluation_for"]
