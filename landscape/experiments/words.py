"""Text for numbers of several seeds and for measures of surfaces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.grid import FloatArray
from landscape.measures import Estimate

_HARDLY_BETTER = 0.95
"""A network whose error is at least this share of that of guessing has learnt nothing."""
_LEAST_ROUGHNESS = 0.01
"""In decades: smaller differences (2% of a loss) are ignored."""
_MEASURES = (
    "origin_loss",
    "flat_radius",
    "share_below_guessing",
    "roughness",
    "basins",
    "convexity_share",
)


def percent(fraction: float | np.floating) -> str:
    """Format a fraction: ``1.00%``, ``12.3%``."""
    return f"{float(fraction):.2%}" if fraction < 0.1 else f"{float(fraction):.1%}"


def spread(fractions: FloatArray) -> str:
    """Format median, lowest and highest: ``30.0% (20.0% to 40.0%)``; a single value alone."""
    if fractions.size == 1:
        return percent(fractions[0])
    low, high = percent(fractions.min()), percent(fractions.max())
    return f"{percent(np.median(fractions))} ({low} to {high})"


def loss_spread(losses: FloatArray) -> str:
    """Format median, lowest and highest loss: ``0.31 (0.21 to 0.41)``."""
    return f"{np.median(losses):.2g} ({losses.min():.2g} to {losses.max():.2g})"


def what_spread_is(seeds: int) -> str:
    """The meaning of the numbers of :func:`spread`, for brackets."""
    return f"median of {seeds} seeds, lowest to highest" if seeds > 1 else "one seed"


@dataclass(frozen=True)
class Increase:
    """Errors ``before`` and ``after`` a change, shape (seeds,) each."""

    before: FloatArray
    after: FloatArray

    @property
    def median(self) -> float:
        """The difference of the medians."""
        return float(np.median(self.after) - np.median(self.before))

    @property
    def points(self) -> str:
        """The same in percentage points, such as ``+1.00``."""
        return f"{100 * self.median:+.2f}"

    @property
    def apart(self) -> bool:
        """Whether every error after is higher than every one before."""
        return bool(self.after.min() > self.before.max())

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.after.size

    @property
    def higher(self) -> int:
        """Number of seeds with a higher error after than before."""
        return int((self.after > self.before).sum())


def learns(errors: FloatArray, results: Results, classes: str = "classes") -> npt.NDArray[np.bool_]:
    """Whether training errors are clearly lower than by guessing, elementwise.

    ``classes``: name of the attribute with the number of classes.
    """
    guessing = 1.0 - 1.0 / float(results.attributes[classes])
    return np.asarray(errors < _HARDLY_BETTER * guessing)


@dataclass(frozen=True)
class Sampled:
    """Final errors of a network and measures of its surface.

    ``measures``: measures of :mod:`landscape.experiments.measured` used in sentences.
    """

    train_error: float
    test_error: float
    learnt: bool
    measures: Mapping[str, Estimate]

    @staticmethod
    def read(results: Results, classes: str = "classes", **labels: str | float) -> Sampled:
        """Read those of the network with these labels."""
        train, test = (results.select(f"{split}_error", **labels) for split in ("train", "test"))
        measures = {name: estimate_of(results, name, **labels) for name in _MEASURES}
        return Sampled(float(train), float(test), bool(learns(train, results, classes)), measures)

    def differs_from(self, other: Sampled) -> tuple[str, str]:
        """How this surface differs from the other, and the numbers of both, the other first."""
        pair = (other.measures, self.measures)
        rough, flat = ([one[name] for one in pair] for name in ("roughness", "flat_radius"))
        flatter = _difference(flat, "flatter", "sharper", 0.0)
        rougher = _difference(rough, "rougher", "smoother", _LEAST_ROUGHNESS)
        return f"{flatter} and {rougher}", (
            f"flat radius {flat[0].value:.3g} and {flat[1].value:.3g}, roughness "
            f"{rough[0].value:.3g} and {rough[1].value:.3g} decades"
        )

    @property
    def basins(self) -> str:
        """Number of basins, such as ``3 basins``."""
        count = self.measures["basins"].value
        return f"{count:.0f} basin{'' if count == 1 else 's'}"


def _difference(pair: list[Estimate], more: str, less: str, least: float) -> str:
    """How the second differs from the first: by at least ``least``, and beyond their ranges."""
    first, second = pair
    if math.isnan(first.value) or math.isnan(second.value):
        return f"not known to be {more} or {less}"
    if not first.differs_from(second) or abs(first.value - second.value) < least:
        return f"neither {more} nor {less}"
    return more if second.value > first.value else less
