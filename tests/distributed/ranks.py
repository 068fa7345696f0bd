"""Ranks as threads of this process, with a store like that of the launcher."""

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
    """The processes of a launch, with its store."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    yield [Process(rank, world, rank, "127.0.0.1", store.port) for rank in range(world)]
    del store


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """The result or exception of each call, in threads named ``rank 0``, …"""
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
    """Sample a surface with one rank per problem; the result or exception of each."""
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
