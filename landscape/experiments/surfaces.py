"""A network trained for an experiment, and the surface around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from landscape.build import build_problem
from landscape.data import Examples
from landscape.experiments.trained import trained
from landscape.run import sample_surface
from landscape.surface import Surface
from landscape.training import HISTORY, History, TrainingSettings, read_history


@dataclass(frozen=True)
class Size:
    """What the surfaces of an experiment are made of.

    Attributes
    ----------
    settings
        Of the trainings.
    axis
        The coordinates of both axes.
    limit
        Training examples behind each value; None for all.
    """

    settings: TrainingSettings
    axis: str
    limit: int | None


def trained_and_sampled(
    name: str,
    splits: dict[str, Examples],
    source: str,
    place: Path,
    size: Size,
    *,
    seed: int,
    title: str,
    device: str,
    progress: bool,
    **asked: Any,
) -> tuple[History, Surface]:
    """Train a network in the folder ``place`` and sample the plane around it into ``place.h5``.

    Parameters
    ----------
    name
        Of the network, as ``resnet56``.
    splits, source
        The examples, and their source by name.
    seed
        Of the training and of the directions.
    title
        Of the surface.
    asked
        Settings of the network, among them ``shortcuts``.

    Returns
    -------
    tuple
        The history of the training, and the surface. What is there already is gone on with.
    """
    weights = trained(
        splits,
        name,
        place,
        replace(size.settings, seed=seed),
        title=place.name,
        device=device,
        progress=progress,
        **asked,
    )
    problem = build_problem(
        name,
        weights=weights,
        shortcuts=asked.get("shortcuts"),
        settings={key: value for key, value in asked.items() if key != "shortcuts"},
        data=source,
        limit=size.limit,
        device=device,
    )
    surface = sample_surface(
        problem,
        size.axis,
        size.axis,
        path=place.with_name(f"{place.name}.h5"),
        seed=seed,
        title=title,
        progress=progress,
    )
    return read_history(weights.with_name(HISTORY)), surface
