"""Where the checkpoints of a run lie in a plane, and what their losses are there and by themselves.

A checkpoint seldom lies in the plane; the plane shows the loss of the point nearest to it, which
is another network. So both losses are measured, and the distance off the plane beside them: the
picture says where it stops being true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from tqdm import tqdm

from landscape.evaluate import Settings, evaluate
from landscape.grid import FloatArray
from landscape.plane import Plane
from landscape.planes.runs import Run, parameters_in
from landscape.problem import Problem
from landscape.surface import Trajectory

At = Callable[[FloatArray], Iterator[dict[str, float]]]
"""From coordinates, shape (n, axes), to what the surface itself would hold there."""


def path_of(
    run: Run, problem: Problem, plane: Plane, at: At, loss: str, progress: bool = True
) -> Trajectory:
    """The path of a run in a plane.

    Parameters
    ----------
    at
        Evaluates points of the plane just as the grid is evaluated.
    loss
        The name of the quantity, such as ``train_loss``.

    Returns
    -------
    Trajectory
        With each checkpoint's own loss (in the network's own precision, with its own running
        statistics), the loss of its projection, and its distance off the plane. On a line
        ``y`` is 0.
    """
    places, distances, own = [], [], []
    for label, state in tqdm(
        run.states(), total=len(run.steps), unit="state", desc=run.name, disable=not progress
    ):
        params = parameters_in(state, problem.origin, label)
        place, distance = plane.project(params)
        places.append(place)
        distances.append(distance)
        if run.trained:
            own.append(own_loss(problem.with_state(state), loss))
    coordinates = np.array(places)
    projected = [values[loss] for values in at(coordinates)]
    y = coordinates[:, 1] if coordinates.shape[1] == 2 else np.zeros(len(coordinates))
    return Trajectory(
        coordinates[:, 0],
        y,
        loss=np.array(own) if run.trained else None,
        plane_loss=np.array(projected),
        distance=np.array(distances),
        step=np.array(run.steps),
    )


def own_loss(problem: Problem, loss: str) -> float:
    """The loss of a network as it is, with its own running statistics, on all examples."""
    still = Plane(problem.origin, [])
    ((_, values),) = evaluate(problem, still, np.zeros((1, 0)), [0], Settings())
    return values[loss]
