"""Where the checkpoints of a run lie in a plane, and what their losses are there and by themselves.

A checkpoint seldom lies in the plane; the plane shows the loss of the point nearest to it, which
is another network. So both losses are measured, and the distance off the plane beside them: the
picture says where it stops being true.
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
"""From coordinates, shape (n, axes), to what the surface itself would hold there."""


def places_of(run: Run, problem: Problem, plane: Plane) -> Trajectory:
    """Where the states of a run lie: coordinates of their projections, and distances off the plane.

    On a line ``y`` is 0.
    """
    found = [plane.project(params) for params in run.parameters(problem.origin)]
    coordinates = np.array([place for place, _ in found])
    y = coordinates[:, 1] if coordinates.shape[1] == 2 else np.zeros(len(coordinates))
    distances = np.array([distance for _, distance in found])
    return Trajectory(coordinates[:, 0], y, distance=distances, step=np.array(run.steps))


def same_places(found: Trajectory, wanted: Trajectory) -> bool:
    """Whether a path that a file holds is that of these states, up to the order of sums."""
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
    """The path of a run with its losses.

    Parameters
    ----------
    places
        What :func:`places_of` gives for the run.
    at
        Evaluates points of the plane just as the grid is evaluated.

    Returns
    -------
    Trajectory
        With each checkpoint's own loss (in the network's own precision, with its own running
        statistics) and the loss of its projection.
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
