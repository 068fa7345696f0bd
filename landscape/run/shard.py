"""A part of the points of a surface, for machines without communication."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from landscape.errors import InputError, argument
from landscape.grid import CoarserCells, Grid, IntArray, coarse_to_fine

_MOST = 100_000


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    @staticmethod
    def parse(text: str) -> Shard:
        """Parse a shard: ``2/8`` is the second of eight.

        >>> Shard.parse("2/8")
        Shard(number=2, of=8)

        Raises an InputError if the format is wrong, or there is no such part.
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

        Points are assigned in turn, so that each part covers the whole grid and takes equal time.
        Each point belongs to one part.

        Parameters
        ----------
        with_coarser
            Whether a point depends on the coarser points around it. Then a part is a block of the
            grid, together with all points that these depend on: parts overlap, in values that
            must be equal.
        """
        order = coarse_to_fine(grid.shape)
        if not with_coarser:
            return order[self.number - 1 :: self.of]
        needed = set(self._block(grid))
        cells = CoarserCells(grid.shape)
        for index in order[::-1].tolist():  # fine to coarse: dependent points come first
            if index in needed:
                needed.update(cells.around(index))
        return order[np.isin(order, list(needed))]

    def shared(self, grid: Grid) -> int:
        """How many points of this part are coarser ones of a block of another part."""
        return self.points(grid, with_coarser=True).size - len(self._block(grid))

    def _block(self, grid: Grid) -> range:
        ends = np.linspace(0, grid.size, self.of + 1).round().astype(int)
        return range(int(ends[self.number - 1]), int(ends[self.number]))


WHOLE = Shard(1, 1)
"""All points."""
