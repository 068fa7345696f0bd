"""Data of one's own: every form is read as its writer meant it, and no code in it is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from landscape.data import load, load_data, load_splits
from landscape.errors import InputError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 5, 6), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (12, 5, 6, 3), dtype=np.uint8)
VECTORS = RNG.normal(size=(12, 4)).astype(np.float32)
LABELS = RNG.integers(0, 3, 12)
X, Y = torch.from_numpy(VECTORS), torch.from_numpy(LABELS)

MODULE = """
import torch
from torch.utils.data import DataLoader, TensorDataset
from landscape import Stream

x, y = torch.arange(24.0).reshape(12, 2), torch.arange(12) % 3

def pair():
    return x, y

def dataset():
    return TensorDataset(x, y)

def loader():
    return DataLoader(TensorDataset(x, y), batch_size=5, shuffle=True)

def splits():
    return {"train": (x[:8], y[:8]), "test": TensorDataset(x[8:], y[8:]), "val": (x, y)}

def nothing():
    return {}

def texts():
    ids = torch.arange(24).reshape(12, 2)
    whole = {"input_ids": ids, "labels": y}
    return {"train": {name: one[:8] for name, one in whole.items()}, "test": [whole]}

def stream():
    return Stream(loader())

def failing():
    raise KeyError("gone")
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mydata", raising=False)
    Path("mydata.py").write_text(MODULE)
    return tmp_path


def keras() -> str:
    np.savez("a.npz", x_train=GREY[:8], y_train=LABELS[:8], x_test=GREY[8:], y_test=LABELS[8:])
    return "a.npz"


def medmnist() -> str:
    column = LABELS[:, None].astype(np.uint8)
    images = {f"{split}_images": COLOUR[part] for split, part in PARTS.items()}
    labels = {f"{split}_labels": column[part] for split, part in PARTS.items()}
    np.savez_compressed("b.npz", **images, **labels)
    return "b.npz"


def npy_folder() -> str:
    Path("arrays").mkdir()
    for split, part in PARTS.items():
        np.save(f"arrays/X_{split}.npy", VECTORS[part])
        np.save(f"arrays/y_{split}.npy", LABELS[part].astype(np.uint16))
    return "arrays"


def torch_dict() -> str:
    torch.save(
        {
            f"{name}_{split}": tensor[part]
            for split, part in PARTS.items()
            for name, tensor in (("x", X), ("y", Y))
        },
        "c.pt",
    )
    return "c.pt"


def torch_splits() -> str:
    torch.save({split: TensorDataset(X[part], Y[part]) for split, part in PARTS.items()}, "d.pth")
    return "d.pth"


PARTS = {"train": slice(0, 8), "test": slice(8, 12), "val": slice(0, 4)}
DIVIDED: list[tuple[Callable[[], str], np.ndarray, float]] = [
    (keras, GREY[:, None], 255.0),
    (medmnist, np.moveaxis(COLOUR, -1, 1), 255.0),
    (npy_folder, VECTORS, 1.0),
    (torch_dict, VECTORS, 1.0),
    (torch_splits, VECTORS, 1.0),
]


@pytest.mark.parametrize(("write", "inputs", "scale"), DIVIDED)
def test_data_with_splits(write: Callable[[], str], inputs: np.ndarray, scale: float) -> None:
    source = write()
    both = load_splits(source, "both")
    assert list(both) == ["train", "test"]
    for split, examples in both.items():
        np.testing.assert_array_equal(examples.inputs.numpy(), inputs[PARTS[split]])
        np.testing.assert_array_equal(examples.targets.numpy(), LABELS[PARTS[split]])
        assert examples.targets.dtype == torch.int64
        assert examples.source == source
        seen = examples.batch(torch.float64).content[0]
        np.testing.assert_allclose(seen.numpy(), inputs[PARTS[split]] / scale, rtol=1e-12)
    assert list(load_splits(source)) == ["train"]
    part = load(source, "train", limit=3)
    assert (len(part), part.population) == (3, 8)


def npz() -> str:
    np.savez("e.npz", VECTORS, LABELS)
    return "e.npz"


def npy() -> str:
    np.save("x.npy", VECTORS)
    np.save("y.npy", LABELS.astype(np.int16))
    return "x.npy,y.npy"


def dataset() -> str:
    torch.save(TensorDataset(X, Y), "f.pt")
    return "f.pt"


def pair() -> str:
    torch.save((X, Y), "g.pt")
    return "g.pt"


