"""Checkpoints: reading, and refusal of bad files without running code."""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import io
import os
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.checkpoint import load_weights, read_checkpoint, save_checkpoint
from landscape.errors import InputError
from landscape.models import SHORTCUTS, CifarResNet
from landscape.models.named import build_network

FORMATS = {"zip": True, "legacy": False}


@pytest.fixture(autouse=True)
def _no_warnings(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    """PyTorch's warnings, such as advice to load less safely, never reach the user."""
    yield
    assert [str(warning.message) for warning in recwarn] == []


def resnet(shortcuts: str = "projection", **settings: Any) -> CifarResNet:
    torch.manual_seed(0)
    return CifarResNet(8, shortcuts, **settings)


def saved(content: object, path: Path, format_name: str = "zip") -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=FORMATS[format_name])
    return path


def assert_same(state: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert list(state) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(state[name], tensor), name


# reading

WRAPPED: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "plain": lambda state: state,
    "under state_dict": lambda state: {"acc": 93.5, "epoch": 300, "state_dict": state},
    "under model": lambda state: {"model": state, "args": {"lr": 0.1}},
    "plain dict": lambda state: dict(state),
    "of DataParallel": lambda state: {f"module.{name}": t for name, t in state.items()},
    "of DataParallel, nested": lambda state: {
        "state_dict": OrderedDict((f"module.{name}", t) for name, t in state.items())
    },
}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("how", WRAPPED)
def test_forms_of_a_state_dict(tmp_path: Path, how: str, format_name: str) -> None:
    model = resnet()
    path = saved(WRAPPED[how](model.state_dict()), tmp_path / "w.pt", format_name)
    assert_same(read_checkpoint(path).state, model.state_dict())
    network = build_network(checkpoint=read_checkpoint(path))
    assert network.name == "resnet8"
    assert_same(network.model.state_dict(), model.state_dict())


def test_prefix_that_not_all_names_share_is_kept(tmp_path: Path) -> None:
    state = {"n": torch.zeros(1), "module.weight": torch.ones(2)}
    assert list(read_checkpoint(saved(state, tmp_path / "w.pt")).state) == list(state)


def test_old_files_without_batch_counts(tmp_path: Path) -> None:
    model = resnet()
    state = {n: t for n, t in model.state_dict().items() if "num_batches_tracked" not in n}
    network = build_network(checkpoint=read_checkpoint(saved(state, tmp_path / "w.t7")))
    assert_same(network.model.state_dict(), model.state_dict())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_other_precisions_are_loaded_as_float32(tmp_path: Path, dtype: torch.dtype) -> None:
    model = resnet().to(dtype)
    path = saved(model.state_dict(), tmp_path / "w.pt")
    loaded = build_network(checkpoint=read_checkpoint(path)).model
    for name, p in loaded.named_parameters():
        assert p.dtype == torch.float32
        assert torch.equal(p, model.state_dict()[name].float())


def test_sha256_of_the_file(tmp_path: Path) -> None:
    path = saved(resnet().state_dict(), tmp_path / "w.pt")
    assert read_checkpoint(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_our_checkpoints_record_their_network(tmp_path: Path, shortcuts: str) -> None:
    settings = {"shortcuts": shortcuts, "width": 2, "in_channels": 1, "classes": 4}
    if shortcuts == "identity":
        settings["zero_channels"] = "centred"
    network = build_network("resnet8", None, **settings)
    path = tmp_path / "own.pt"
    save_checkpoint(path, network.model, {"name": network.name, **network.settings}, epoch=3)
    again = build_network(checkpoint=read_checkpoint(path))
    assert again.name == "resnet8"
    assert again.settings == {"depth": 8, **settings}
    assert_same(again.model.state_dict(), network.model.state_dict())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("where", "reason"), [("missing/own.pt", "does not exist"), ("file/own.pt", "is not a folder")]
)
def test_checkpoint_that_cannot_be_written(tmp_path: Path, where: str, reason: str) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match=f"cannot write .*{reason}"):
        save_checkpoint(tmp_path / where, resnet(), {})


