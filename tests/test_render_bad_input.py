"""Every kind of figure meets every awkward surface: a right picture, or one clear message."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import side_by_side
from landscape.surface import Quantity, Surface

PLANES = ["contour", "filled", "lines", "heatmap", "surface"]
KINDS = [*PLANES, "curve"]


def of(values, units="nats", name="train_loss", done=None, title=""):
    values = np.asarray(values, dtype=float)
    axes = [np.arange(float(n)) for n in values.shape[::-1]]
    done = np.ones(values.shape, dtype=bool) if done is None else done
    facts = {"title": title} if title else {}
    return Surface(Grid(*axes), {name: Quantity(name, units)}, {name: values}, done, facts)


def square(kind, n=7):
    """Positive values without symmetry, on a plane or (for curves) on a line."""
    along = np.arange(1.0, n + 1)
    return along**2 if kind == "curve" else along**2 + 3 * along[:, None]


def checkered(kind):
    values = square(kind)
    done = np.indices(values.shape).sum(axis=0) % 2 == 0
    return [of(np.where(done, values, np.nan), done=done)]


def quarter(kind):
    values = square(kind)
    done = (np.indices(values.shape) < 4).all(axis=0)
    return [of(np.where(done, values, np.nan), done=done)]


def one_value(kind):
    values = np.full_like(square(kind), np.nan)
    values.flat[len(values) // 2] = 2.0
    return [of(values)]


def mixed_signs(kind):
    return [of(square(kind) - 20, units="1", name="ratio")]


# Per fault: the surfaces, and what is said about it to planes and to lines; None is a picture.
FAULTS = {
    "one point": (lambda kind: [of(np.ones((1, 1)))], "at least 2 × 2 points", "single point"),
    "one row": (
        lambda kind: [of(square("curve")[None])],
        "style curve",
        None,
    ),
    "all NaN": (lambda kind: [of(square(kind) * np.nan)], *["nothing to draw"] * 2),
    "all infinite": (lambda kind: [of(square(kind) * np.inf)], *["nothing to draw"] * 2),
    "nothing done": (
        lambda kind: [of(square(kind), done=np.zeros(square(kind).shape, bool))],
        *["0 of .* computed"] * 2,
    ),
    "every other point": (checkered, None, None),
    "a quarter": (quarter, None, None),
    "one finite value": (one_value, None, None),
    "constant": (lambda kind: [of(0 * square(kind) + 2.5)], None, None),
    "all zero": (lambda kind: [of(0 * square(kind))], None, None),
    "some zero": (lambda kind: [of(square(kind) - square(kind).min())], None, None),
    "negative loss": (lambda kind: [of(square(kind) - 20)], None, None),
    "negative everywhere": (lambda kind: [of(-1 - square(kind))], None, None),
    "one negative of two": (lambda kind: [of(square(kind)), of(square(kind) - 20)], None, None),
    "both signs": (mixed_signs, None, None),
    "huge": (lambda kind: [of(square(kind) * 1e300)], None, None),
    "tiny": (lambda kind: [of(square(kind) * 1e-300)], None, None),
    "different ranges": (lambda kind: [of(square(kind)), of(square(kind) * 1e6)], None, None),
    "different sizes": (lambda kind: [of(square(kind)), of(square(kind, 3))], None, None),
    "different quantities": (
        lambda kind: [of(square(kind)), of(square(kind), name="loss", title="other")],
        *[r"surface 2 of 2 \(other\) has no 'train_loss'"] * 2,
    ),
    "different units": (
        lambda kind: [of(square(kind)), of(square(kind), units="bits")],
        *["cannot show different units"] * 2,
    ),
}


# What has no four neighbours is a mark on a plane, but no surface.
IN_SPACE = dict.fromkeys(["every other point", "one finite value"], "no cell whose four corners")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_kind_with_every_fault(kind, fault):
    make, for_planes, for_lines = FAULTS[fault]
    message = for_lines if kind == "curve" else for_planes
    if kind == "surface" and fault in IN_SPACE:
        message = IN_SPACE[fault]
    surfaces = make(kind)
    if message is not None:
        with pytest.raises(InputError, match=message) as error:
            side_by_side(surfaces, kind)
        assert "\n" not in str(error.value)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = side_by_side(surfaces, kind)
        figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 10


@pytest.mark.parametrize("kind", [k for k in PLANES if k != "surface"])
def test_many_points(kind):
    rough = square(kind, 501) * (1 + np.random.default_rng(0).random((501, 501)))
    rough[:100, :100] = np.nan
    figure = side_by_side([of(rough)], kind)
    figure.canvas.draw()
    assert figure.axes[0].get_xlim()[1] >= 500