@pytest.mark.parametrize("write", [npz, npy, dataset, pair])
def test_data_without_splits(write: Callable[[], str]) -> None:
    source = write()
    (examples,) = load_splits(source).values()
    assert list(load_splits(source)) == [""]
    np.testing.assert_array_equal(examples.inputs.numpy(), VECTORS)
    np.testing.assert_array_equal(examples.targets.numpy(), LABELS)
    for split in ("train", "both"):
        with pytest.raises(InputError, match="not divided into splits, but train is asked for"):
            load_splits(source, split)


@pytest.mark.parametrize("name", ["mydata:pair", "mydata.py:dataset", "mydata:loader"])
def test_a_function(name: str) -> None:
    examples = load_splits(name)[""]
    assert torch.equal(examples.inputs, torch.arange(24.0).reshape(12, 2))
    assert torch.equal(examples.targets, torch.arange(12) % 3)
    assert examples.source == name


def test_a_function_of_splits() -> None:
    assert {k: len(v) for k, v in load_splits("mydata:splits", "both").items()} == {
        "train": 8,
        "test": 4,
    }
    assert list(load_splits("mydata:splits", "val")) == ["val"]
    with pytest.raises(InputError, match="unknown split 'vla': expected one of train, test, val"):
        load_splits("mydata:splits", "vla")


def test_batches_for_a_network_with_its_own_loss() -> None:
    both = load_data("mydata:texts", "both")
    assert [type(one).__name__ for one in both.values()] == ["Rows", "Batches"]
    part = load_data("mydata:texts", "train", limit=3)["train"]
    assert (len(part), part.population) == (3, 8)
    for options in ({"limit": 3}, {"preprocess": "none"}):
        with pytest.raises(
            InputError, match=r"(limit|preprocess)=.*: data mydata:texts are batches"
        ):
            load_data("mydata:texts", "test", **options)  # type: ignore[arg-type]
    assert len(load_data("mydata:stream")[""]) == 12


def test_preprocessing_is_applied_where_it_is_asked_for() -> None:
    examples = load(keras(), "train", preprocess="0.5/0.25")
    seen = examples.batch(torch.float64).content[0].numpy()
    np.testing.assert_allclose(seen, (GREY[:8, None] / 255 - 0.5) / 0.25, rtol=1e-12)


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def objects_npz() -> None:
    np.savez("bad.npz", x=np.array([Runs()] * 2, dtype=object), y=LABELS[:2])


def objects_npy() -> None:
    np.save("x.npy", np.array([Runs()] * 2, dtype=object))
    np.save("y.npy", LABELS[:2])


def claims_much() -> None:
    np.save("y.npy", LABELS)
    np.save("x.npy", VECTORS)
    raw = Path("x.npy").read_bytes()
    Path("x.npy").write_bytes(raw.replace(b"(12, 4), }        ", b"(9999999999, 4), }"))


def cut() -> None:
    torch.save((X, Y), "cut.pt")
    Path("cut.pt").write_bytes(Path("cut.pt").read_bytes()[:900])


def damaged() -> None:
    torch.save((X, Y), "damaged.pt")
    raw = bytearray(Path("damaged.pt").read_bytes())
    raw[raw.index(VECTORS.tobytes())] ^= 1
    Path("damaged.pt").write_bytes(raw)


BAD: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: None, "gone.npz", "gone.npz: not a readable .npz .*FileNotFoundError"),
    (lambda: Path("cut.npz").write_bytes(b"PK\x03\x04abc"), "cut.npz", "not a readable .npz"),
    (objects_npz, "bad.npz", "not a readable .npz of plain arrays"),
    (lambda: np.savez("n.npz", a=GREY, b=LABELS), "n.npz", "contains a, b; expected inputs and"),
    (lambda: np.savez("n.npz", x=GREY, y=LABELS[:5]), "n.npz", "12 inputs but 5 targets"),
    (lambda: np.savez("n.npz", x=np.array(["a"]), y=LABELS[:1]), "n.npz", "cannot become a tensor"),
    (lambda: np.save("x.npy", GREY), "x.npy", "expected two files, INPUTS.npy,TARGETS.npy"),
    (lambda: np.save("x.npy", GREY), "x.npy,gone.npy", "gone.npy: not a readable .npy"),
    (objects_npy, "x.npy,y.npy", "x.npy: not a readable .npy file of numbers"),
    (claims_much, "x.npy,y.npy", "x.npy: not a readable .npy file"),
    (lambda: torch.save(Runs(), "r.pt"), "r.pt", "data r.pt cannot be read as tensors.*could run"),
    (cut, "cut.pt", "data cut.pt cannot be read as tensors"),
    (damaged, "damaged.pt", "damaged.pt cannot be read as tensors.*checksum"),
    (lambda: torch.save([X, Y, Y], "t.pt"), "t.pt", "contains a list; expected a TensorDataset"),
    (lambda: torch.save({"w": X, "b": Y}, "t.pt"), "t.pt", "contains b, w; expected inputs"),
    (lambda: torch.save(TensorDataset(X), "t.pt"), "t.pt", "contains a TensorDataset; expected"),
    (lambda: Path("empty").mkdir(), "empty", "path without a dataset name.*cifar10:empty"),
    (lambda: None, "mydata:absent", "'absent' of mydata does not exist"),
    (lambda: None, "other.py:pair", "there is no file other.py"),
    (lambda: None, "mydata:nothing", "data='mydata:nothing': no data: expected examples"),
    (lambda: None, "mydata:stream", "data mydata:stream are a stream; expected inputs and targets"),
    (lambda: None, "mydata:texts", "are a dict of tensors; expected inputs and targets in memory"),
    (lambda: None, "mydata:failing", "failed: KeyError: 'gone' .line 32 of mydata.py"),
    (lambda: None, "cifa10:x", "unknown data source 'cifa10'.*did you mean 'cifar10'"),
]