# the checkpoints of Li et al.


def test_published_checkpoint_with_shortcuts_needs_no_options(shared: Path) -> None:
    network = build_network(checkpoint=read_checkpoint(shared / "weights/li2018_resnet56.t7"))
    assert network.name == "resnet56"
    assert network.settings == {
        "depth": 56,
        "shortcuts": "projection",
        "width": 1,
        "in_channels": 3,
        "classes": 10,
    }
    assert sum(p.numel() for p in network.model.parameters()) == 855_770


def test_published_checkpoint_without_shortcuts_needs_the_kind(shared: Path) -> None:
    checkpoint = read_checkpoint(shared / "weights/li2018_resnet56_noshort.t7")
    with pytest.raises(InputError, match="shortcuts='identity' or shortcuts='none'"):
        build_network(checkpoint=checkpoint)
    for shortcuts in ("none", "identity"):
        network = build_network("resnet56", checkpoint, shortcuts=shortcuts)
        assert network.settings["shortcuts"] == shortcuts
    with pytest.raises(InputError, match=r"'layer2.0.shortcut.0.weight' is missing"):
        build_network(checkpoint=checkpoint, shortcuts="projection")


# contradictions

CONTRADICTIONS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("projection", {"name": "resnet20"}, ["depth 20 (resnet20)", "depth 8 (resnet8)"]),
    ("projection", {"shortcuts": "none"}, ["shortcuts none", "shortcuts projection"]),
    ("projection", {"shortcuts": "identity"}, ["shortcuts identity", "shortcuts projection"]),
    ("projection", {"width": 2}, ["width 2", "width 1"]),
    ("projection", {"in_channels": 1}, ["in_channels 1", "in_channels 3"]),
    ("projection", {"classes": 100}, ["classes 100", "classes 10"]),
    ("projection", {"shortcuts": "skip"}, ["'skip'", "projection, identity, none"]),
    ("identity", {"shortcuts": "none"}, ["shortcuts none", "shortcuts identity"]),
    ("none", {"shortcuts": "identity"}, ["shortcuts identity", "shortcuts none"]),
    ("none", {"shortcuts": "projection"}, ["shortcuts projection", "shortcuts none"]),
]


@pytest.mark.parametrize(("is_of", "asked", "words"), CONTRADICTIONS, ids=str)
def test_request_contradicts_the_checkpoint(
    tmp_path: Path, is_of: str, asked: dict[str, Any], words: list[str]
) -> None:
    path = tmp_path / "w.pt"
    save_checkpoint(path, resnet(is_of), {"name": "resnet8", "shortcuts": is_of})
    with pytest.raises(InputError) as caught:
        build_network(checkpoint=read_checkpoint(path), **asked)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("is_of", "says", "words"),
    [
        ("projection", {"shortcuts": "none"}, ["shortcuts none", "shortcuts projection"]),
        ("projection", {"shortcuts": "identity"}, ["shortcuts identity", "shortcuts projection"]),
        ("projection", {"depth": 20}, ["depth 20", "depth 8"]),
        ("none", {"shortcuts": "projection"}, ["shortcuts projection", "identity or none"]),
        ("none", {"shortcuts": "bogus"}, ["shortcuts bogus", "identity or none"]),
        ("none", {"shortcuts": ["none"]}, ["contradicts itself"]),
    ],
)
def test_checkpoint_that_contradicts_itself(
    tmp_path: Path, is_of: str, says: dict[str, Any], words: list[str]
) -> None:
    save_checkpoint(tmp_path / "w.pt", resnet(is_of), says)
    with pytest.raises(InputError, match="contradicts itself") as caught:
        build_network(checkpoint=read_checkpoint(tmp_path / "w.pt"))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("network", ["a name", 3, None, ["none"], {"else": 1}], ids=str)
