"""Projection of a checkpoint onto a plane and its distance from it, against dense NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landscape.errors import InputError
from landscape.params import Params
from landscape.plane import Plane
from tests.planes.material import flat, noise, problem

ORIGIN = {n: p.double() for n, p in problem().origin.items()}
FIRST, SECOND = noise(ORIGIN, 1), noise(ORIGIN, 2)


def mixed(a: float, first: Params, b: float, second: Params) -> Params:
    return {n: a * first[n] + b * second[n] for n in first}


PLANES = {
    "line": [FIRST],
    "as drawn": [FIRST, SECOND],
    "of very unequal length": [mixed(1e-3, FIRST, 0, SECOND), mixed(0, FIRST, 50, SECOND)],
    "oblique": [FIRST, mixed(1.0, FIRST, 0.3, SECOND)],
    "nearly parallel": [FIRST, mixed(-1.0, FIRST, 0.01, SECOND)],
}


@pytest.mark.parametrize("axes", PLANES.values(), ids=list(PLANES))
def test_projection_and_distance_are_those_of_least_squares(axes: list[Params]) -> None:
    plane = Plane(ORIGIN, axes)
    checkpoint = mixed(1.0, ORIGIN, 0.7, noise(ORIGIN, 3))
    a = torch.stack([flat(axis) for axis in axes], dim=1).numpy()
    d = (flat(checkpoint) - flat(ORIGIN)).numpy()
    expected = np.linalg.lstsq(a, d, rcond=None)[0]
    place, distance = plane.project(checkpoint)
    np.testing.assert_allclose(place, expected, rtol=1e-6)
    np.testing.assert_allclose(distance, np.linalg.norm(d - a @ expected), rtol=1e-6)


@pytest.mark.parametrize("axes", PLANES.values(), ids=list(PLANES))
def test_the_coordinates_of_a_checkpoint_on_the_plane_are_recovered(axes: list[Params]) -> None:
    plane = Plane(ORIGIN, axes)
    coordinates = [0.37, -1.8][: len(axes)]
    place, distance = plane.project(plane.at(coordinates))
    np.testing.assert_allclose(place, coordinates, rtol=1e-6)
    assert distance < 1e-9 * max(plane.norms)


def test_another_network_is_named() -> None:
    other = {n: p for n, p in ORIGIN.items() if n != "3.weight"}
    with pytest.raises(InputError, match=r"no entry for parameter '3\.weight'"):
        Plane(ORIGIN, [FIRST]).project(other)
