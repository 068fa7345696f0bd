"""How a quantity is shown: its name in words, its unit, and the quantities that go with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from landscape.errors import unknown_choice
from landscape.surface import Surface

_NAME = re.compile(r"^(?:(?P<split>\w+)_)?(?P<base>loss|accuracy)(?P<error>_stderr)?$")
_SPLIT_WORDS = {"train": "training", "test": "test", "validation": "validation", "": ""}


@dataclass(frozen=True)
class Shown:
    """A quantity as a reader sees it.

    Attributes
    ----------
    name
        Its name in the surface: ``train_loss``.
    label
        Its name in words: ``training loss``.
    unit
        The unit of the numbers in the picture: ``nats``, ``%``, or nothing.
    factor
        What a stored value is multiplied with to be in that unit: 100 for an accuracy.
    chance
        What guessing gives, in that unit: ln(classes) for a cross-entropy in nats,
        100/classes for an accuracy; None where it is not known.
    """

    name: str
    label: str
    unit: str
    factor: float = 1.0
    chance: float | None = None

    @property
    def axis_label(self) -> str:
        """``training loss (nats)``."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def is_fraction(self) -> bool:
        """Whether it is bounded by 0 and 100 %, as an accuracy is."""
        return self.unit == "%"


def split_words(name: str) -> str:
    """``training`` for ``train_loss``, nothing for a quantity without a split."""
    split = split_of(name)
    return _SPLIT_WORDS.get(split, split)


def split_of(name: str) -> str:
    """``train`` for ``train_loss``, nothing for ``loss`` or a name of another form."""
    match = _NAME.match(name)
    return (match["split"] or "") if match else ""


def shown(surface: Surface, name: str) -> Shown:
    """How ``name`` is shown.

    Raises
    ------
    InputError
        If the surface does not hold it.
    """
    if name not in surface.quantities:
        raise unknown_choice("quantity", name, surface.quantities)
    quantity = surface.quantities[name]
    match = _NAME.match(name)
    percent = match is not None and match["base"] == "accuracy" and quantity.units == "1"
    unit = "%" if percent else ("" if quantity.units == "1" else quantity.units)
    if match is None:
        label = quantity.long_name or name
    else:
        label = " ".join(filter(None, (split_words(name), match["base"])))
        if match["error"]:
            label = f"standard error of the {label}"
    factor = 100.0 if percent else 1.0
    return Shown(name, label, unit, factor, _chance(surface, name, unit))


def _chance(surface: Surface, name: str, unit: str) -> float | None:
    match = _NAME.match(name)
    try:
        classes = int(surface.attributes.get("classes", 0))
    except (TypeError, ValueError):
        return None
    if match is None or match["error"] or classes < 2:
        return None
    if match["base"] == "accuracy":
        return 100.0 / classes if unit == "%" else None
    return math.log(classes) if unit == "nats" else None


def is_loss(name: str) -> bool:
    """Whether the name is that of a loss (not of its standard error)."""
    return name == "loss" or name.endswith("_loss")


def stderr_of(surface: Surface, name: str) -> str | None:
    """The name of the standard error that belongs to ``name``, if the surface has it."""
    candidate = f"{name}_stderr"
    return candidate if candidate in surface.quantities else None


def accuracy_of(surface: Surface, name: str) -> str | None:
    """The accuracy on the same split as the loss ``name``, if the surface has it."""
    if not is_loss(name):
        return None
    candidate = name[: -len("loss")] + "accuracy"
    return candidate if candidate in surface.quantities else None
