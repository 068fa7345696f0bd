"""Training: the loop, its settings and its output folder."""

from landscape.training.evaluation import evaluate_examples
from landscape.training.history import History, read_history
from landscape.training.loop import FINAL, HISTORY, LAST, Diverged, train_network
from landscape.training.randomness import seeded
from landscape.training.settings import TrainingSettings

__all__ = [
    "FINAL",
    "HISTORY",
    "LAST",
    "Diverged",
    "History",
    "TrainingSettings",
    "evaluate_examples",
    "read_history",
    "seeded",
    "train_network",
]
