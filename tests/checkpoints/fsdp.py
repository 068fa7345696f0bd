"""A program: two processes shard a network by FSDP2 and save it in both forms.

``python tests/checkpoints/fsdp.py FOLDER`` writes ``sharded/`` (torch.distributed.checkpoint),
``rank0.pt`` (torch.save of the shards) and ``whole.pt`` (the full state dict).
"""

import os
import sys
from pathlib import Path

import torch
import torch._dynamo  # once: each process would import it
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import fully_shard

RANKS = 2


def save(folder: Path, rank: int) -> None:
    store = dist.FileStore(str(folder / "store"), RANKS)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=RANKS)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))  # 7 rows for 2 ranks
    fully_shard(model, mesh=dist.init_device_mesh("cpu", (RANKS,)))
    # As of an optimizer
    momentum = [{"momentum_buffer": 2 * p.detach()} for p in model.parameters()]
    state = {"model": model.state_dict(), "optimizer": {"state": dict(enumerate(momentum))}}
    state["epoch"] = 3  # type: ignore[assignment]
    dcp.save(state, checkpoint_id=folder / "sharded")
    whole = get_model_state_dict(model, options=StateDictOptions(full_state_dict=True))
    if rank == 0:
        torch.save(model.state_dict(), folder / "rank0.pt")
        torch.save(whole, folder / "whole.pt")
    dist.barrier()
    dist.destroy_process_group()


def main(folder: Path) -> int:
    child = os.fork()
    save(folder, int(child == 0))
    if child == 0:
        return 0
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
