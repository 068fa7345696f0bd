"""Which process of a launch this is, from the environment variables that torchrun sets."""

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

    Attributes
    ----------
    rank, world
        Its number among all, from 0, and how many there are now.
    local_rank
        Its number on its own machine.
    address, port
        Where the store of the launch listens.
    keeps_store
        Whether this process is the one to keep it: rank 0, where the launcher does not do so.
    """

    rank: int
    world: int
    local_rank: int
    address: str
    port: int
    keeps_store: bool = False

    def device(self, asked: str = "auto") -> str:
        """``cuda:LOCAL_RANK`` where there is CUDA and no other device was asked for.

        With more processes than GPUs on a machine, some share one.
        """
        if asked in ("auto", "cuda") and torch.cuda.is_available():
            return f"cuda:{self.local_rank % torch.cuda.device_count()}"
        return asked

    def __str__(self) -> str:
        return f"rank {self.rank} (process {os.getpid()} on {socket.gethostname()})"


def this_process(environment: Mapping[str, str] = os.environ) -> Process | None:
    """This process, as torchrun has started it; None if torchrun has not.

    Raises
    ------
    InputError
        If a variable is missing or wrong.
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
            f"torchrun's environment is incomplete ({error}); start the command by torchrun itself"
        ) from None
