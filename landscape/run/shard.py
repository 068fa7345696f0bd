"""A part of the points of a surface, for machines that know nothing of each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError, argument
from landscape.grid import CoarserCells, Grid, IntArray, coarse_to_fine

_MOST = 100_000


@dataclass(frozen=True)
class Shard:
    """The ``number``-th of ``of`` parts, from 1."""

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> Shard:
        """``2/8`` is the second of eight.

        >>> Shard.parse("2/8")
        Shard(number=2, of=8)

        Raises
        ------
        InputError
            If it is not of that form, or there is no such part.
        """
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
        number, of = (int(part) for part in match.groups()) if match else (0, 0)
        if not 1 <= number <= of <= _MOST:
            raise InputError(
                f"{argument('shard', text)}: expected i/n with i from 1 to n, as in "
                f"{argument('shard', '2/8')} for the second of eight parts"
            )
        return Shard(number, of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def points(self, grid: Grid, *, with_coarser: bool) -> IntArray:
        """Flat indices of the points of this part, coarse to fine.

        All points in their order are dealt out one by one, so that each part already covers the
        grid and takes the same time. Every point belongs to one part.

        Parameters
        ----------
        with_coarser
            Whether a point can only be measured once the coarser points around it are known. Then
            a part is a block of the grid, and it also holds, beside its block, all that its points
            rest on: parts overlap, in values that must be the same.
        """
        order = coarse_to_fine(grid.shape)
        if not with_coarser:
            return order[self.number - 1 :: self.of]
        ends = np.linspace(0, grid.size, self.of + 1).round().astype(int)
        needed = set(range(ends[self.number - 1], ends[self.number]))
        cells = CoarserCells(grid.shape)
        for index in order[::-1].tolist():  # fine to coarse: what rests on a point comes first
            if index in needed:
                needed.update(cells.around(index))
        return order[np.isin(order, list(needed))]


WHOLE = Shard(1, 1)
"""All points."""
