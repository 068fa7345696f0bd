"""A few points are computed again, by another rank where there is one.

A device that is broken returns numbers, or NaN, as if they were values. What tells them from true
ones is that another device does not return them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import numpy as np

from landscape.distributed.board import Board
from landscape.distributed.pool import Disputed, Pool
from landscape.run.again import Rounding, chosen
from landscape.run.agreement import Disagreement, disagreements
from landscape.run.filling import Measure

_SHOWN = 5
_PATIENCE_S = 5.0


class Verifier:
    """Which points this rank computes again, and what follows from it.

    Parameters
    ----------
    board, pool
        Where claims and values stand.
    measure
        Of the pool's surface.
    share
        Of all points; 0 is none.
    rounding
        By how much each quantity may differ.
    """

    def __init__(
        self, board: Board, pool: Pool, measure: Measure, share: float, rounding: Rounding
    ) -> None:
        self._board, self._pool, self._measure, self._rounding = board, pool, measure, rounding
        self._chosen = chosen(pool.whole.grid.size, share)
        self._checked: set[int] = set()

    def finished(self) -> bool:
        """Whether every point that was chosen is verified."""
        self._checked.update(map(int, self._board.listed("checked")))
        return self._checked.issuperset(self._chosen)

    def claimed(self, *, own_too: bool) -> Iterator[int]:
        """Points of others that are this rank's to compute again; no point twice.

        Parameters
        ----------
        own_too
            Whether to take its own as well, if no other rank is left to do it.

        Raises
        ------
        Disputed
            If another rank has found a disagreement.
        """
        fault = self._board.get("fault")
        if fault is not None:
            raise Disputed(json.loads(fault)["text"])
        if not self._chosen or self.finished():
            return
        self._pool.gather()
        own_too = own_too and not self._board.others_alive()
        for index in self._chosen:
            by = self._pool.found_by.get(index)
            mine = by is not None and (by != self._board.rank or own_too)
            if not mine or index in self._checked:
                continue
            if self._board.claim(f"check {index}", f"checked {index}"):
                yield index

    def compare(self, index: int, values: dict[str, float]) -> None:
        """What was computed again with what stands on the board.

        Raises
        ------
        Disputed
            Naming the rank that had put it there, and those of its points that differ.
        """
        found = self._differing(index, values)
        if found:
            self._accuse(self._pool.found_by[index], found)
        self._board.put(f"checked {index}", "")
        self._board.add_to_list("checked", str(index))

    def _differing(self, index: int, values: dict[str, float]) -> list[Disagreement]:
        whole = self._pool.whole
        known = {name: whole.values[name].ravel()[[index]] for name in whole.quantities}
        again = {name: np.array([values[name]]) for name in whole.quantities}
        return disagreements(known, again, np.array([index]), self._rounding)

    def _accuse(self, rank: int, found: list[Disagreement]) -> None:
        """Look at the rank's other points, tell everyone, and stop."""
        seen = {one.index for one in found}
        others = [
            index
            for index in self._chosen
            if self._pool.found_by.get(index) == rank and index not in self._checked | seen
        ]
        for index, values in self._measure(others):
            found += self._differing(index, values)
        points = len({one.index for one in found})
        me = self._board.rank
        shown = "\n".join(f"  {one.at(self._pool.whole.grid)}" for one in found[:_SHOWN])
        more = f"\n  and {len(found) - _SHOWN} more values" if len(found) > _SHOWN else ""
        text = (
            f"rank {rank} computes other values than rank {me} at {points} of the "
            f"{1 + len(others)} of its points that rank {me} computed again (rank {rank}'s value "
            f"comes first):\n{shown}{more}\none of the two devices is broken. The parts of both "
            "are set aside as .doubted files, which no run reads: find out which is right, or "
            "start again without either device"
        )
        suspected = sorted({rank, me})
        self._board.put_first("fault", json.dumps({"ranks": suspected, "text": text}))
        deadline = time.monotonic() + _PATIENCE_S
        while rank != me and not self._board.has(f"aside {rank}") and time.monotonic() < deadline:
            time.sleep(0.1)  # before this rank's end makes the launcher end that one
        raise Disputed(text)
