"""One small valid file of every kind that a command reads, and its readers."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import sys
import tarfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn.datasets  # noqa: F401  (before the forks, or each would import it)
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch import nn
from torch.utils.data import TensorDataset

import landscape
import landscape.commandline
import landscape.curve.file
import landscape.experiments.results
import landscape.live
import landscape.training.history
from landscape.checkpoint import read_checkpoint, read_state, save_checkpoint
from landscape.data import load, load_splits
from landscape.experiments.results import Results
from landscape.models import CifarResNet
from landscape.store import open_surface
from tests.commands.calls import MAIN
from tests.fuzz.guarded import WrongResult

MODULE = """
import landscape
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch import nn

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

def data():
    return torch.zeros(4, 64), torch.arange(4)

def problem():
    return landscape.Problem(network(), data(), device="cpu")
"""

OWN = ["--model", "own:network", "--limit", "4", "--tune", "off", "--device", "cpu"]
LINE = ["--x=-1:1:2", *OWN]
SHORT = ["--epochs", "1", "--points", "3"]

Read = Callable[[Path, Path], int]
"""Maps a damaged file (or its folder) and the folder of good ones to the exit status."""


@dataclass(frozen=True)
class Kind:
    """A kind of file: the good one (in the folder of good ones), and its readers."""

    name: str
    readers: tuple[Read, ...]


def command(name: str, *arguments: str) -> Read:
    """A command line; ``{}`` is the damaged file and ``{good}`` the folder of good ones."""

    def read(file: Path, good: Path) -> int:
        words = [a.replace("{good}", str(good)).replace("{}", str(file)) for a in arguments]
        return MAIN[name](words)

    return read


def function(call: Callable[[Path], object]) -> Read:
    """A function, called as in a command."""
    return lambda file, good: landscape.commandline.run(lambda _: print(call(file)))


def surface_is_the_same(file: Path, good: Path) -> int:
    """A surface that opens contains the saved numbers, regardless of other damage."""

    def check(_: object) -> None:
        found, whole = open_surface(file), open_surface(good / "surface.h5")
        for name, values in found.values.items():
            if values.tobytes() != whole[name].tobytes():
                raise WrongResult(name)
        if not (found.grid.same_as(whole.grid) and np.array_equal(found.done, whole.done)):
            raise WrongResult("grid or done")

    return landscape.commandline.run(check)


def weights_are_the_same(name: str) -> Read:
    """A checkpoint with a checksum that can be read contains the saved weights."""

    def read(file: Path, good: Path) -> int:
        def check(_: object) -> None:
            found, whole = read_checkpoint(file).state, read_checkpoint(good / name).state
            for key, tensor in whole.items():
                if key in found and not torch.equal(found[key], tensor):
                    raise WrongResult(key)

        return landscape.commandline.run(check)

    return read


def images(source: str, split: str) -> Read:
    """The examples of a split."""
    return lambda file, good: landscape.commandline.run(
        lambda _: print(len(load(f"{source}:{file}", split)))
    )


def own_data(file: Path, good: Path) -> int:
    """Data of one's own; a file with a checksum that can be read contains the saved numbers.

    They may have their names exchanged, in an archive as good as the saved one.
    """

    def check(_: object) -> None:
        pair = f"{file},{good}/targets.npy" if file.suffix == ".npy" else str(file)
        (found,) = load_splits(pair).values()
        numbers = found.inputs.flatten()
        if file.suffix != ".npy" and not torch.equal(
            numbers.double(), torch.arange(numbers.numel(), dtype=torch.float64)
        ):
            raise WrongResult("inputs")

    return landscape.commandline.run(check)


def live_data(path: Path) -> str:
    """The data of the live page, which never fails."""
    return str(landscape.live._data_of([path]).keys())


_INFO, _COMPARE = command("info", "{}"), command("compare", "{}", "{good}/surface.h5")
_PAGE = command("render", "{}", "-o", "page.html")
_CONVERT = command("convert", "{}", "out.h5")
_RESUME = command("sample", "--x=-1:1:4", "--y=-1:1:3", *OWN, "-o", "{}")
_SURFACE = (surface_is_the_same, _INFO, _COMPARE, _PAGE, _CONVERT, _RESUME, function(live_data))
_DIRECTIONS = (command("sample", "--directions", "{}", *LINE), _CONVERT)
_WEIGHTS = command("sample", "--weights", "{}", *LINE)
_CURVE = command("sample", "--directions", "curve:{}", "--x=0:1:2", "--y=0:1:2", *OWN)
_RUN = command("sample", "--directions", "pca:{}", "--x=0", *OWN)
_SHOWN = command("sample", "--trajectories", "{}", *LINE)
_CONNECT = command("connect", "{}", "{good}/second.pt", *OWN[:4], *SHORT, "-o", "c.pt")
_STATE = function(read_state)
_RESULTS = function(landscape.experiments.results.read_results)
_HISTORY = function(landscape.training.history.read_history)
_TRAINED = command(
    "train", "--model", "resnet8", "--limit", "8", "--epochs", "1", "-o", "{}", "--resume"
)
_TEN = (images("cifar10", "train"), images("cifar10", "test"))

CHECKPOINTS = (
    "checkpoint.safetensors",
    "checkpoint.pth",
    "checkpoint-parts/model.safetensors.index.json",
    "checkpoint-parts/model-00001-of-00002.safetensors",
    "checkpoint-adapter/adapter_model.safetensors",
    "checkpoint-dcp/.metadata",
)

KINDS = (
    Kind("surface.h5", _SURFACE),
    Kind("legacy.h5", (_INFO, _CONVERT, _COMPARE, _PAGE)),
    Kind("directions.h5", _DIRECTIONS),
    Kind("zip.pt", (_WEIGHTS, weights_are_the_same("zip.pt"), _CONNECT)),
    Kind("pickle.pt", (_WEIGHTS, _CONNECT)),
    Kind(
        "resnet8.pt", (command("sample", "--weights", "{}", "--limit", "2", *LINE[:1], *LINE[5:]),)
    ),
    Kind("curve.pt", (_CURVE, function(landscape.curve.file.read_curve))),
    Kind("run/epoch_0001.pt", (_RUN, _SHOWN)),
    Kind("trained/last.pt", (_TRAINED,)),
    Kind("history.h5", (_HISTORY,)),
    Kind("results.h5", (_RESULTS,)),
    *(Kind(name, (_STATE, _WEIGHTS)) for name in CHECKPOINTS),
    Kind("checkpoint.ckpt", (_STATE, _WEIGHTS, weights_are_the_same("checkpoint.ckpt"))),
    Kind("checkpoint-dcp/__0_0.distcp", (_STATE, weights_are_the_same("checkpoint-dcp"))),
    Kind("checkpoints/epoch_1/model.safetensors", (_RUN, _SHOWN)),
    Kind("recorded/step_000000.pt", (_RUN, _SHOWN)),
    Kind("recorded/step_000002.pt", (_RUN, _SHOWN)),
    Kind("data.npz", (own_data,)),
    Kind("data.pt", (own_data,)),
    Kind("inputs.npy", (own_data,)),
    Kind("cifar10.tar.gz", _TEN),
    Kind("cifar10.tar", _TEN),
    Kind("cifar10.npz", _TEN),
    Kind("cifar-10-batches-py/data_batch_2", _TEN),
    Kind("cifar-10-batches-bin/data_batch_2.bin", _TEN),
    Kind("cifar100.tar.gz", (images("cifar100", "train"), images("cifar100", "test"))),
)


def make(folder: Path) -> None:
    """Fill the folder with good files, in a separate process.

    This process, from which cases are forked, must not have used torch's threads.
    """
    process = os.fork()
    if not process:
        status = 1
        try:
            os.chdir(folder)
            sys.path.insert(0, str(folder))
            _make(folder)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    assert os.waitpid(process, 0)[1] == 0


def _make(folder: Path) -> None:
    (folder / "own.py").write_text(MODULE)
    for place in ("run", "trained", "cifar-10-batches-py", "cifar-10-batches-bin"):
        (folder / place).mkdir()
    _make_weights(folder)
    sample = MAIN["sample"]
    plane = ["--x=-1:1:4", "--y=-1:1:3", *OWN]
    assert sample([*plane, "--save-directions", "directions.h5", "-o", "surface.h5"]) == 0
    assert sample([*plane, "--trajectories", "run", "-o", "surface.h5"]) == 0
    assert MAIN["convert"](["surface.h5", "legacy.h5"]) == 0
    ends = ["first.pt", "second.pt", *OWN[:4]]
    assert MAIN["connect"]([*ends, *SHORT, "-o", "curve.pt"]) == 0
    training = ["--model", "resnet8", "--limit", "8", "--epochs", "1", "-o", "trained"]
    assert MAIN["train"](training) == 0
    (folder / "trained" / "history.h5").rename(folder / "history.h5")
    results = Results({"depth": [8.0, 20.0], "shortcuts": ["add", "none"]}, attributes={"a": 1})
    results.add("loss", ("depth", "shortcuts"), np.eye(2), "mean loss", "nats")
    results.save(folder / "results.h5")
    _make_images(folder)
    _make_data(folder)


def _make_weights(folder: Path) -> None:
    for name in ("first.pt", "second.pt", "zip.pt", *(f"run/epoch_000{k}.pt" for k in range(3))):
        torch.save(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).state_dict(), folder / name)
    state = torch.load(folder / "zip.pt", weights_only=True)
    torch.save({"state_dict": state}, "pickle.pt", _use_new_zipfile_serialization=False)
    _make_checkpoints(folder, state)
    recorder = landscape.Recorder(folder / "recorded")
    for k in range(3):
        moved = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
        moved.load_state_dict({name: tensor + 0.1 * k for name, tensor in state.items()})
        recorder.record(moved, k)
    network = {"name": "resnet8", "shortcuts": "none"}
    save_checkpoint(folder / "resnet8.pt", CifarResNet(8, "none", in_channels=1), network)


def _make_checkpoints(folder: Path, state: dict[str, torch.Tensor]) -> None:
    """The state in the forms of other libraries."""
    for place in ("parts", "adapter"):
        (folder / f"checkpoint-{place}").mkdir()
    save_file(state, folder / "checkpoint.safetensors")
    for k in range(3):
        (folder / f"checkpoints/epoch_{k}").mkdir(parents=True)
        moved = {name: tensor + k for name, tensor in state.items()}
        save_file(moved, folder / f"checkpoints/epoch_{k}/model.safetensors")
    files = {n: f"model-0000{k}-of-00002.safetensors" for k, n in enumerate(state, 1)}
    for name, file in files.items():
        save_file({name: state[name]}, folder / "checkpoint-parts" / file)
    index = json.dumps({"metadata": {"total_size": 2600}, "weight_map": files})
    (folder / "checkpoint-parts/model.safetensors.index.json").write_text(index)
    save_file(
        {"base_model.model.q.lora_A.weight": torch.ones(2, 3)},
        folder / "checkpoint-adapter/adapter_model.safetensors",
    )
    arguments = argparse.Namespace(lr=0.1, data=Path("data"), best=np.float64(0.5), seeds={1, 2})
    content = {"epoch": 3, "hyper_parameters": arguments, "state_dict": state}
    torch.save(content, folder / "checkpoint.ckpt")
    torch.save(content, folder / "checkpoint.pth", _use_new_zipfile_serialization=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is one process
        dcp.save({"model": state}, checkpoint_id=folder / "checkpoint-dcp", no_dist=True)


def _make_data(folder: Path) -> None:
    x, y = torch.arange(64.0).reshape(4, 16), torch.arange(4)
    np.savez(folder / "data.npz", x_train=x.numpy(), y_train=y.numpy())
    torch.save({"train": TensorDataset(x, y)}, folder / "data.pt")
    for name, tensor in (("inputs", x), ("targets", y)):
        np.save(folder / f"{name}.npy", tensor.numpy())


def _make_images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    train, test = [f"data_batch_{k}" for k in range(1, 6)], ["test_batch"]
    for name in train + test:
        pixels = rng.integers(0, 256, (2, 3072), dtype=np.uint8)
        batch = {b"data": pixels, b"labels": [1, 2], b"batch_label": b"some", b"filenames": [b"a"]}
        (folder / "cifar-10-batches-py" / name).write_bytes(pickle.dumps(batch, protocol=2))
        records = np.concatenate([np.array([[1], [2]], np.uint8), pixels], axis=1)
        (folder / "cifar-10-batches-bin" / f"{name}.bin").write_bytes(records.tobytes())
    both = rng.integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
    labels = np.array([0, 9])
    np.savez("cifar10.npz", train_x=both, train_y=labels, test_x=both, test_y=labels)
    for name in ("cifar10.tar.gz", "cifar10.tar"):
        with tarfile.open(folder / name, "w:gz" if name.endswith("gz") else "w") as archive:
            archive.add("cifar-10-batches-py")
    with tarfile.open(folder / "cifar100.tar.gz", "w:gz") as archive:
        for name in ("train", "test"):
            batch = {b"data": both.reshape(2, 3072), b"fine_labels": [3, 99]}
            raw = pickle.dumps(batch, protocol=2)
            member = tarfile.TarInfo(f"cifar-100-python/{name}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
