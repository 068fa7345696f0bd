"""Train the networks of an experiment and sample their surfaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from landscape.build import build_problem
from landscape.experiments.measured import add_measures
from landscape.experiments.results import Coordinates, Results
from landscape.experiments.setup import NETWORKS, Setup, Size
from landscape.run import sample_surface
from landscape.store import open_surface
from landscape.surface import Attribute, Surface
from landscape.training import FINAL, History

KINDS = ("residual", "plain")
"""The two networks of each size, in the order of results and figures."""

_ERRORS = {"train_error": "training", "test_error": "test"}


@dataclass(frozen=True, kw_only=True)
class SurfaceSize(Size):
    """Networks, training settings and sampling of a size.

    ``axis``: the coordinates of both axes. ``limit``: number of training examples evaluated at each
    point; None is all.
    """

    axis: str
    limit: int | None


_Sampled = TypeVar("_Sampled", bound=SurfaceSize)


@dataclass(frozen=True)
class Pair:
    """A network by its name and options, which is built with and without shortcuts.

    ``words``: its size, for titles.
    """

    words: str
    name: str
    options: dict[str, Any] = field(default_factory=dict)


def measure_pairs(
    setup: Setup[_Sampled], dimension: str, pairs: Mapping[int, Pair], **attributes: Attribute
) -> Results:
    """Train every network, sample its surface, and measure it.

    ``dimension``: what grows, such as ``depth``. ``pairs``: by size. ``attributes``: more
    of the results.

    Raises an InputError if a network cannot be built, before any is trained.
    """
    for pair in pairs.values():
        setup.network(pair.name, shortcuts="none", **pair.options)
    dims = ("network", dimension)
    coordinates: dict[str, Coordinates] = {"network": KINDS, dimension: tuple(pairs)}
    results = setup.results(coordinates, seed=setup.seeds[0], **attributes)
    for error, split in _ERRORS.items():
        results.add(error, dims, None, f"fraction of misclassified {split} examples")
    surfaces: dict[tuple[int, ...], Surface] = {}
    for i, kind in enumerate(KINDS):
        shortcuts = NETWORKS[kind]
        for j, (size, pair) in enumerate(pairs.items()):
            history, surfaces[i, j] = train_and_sample(
                setup,
                pair.name,
                f"{kind}-{size}",
                title=f"{pair.words}, {'no' if shortcuts == 'none' else shortcuts} shortcuts",
                shortcuts=shortcuts,
                **pair.options,
            )
            for error in _ERRORS:
                results.select(error)[i, j] = history.columns[error][-1]
    add_measures(results, dims, surfaces)
    return results


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
