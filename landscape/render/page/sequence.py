"""Surfaces of one network in successive states, which a page shows one at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from landscape.render.words.names import names_of
from landscape.surface import Surface

_SAME = ("model", "shortcuts", "width", "data", "split", "loss")
_FEWEST = 3


def is_sequence(surfaces: Sequence[Surface]) -> bool:
    """Whether surfaces differ in their weights only: one network and data, on one grid.

    At least three; two are compared side by side.
    """
    head, *others = surfaces
    return (
        len(surfaces) >= _FEWEST
        and len({_weights(surface) for surface in surfaces}) == len(surfaces)
        and all(_alike(head, other) for other in others)
    )


def in_order(surfaces: Sequence[Surface]) -> list[Surface]:
    """A sequence in the order of the numbers in its names; any other surfaces as they are."""
    if not surfaces or not is_sequence(surfaces):
        return list(surfaces)
    return [surfaces[k] for k in natural_order(names_of(surfaces))]


def natural_order(names: Sequence[str]) -> list[int]:
    """The indices that sort names with their numbers as numbers: 2 before 10.

    >>> natural_order(["epoch10", "epoch2", "epoch1"])
    [2, 1, 0]
    """

    def key(k: int) -> list[tuple[int, float, str]]:
        parts = re.split(r"(\d+)", names[k])
        return [(1, float(p), "") if p.isdigit() else (0, 0.0, p) for p in parts]

    return sorted(range(len(names)), key=key)


def _weights(surface: Surface) -> str:
    facts = surface.attributes
    return str(facts.get("weights_sha256") or facts.get("checkpoint") or surface.file)


def _alike(first: Surface, other: Surface) -> bool:
    axes, others = first.grid.axes, other.grid.axes
    return (
        all(first.attributes.get(key) == other.attributes.get(key) for key in _SAME)
        and axes.keys() == others.keys()
        and all(np.array_equal(axes[name], others[name]) for name in axes)
    )
