"""What torchrun tells each of the processes that it starts."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landscape.errors import InputError


@dataclass(frozen=True)
class Launched:
    """One process of a launch.

    Attributes
    ----------
    rank, world
        Its number among all, from 0, and how many there are now.
    local_rank
        Its number on its own machine.
    address, port
        Where the launcher's own key-value store listens.
    """

    rank: int
    world: int
    local_rank: int
    address: str
    port: int

    def device(self, asked: str = "auto") -> str:
        """``cuda:LOCAL_RANK`` where there is CUDA and no other device was asked for.

        With more processes than GPUs on a machine, some share one.
        """
        if asked in ("auto", "cuda") and torch.cuda.is_available():
            return f"cuda:{self.local_rank % torch.cuda.device_count()}"
        return asked

    def __str__(self) -> str:
        return f"rank {self.rank} (process {os.getpid()} on {socket.gethostname()})"


def launched(environment: Mapping[str, str] = os.environ) -> Launched | None:
    """How torchrun has started this process; None if it has not.

    Raises
    ------
    InputError
        If its store is not at hand.
    """
    if "TORCHELASTIC_RUN_ID" not in environment:
        return None
    try:
        found = Launched(
            rank=int(environment["RANK"]),
            world=int(environment["WORLD_SIZE"]),
            local_rank=int(environment["LOCAL_RANK"]),
            address=environment["MASTER_ADDR"],
            port=int(environment["MASTER_PORT"]),
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"torchrun's environment is incomplete ({error}); start the command by torchrun itself"
        ) from None
    if environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        raise InputError(
            "this launcher keeps no store of its own (TORCHELASTIC_USE_AGENT_STORE is not True); "
            "start by torchrun --standalone, or with --rdzv-backend=c10d or static"
        )
    return found
