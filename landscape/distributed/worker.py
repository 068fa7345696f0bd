"""Main loop of a rank: claim, compute, publish and save until all points are known."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from landscape.distributed.claims import Claims
from landscape.distributed.pool import Pool, values_of
from landscape.distributed.verify import Verifier
from landscape.kept import take
from landscape.run.interrupt import finishing_points
from landscape.run.loop import Measure
from landscape.run.saving import MOST, SAVE_EVERY_S, Saver
from landscape.surface import Surface

_ASK_AGAIN_S = 0.1


class Worker:
    """Computes points on one rank.

    ``measure`` computes points of the pool's surface; ``verifier`` selects points of other ranks
    to recompute. ``own`` and ``part``: the points computed by this rank, and their file. ``shown``
    is called every few seconds with the points known here.
    """

    def __init__(
        self,
        claims: Claims,
        pool: Pool,
        measure: Measure,
        verifier: Verifier,
        own: Surface,
        part: Path,
        shown: Callable[[Surface], None],
    ) -> None:
        self._claims, self._pool, self._measure = claims, pool, measure
        self._verifier, self._own, self._shown = verifier, own, shown
        # Purpose of the points being computed, in order: a chunk, or None for a recomputed point.
        self._purposes: deque[str | None] = deque()
        self._looked = time.monotonic()
        self._saver = Saver(own, part, MOST / 2)  # rank 0 saves the whole, too

    def run(self) -> None:
        """Compute until every point of the surface is known and verified.

        Raises Disputed if two ranks disagree on a point; KeyboardInterrupt after the current
        point, if SIGINT came.
        """
        try:
            with finishing_points() as interrupted:
                for group in self._pool.groups:
                    while not all(self._pool.is_done(name) for name in group):
                        self._round(group, interrupted)
                while not self._verifier.finished():
                    self._round((), interrupted)
        finally:
            if self._own.done.any():
                self._saver.save()

    def _round(self, group: Collection[str], interrupted: Callable[[], bool]) -> None:
        """Compute all tasks that can be claimed; wait a moment if there are none."""
        self._pool.gather()
        tasks = self._tasks(group)
        first = next(tasks, None)
        if first is None:
            time.sleep(_ASK_AGAIN_S)
        else:
            for index, values in self._measure(itertools.chain([first], tasks)):
                chunk = self._purposes.popleft()
                if chunk is None:
                    self._verifier.compare(index, values)
                else:
                    self._enter(index, values, chunk)
                self._save_sometimes()
                if interrupted():
                    raise KeyboardInterrupt
        self._save_sometimes()

    def _tasks(self, group: Collection[str]) -> Iterator[int]:
        """Points to compute, each claimed when requested."""
        for name in group:
            yield from self._recomputed(own_too=False)
            if self._pool.is_done(name) or not self._claims.claim(name, values_of(name)):
                continue
            missing = self._pool.missing(name)
            if not missing:
                self._pool.publish(name)
            for index in missing:
                self._purposes.append(name)
                yield index
        yield from self._recomputed(own_too=not group)

    def _recomputed(self, own_too: bool) -> Iterator[int]:
        for index in self._verifier.claimed(own_too=own_too):
            self._purposes.append(None)
            yield index

    def _enter(self, index: int, values: dict[str, float], chunk: str) -> None:
        self._own.record(index, values)
        take(self._own.kept, self._pool.whole.kept, [index])
        if not self._pool.whole.done.flat[index]:
            self._pool.whole.record(index, values)
        if not self._pool.missing(chunk):
            self._pool.publish(chunk)

    def _save_sometimes(self) -> None:
        if time.monotonic() - self._looked > SAVE_EVERY_S:
            if self._own.done.any():
                self._saver.save_sometimes()
            self._pool.gather()
            self._shown(self._pool.whole)
            self._looked = time.monotonic()
