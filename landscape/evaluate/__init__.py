"""(problem, plane, points) → a stream of (index, values): one file per way of doing it."""

from landscape.evaluate.resident import evaluate

__all__ = ["evaluate"]
