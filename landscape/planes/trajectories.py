"""Planes of training trajectories: principal components of the checkpoints of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.directions import Direction
from landscape.directions.pca import principal_components
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.planes.runs import Run
from landscape.planes.spanned import Spanned
from landscape.problem import Problem

_MARGIN = 0.2
"""Margin on every side, as a fraction of the extent of the paths."""


def pca_plane(problem: Problem, runs: Sequence[Run], axes: int = 2) -> Spanned:
    """The principal line or plane of the checkpoints of runs, through the problem's weights.

    Takes one run, or several (other optimizers, batch sizes, seeds) in a common plane: the
    components are those of all checkpoints together. Directions have unit length, so coordinates
    are distances in weight space.

    Raises
    ------
    InputError
        If a checkpoint is of another network, or they span fewer directions than ``axes``.
    """
    checkpoints = [p for run in runs for p in run.parameters(problem.origin)]
    found = principal_components(checkpoints, problem.origin, axes)
    directions = [
        Direction(
            {name: d.to(problem.origin[name].dtype) for name, d in vector.items()},
            {
                "kind": "pca",
                "component": k,
                "explained_variance": float(share),
                "checkpoints": len(checkpoints),
                "runs": ", ".join(run.name for run in runs),
                "normalization": "none",
                "ignore": "none",
            },
        )
        for k, (vector, share) in enumerate(zip(found.vectors, found.explained, strict=True), 1)
    ]
    plane = Plane(problem.origin, [d.vector for d in directions])
    places = np.array([plane.project(params)[0] for params in checkpoints])
    return Spanned(directions, runs, ranges=ranges_around(places))


def ranges_around(places: FloatArray, count: int = 25) -> list[str]:
    """Ranges ``start:stop:count`` per axis that contain places, shape (n, axes), and the origin."""
    low, high = np.minimum(places.min(axis=0), 0.0), np.maximum(places.max(axis=0), 0.0)
    margin = _MARGIN * (high - low)
    ends = zip(low - margin, high + margin, strict=True)
    return [f"{_short(start)}:{_short(stop)}:{count}" for start, stop in ends]


def _short(value: float) -> str:
    return f"{value:.4g}"
