"""Random draws as one array in a surface file, with a dimension ``draw``.

In memory each draw is a quantity of its own, such as ``train_loss_draw2``. In a file all draws of a
quantity are one dataset, ``train_loss_draws``, on (draw, y, x): thousands of datasets take longer
to write than their numbers, and HDF5 limits how many can share a dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from landscape.quantity import Quantity, quantity_name

DRAW = "draw"
"""The dimension."""

_ALL = "draws"


class Stack(NamedTuple):
    """Draws of one quantity: their names from the first one on, and what they have in common."""

    names: list[str]
    quantity: Quantity


def stacked(quantities: Mapping[str, Quantity]) -> dict[str, Stack]:
    """The stacks of a surface by the names of their datasets.

    Empty if there are no draws, or not those that a run makes: the same numbers of every quantity,
    in the order of :func:`unstacked`.
    """
    found: dict[str, Stack] = {}
    for name, quantity in quantities.items():
        if quantity.draw:
            common = _common(quantity)
            own = found.setdefault(_name(common), Stack([], common))
            if own.quantity != common or name != quantity.name:
                return {}
            own.names.append(name)
    if not found:
        return {}
    single = [name for name, q in quantities.items() if not q.draw]
    taken = {*single, *(name for stack in found.values() for name in stack.names), DRAW}
    repeats = len(next(iter(found.values())).names)
    if set(found) & taken or DRAW in quantities or repeats < 2:
        return {}
    again = [*single, *unstacked(found.values(), repeats)]
    return found if again == list(quantities) else {}


def unstacked(stacks: Iterable[Stack], repeats: int) -> list[str]:
    """The names of all draws, those of the first draw first."""
    kept = list(stacks)
    return [draw_name(stack.quantity, k) for k in range(1, repeats + 1) for stack in kept]


def draw_name(common: Quantity, draw: int) -> str:
    """The name of one draw of a stack."""
    return quantity_name(common.split, common.base, common.statistic, draw)


def draw_of(common: Quantity, draw: int) -> Quantity:
    """One draw of a stack."""
    return common.beside(draw=draw, long_name=f"{common.long_name}{_ending(draw)}")


def _common(quantity: Quantity) -> Quantity:
    words = quantity.long_name.removesuffix(_ending(quantity.draw))
    return quantity.beside(draw=0, long_name=words)


def _ending(draw: int) -> str:
    return f", draw {draw}"


def _name(common: Quantity) -> str:
    return quantity_name(common.split, f"{common.base}_{_ALL}", common.statistic)
