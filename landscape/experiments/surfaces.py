"""Train a network for an experiment and sample its surface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from landscape.build import build_problem
from landscape.experiments.setup import Setup, Size
from landscape.run import sample_surface
from landscape.store import open_surface
from landscape.surface import Surface
from landscape.training import FINAL, History


@dataclass(frozen=True, kw_only=True)
class SurfaceSize(Size):
    """Networks, training settings and sampling of a size.

    ``axis``: the coordinates of both axes. ``limit``: number of training examples evaluated at each
    point; None is all.
    """

    axis: str
    limit: int | None


_Sampled = TypeVar("_Sampled", bound=SurfaceSize)


def train_and_sample(
    setup: Setup[_Sampled], name: str, folder: str, *, title: str, **options: Any
) -> tuple[History, Surface]:
    """Train a network in ``folder`` and sample a plane around it into ``folder.h5``.

    ``setup``: provides the seed of training and directions. ``options``: options of the network,
    including ``shortcuts``. Returns training history and surface.
    """
    size, seed = setup.size, setup.seeds[0]
    history = setup.train(
        partial(setup.network, name, **options), folder, replace(size.settings, seed=seed), folder
    )
    problem = build_problem(
        name,
        weights=setup.folder / folder / FINAL,
        shortcuts=options.pop("shortcuts", None),
        settings=options,
        data=setup.source,
        limit=size.limit,
        device=setup.device,
    )
    surface = sample_surface(
        problem,
        size.axis,
        size.axis,
        path=_file(setup.folder, folder),
        seed=seed,
        title=title,
        progress=setup.progress,
    )
    return history, surface


def sampled(folder: Path, name: str) -> Surface:
    """The surface around the network trained in the folder ``name``."""
    return open_surface(_file(folder, name))


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.h5"
