"""torchvision's datasets with stand-ins for both of its signatures; nothing is downloaded."""

from __future__ import annotations

import sys
import types
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.data import load
from landscape.errors import InputError, MissingExtra

COLOUR = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)  # (n, h, w, c)
GRAY = COLOUR[..., 0]


class Served:
    """Serves images like a torchvision dataset; records its constructor arguments."""

    made: tuple[Any, ...] = ()

    def serve(self, images: list[Any], *how: Any) -> None:
        type(self).made = how
        self.images = images
        self.read = [0] * len(images)
        type(self).last = self  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        self.read[i] += 1
        return self.images[i], i % 3


class MNIST(Served):  # PIL images in gray
    def __init__(
        self,
        root: str,
        train: bool = True,
        transform: Any = None,
        target_transform: Any = None,
        download: bool = False,
    ) -> None:
        images = [Image.fromarray(g) for g in (GRAY if train else GRAY[:2])]
        self.serve(images, root, train, download)


class CIFAR10(Served):  # PIL images in colour
    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        images = [Image.fromarray(c) for c in (COLOUR if train else COLOUR[:2])]
        self.serve(images, root, train, download)


class SVHN(Served):  # numpy arrays, and labels as arrays of one number
    def __init__(self, root: str, split: str = "train", download: bool = False) -> None:
        self.serve(list(COLOUR if split == "train" else COLOUR[:2]), root, split, download)

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        image, label = super().__getitem__(i)
        return image, np.array([label])


class STL10(Served):  # tensors
    def __init__(self, root: str, split: str = "train", download: bool = False) -> None:
        chosen = COLOUR if split == "train" else COLOUR[:2]
        self.serve([torch.from_numpy(c).permute(2, 0, 1) for c in chosen], root, split, download)


class KMNIST(Served):  # images of two sizes
    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        self.serve([Image.fromarray(GRAY[0]), Image.fromarray(GRAY[0][:3])])


class USPS(Served):  # empty
    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        self.serve([])


class FashionMNIST(Served):  # no connection
    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        raise urllib.error.URLError("no route to host")


class CIFAR100(Served):  # floating point
    def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
        self.serve([torch.zeros(3, 5, 4)])


STANDING_IN = (MNIST, CIFAR10, SVHN, STL10, KMNIST, USPS, FashionMNIST, CIFAR100)


@pytest.fixture
def torchvision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stand-in for the package, with a separate home folder."""
    package, datasets = types.ModuleType("torchvision"), types.ModuleType("torchvision.datasets")
    for cls in STANDING_IN:
        setattr(datasets, cls.__name__, cls)
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", datasets)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("cls", "gray", "by_flag"),
    [(MNIST, True, True), (CIFAR10, False, True), (SVHN, False, False), (STL10, False, False)],
)
def test_sets(torchvision: Path, cls: Any, gray: bool, by_flag: bool, split: str) -> None:
    root = torchvision / "own root"
    source = f"torchvision:{cls.__name__}:{root}"
    examples = load(source, split)
    expected = GRAY[:, None] if gray else COLOUR.transpose(0, 3, 1, 2)
    expected = expected if split == "train" else expected[:2]
    assert examples.inputs.dtype == torch.uint8
    np.testing.assert_array_equal(examples.inputs.numpy(), expected)
    assert examples.targets.tolist() == [i % 3 for i in range(len(expected))]
    assert examples.source == source
    assert cls.made == (str(root), split == "train" if by_flag else split, True)
    assert cls.last.read == [1] * len(expected)  # decoded once
    assert root.is_dir()


def test_default_root(torchvision: Path) -> None:
    load("torchvision:MNIST", "train")
    assert MNIST.made[0] == str(torchvision / ".cache" / "landscape")


@pytest.mark.parametrize(("name", "preprocess"), [("MNIST", "none"), ("CIFAR10", "cifar10")])
def test_default_preprocessing(torchvision: Path, name: str, preprocess: str) -> None:
    chosen = load(f"torchvision:{name}", "train").preprocess
    assert (chosen.name, chosen.scale) == (preprocess, 255.0)


@pytest.mark.parametrize("mode", ["P", "RGBA", "1"])
def test_other_modes_become_colour(
    torchvision: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = Image.fromarray(COLOUR[0]).convert(mode)
    monkeypatch.setattr(MNIST, "__getitem__", lambda self, i: (image, 0))
    inputs = load("torchvision:MNIST", "train").inputs
    np.testing.assert_array_equal(inputs[0].permute(1, 2, 0), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("KMNIST", r"2 different sizes.*1x5x4 \(1\).*1x3x4 \(1\)"),
        ("USPS", "no images in the train split"),
        ("FashionMNIST", "no route to host.*check the connection"),
        ("CIFAR100", r"float32 of shape \(3, 5, 4\), expected uint8"),
        ("CIFAR11", "unknown torchvision dataset 'CIFAR11'.*did you mean 'CIFAR10'"),
        ("", "unknown torchvision dataset ''"),
    ],
)
def test_bad_data(torchvision: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(f"torchvision:{name}", "train")


def test_root_is_a_file(torchvision: Path) -> None:
    (torchvision / "file").write_text("")
    with pytest.raises(InputError, match="could not load or download"):
        load(f"torchvision:MNIST:{torchvision / 'file'}", "train")


def test_without_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.datasets", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[vision\]'"):
        load("torchvision:MNIST", "train")


@pytest.mark.parametrize(
    "error", [RuntimeError("operator torchvision::nms does not exist"), ImportError("libcudart")]
)
def test_torchvision_that_does_not_import(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr("landscape.extras.import_module", fail)
    with pytest.raises(InputError, match="fails to import") as caught:
        load("torchvision:MNIST", "train")
    assert not isinstance(caught.value, MissingExtra)
