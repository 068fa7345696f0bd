"""Folders of torch.distributed.checkpoint, and what FSDP2 saves, by PyTorch itself."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn

from landscape.checkpoint import read_checkpoint, read_state
from landscape.errors import InputError
from tests.fuzz.archives import ATTACKS, TOUCHED

PROGRAM = Path(__file__).parent / "fsdp.py"


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by two processes of FSDP2: see the program."""
    folder = tmp_path_factory.mktemp("fsdp")
    command = [sys.executable, "-W", "ignore", str(PROGRAM), str(folder)]
    subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return folder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Written by one process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is one
        dcp.save({"model": network().state_dict()}, checkpoint_id=tmp_path / "c", no_dist=True)
    return tmp_path / "c"


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def assert_same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def test_shards_of_two_processes_are_put_together(sharded: Path) -> None:
    whole = torch.load(sharded / "whole.pt")
    assert {len(t) for t in whole.values()} == {7, 3}  # that two do not share evenly
    assert_same(read_state(sharded / "sharded"), whole)
    momentum = read_state(sharded / "sharded", "optimizer.state.0")
    assert momentum["momentum_buffer"].shape == (7, 5)


def test_the_shards_of_one_process_are_no_network(sharded: Path) -> None:
    """The file holds tensors, but of each only the part of one process."""
    with pytest.raises(InputError, match=r"shards of tensors.*full_state_dict=True"):
        read_checkpoint(sharded / "rank0.pt")


@pytest.mark.parametrize("file", ["__0_0.distcp", ".metadata"])
def test_a_part_of_a_folder_is_told(saved: Path, file: str) -> None:
    with pytest.raises(InputError, match=r"one part of a folder.*give the folder"):
        read_checkpoint(saved / file)


def test_no_process_group_and_no_pickle_of_pytorch_is_used(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle, "load", None)
    monkeypatch.setattr(pickle, "loads", None)
    assert_same(read_state(saved), network().state_dict())
    assert not torch.distributed.is_initialized()


def index(change: Callable[[Any], None]) -> Callable[[Path], None]:
    """Change the objects of the index."""

    def apply(folder: Path) -> None:
        found = pickle.loads((folder / ".metadata").read_bytes())
        change(found)
        (folder / ".metadata").write_bytes(pickle.dumps(found))

    return apply


def outside(found: Any) -> None:
    for info in found.storage_data.values():
        info.relative_path = "../" + info.relative_path


def larger(found: Any) -> None:
    for said in found.state_dict_metadata.values():
        said.size = torch.Size([2**20, *said.size[1:]])


def twice(found: Any) -> None:
    for said in found.state_dict_metadata.values():
        said.chunks = said.chunks * 2


def further(found: Any) -> None:
    for info in found.storage_data.values():
        info.offset += 2**40


def compressed(found: Any) -> None:
    for info in found.storage_data.values():
        info.transform_descriptors = ["zstd"]


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "outside": (index(outside), "points outside"),
    "larger": (index(larger), "do not fill it"),
    "twice": (index(twice), "do not fill it"),
    "further": (index(further), "is truncated"),
    "compressed": (index(compressed), "transformed shards"),
    "without a part": (lambda f: (f / "__0_0.distcp").unlink(), "__0_0.distcp is missing"),
    "half a part": (lambda f: os.truncate(f / "__0_0.distcp", 900), "is truncated"),
    "half an index": (lambda f: os.truncate(f / ".metadata", 90), "not a readable folder"),
    "another index": (lambda f: (f / ".metadata").write_bytes(pickle.dumps({})), "not a readable"),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_folder(saved: Path, how: str) -> None:
    damage, message = DAMAGES[how]
    damage(saved)
    with pytest.raises(InputError, match=message) as refused:
        read_checkpoint(saved)
    assert str(saved) in str(refused.value)


def test_a_changed_value_is_found(saved: Path) -> None:
    raw = bytearray((saved / "__0_0.distcp").read_bytes())
    raw[raw.index(network().weight.detach().numpy().tobytes())] ^= 1
    (saved / "__0_0.distcp").write_bytes(raw)
    with pytest.raises(InputError, match="checksum"):
        read_checkpoint(saved)


def test_no_code_of_an_index_is_run(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved.parent)
    for attack in ATTACKS:
        (saved / ".metadata").write_bytes(attack)
        with pytest.raises(InputError, match="not a readable folder"):
            read_checkpoint(saved)
        assert not Path(TOUCHED).exists()


def test_a_file_that_is_no_part_but_beside(saved: Path) -> None:
    """A folder within that of Transformers' Trainer, as Accelerate writes it."""
    outer = saved.parent / "checkpoint-5"
    outer.mkdir()
    shutil.move(saved, outer / "pytorch_model_fsdp_0")
    (outer / "optimizer_0").mkdir()
    assert_same(read_state(outer), network().state_dict())
