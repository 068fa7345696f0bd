"""Oxford-IIIT Pet with a stand-in for torchvision; nothing is downloaded."""

from __future__ import annotations

import sys
import types
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import landscape.train
from landscape.data import load
from landscape.data.pets import SIZE
from landscape.errors import InputError, MissingExtra

Picture = np.ndarray


def photograph(width: int, height: int) -> Picture:
    """An image whose red grows linearly with x and green with y."""
    y, x = np.mgrid[:height, :width]
    shares = [(x + 0.5) / width, (y + 0.5) / height, np.full(x.shape, 0.2)]
    return np.stack([np.round(255 * share) for share in shares], axis=-1).astype(np.uint8)


def trimap(width: int, height: int) -> Picture:
    """An animal on the left half, its border in the third quarter, background on the right."""
    columns = np.repeat([1, 1, 3, 2], width // 4)
    return np.tile(columns, (height, 1)).astype(np.uint8)


GOOD = [(photograph(*size), trimap(*size)) for size in [(256, 64), (384, 512), (128, 128)]]


def stand_in(pictures: list[tuple[Picture, Picture]]) -> type:
    class OxfordIIITPet:
        """With torchvision's signature; photographs of different sizes."""

        made: tuple[Any, ...] = ()

        def __init__(
            self,
            root: str,
            split: str = "trainval",
            target_types: Any = "category",
            transforms: Any = None,
            transform: Any = None,
            target_transform: Any = None,
            download: bool = False,
        ) -> None:
            assert split in ("trainval", "test")
            assert target_types == "segmentation"
            type(self).made = (root, split, download)
            if "offline" in root:
                raise urllib.error.URLError("no route to host")
            self.pictures = pictures if split == "trainval" else pictures[:1]

        def __len__(self) -> int:
            return len(self.pictures)

        def __getitem__(self, i: int) -> tuple[Any, Any]:
            image, mask = (Image.fromarray(array) for array in self.pictures[i])
            return image, mask

    return OxfordIIITPet


@contextmanager
def torchvision_with(pictures: list[tuple[Picture, Picture]]) -> Iterator[Any]:
    package, datasets = types.ModuleType("torchvision"), types.ModuleType("torchvision.datasets")
    cls = stand_in(pictures)
    datasets.OxfordIIITPet = cls  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torchvision", package)
        patch.setitem(sys.modules, "torchvision.datasets", datasets)
        yield cls


@pytest.mark.parametrize(
    ("split", "theirs", "count"), [("train", "trainval", 3), ("test", "test", 1)]
)
def test_images_and_masks(tmp_path: Path, split: str, theirs: str, count: int) -> None:
    source = f"torchvision:OxfordIIITPet:{tmp_path / 'pets'}"
    with torchvision_with(GOOD) as cls:
        examples = load(source, split)
    assert cls.made == (str(tmp_path / "pets"), theirs, True)
    assert examples.source == source
    assert examples.inputs.shape == (count, 3, 128, 128)
    assert examples.targets.shape == (count, 128, 128)
    assert (examples.inputs.dtype, examples.targets.dtype) == (torch.uint8, torch.int64)
    assert examples.preprocess.scale == 255.0
    # Trimap values 1, 2, 3 become 0, 1, 2 at the same pixels.
    columns = torch.tensor([0, 0, 2, 1]).repeat_interleave(SIZE // 4)
    assert torch.equal(examples.targets, columns.expand(count, SIZE, SIZE))
    # A linear ramp stays linear at any size, except at the image border.
    slope = 255 * (torch.arange(SIZE) + 0.5) / SIZE
    inner = slice(4, -4)
    for image in examples.inputs.double():
        for plane, expected in [(image[0], slope), (image[1], slope[:, None])]:
            wrong = (plane - expected.expand(SIZE, SIZE)).abs()[inner, inner].max()
            assert wrong <= 1.5
        assert (image[2] == 51).all()


def with_mask(mask: Picture) -> list[tuple[Picture, Picture]]:
    return [*GOOD[:1], (photograph(64, 32), mask)]


BAD = {
    "a mask of another size": (
        with_mask(trimap(64, 40)),
        ["image 1 of the train split is 64 x 32 pixels", "its mask is 64 x 40"],
    ),
    "a transposed mask": (with_mask(trimap(32, 64)), ["64 x 32", "32 x 64"]),
    "labels outside": (
        with_mask(trimap(64, 32) * 2),
        ["image 1", "values 4, 6", "1 the animal, 2 the background, 3 the border"],
    ),
    "nothing": ([], ["no images in the train split"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures, words = BAD[case]
    monkeypatch.setenv("HOME", str(tmp_path))
    arguments = ["--model", "unet", "--data", "torchvision:OxfordIIITPet"]
    with torchvision_with(pictures):
        assert landscape.train.main([*arguments, "-o", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert said.count("error: ") == 1
    for word in words:
        assert word in said
    assert not (tmp_path / "run").exists()


def test_truncated_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(self: Any, i: int) -> Any:
        raise OSError("image file is truncated")

    with torchvision_with(GOOD) as cls:
        monkeypatch.setattr(cls, "__getitem__", cut)
        with pytest.raises(
            InputError, match=r"image 0 of the test split cannot be read.*truncated"
        ):
            load(f"torchvision:OxfordIIITPet:{tmp_path}", "test")


def test_without_a_connection(tmp_path: Path) -> None:
    with torchvision_with(GOOD), pytest.raises(InputError, match=r"no route to host.*check the"):
        load(f"torchvision:OxfordIIITPet:{tmp_path / 'offline'}", "train")


def test_without_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.datasets", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[vision\]'"):
        load("torchvision:OxfordIIITPet", "train")


def test_mistyped_name() -> None:
    with pytest.raises(InputError, match="did you mean 'OxfordIIITPet'"):
        load("torchvision:OxfordIIITPets", "train")
