"""What is said of a surface in words: a line is not called a plane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from landscape.grid import Grid
from landscape.summary import describe, plane_words
from landscape.surface import Quantity, Surface, Trajectory

STEPS = np.array([0.0, 0.5])
PATH = Trajectory(STEPS, STEPS, STEPS + 1, STEPS + 1, STEPS)
X = np.linspace(-1, 1, 5)


def surface(grid: Grid) -> Surface:
    values = np.full(grid.shape, 0.5)
    made = Surface(grid, {"loss": Quantity("cross-entropy", "nats")}, {"loss": values})
    made.done[:] = True
    made.attributes.update(classes=10, loss="cross_entropy")
    made.trajectories["run"] = PATH
    made.trajectories["bare"] = replace(PATH, loss=None)
    return made


@pytest.mark.parametrize(
    ("grid", "word", "not_it"),
    [
        (Grid(X), "line", "plane"),
        (Grid(X, X), "plane", "line"),
    ],
    ids=["line", "plane"],
)
def test_a_line_is_not_called_a_plane(grid: Grid, word: str, not_it: str) -> None:
    said = " ".join([describe(surface(grid)), *plane_words(surface(grid))])
    assert f"100.0% of the {word} below the loss of guessing" in said
    assert f"loss on the {word}" in said
    assert f"off the {word}" in said
    assert not_it not in said
