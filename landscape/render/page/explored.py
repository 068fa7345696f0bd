"""What a reader of the page explores a surface with: lengths, levels that mean something, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.errors import InputError
from landscape.measures.lengths import in_weights
from landscape.quantity import draw_of
from landscape.render.heights import finite_values
from landscape.render.words.numerals import short
from landscape.render.words.quantity_words import DisplayedQuantity, shown
from landscape.summary import describe
from landscape.surface import Surface

_RISES = (0.1, 1.0)  # above the minimum of a loss, in nats
_FALLS = (1.0, 10.0)  # below the best accuracy, in percent
_FACTORS = (2.0, 10.0)  # of the minimum, in other units


def explored(surface: Surface, common: Sequence[str]) -> dict[str, Any]:
    """Of one panel: its description, the lengths of its axes in weight space, its named levels.

    ``gram``: the inner products of the axes, None where the file does not record them. ``fixed``:
    the coordinate of an axis with a single point. ``levels``: per quantity pairs of a value, in
    the unit of the page, and what it means.
    """
    return {
        "summary": describe(surface),
        "gram": _gram(surface),
        "fixed": next((float(a[0]) for a in surface.grid.axes.values() if a.size == 1), None),
        "parameters": surface.attributes.get("parameters"),
        "levels": {name: named_levels(surface, shown(surface, name)) for name in common},
    }


def named_levels(surface: Surface, how: DisplayedQuantity) -> list[list[Any]]:
    """Levels of a loss or accuracy with what they mean: guessing, so much above the minimum.

    >>> from landscape import open_surface
    >>> from landscape.render.words.quantity_words import shown
    >>> surface = open_surface("example:resnet56")
    >>> for value, words in named_levels(surface, shown(surface, "train_loss")):
    ...     print(f"{value:.3f} {words}")
    0.100 minimum + 0.1 nats
    1.000 minimum + 1 nats
    2.303 guessing
    4.605 twice the loss of guessing
    """
    values = finite_values(surface, how)
    meant = (how.quantity.is_loss or how.is_fraction) and not how.quantity.is_stderr
    if not meant or not np.isfinite(values).any():
        return []
    found = [] if how.chance is None else [(how.chance, "guessing")]
    if not how.quantity.is_loss:
        best = float(np.nanmax(values))
        found += [(best - fall, f"best − {short(fall)} %") for fall in _FALLS]
    else:
        least = float(np.nanmin(values))
        if how.unit == "nats":
            found += [(least + rise, f"minimum + {short(rise)} nats") for rise in _RISES]
        elif least > 0:
            found += [(factor * least, f"{short(factor)} × the minimum") for factor in _FACTORS]
        if how.chance is not None:
            found.append((2 * how.chance, "twice the loss of guessing"))
    return [[float(f"{value:.6g}"), words] for value, words in sorted(found)]


def draws_of(surface: Surface, name: str, common: Sequence[str]) -> list[str]:
    """The names of the single draws of a quantity, in order; empty without repeats."""
    found: list[str] = []
    while (draw := draw_of(surface.quantities, name, len(found) + 1)) in common:
        found.append(str(draw))
    return found


def _gram(surface: Surface) -> list[list[float]] | None:
    try:
        return [[float(f"{v:.9g}") for v in row] for row in in_weights(surface).tolist()]
    except InputError:
        return None
