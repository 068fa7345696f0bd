"""How a quantity is displayed: its label, its unit and the chance level."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landscape.quantity import HIGHER, KINDS, Quantity
from landscape.surface import Surface

_SPLIT_WORDS = {"train": "training"}


@dataclass(frozen=True)
class DisplayedQuantity:
    """A quantity as displayed.

    Attributes
    ----------
    name
        Its name in the surface: ``train_loss``.
    label
        Its label: ``training loss``.
    unit
        The unit of the displayed numbers: ``nats``, ``%``, or empty.
    factor
        Multiplies stored values to give that unit: 100 for an accuracy.
    chance
        The chance level in that unit: ln(classes) for a cross-entropy in nats, 100/classes for
        an accuracy; None where it is unknown.
    """

    name: str
    quantity: Quantity
    label: str
    unit: str
    factor: float = 1.0
    chance: float | None = None

    @property
    def axis_label(self) -> str:
        """``training loss (nats)``."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def word(self) -> str:
        """What is measured, without the split: ``loss``; ``value`` where the name does not say."""
        words = "" if self.quantity.is_stderr else self.quantity.kind.words
        return words.removesuffix(" of the Hessian") or "value"

    @property
    def is_fraction(self) -> bool:
        """Whether it is bounded by 0 and 100 %, as an accuracy is."""
        return self.unit == "%"

    @property
    def has_best(self) -> bool:
        """Whether it has a best value, that is, whether the better direction is known."""
        return self.quantity.better is not None

    @property
    def best_is_highest(self) -> bool:
        """Whether the largest value is the best, rather than the smallest."""
        return self.quantity.better == HIGHER

    @property
    def over_decades(self) -> bool:
        """Whether a log scale suits it."""
        return self.quantity.kind.over_decades and not self.quantity.is_stderr

    @property
    def reach(self) -> tuple[float, float] | None:
        """The fixed range of a linear scale, so that pictures can be compared; None for most."""
        return None if self.quantity.is_stderr else self.quantity.kind.reach

    @property
    def span(self) -> float | None:
        """The lower end of a log scale as a fraction of the largest value, if limited."""
        return None if self.quantity.is_stderr else self.quantity.kind.span


def split_words(quantity: Quantity) -> str:
    """``training`` for a quantity of the split ``train``, empty for one without a split."""
    return _SPLIT_WORDS.get(quantity.split, quantity.split)


def shown(surface: Surface, name: str) -> DisplayedQuantity:
    """How the quantity ``name`` is displayed.

    Raises
    ------
    InputError
        If the surface does not have it.
    """
    quantity = surface.quantity(name)
    percent = quantity.kind.guesses > 0 and quantity.units == "1"
    unit = "%" if percent else ("" if quantity.units == "1" else quantity.units)
    factor = 100.0 if percent else 1.0
    chance = _chance(surface, quantity, unit)
    return DisplayedQuantity(name, quantity, _label(quantity, name), unit, factor, chance)


def _label(quantity: Quantity, name: str) -> str:
    """``5 % quantile over the draws of the training loss`` and the like."""
    kind, split = quantity.kind, split_words(quantity)
    if not kind.words:
        return quantity.long_name or name
    own = quantity.base.replace("_", " ") if quantity.base not in KINDS else kind.words
    if kind.of_the_loss:
        words = f"{kind.words} of the {split} loss" if split else kind.words
    else:
        words = f"{split} {own}".strip()
    if quantity.is_quantile:
        words = f"{int(quantity.statistic[1:])} % quantile over the draws of the {words}"
    if quantity.draw:
        words += f", draw {quantity.draw}"
    return f"standard error of the {words}" if quantity.is_stderr else words


def _chance(surface: Surface, quantity: Quantity, unit: str) -> float | None:
    try:
        classes = int(surface.attributes.get("classes", 0))
    except (TypeError, ValueError):
        return None
    if quantity.is_stderr or classes < 2:
        return None
    if guesses := quantity.kind.guesses:
        return 100.0 * min(1.0, guesses / classes) if unit == "%" else None
    return math.log(classes) if quantity.is_loss and unit == "nats" else None
