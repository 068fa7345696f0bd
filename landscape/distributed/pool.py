"""What all ranks have found so far, chunk by chunk, through the board."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.distributed.board import Board
from landscape.errors import InputError
from landscape.grid import CoarserCells, IntArray
from landscape.run.agreement import disagreements
from landscape.surface import Surface

_CHUNKS_A_RANK = 128
"""In a whole surface: so small that nobody waits long for the last one."""


class Disputed(InputError):
    """Two ranks say different things of the same point."""


class Pool:
    """The values on the board, and a surface that follows them.

    Parameters
    ----------
    board
        Where the ranks meet.
    whole
        Holds what is known here already, as from part files, and is filled.
    order
        Every point, coarse to fine.
    by_level
        Whether a point rests on coarser ones: then each level is a group of its own.
    """

    def __init__(self, board: Board, whole: Surface, order: IntArray, *, by_level: bool) -> None:
        self._board, self.whole = board, whole
        least = -(-whole.grid.size // (_CHUNKS_A_RANK * board.world))
        size = int(board.agree("chunk", lambda: least))
        cells = CoarserCells(whole.grid.shape)
        levels: dict[int, list[int]] = {}
        for index in order.tolist():
            levels.setdefault(cells.level(index) if by_level else 0, []).append(index)
        self.groups: list[dict[str, list[int]]] = []
        """Per group its chunks: indices of points, by the chunk's name."""
        for indices in levels.values():
            starts = range(0, len(indices), size)
            self.groups.append({str(indices[s]): indices[s : s + size] for s in starts})
        self._chunks = {name: points for group in self.groups for name, points in group.items()}
        self._names = sorted(whole.quantities)
        self.found_by: dict[int, int] = {}
        """Per point on the board the rank that put it there."""
        self._read: set[str] = set()
        for name in self._chunks:
            if not self.missing(name):
                self.publish(name)

    def missing(self, name: str) -> list[int]:
        """Those of a chunk's points whose values are not known here."""
        done = self.whole.done.ravel()
        return [index for index in self._chunks[name] if not done[index]]

    def is_done(self, name: str) -> bool:
        """Whether a chunk is on the board and known here."""
        return name in self._read

    def publish(self, name: str) -> None:
        """Put the values of a chunk on the board.

        Raises
        ------
        Disputed
            If other values stand there.
        """
        rows = self._rows(self._chunks[name])
        stands = self._board.put_first(
            values_of(name), f"{self._board.rank} {rows.tobytes().hex()}"
        )
        if stands is None:
            self._board.add_to_list("done", name)
            self._read.add(name)
            self.found_by.update(dict.fromkeys(self._chunks[name], self._board.rank))
        else:
            self._take(name, stands)

    def gather(self) -> None:
        """Learn what others have put there since.

        Raises
        ------
        Disputed
            If it differs by more than rounding from what is known here, as from a part file.
        """
        for name in self._board.listed("done"):
            if name not in self._read:
                self._take(name, self._board.wait_for(values_of(name)))

    def _take(self, name: str, text: str) -> None:
        rank, _, numbers = text.partition(" ")
        points = self._chunks[name]
        rows = np.frombuffer(bytes.fromhex(numbers)).reshape(len(points), len(self._names))
        self._check(points, rows, rank)
        for index, row in zip(points, rows, strict=True):
            if not self.whole.done.flat[index]:
                self.whole.record(index, dict(zip(self._names, row.tolist(), strict=True)))
            self.found_by[index] = int(rank)
        self._read.add(name)

    def _check(self, points: Sequence[int], rows: np.ndarray, rank: str) -> None:
        both = [k for k, index in enumerate(points) if self.whole.done.flat[index]]
        indices = np.array([points[k] for k in both], dtype=np.int64)
        known = self._rows(indices.tolist())
        found = disagreements(
            {name: known[:, k] for k, name in enumerate(self._names)},
            {name: rows[both, k] for k, name in enumerate(self._names)},
            indices,
        )
        if found:
            raise Disputed(
                f"{found[0].at(self.whole.grid)}; the first was computed by rank "
                f"{self._board.rank} or is of a part file, the second by rank {rank}. One of their "
                "devices computes wrongly, or differently: find out which, delete its part file "
                "and start again"
            )

    def _rows(self, indices: Sequence[int]) -> np.ndarray:
        """Shape (points, quantities), float64."""
        columns = [self.whole.values[name].ravel()[list(indices)] for name in self._names]
        return np.ascontiguousarray(np.stack(columns, axis=1))


def values_of(name: str) -> str:
    """Where the values of a chunk stand."""
    return f"values {name}"
