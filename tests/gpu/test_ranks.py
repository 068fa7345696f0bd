"""Two ranks, each on its own pretended GPU, agree on a point before they share the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from landscape.distributed.checks import compare_values
from landscape.distributed.environment import Process
from landscape.errors import InputError
from landscape.evaluate import Settings, graphs
from landscape.grid import Grid
from landscape.run.job import Job
from landscape.surface import Surface
from tests.gpu.machine import Machine
from tests.gpu.test_rules import unguarded
from tests.gpu.test_values import on_cpu


class FirstSays:
    """Claims that keep what the first rank said."""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}

    def agree(self, name: str, make: Callable[[], Any]) -> Any:
        return self.said.setdefault(name, make())


@pytest.mark.parametrize("guarded", [True, False])
def test_ranks_on_two_devices_agree(
    gpu: Machine, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        monkeypatch.setattr(graphs, "record", unguarded)
    problem, plane = on_cpu("resnet-projection")
    claims: Any = FirstSays()
    for rank in range(2):
        process = Process(rank, 2, rank, "localhost", 0)
        placed = problem.to(process.device("cuda"))
        job = Job(placed, [plane], Settings(batch_size=7, graphs=True), None)
        surface = Surface(Grid(np.array([0.3, 0.6]), np.array([0.1])), placed.quantities)
        if rank == 1 and not guarded:
            with pytest.raises(InputError, match="differ from those of rank 0"):
                compare_values(claims, process, job, surface)
        else:
            compare_values(claims, process, job, surface)
