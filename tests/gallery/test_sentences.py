"""What a gallery says of a surface follows from its numbers, whatever they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from landscape.grid import Grid
from landscape.render.gallery import sentences
from landscape.surface import Quantity, Surface
from tests.gallery.made import bowl, spoilt, unfinished

CENTRE = (10, 10)


def plain(curvature: float = 40.0, start: float = 0.05, **options: float) -> Surface:
    return bowl(curvature, start, shortcuts="none", title="plain", **options)


def in_other_units() -> Surface:
    surface = bowl(10.0)
    surface.quantities["train_loss"] = Quantity("training loss", "1")
    return surface


def without_loss() -> Surface:
    x = np.linspace(-1, 1, 5)
    ratio = {"train_eigen_ratio": np.ones((5, 5))}
    named = {"train_eigen_ratio": Quantity("ratio", "1")}
    return Surface(Grid(x, x), named, ratio, np.ones((5, 5), bool))


def without_origin() -> Surface:
    return bowl(10.0, n=20)


# Loss + 0.1 at r = √(0.1/a), twice the loss at √(c/a); guessing is ln 10 = 2.30.
FIRST = {
    "parabola": (
        bowl(10.0),
        "The loss at the centre is 0.05 nats; it rises by 0.1 at a radius of 0.1, and 16% of "
        "the plane is better than guessing.",
    ),
    "flat to the rim": (bowl(0.01), "it does not rise by 0.1 within a radius of 1, and 100%"),
    "no unit": (in_other_units(), "it doubles at a radius of 0.071."),
    "learnt nothing": (
        spoilt(bowl(10.0, 2.4), 2.4),
        "is 2.4 nats, no better than guessing (2.3): this network has learnt almost nothing.",
    ),
    "nearly nothing": (bowl(1.0, 2.1), "hardly better than guessing (2.3): this"),
    "NaN at the centre": (
        spoilt(bowl(10.0), math.nan, CENTRE),
        "Note that 1 of 441 points is NaN and left blank: the loss of the trained network is "
        "NaN, so flatness is undefined.",
    ),
    "infinite": (
        spoilt(bowl(10.0), math.inf, (0, 0), (20, 20)),
        "Note that 2 of 441 points are inf",
    ),
    "unfinished": (
        unfinished(bowl(10.0), 2),
        "Note that 42 of 441 points are not yet computed: the loss at the centre is 0.05 nats;",
    ),
    "centre not computed": (
        unfinished(bowl(10.0), 12),
        "is unknown (not computed yet), so flatness cannot be measured.",
    ),
    "all NaN": (spoilt(bowl(10.0), math.nan), "Every point is NaN: the loss of the trained"),
    "no origin": (without_origin(), "is unknown (the grid has no point at the origin)"),
    "no loss": (without_loss(), "The file contains no loss; look at its |λ_min/λ_max|"),
}


@pytest.mark.parametrize("case", FIRST)
def test_the_first_sentence_is_on_the_surface_itself(case: str) -> None:
    surface, words = FIRST[case]
    first, _ = sentences(surface)
    assert words in first
    assert first.count(". ") == 0
    assert first.endswith(".")
    assert first[0].isupper()


def test_sure_of_its_errors_is_not_guessing() -> None:
    surface = bowl(1.0, 3.0)
    surface.values["train_accuracy"][:] = 0.77
    first, second = sentences(surface, plain())
    assert "no better than guessing (2.3), although 77% of the answers are right; it" in first
    assert second.startswith("Compared with plain, it is flatter")


SECOND = {
    "flatter": (
        bowl(1.0),
        plain(),
        "Compared with plain, it is flatter (radius 0.316 vs 0.05); no difference in roughness "
        "and the number of basins beyond sampling error and grid resolution.",
    ),
    "sharper": (
        plain(),
        bowl(1.0, title="residual"),
        "Compared with residual, it is sharper (radius 0.05",
    ),
    "the same": (
        bowl(10.0),
        plain(10.0),
        "Compared with plain, it shows no difference in flatness, roughness and the number of "
        "basins beyond sampling error and grid resolution.",
    ),
    "rougher": (plain(1.0, ripple=8.0), bowl(1.0, title="residual"), "rougher ("),
    "one guesses": (
        bowl(1.0),
        plain(1.0, 2.4),
        "Not compared with plain, because the latter learnt almost nothing.",
    ),
    "both guess": (bowl(1.0, 2.4), plain(1.0, 2.4), "because both learnt almost nothing."),
    "other data": (
        bowl(1.0, data="cifar10"),
        plain(),
        "It cannot be compared with plain (different",
    ),
    "all NaN": (bowl(1.0), spoilt(plain(), math.nan), "(their measures are unknown)."),
    "alone": (
        bowl(10.0),
        None,
        "Shape: 1 basin, convex at 100% of the points, roughness 0 decades.",
    ),
    "beside no loss": (bowl(10.0), without_loss(), "Shape: 1 basin"),
    "alone and NaN": (spoilt(bowl(1.0), math.nan), None, "too few finite values."),
    "no loss": (without_loss(), plain(), "Without a loss there is nothing to compare."),
}


@pytest.mark.parametrize("case", SECOND)
def test_the_second_sentence_is_on_its_sibling(case: str) -> None:
    surface, sibling, words = SECOND[case]
    _, second = sentences(surface, sibling)
    assert words in second
    assert second.count(". ") == 0
    assert second.endswith(".")
