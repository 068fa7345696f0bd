"""Scenes: their digits are found again in the images; the same seed gives the same scenes."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.datasets
import torch

from landscape.data import Examples, load
from landscape.data.preprocess import SCENES
from landscape.data.scenes import INK, MOST, load_scenes


@pytest.fixture(scope="module")
def scenes() -> dict[str, Examples]:
    return {split: load("scenes", split) for split in ("train", "test")}


def test_images_and_masks(scenes: dict[str, Examples]) -> None:
    for split, count in [("train", 800), ("test", 200)]:
        images, masks = scenes[split].inputs, scenes[split].targets
        assert images.shape == (count, 1, 32, 32)
        assert masks.shape == (count, 32, 32)
        assert (images.dtype, masks.dtype) == (torch.uint8, torch.int64)
        assert int(images.max()) == 16
        assert masks.unique().tolist() == list(range(11))
        assert scenes[split].population == count
        assert scenes[split].source == "scenes"
        # Exactly the pixels with ink belong to a digit.
        assert torch.equal(masks > 0, images[:, 0] >= INK)
        assert (masks > 0).any(dim=(1, 2)).all()


def raw(split: str) -> tuple[np.ndarray, np.ndarray]:
    digits = sklearn.datasets.load_digits()
    chosen = (np.arange(1797) % 5 == 0) == (split == "test")
    return digits.images[chosen].astype(np.uint8), digits.target[chosen]


def patches(images: np.ndarray) -> dict[bytes, tuple[int, int, int]]:
    """Every 8×8 patch of all images, and its position."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (8, 8), axis=(1, 2))
    where = np.argwhere(windows.max(axis=(3, 4)) >= INK)
    return {windows[tuple(place)].tobytes(): tuple(map(int, place)) for place in where}


@pytest.mark.parametrize("split", ["train", "test"])
def test_digits_of_eight_pixels_are_found_again(scenes: dict[str, Examples], split: str) -> None:
    """Digits that were not enlarged occur as in scikit-learn, with their labels."""
    other = "test" if split == "train" else "train"
    windows = patches(scenes[split].inputs[:, 0].numpy())
    found = 0
    for image, label in zip(*raw(split), strict=True):
        place = windows.get(image.tobytes())
        if place is not None:
            found += 1
            scene, y, x = place
            mask = scenes[split].targets[scene, y : y + 8, x : x + 8].numpy()
            np.testing.assert_array_equal(mask, np.where(image >= INK, label + 1, 0))
    assert found > (200 if split == "train" else 50)
    assert not any(image.tobytes() in windows for image in raw(other)[0])


def test_several_digits_in_a_scene(scenes: dict[str, Examples]) -> None:
    masks = scenes["train"].targets.numpy()
    kinds = np.array([len(np.unique(mask)) - 1 for mask in masks])
    assert kinds.max() <= MOST
    assert 2 < kinds.mean() < 3.5  # the same digit may occur twice


def test_same_seed_gives_the_same_scenes(scenes: dict[str, Examples]) -> None:
    torch.manual_seed(5)  # the global generator's state must not matter
    before = torch.random.get_rng_state()
    again = load_scenes("test")
    assert again.sha256() == scenes["test"].sha256()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert load_scenes("test", seed=1).sha256() != again.sha256()


def test_splits_have_different_positions(scenes: dict[str, Examples]) -> None:
    train, test = (scenes[split].targets[:200] > 0 for split in ("train", "test"))
    same = (train == test).all(dim=(1, 2)).float().mean()
    assert same < 0.01


def test_preprocessing_matches_mean_and_standard_deviation(
    scenes: dict[str, Examples],
) -> None:
    both = torch.cat([scenes[split].inputs for split in ("train", "test")])
    assert scenes["train"].preprocess == SCENES
    prepared = SCENES(both, torch.float64)
    assert abs(prepared.mean()) < 1e-3
    assert abs(prepared.std() - 1) < 1e-3
