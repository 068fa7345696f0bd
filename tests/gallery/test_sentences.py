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
        "The loss at the centre is 0.05 nats; look how far its floor reaches: at a radius of 0.1 "
        "the loss has risen by 0.1, and 16% of the plane is better than guessing.",
    ),
    "flat to the rim": (bowl(0.01), "nowhere within 1 the loss has risen by 0.1, and 100%"),
    "no unit": (in_other_units(), "at a radius of 0.071 the loss has doubled."),
    "learnt nothing": (
        spoilt(bowl(10.0, 2.4), 2.4),
        "is 2.4 nats, no better than guessing (2.3): this is the surface of a network that has "
        "learnt next to nothing.",
    ),
    "nearly nothing": (bowl(1.0, 2.1), "hardly better than guessing (2.3): this is"),
    "NaN at the centre": (
        spoilt(bowl(10.0), math.nan, CENTRE),
        "Mind that 1 of 441 points is NaN and left open: the loss of the trained network itself is "
        "NaN, so it has no flat floor.",
    ),
    "infinite": (
        spoilt(bowl(10.0), math.inf, (0, 0), (20, 20)),
        "Mind that 2 of 441 points are inf",
    ),
    "unfinished": (
        unfinished(bowl(10.0), 2),
        "Mind that 42 of 441 points are not computed yet: the loss at the centre is 0.05 nats;",
    ),
    "centre not computed": (
        unfinished(bowl(10.0), 12),
        "is not known (not computed yet), so no floor is measured.",
    ),
    "all NaN": (spoilt(bowl(10.0), math.nan), "Every point is NaN: the loss of the trained"),
    "no origin": (without_origin(), "is not known (the grid has no point at the origin)"),
    "no loss": (without_loss(), "The file holds no loss, so look at its |λ_min/λ_max|"),
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
    assert "no better than guessing (2.3), although 77% of the answers are right; look" in first
    assert second.startswith("Beside plain it is flatter")


SECOND = {
    "flatter": (
        bowl(1.0),
        plain(),
        "Beside plain it is flatter (radius 0.316 against 0.05), and no different in roughness "
        "and the number of basins beyond what sampling error and grid leave open.",
    ),
    "sharper": (plain(), bowl(1.0, title="residual"), "Beside residual it is sharper (radius 0.05"),
    "the same": (
        bowl(10.0),
        plain(10.0),
        "Beside plain nothing sets it apart in flatness, roughness and the number of basins beyond "
        "what sampling error and grid leave open.",
    ),
    "rougher": (plain(1.0, ripple=8.0), bowl(1.0, title="residual"), "rougher ("),
    "one guesses": (
        bowl(1.0),
        plain(1.0, 2.4),
        "It is not compared with plain, as that learnt next to nothing.",
    ),
    "both guess": (bowl(1.0, 2.4), plain(1.0, 2.4), "as both learnt next to nothing."),
    "other data": (bowl(1.0, data="cifar10"), plain(), "It cannot be compared with plain (other"),
    "all NaN": (bowl(1.0), spoilt(plain(), math.nan), "(their measures are not known)."),
    "alone": (
        bowl(10.0),
        None,
        "Of its shape: 1 basin, 100% curves upwards, 0 decades to climb on a straight way across.",
    ),
    "beside no loss": (bowl(10.0), without_loss(), "Of its shape: 1 basin"),
    "alone and NaN": (spoilt(bowl(1.0), math.nan), None, "for want of finite values."),
    "no loss": (without_loss(), plain(), "Nothing is compared without a loss."),
}


@pytest.mark.parametrize("case", SECOND)
def test_the_second_sentence_is_on_its_sibling(case: str) -> None:
    surface, sibling, words = SECOND[case]
    _, second = sentences(surface, sibling)
    assert words in second
    assert second.count(". ") == 0
    assert second.endswith(".")
