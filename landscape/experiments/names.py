"""Experiments by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from landscape.errors import check_choice

if TYPE_CHECKING:
    from landscape.experiments.experiment import Experiment

ABOUT = {
    "degradation": "deeper plain networks train worse, residual ones do not",
    "identity": "a network extended by identity layers: does training find that solution?",
    "gradients": "gradients and activations of every layer, with and without BN and shortcuts",
    "variants": "add, concatenate, gate, long skip, each against none at matched size",
    "depth": "surfaces at increasing depth, with and without shortcuts",
    "width": "surfaces at increasing width, with and without shortcuts",
}
"""Description of each experiment; it is ``landscape.experiments.NAME.run.EXPERIMENT``."""


def experiment(name: str) -> Experiment[Any]:
    """The experiment with the given name.

    Raises an InputError for an unknown name.
    """
    check_choice("experiment", name, ABOUT)
    found: Experiment[Any] = import_module(f"landscape.experiments.{name}.run").EXPERIMENT
    return found
