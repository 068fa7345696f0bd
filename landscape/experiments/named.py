"""Experiments by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from landscape.errors import unknown_choice
from landscape.experiments.outcome import Outcome

SIZES = ("small", "paper")

ABOUT = {
    "degradation": "deeper plain networks train worse, residual ones do not",
    "identity": "a network extended by identity layers: constructible, but found by training?",
    "gradients": "gradients and activations of every layer, with and without BN and shortcuts",
    "variants": "add, concatenate, gate, long skip and none at matched size, side by side",
    "depth": "surfaces at growing depth, with and without shortcuts",
}
"""What each experiment is about; the module ``landscape.experiments.NAME.run`` runs it."""


@dataclass(frozen=True)
class Experiment:
    """An experiment: ``run(folder, size=…, data=…, seeds=…, device=…, progress=…)``."""

    name: str
    run: Callable[..., Outcome]


def experiment(name: str) -> Experiment:
    """The experiment called ``name``.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name not in ABOUT:
        raise unknown_choice("experiment", name, ABOUT)
    module = import_module(f"landscape.experiments.{name}.run")
    return Experiment(name, cast(Callable[..., Outcome], module.run))
