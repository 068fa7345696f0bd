"""Train a network in a folder, or reuse a run that is already there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscape.data import Examples
from landscape.models.named import Network
from landscape.training.loop import FINAL, LAST, train_network
from landscape.training.settings import TrainingSettings


def train_once(
    make_network: Callable[[], Network],
    data: dict[str, Examples],
    folder: str | Path,
    settings: TrainingSettings,
    **options: Any,
) -> Path:
    """Train into ``folder``: an interrupted run is resumed, a complete one is kept.

    Takes the arguments of :func:`landscape.train_network` except ``resume``; the history is next to
    the weights (:func:`landscape.training.read_history`).

    Raises
    ------
    InputError
        If the folder contains a run with another network, other examples or other settings.
    """
    folder = Path(folder)
    resume = (folder / LAST).exists()
    train_network(make_network, data, folder, settings, resume=resume, **options)
    return folder / FINAL
