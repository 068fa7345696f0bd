"""Recompute a share of the points, on another rank if there is one.

A broken device returns wrong numbers or NaN without an error, which only another device can
detect. Which of two disagreeing devices is broken is left to the user.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from landscape.distributed.claims import Claims
from landscape.distributed.pool import Disputed, Pool
from landscape.run.agreement import disagreements
from landscape.run.recheck import Rounding, chosen

_DISPUTE = "dispute"
_SHOWN = 5
_SET_ASIDE_WITHIN_S = 5.0


class Verifier:
    """Selects the points that this rank recomputes; the first difference ends the run.

    ``share``: fraction of all points; 0 is none. ``rounding``: largest allowed difference of each
    quantity.
    """

    def __init__(self, claims: Claims, pool: Pool, share: float, rounding: Rounding) -> None:
        self._claims, self._pool, self._rounding = claims, pool, rounding
        self._chosen = chosen(pool.whole.grid.size, share)
        self._checked: set[int] = set()

    def finished(self) -> bool:
        """Whether every chosen point is verified."""
        self._checked.update(map(int, self._claims.listed("checked")))
        return self._checked.issuperset(self._chosen)

    def claimed(self, *, own_too: bool) -> Iterator[int]:
        """Points of other ranks that this rank has to recompute, each once.

        ``own_too``: whether to recompute its own points too, if no other rank is left. Raises
        Disputed if another rank has found a disagreement.
        """
        if not self._chosen:
            return
        dispute = self._claims.get(_DISPUTE)
        if dispute is not None:
            raise Disputed(json.loads(dispute)["text"])
        if self.finished():
            return
        self._pool.gather()
        own_too = own_too and not self._claims.others_alive()
        for index in self._chosen:
            by = self._pool.found_by.get(index)
            mine = by is not None and (by != self._claims.rank or own_too)
            if not mine or index in self._checked:
                continue
            if self._claims.claim(f"check {index}", f"checked {index}"):
                yield index

    def compare(self, index: int, values: dict[str, float]) -> None:
        """Compare values recomputed by this rank with those in the store.

        Raises Disputed naming the point, both ranks and their values.
        """
        whole, rank, me = self._pool.whole, self._pool.found_by[index], self._claims.rank
        found = disagreements(
            {name: whole.values[name].ravel()[[index]] for name in self._rounding},
            {name: np.array([values[name]]) for name in self._rounding},
            np.array([index]),
            self._rounding,
        )
        if not found:
            self._claims.put(f"checked {index}", "")
            self._claims.add_to_list("checked", str(index))
            return
        ranks = sorted({rank, me})
        named = " and ".join(f"rank {one}" for one in ranks)
        shown = "\n".join(f"  {one.at(whole.grid)}" for one in found[:_SHOWN])
        more = f"\n  and {len(found) - _SHOWN} more values" if len(found) > _SHOWN else ""
        text = (
            f"values of rank {rank} differ from those recomputed by rank {me} (rank {rank}'s come "
            f"first):\n{shown}{more}\none of the devices is broken, or the loss is random. The "
            f"part files of {named} are renamed to .doubted and no longer read (delete any that "
            "still has .part in its name); start again without the broken device"
        )
        earlier = self._claims.put_first(_DISPUTE, json.dumps({"ranks": ranks, "text": text}))
        raise Disputed(text if earlier is None else json.loads(earlier)["text"])


def set_aside(claims: Claims, part: Path) -> None:
    """After a dispute, rename the part file of this rank if it is one of the two.

    Waits a few seconds for both, since torchrun ends all processes when the first one ends.
    """
    dispute = claims.get(_DISPUTE)
    if dispute is None:  # parts of an earlier run disagree
        return
    waiting = set(json.loads(dispute)["ranks"])
    if claims.rank in waiting:
        with contextlib.suppress(OSError):
            part.replace(part.with_name(part.name.replace(".part-", ".doubted-")))
        claims.put(f"aside {claims.rank}", "")
    deadline = time.monotonic() + _SET_ASIDE_WITHIN_S
    while waiting and time.monotonic() < deadline:
        waiting = {rank for rank in waiting if not claims.has(f"aside {rank}")}
        time.sleep(0.1 if waiting else 0.0)