def test_other_metadata_is_ignored(tmp_path: Path, network: object) -> None:
    content = {"state_dict": resnet().state_dict(), "network": network}
    assert build_network(checkpoint=read_checkpoint(saved(content, tmp_path / "w.pt")))


# weights that do not fit


def altered(**entries: Tensor | None) -> dict[str, Tensor]:
    state = dict(resnet().state_dict())
    for key, tensor in entries.items():
        name = key.replace("__", ".")
        if tensor is None:
            del state[name]
        else:
            state[name] = tensor
    return state


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (altered(bn1__weight=None, bn1__bias=None), ["'bn1.weight' is missing", "2 of 56 entries"]),
        (altered(extra__weight=torch.zeros(1)), ["'extra.weight' is not in the network"]),
        (altered(bn1__bias=torch.zeros(7)), ["'bn1.bias' has shape (7,)", "(16,)"]),
        (altered(bn1__num_batches_tracked=torch.zeros(2)), ["'bn1.num_batches_tracked'", "(2,)"]),
        (
            altered(layer1__0__conv2__weight=torch.zeros(16, 16, 1, 1)),
            ["'layer1.0.conv2.weight'", "(16, 16, 1, 1)", "(16, 16, 3, 3)"],
        ),
    ],
    ids=["missing", "extra", "shape", "shape of a buffer", "kernel"],
)
def test_weights_that_do_not_fit(
    tmp_path: Path, state: dict[str, Tensor], words: list[str]
) -> None:
    path = saved(state, tmp_path / "w.pt")
    with pytest.raises(InputError) as caught:
        build_network(checkpoint=read_checkpoint(path))
    for word in [str(path), "does not fit resnet8 with shortcuts projection", *words]:
        assert word in str(caught.value)


