"""Ranks as threads of this process, around a store as the launcher keeps one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch.distributed import TCPStore

from landscape.distributed.environment import Process
from landscape.distributed.launch import sample_distributed
from landscape.problem import Problem
from landscape.run import Request
from landscape.surface import Surface


@contextmanager
def launch(world: int) -> Iterator[list[Process]]:
    """What the ranks of a launch are told; its store is there until the end."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    yield [Process(rank, world, rank, "127.0.0.1", store.port) for rank in range(world)]
    del store


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """What each call gives or raises, in threads called ``rank 0``, …"""
    found: list[Any] = [None] * len(calls)

    def run(k: int) -> None:
        try:
            found[k] = calls[k]()
        except Exception as error:
            found[k] = error

    threads = [threading.Thread(target=run, args=(k,), name=f"rank {k}") for k in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return found


def by_ranks(
    problems: list[Problem], path: Path, **options: Any
) -> list[Surface | Exception | None]:
    """A surface by as many ranks as problems: what each has returned or raised."""
    options.setdefault("progress", False)
    with launch(len(problems)) as processes:
        return at_once(
            [
                lambda one=one, problem=problem: sample_distributed(  # type: ignore[misc]
                    one, problem, Request(path=path, **options)
                )
                for one, problem in zip(processes, problems, strict=True)
            ]
        )
