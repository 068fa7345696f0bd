"""Where weights are in a file of torch.save, and the names in it, against the network itself."""

from __future__ import annotations

import argparse
import collections
import enum
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from landscape.checkpoint import KEYS, load_state, read_checkpoint, read_state
from landscape.checkpoint.fit import fitted
from landscape.errors import InputError

State = dict[str, Tensor]
ZIP_OR_LEGACY = pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))


STATE: State = network().state_dict()


def assert_same(state: Any, expected: State) -> None:
    assert set(state) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(state[name], tensor), name


def test_every_usual_key(tmp_path: Path) -> None:
    for key in KEYS:
        torch.save({"epoch": 7, key: STATE, "optimizer": {"lr": 0.1}}, tmp_path / "c.pth.tar")
        found = read_checkpoint(tmp_path / "c.pth.tar")
        assert_same(found.state, STATE)
        assert found.epoch == 7


class Colour(enum.Enum):
    RED = 1


class Settings(dict):  # type: ignore[type-arg]
    """As Lightning's AttributeDict: an object of a subclass, with entries."""


class Listed(list):  # type: ignore[type-arg]
    pass


FOREIGN: dict[str, Any] = {
    "namespace": argparse.Namespace(lr=0.1, path=pathlib.Path("data")),
    "path": pathlib.Path("runs/a"),
    "numpy scalar": np.float64(0.93),
    "numpy array": np.arange(3),
    "subclass of dict": Settings(a=1),
    "subclass of list": Listed([1, 2]),
    "enum": Colour.RED,
    "set": {1, 2},
    "frozenset": frozenset({1}),
    "bytes": b"123",
    "defaultdict": collections.defaultdict(list, a=[1]),
    "function": len,
    "class": nn.Linear,
    "module": nn.Linear(1, 1),
    "dtype and device": [torch.float16, torch.device("cpu"), torch.Size([1, 2])],
    "complex": 1j,
    "ordered": collections.OrderedDict(a=1),
    "sparse tensor": torch.eye(2).to_sparse(),
}


@ZIP_OR_LEGACY
@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("protocol", [2, 4])
def test_objects_beside_the_weights_are_passed_over(
    tmp_path: Path, what: str, new: bool, protocol: int
) -> None:
    content = {"hyper_parameters": FOREIGN[what], "epoch": 3, "state_dict": STATE}
    torch.save(
        content,
        tmp_path / "c.ckpt",
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=new,
    )
    found = read_checkpoint(tmp_path / "c.ckpt")
    assert_same(found.state, STATE)
    assert found.epoch == 3


class Made:
    """Says when it is made from a pickle."""

    made = False

    def __reduce__(self) -> Any:
        return _make, ()


def _make() -> None:
    Made.made = True


@ZIP_OR_LEGACY
@pytest.mark.parametrize("forced", ["0", "1"])
def test_what_is_passed_over_is_not_made(
    tmp_path: Path, new: bool, forced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", forced)
    torch.save(
        {"args": Made(), "model": STATE}, tmp_path / "c.pt", _use_new_zipfile_serialization=new
    )
    assert_same(read_state(tmp_path / "c.pt"), STATE)
    assert not Made.made


@ZIP_OR_LEGACY
def test_objects_among_the_weights_are_refused(tmp_path: Path, new: bool) -> None:
    content = {"model": {**STATE, "extra": argparse.Namespace()}}
    torch.save(content, tmp_path / "c.pt", _use_new_zipfile_serialization=new)
    with pytest.raises(InputError, match=r"argparse\.Namespace, which could run code.*not opened"):
        read_state(tmp_path / "c.pt")


def parameters(state: State) -> State:
    return {name: nn.Parameter(t) if t.is_floating_point() else t for name, t in state.items()}


def with_attribute(state: State) -> State:
    found = {name: tensor.clone() for name, tensor in state.items()}
    for tensor in found.values():
        tensor.note = "kept by torch as it is"  # type: ignore[attr-defined]
    return found


OLD_TYPES = (torch.bfloat16, torch.half, torch.bool, torch.uint8, torch.complex64, torch.int8)
NEW_TYPES = (torch.uint16, torch.float8_e4m3fn)  # without a class of storages

TENSORS: dict[str, Callable[[State], State]] = {
    "parameters": parameters,
    "with attributes": with_attribute,
    "parameters with attributes": lambda state: with_attribute(parameters(state)),
    "transposed": lambda state: {n: t.mT for n, t in state.items() if t.ndim == 2},
    "views of one storage": lambda state: {n: torch.stack([t, t * 2])[1] for n, t in state.items()},
    "empty, and numbers": lambda _: {"a": torch.zeros(0, 3), "b": torch.tensor(3.5)},
    "of many types": lambda _: {str(dtype): torch.arange(5).to(dtype) for dtype in OLD_TYPES},
    "tied": lambda state: {**state, "again": state["0.weight"]},
}


@pytest.mark.parametrize("dtype", NEW_TYPES, ids=str)
def test_types_without_a_class_of_storages(tmp_path: Path, dtype: torch.dtype) -> None:
    values = torch.arange(6.0).view(2, 3).to(dtype)
    torch.save({"a": values, "b": values[:, 1]}, tmp_path / "c.pt")
    found = read_state(tmp_path / "c.pt")
    assert found["a"].dtype == found["b"].dtype == dtype
    assert torch.equal(found["a"].float(), values.float())
    assert torch.equal(found["b"].float(), values[:, 1].float())


@ZIP_OR_LEGACY
@pytest.mark.parametrize("how", TENSORS)
@pytest.mark.filterwarnings("ignore:.*non-leaf")
def test_every_kind_of_tensor_is_what_torch_reads(tmp_path: Path, how: str, new: bool) -> None:
    state = TENSORS[how](STATE)
    torch.save(state, tmp_path / "c.pt", _use_new_zipfile_serialization=new)
    truth = torch.load(tmp_path / "c.pt", weights_only=False)
    found = read_state(tmp_path / "c.pt")
    assert list(found) == list(truth)
    for name, tensor in truth.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert found[name].stride() == tensor.stride()
        assert torch.equal(found[name].to(torch.complex64), tensor.detach().to(torch.complex64))


def test_a_file_is_mapped_and_never_changed(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2**22)}, tmp_path / "c.pt")  # 16 MB
    raw = (tmp_path / "c.pt").read_bytes()
    found = read_state(tmp_path / "c.pt")
    assert "c.pt" in Path("/proc/self/maps").read_text()
    found["a"] += 1
    assert (tmp_path / "c.pt").read_bytes() == raw


