"""A network trained in a folder, whatever is there already."""

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
    """The trained weights in ``folder``: an interrupted run is gone on with, a complete one kept.

    Takes what :func:`landscape.train_network` takes, but for ``resume``; its history is beside the
    weights (:func:`landscape.training.read_history`).

    Raises
    ------
    InputError
        If the folder holds a run of another network, other examples or other settings.
    """
    folder = Path(folder)
    resume = (folder / LAST).exists()
    train_network(make_network, data, folder, settings, resume=resume, **options)
    return folder / FINAL