@pytest.mark.parametrize(("write", "source", "says"), BAD)
def test_what_is_no_data_is_refused(write: Callable[[], Any], source: str, says: str) -> None:
    write()
    with pytest.raises(InputError, match=says):
        load_splits(source)
    assert not Path("ran").exists()


def test_a_file_that_shares_the_name_of_another_module(place: Path) -> None:
    (place / "json.py").write_text("def pair():\n    return None\n")
    with pytest.raises(InputError, match="another module is called 'json'"):
        load_splits("json.py:pair")


def test_modules_next_to_a_file_are_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (place / "inner").mkdir()
    (place / "inner" / "helper_of_it.py").write_text("import torch\nx = torch.ones(3, 2)\n")
    (place / "inner" / "main_part.py").write_text(
        "from helper_of_it import x\ndef pair():\n    return x, x[:, 0].long()\n"
    )
    assert len(load_splits("inner/main_part.py:pair")[""]) == 3


@pytest.fixture(scope="module")
def hub() -> Any:
    return pytest.importorskip("datasets", reason="datasets is in the extra hub")


def test_hub_folders(hub: Any) -> None:
    features = hub.Features({"image": hub.Image(), "label": hub.ClassLabel(3)})
    made = {
        split: hub.Dataset.from_dict(
            {"image": list(COLOUR[part]), "label": LABELS[part].tolist()}, features=features
        )
        for split, part in PARTS.items()
    }
    hub.DatasetDict(made).save_to_disk("pictures")
    both = load_splits("pictures", "both")
    for split, examples in both.items():
        np.testing.assert_array_equal(
            examples.inputs.numpy(), np.moveaxis(COLOUR[PARTS[split]], -1, 1)
        )
        np.testing.assert_array_equal(examples.targets.numpy(), LABELS[PARTS[split]])
    hub.Dataset.from_dict({"x": VECTORS, "y": LABELS}).save_to_disk("vectors")
    np.testing.assert_array_equal(load_splits("vectors")[""].inputs.numpy(), VECTORS)


def test_tokenized_texts(hub: Any) -> None:
    ids, mask = [[1, 2], [3, 0]], [[1, 1], [1, 0]]
    columns = {"text": ["a", "b"], "input_ids": ids, "attention_mask": mask, "label": [1, 0]}
    hub.Dataset.from_dict(columns).save_to_disk("tokens")
    (rows,) = load_data("tokens").values()
    assert {name: tensor.tolist() for name, tensor in rows.tree.items()} == {
        "input_ids": [[1, 2], [3, 0]],
        "attention_mask": [[1, 1], [1, 0]],
        "labels": [1, 0],
    }


def test_hub_folders_that_do_not_fit(hub: Any) -> None:
    hub.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}).save_to_disk("texts")
    with pytest.raises(InputError, match="has columns text, label; expected inputs called image"):
        load_splits("texts")
    hub.Dataset.from_dict({"x": ["a", "b"], "label": [0, 1]}).save_to_disk("words")
    with pytest.raises(InputError, match="column x contains <U1; expected numbers"):
        load_splits("words")
    hub.Dataset.from_dict({"x": [[1, 2], [1]], "label": [0, 1]}).save_to_disk("ragged")
    with pytest.raises(InputError, match="column x has values of 2 shapes"):
        load_splits("ragged")
    next(Path("words").glob("*.arrow")).write_bytes(b"damaged")
    with pytest.raises(InputError, match="datasets cannot read it"):
        load_splits("words")


def test_hub_folders_without_the_extra(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    (place / "folder").mkdir()
    (place / "folder" / "state.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"data folder needs datasets.*pip install '\.\[hub\]'"):
        load_splits("folder")
