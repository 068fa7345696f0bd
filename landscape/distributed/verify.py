"""A few points are computed again, by another rank where there is one.

A device that is broken returns numbers, or NaN, as if they were values. What tells them from true
ones is that another device does not return them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from landscape.distributed.board import Board
from landscape.distributed.pool import Disputed, Pool
from landscape.run.agreement import Disagreement, disagreements
from landscape.run.loop import Measure
from landscape.run.recheck import Rounding, chosen

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
        dispute = self._board.get("dispute") if self._chosen else None
        if dispute is not None:
            yield from self._judged(json.loads(dispute))
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
        dispute = json.loads(self._board.get("dispute") or "{}")
        if dispute.get("index") == index and self._board.rank not in dispute["ranks"]:
            self._judge(dispute, values)
        found = self._differing(index, values)
        if found:
            self._accuse(index, values, found)
        else:
            self._board.put(f"checked {index}", "")
            self._board.add_to_list("checked", str(index))

    def _differing(self, index: int, values: Mapping[str, float]) -> list[Disagreement]:
        whole = self._pool.whole
        known = {name: whole.values[name].flat[index] for name in whole.quantities}
        return self._between(index, known, values)

    def _between(
        self, index: int, one: Mapping[str, float], other: Mapping[str, float]
    ) -> list[Disagreement]:
        a, b = ({name: np.array([v[name]]) for name in self._rounding} for v in (one, other))
        return disagreements(a, b, np.array([index]), self._rounding)

    def _accuse(self, index: int, values: dict[str, float], found: list[Disagreement]) -> None:
        """Look at the rank's other points and tell everyone.

        Who is right is for a third rank to say; where there is none, the run stops here.
        """
        rank, me = self._pool.found_by[index], self._board.rank
        others = [
            point
            for point in self._chosen
            if self._pool.found_by.get(point) == rank and point not in self._checked | {index}
        ]
        for point, again in self._measure(others):
            found += self._differing(point, again)
        shown = "\n".join(f"  {one.at(self._pool.whole.grid)}" for one in found[:_SHOWN])
        more = f"\n  and {len(found) - _SHOWN} more values" if len(found) > _SHOWN else ""
        text = (
            f"rank {rank} computes other values than rank {me} at "
            f"{len({one.index for one in found})} of the {1 + len(others)} of its points that "
            f"rank {me} computed again (rank {rank}'s value comes first):\n{shown}{more}"
        )
        dispute = {"index": index, "ranks": [rank, me], "text": text, "values": values}
        self._board.put_first("dispute", json.dumps(dispute))
        if not self._board.others_alive(but=[rank]):
            self._stop(dispute, {rank, me}, "one of the two devices is broken")

    def _judged(self, dispute: dict[str, Any]) -> Iterator[int]:
        """The point in dispute, if it is this rank's to compute a third time."""
        if self._board.rank not in dispute["ranks"]:
            if self._board.claim("verdict", "fault"):
                self._pool.gather()  # the value in dispute, among others
                yield dispute["index"]
        elif not self._board.others_alive(but=dispute["ranks"]):
            self._stop(dispute, set(dispute["ranks"]), "one of the two devices is broken")

    def _judge(self, dispute: dict[str, Any], values: Mapping[str, float]) -> None:
        index, (rank, checker), me = dispute["index"], dispute["ranks"], self._board.rank
        if not self._between(index, dispute["values"], values):
            verdict = f"rank {me} agrees with rank {checker}: rank {rank} errs"
            self._stop(dispute, {rank}, verdict)
        if not self._differing(index, values):
            self._stop(
                dispute, {checker}, f"rank {me} agrees with rank {rank}: rank {checker} errs"
            )
        self._stop(dispute, {rank, checker, me}, f"rank {me} agrees with neither")

    def _stop(self, dispute: dict[str, Any], suspected: set[int], verdict: str) -> NoReturn:
        """Tell everyone, give those under suspicion time to set their parts aside, and stop."""
        named = " and ".join(f"rank {rank}" for rank in sorted(suspected))
        text = (
            f"{dispute['text']}\n{verdict}. What {named} computed is set aside in .doubted files, "
            "which no run reads; start again without the broken device"
        )
        fault = json.dumps({"ranks": sorted(suspected), "text": text})
        earlier = self._board.put_first("fault", fault)
        if earlier is not None:
            raise Disputed(json.loads(earlier)["text"])
        deadline = time.monotonic() + _PATIENCE_S
        waited_for = suspected - {self._board.rank}
        while waited_for and time.monotonic() < deadline:
            time.sleep(0.1)  # before this rank's end makes the launcher end those
            waited_for = {rank for rank in waited_for if not self._board.has(f"aside {rank}")}
        raise Disputed(text)
