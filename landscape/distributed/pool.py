"""Exchange of computed points between ranks, in chunks, through the store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landscape.distributed.claims import Claims
from landscape.errors import InputError
from landscape.grid import CoarserCells, IntArray
from landscape.kept import packed, take, unpacked
from landscape.run.agreement import disagreements
from landscape.surface import Surface

_CHUNKS_A_RANK = 128
"""Number of chunks per rank: small chunks, so that ranks wait only briefly for the last one."""


class Disputed(InputError):
    """Two ranks computed different values at the same point."""


class Pool:
    """The values in the store, and a surface kept in sync with them.

    ``whole``: points known already, such as from part files; the others are filled in. ``order``:
    all points, coarse to fine. ``by_level``: whether points depend on coarser ones: then each level
    is a separate group.
    """

    def __init__(self, claims: Claims, whole: Surface, order: IntArray, *, by_level: bool) -> None:
        self._claims, self.whole = claims, whole
        least = -(-whole.grid.size // (_CHUNKS_A_RANK * claims.world))
        size = int(claims.agree("chunk", lambda: least))
        cells = CoarserCells(whole.grid.shape)
        levels: dict[int, list[int]] = {}
        for index in order.tolist():
            levels.setdefault(cells.level(index) if by_level else 0, []).append(index)
        self.groups: list[dict[str, list[int]]] = []
        """Chunks of each group: indices of points, by name."""
        for indices in levels.values():
            starts = range(0, len(indices), size)
            self.groups.append({str(indices[s]): indices[s : s + size] for s in starts})
        self._chunks = {name: points for group in self.groups for name, points in group.items()}
        self._names = sorted(whole.quantities)
        self.found_by: dict[int, int] = {}
        """The rank that computed each point in the store."""
        self._read: set[str] = set()
        for name in self._chunks:
            if not self.missing(name):
                self.publish(name)

    def missing(self, name: str) -> list[int]:
        """The points of a chunk whose values are not known here."""
        done = self.whole.done.ravel()
        return [index for index in self._chunks[name] if not done[index]]

    def is_done(self, name: str) -> bool:
        """Whether a chunk is in the store and known here."""
        return name in self._read

    def publish(self, name: str) -> None:
        """Put the values of a chunk into the store.

        Raises Disputed if it contains different values already.
        """
        points = self._chunks[name]
        numbers, kept = self._rows(points).tobytes(), packed(self.whole.kept, points)
        stored = self._claims.put_first(
            values_of(name), f"{self._claims.rank} {numbers.hex()} {kept.hex()}"
        )
        if stored is None:
            self._claims.add_to_list("done", name)
            self._read.add(name)
            self.found_by.update(dict.fromkeys(self._chunks[name], self._claims.rank))
        else:
            self._take(name, stored)

    def gather(self) -> None:
        """Read what other ranks have added.

        Raises Disputed if it differs by more than rounding from values known here, such as from a
        part file.
        """
        for name in self._claims.listed("done"):
            if name not in self._read:
                self._take(name, self._claims.wait_for(values_of(name)))

    def _take(self, name: str, text: str) -> None:
        rank, numbers, kept = text.split(" ")
        points = self._chunks[name]
        rows = np.frombuffer(bytes.fromhex(numbers)).reshape(len(points), len(self._names))
        self._check(points, rows, rank)
        new = [index for index in points if not self.whole.done.flat[index]]
        take(self.whole.kept, unpacked(bytes.fromhex(kept), self.whole.grid.size), new)
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
                f"{found[0].at(self.whole.grid)}: the first is from rank {self._claims.rank} or a "
                f"part file, the second was computed by rank {rank}; find out which device "
                "computes wrong or different values, delete its part file and start again"
            )

    def _rows(self, indices: Sequence[int]) -> np.ndarray:
        """Values, shape (points, quantities), float64."""
        columns = [self.whole.values[name].ravel()[list(indices)] for name in self._names]
        return np.ascontiguousarray(np.stack(columns, axis=1))


def values_of(name: str) -> str:
    """Name of a chunk's values in the store."""
    return f"values {name}"
