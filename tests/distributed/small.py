"""A network whose surface takes a moment, and a comparison of surfaces."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from landscape.data import load_splits
from landscape.problem import Problem
from landscape.surface import Surface

# Attributes that differ between sessions.
OF_THE_MOMENT = {"date", "seconds", "images_per_second", "sessions"}


@functools.cache
def problem(seed: int = 0) -> Problem:
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 12), torch.nn.ReLU(), torch.nn.Linear(12, 10)
    )
    return Problem(network, load_splits("digits", "train", limit=400), device="cpu")


def check_same(one: Surface, other: Surface) -> None:
    """Compare bit by bit, except for attributes of the session."""
    assert one.grid.same_as(other.grid)
    assert one.quantities == other.quantities
    np.testing.assert_array_equal(one.done, other.done)
    for name, values in one.values.items():
        assert values.tobytes() == other.values[name].tobytes(), name
    assert one.axes == other.axes
    assert kept(one.attributes) == kept(other.attributes)


def kept(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key not in OF_THE_MOMENT}