def test_failed_load_changes_no_weight(tmp_path: Path) -> None:
    model, path = nn.Linear(2, 2), tmp_path / "w.pt"
    before = {name: t.clone() for name, t in model.state_dict().items()}
    saved({"weight": torch.full((2, 2), 9.0), "bias": torch.zeros(3)}, path)
    with pytest.raises(InputError):
        load_weights(model, read_checkpoint(path), "it")
    assert_same(model.state_dict(), before)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([1, 2], ["contains list"]),
        (torch.zeros(3), ["contains Tensor"]),
        ({}, ["a dict with no entries"]),
        ({"epoch": 3, "weights": [torch.zeros(1)]}, ["'epoch', 'weights'"]),
        ({"state_dict": {"a": torch.zeros(1), "b": "text"}}, ["'state_dict'"]),
        ({"state_dict": {}}, ["'state_dict'"]),
        (None, ["contains NoneType"]),
    ],
    ids=["list", "tensor", "empty", "elsewhere", "not tensors", "empty within", "none"],
)
def test_no_state_dict_in_it(tmp_path: Path, content: object, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_checkpoint(saved(content, tmp_path / "w.pt"))
    for word in ["expected a state dict", *words]:
        assert word in str(caught.value)


# code, damage, other files


class Calls:
    """Pickles as a function call, which the usual reader runs."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


def attacks(sentinel: Path) -> dict[str, object]:
    touch = Calls(os.system, f"touch {sentinel}")
    return {
        "posix.system": touch,
        "eval": Calls(builtins.eval, f"open({str(sentinel)!r}, 'w').close()"),
        "exec": {
            "state_dict": {"a": Calls(builtins.exec, f"open({str(sentinel)!r}, 'w').close()")}
        },
        "getattr": {"model": [(1, {"b": Calls(builtins.getattr, touch, "x")})]},
        "posix.mknod": {"a": 1.0, "b": Calls(os.mknod, str(sentinel))},
    }


@pytest.mark.parametrize("format_name", [*FORMATS, "bare pickle"])
@pytest.mark.parametrize("name", ["posix.system", "eval", "exec", "getattr", "posix.mknod"])
def test_code_is_never_run(tmp_path: Path, name: str, format_name: str) -> None:
    sentinel, path = tmp_path / "it-ran", tmp_path / "w.pt"
    attack = attacks(sentinel)[name]
    if format_name == "bare pickle":
        path.write_bytes(pickle.dumps(attack, protocol=2))
    else:
        saved(attack, path, format_name)
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    assert not sentinel.exists()
    for word in [str(path), name, "which could run code", "not opened"]:
        assert word in str(caught.value)


def test_the_attack_is_real(tmp_path: Path) -> None:
    for attack in attacks(tmp_path / "it-ran").values():
        with contextlib.suppress(AttributeError):  # raised by getattr after its argument has run
            pickle.loads(pickle.dumps(attack))
        assert (tmp_path / "it-ran").exists()
        (tmp_path / "it-ran").unlink()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_bare_pickles_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    sentinel, path = tmp_path / "it-ran", tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps(Calls(os.system, f"touch {sentinel}"), protocol))
    with pytest.raises(InputError, match="checkpoint"):
        read_checkpoint(path)
    assert not sentinel.exists()


@pytest.mark.parametrize("format_name", FORMATS)
def test_pickled_module_is_refused_with_advice(tmp_path: Path, format_name: str) -> None:
    path = saved(nn.Linear(2, 2), tmp_path / "w.pt", format_name)
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    for word in ["torch.nn.modules.linear.Linear", "torch.save(model.state_dict(), path)"]:
        assert word in str(caught.value)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("format_name", FORMATS)
def test_truncated(tmp_path: Path, format_name: str, share: float) -> None:
    path = saved(resnet().state_dict(), tmp_path / "w.pt", format_name)
    raw = path.read_bytes()
    path.write_bytes(raw[: min(len(raw) - 1, int(share * len(raw)))])
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    size = f"({path.stat().st_size:,} bytes)"
    for word in [size, "truncated", "copy or download it again"]:
        assert word in str(caught.value)


def archive(member: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr(member, "hello")
    return content.getvalue()


def npz() -> bytes:
    content = io.BytesIO()
    np.savez(content, a=np.zeros(3))
    return content.getvalue()


def hdf5() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["x"] = np.zeros(3)
    return content.getvalue()


def torchscript() -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, but such files exist
        torch.jit.save(torch.jit.script(nn.Linear(1, 1)), content)
    return content.getvalue()


FOREIGN: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "picture": (
        lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
        ["was not written by torch.save", "PNG"],
    ),
    "text": (lambda: b"epoch 1 loss 2.3\n" * 9, ["was not written by torch.save", "epoch 1"]),
    "web page": (lambda: b"<!DOCTYPE html><html>404</html>", ["starts with b'<!DOCTYPE"]),
    "empty": (lambda: b"", ["it is empty"]),
    "HDF5": (hdf5, ["was not written by torch.save", "HDF"]),
    "npz": (npz, ["an archive, but not one written by torch.save", "a.npy"]),
    "zip": (lambda: archive("papers/one.txt"), ["an archive", "papers/one.txt"]),
    "TorchScript": (torchscript, ["TorchScript", "torch.save(model.state_dict(), path)"]),
    "noise": (lambda: np.random.default_rng(0).bytes(999), ["was not written by torch.save"]),
    "zip header, then noise": (lambda: b"PK\x03\x04" + bytes(99), ["truncated or damaged"]),
    "pickle of something": (lambda: pickle.dumps({"a": 1}), ["not written by torch.save"]),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_other_files(tmp_path: Path, case: str) -> None:
    make, words = FOREIGN[case]
    path = tmp_path / "w.pt"
    path.write_bytes(make())
    with pytest.raises(InputError) as caught:
        read_checkpoint(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "word"),
    [("", "without weights"), ("none.pt", "does not exist"), ("a" * 300, "does not exist")],
    ids=["folder", "missing", "too long"],
)
def test_no_file(tmp_path: Path, name: str, word: str) -> None:
    with pytest.raises(InputError, match=f"{word}.*; expected .* torch.save"):
        read_checkpoint(tmp_path / name)
