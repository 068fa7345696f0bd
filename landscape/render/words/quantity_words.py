"""How a quantity is shown: its name in words, its unit, and the quantities that go with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from landscape.errors import unknown_choice
from landscape.surface import Surface

_WORDS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "top5": "top-5 accuracy",
    "eigen_ratio": "|λ_min/λ_max| of the Hessian",
    "lambda_max": "largest Hessian eigenvalue",
    "lambda_min": "smallest Hessian eigenvalue",
    "gradient_norm": "gradient norm",
    "density": "density of Hessian eigenvalues",
}
_GUESSES_TAKEN = {"accuracy": 1, "top5": 5}
_NAME = re.compile(
    rf"^(?:(?P<split>.+?)_)?(?P<base>{'|'.join(_WORDS)})"
    r"(?:_(?:draw(?P<draw>\d+)|q(?P<quantile>\d\d)))?(?P<error>_stderr)?$"
)
_SPLIT_WORDS = {"train": "training", "test": "test", "validation": "validation", "": ""}
_OF_THE_LOSS = ("eigen_ratio", "lambda_max", "lambda_min", "gradient_norm", "density")
_OVER_DECADES = ("loss", "gradient_norm", "density")
_RATIO = (0.0, 1.0)
_DENSITY_SPAN = 1e-6


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
    def word(self) -> str:
        """What is measured, without the split: ``loss``; ``value`` where the name does not say."""
        return _WORDS.get(_base(self.name), "value").removesuffix(" of the Hessian")

    @property
    def is_fraction(self) -> bool:
        """Whether it is bounded by 0 and 100 %, as an accuracy is."""
        return self.unit == "%"

    @property
    def reach(self) -> tuple[float, float] | None:
        """What a linear scale holds in every picture, so that pictures compare; None for most.

        That of |λ_min/λ_max|: 0 is convex, from 1 on curvature is as negative as positive (Li et
        al. 2018, figure 7).
        """
        return _RATIO if _base(self.name) == "eigen_ratio" else None

    @property
    def span(self) -> float | None:
        """The smallest part of its largest value that a log scale goes down to, if it has an end.

        A density between two eigenvalues is the tail of a kernel: as small as you like.
        """
        return _DENSITY_SPAN if _base(self.name) == "density" else None


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
    percent = match is not None and match["base"] in _GUESSES_TAKEN and quantity.units == "1"
    unit = "%" if percent else ("" if quantity.units == "1" else quantity.units)
    label = (quantity.long_name or name) if match is None else _label(match)
    factor = 100.0 if percent else 1.0
    return Shown(name, label, unit, factor, _chance(surface, name, unit))


def _label(match: re.Match[str]) -> str:
    """``5 % quantile over the draws of the training loss`` and the like."""
    split = _SPLIT_WORDS.get(match["split"] or "", match["split"])
    own = _WORDS[match["base"]]
    if match["base"] in _OF_THE_LOSS:
        words = f"{own} of the {split} loss" if split else own
    else:
        words = f"{split} {own}".strip()
    if match["quantile"]:
        words = f"{int(match['quantile'])} % quantile over the draws of the {words}"
    if match["draw"]:
        words += f", draw {match['draw']}"
    return f"standard error of the {words}" if match["error"] else words


def _chance(surface: Surface, name: str, unit: str) -> float | None:
    match = _NAME.match(name)
    try:
        classes = int(surface.attributes.get("classes", 0))
    except (TypeError, ValueError):
        return None
    if match is None or match["error"] or classes < 2:
        return None
    if match["base"] in _GUESSES_TAKEN:
        guesses = _GUESSES_TAKEN[match["base"]]
        return 100.0 * min(1.0, guesses / classes) if unit == "%" else None
    return math.log(classes) if match["base"] == "loss" and unit == "nats" else None


def _base(name: str) -> str:
    """What is measured: ``loss`` for ``train_loss_draw2``; nothing for a standard error."""
    match = _NAME.match(name)
    return "" if match is None or match["error"] else match["base"]


def is_loss(name: str) -> bool:
    """Whether the name is that of a loss, of one draw or a quantile of several too."""
    return _base(name) == "loss"


def over_decades(name: str) -> bool:
    """Whether the values are positive and span decades, so that a log scale suits them."""
    return _base(name) in _OVER_DECADES


def of_draws(name: str) -> bool:
    """Whether it is one draw of several, or a quantile over them, with a mean beside it."""
    match = _NAME.match(name)
    return match is not None and bool(match["draw"] or match["quantile"])


def stderr_of(surface: Surface, name: str) -> str | None:
    """The name of the standard error that belongs to ``name``, if the surface has it."""
    candidate = f"{name}_stderr"
    return candidate if candidate in surface.quantities else None


def accuracy_of(surface: Surface, name: str) -> str | None:
    """The accuracy on the same split (and draw) as the loss ``name``, if the surface has it."""
    match = _NAME.match(name)
    if match is None or not is_loss(name):
        return None
    candidate = f"{name[: match.start('base')]}accuracy{name[match.end('base') :]}"
    return candidate if candidate in surface.quantities else None
