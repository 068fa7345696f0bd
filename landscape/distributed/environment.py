"""Identify the process of a launch from the environment variables set by torchrun."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landscape.errors import InputError


@dataclass(frozen=True)
class Process:
    """One process of a launch.

    ``rank``, ``world``: number of the process, from 0, and number of processes. ``local_rank``:
    number of the process on its machine. ``keeps_store``: whether this process has to run the
    store: rank 0, if the launcher does not.
    """

    rank: int
    world: int
    local_rank: int
    address: str
    port: int
    keeps_store: bool = False

    def device(self, requested: str = "auto") -> str:
        """``cuda:LOCAL_RANK`` if CUDA is available and no other device is requested.

        With more processes than GPUs on a machine, processes share GPUs.
        """
        if requested in ("auto", "cuda") and torch.cuda.is_available():
            return f"cuda:{self.local_rank % torch.cuda.device_count()}"
        return requested

    def __str__(self) -> str:
        return f"rank {self.rank} (process {os.getpid()} on {socket.gethostname()})"


def this_process(environment: Mapping[str, str] = os.environ) -> Process | None:
    """This process of a launch by torchrun; None without torchrun.

    Raises an InputError if a variable is missing or invalid.
    """
    if "TORCHELASTIC_RUN_ID" not in environment:
        return None
    try:
        rank = int(environment["RANK"])
        return Process(
            rank=rank,
            world=int(environment["WORLD_SIZE"]),
            local_rank=int(environment["LOCAL_RANK"]),
            address=environment["MASTER_ADDR"],
            port=int(environment["MASTER_PORT"]),
            keeps_store=rank == 0 and environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True",
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"torchrun's environment is incomplete ({error}); start the command with torchrun"
        ) from None
