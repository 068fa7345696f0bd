"""The plane of a curve contains the curve."""

from __future__ import annotations

import numpy as np
import pytest

from landscape.curve import Curve, losses_along
from landscape.errors import InputError
from landscape.planes.curve import NAME, curve_plane
from landscape.run import sample_surface
from tests.planes.material import network, problem

A, B, C = (dict(network(seed).state_dict()) for seed in (0, 1, 2))


@pytest.mark.parametrize("bn", ["stored", "interpolate"])
def test_the_path_in_the_plane_is_the_curve(bn: str) -> None:
    curve = Curve(A, C, B, ("a.pt", "b.pt"))
    plane = curve_plane(problem(), curve)
    surface = sample_surface(problem(), directions=plane, bn=bn, progress=False)
    path = surface.trajectories[NAME]
    assert path.step is not None
    t, height = path.step, float(surface.attributes["control_y"])
    share = float(surface.attributes["control_x"])
    np.testing.assert_allclose(path.x, 2 * t * (1 - t) * share + t**2, atol=1e-6)
    np.testing.assert_allclose(path.y, 2 * t * (1 - t) * height, atol=1e-6)
    assert path.distance is not None
    assert path.distance.max() < 1e-5 * float(surface.axes["x"]["norm"])
    assert surface.axes["x"]["norm"] == pytest.approx(surface.axes["y"]["norm"], rel=1e-6)
    assert abs(float(surface.attributes["axes_cosine"])) < 1e-6
    assert path.loss is None  # it has only the plane's statistics
    words = {"stored": "stored", "interpolate": "interpolated"}
    on_plane = losses_along(problem(), curve.at, t, words[bn])
    np.testing.assert_allclose(path.plane_loss, on_plane, rtol=1e-4)
    assert {0.0, 1.0} <= set(surface.x)
    assert 0.0 in surface.y


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (Curve(B, C, A), "the weights of the network differ from A"),
        (Curve(A, {n: (A[n] + B[n]) / 2 for n in A if A[n].is_floating_point()}, B), "straight"),
        (Curve(A, C, A), "A and B have the same weights; expected two different solutions"),
    ],
)
def test_what_spans_no_plane(curve: Curve, message: str) -> None:
    with pytest.raises(InputError, match=message):
        curve_plane(problem(), curve)