def averaged() -> nn.Module:
    model = AveragedModel(network(), use_buffers=True)
    model.update_parameters(network())
    return model


NAMED: dict[str, Callable[[], nn.Module]] = {
    "AveragedModel": averaged,
    "DataParallel": lambda: nn.DataParallel(network()),
    "compiled": lambda: nn.ModuleDict({"_orig_mod": network()}),  # as torch.compile names it
    "averaged within DataParallel": lambda: nn.DataParallel(averaged()),
}


@pytest.mark.parametrize("how", NAMED)
def test_names_of_wrapped_networks(tmp_path: Path, how: str) -> None:
    torch.save(NAMED[how]().state_dict(), tmp_path / "c.pt")
    assert_same(read_state(tmp_path / "c.pt"), STATE)


def test_a_key_chooses_among_several(tmp_path: Path) -> None:
    other = network(1).state_dict()
    names = {f"student.{n}": t for n, t in STATE.items()}
    names |= {f"teacher.{n}": t for n, t in other.items()}
    content = {"model": names, "ema": {"model": other, "decay": 0.9}, "state.old": STATE}
    torch.save(content, tmp_path / "c.pt")
    assert_same(read_state(tmp_path / "c.pt"), names)
    for key, expected in (
        ("ema.model", other),
        ("state.old", STATE),
        ("student", STATE),
        ("teacher.", other),
        ("model", names),
    ):
        assert_same(read_state(tmp_path / "c.pt", key), expected)
    with pytest.raises(InputError, match=r"no state dict key='ema'.*'model', 'ema.model'"):
        read_state(tmp_path / "c.pt", "ema")


def test_other_keys_are_listed(tmp_path: Path) -> None:
    torch.save({"G": STATE, "D": {"x": STATE}, "epoch": 1}, tmp_path / "c.pt")
    with pytest.raises(InputError, match=r"'G', 'D\.x'; choose one, as in key='G'"):
        read_state(tmp_path / "c.pt")


# names of the file and of the network


PREFIXES: dict[str, Callable[[State], State]] = {
    "within another module": lambda state: {
        **{f"net.{n}": t for n, t in state.items()},
        "criterion.weight": torch.ones(2),
    },
    "outside of it": lambda state: {n.removeprefix("inner."): t for n, t in state.items()},
}


@pytest.mark.parametrize("how", PREFIXES)
def test_a_prefix_more_or_less(how: str) -> None:
    model = nn.ModuleDict({"inner": network()}) if how == "outside of it" else network()
    state = {n: t + 1 for n, t in model.state_dict().items()}
    load_state(model, PREFIXES[how](state), "it")
    assert_same(model.state_dict(), state)


def test_a_network_that_is_there_twice_is_not_guessed() -> None:
    state = {f"{who}.{n}": t for who in ("student", "teacher") for n, t in STATE.items()}
    with pytest.raises(InputError, match="more than once; choose a key of 'student', 'teacher'"):
        fitted(state, STATE, where="it")


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 4)
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.embedding.weight


@pytest.mark.parametrize("kept", ["embedding.weight", "head.weight"])
def test_tied_parameters_may_be_there_once(kept: str) -> None:
    model, values = Tied(), torch.randn(6, 4)
    load_state(model, {kept: values}, "it")
    assert torch.equal(model.embedding.weight, values)
    assert model.head.weight is model.embedding.weight


def test_equal_parameters_are_not_tied() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].load_state_dict(model[0].state_dict())
    state = {n: t for n, t in model.state_dict().items() if n != "1.weight"}
    with pytest.raises(InputError, match=r"'1.weight' is missing"):
        load_state(model, state, "it")
