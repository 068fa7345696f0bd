"""Projections of a run's checkpoints onto a plane, with their losses.

A checkpoint rarely lies in the plane, which shows the loss of its projection: a different network.
So both losses are recorded, together with the distance from the plane, and a plot can show where
it is not faithful.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from landscape.evaluate.in_memory import mean_loss
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.planes.runs import Run
from landscape.problem import Problem
from landscape.surface import Trajectory

At = Callable[[FloatArray], Iterator[dict[str, float]]]
"""Maps coordinates, shape (n, axes), to the values that the surface would have there."""


def places_of(run: Run, problem: Problem, plane: Plane) -> Trajectory:
    """Projections of the states of a run, and their distances from the plane.

    On a line ``y`` is 0.
    """
    found = [plane.project(params) for params in run.parameters(problem.origin)]
    coordinates = np.array([place for place, _ in found])
    y = coordinates[:, 1] if coordinates.shape[1] == 2 else np.zeros(len(coordinates))
    distances = np.array([distance for _, distance in found])
    return Trajectory(coordinates[:, 0], y, distance=distances, step=np.array(run.steps))


def same_places(found: Trajectory, wanted: Trajectory) -> bool:
    """Whether a stored path is that of these states, up to rounding."""
    here = found.arrays()
    return all(
        name in here
        and here[name].shape == values.shape
        and np.allclose(here[name], values, rtol=1e-6, atol=1e-6 * np.abs(values).max())
        for name, values in wanted.arrays().items()
    )


def with_losses(
    places: Trajectory, run: Run, problem: Problem, plane: Plane, at: At, progress: bool = True
) -> Trajectory:
    """The path of a run, with losses.

    Parameters
    ----------
    places
        Result of :func:`places_of` for the run.
    at
        Evaluates points of the plane as for the grid.

    Returns
    -------
    Trajectory
        With the loss of each checkpoint (in the network's own precision, with its own running
        statistics) and of its projection.
    """
    own = None
    if run.trained:
        states = tqdm(
            run.states(), total=len(run.steps), unit="state", desc=run.name, disable=not progress
        )
        own = np.array([mean_loss(problem.with_state(state)) for _, state in states])
    loss = problem.prefixed(next(iter(problem.splits)), "loss")
    coordinates = np.stack([places.x, places.y][: len(plane.axes)], axis=1)
    projected = np.array([values[loss] for values in at(coordinates)])
    return replace(places, loss=own, plane_loss=projected)
