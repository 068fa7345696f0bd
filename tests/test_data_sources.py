"""Data sources by name: digits, parsing, limits, preprocessing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
import torch

from landscape.data import load
from landscape.data.preprocess import CIFAR10, DIGITS
from landscape.errors import InputError


def test_digits_match_scikit_learn() -> None:
    raw = sklearn.datasets.load_digits()
    train, test = load("digits", "train"), load("digits", "test")
    assert train.inputs.shape == (1437, 1, 8, 8)
    assert test.inputs.shape == (360, 1, 8, 8)
    np.testing.assert_array_equal(test.inputs[:, 0].numpy(), raw.images[::5])
    np.testing.assert_array_equal(test.targets.numpy(), raw.target[::5])
    rest = [i for i in range(1797) if i % 5]
    np.testing.assert_array_equal(train.inputs[:, 0].numpy(), raw.images[rest])
    np.testing.assert_array_equal(train.targets.numpy(), raw.target[rest])
    for examples in (train, test):
        assert examples.inputs.dtype == torch.uint8
        assert examples.targets.dtype == torch.int64
        assert set(examples.targets.tolist()) == set(range(10))


def test_preprocessing_of_digits_matches_mean_and_standard_deviation() -> None:
    pixels = sklearn.datasets.load_digits().images / 16
    assert DIGITS.mean[0] == pytest.approx(pixels.mean(), abs=5e-4)
    assert DIGITS.std[0] == pytest.approx(pixels.std(), abs=5e-4)
    both = torch.cat([load("digits", split).inputs for split in ("train", "test")])
    prepared = DIGITS(both, torch.float64)
    assert abs(prepared.mean()) < 1e-3
    assert abs(prepared.std() - 1) < 1e-3


def write_npz(path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 3, 32, 32), dtype=np.uint8)
    y = rng.integers(0, 10, 40)
    np.savez(path, train_x=x, train_y=y, test_x=x[:7], test_y=y[:7])
    return path


@pytest.mark.parametrize(
    ("source", "text", "scale", "mean"),
    [
        ("digits", None, 16.0, DIGITS.mean),
        ("digits", "none", 16.0, (0.0,)),
        ("digits", "0.5/0.25", 16.0, (0.5,)),
        ("cifar10", None, 255.0, CIFAR10.mean),
        ("cifar100", None, 255.0, CIFAR10.mean),
        ("cifar10", "none", 255.0, (0.0,)),
        ("cifar10", "imagenet", 255.0, (0.485, 0.456, 0.406)),
        ("cifar10", "0.1,0.2,0.3/1,1,1", 255.0, (0.1, 0.2, 0.3)),
    ],
)
def test_preprocessing(
    source: str, text: str | None, scale: float, mean: tuple[float, ...], tmp_path: Path
) -> None:
    if source != "digits":
        source = f"{source}:{write_npz(tmp_path / 'own.npz')}"
    examples = load(source, "test", preprocess=text)
    assert (examples.preprocess.scale, examples.preprocess.mean) == (scale, mean)
    first = examples.inputs[:1].double().numpy() / scale
    expected = first - np.array(mean).reshape(1, -1, 1, 1)
    expected /= np.array(examples.preprocess.std).reshape(1, -1, 1, 1)
    prepared = examples.preprocess(examples.inputs[:1], torch.float64)
    np.testing.assert_allclose(prepared.numpy(), expected, rtol=1e-12)


def test_preprocessing_for_another_number_of_channels(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="digits: preprocessing cifar10 is for 3 channels"):
        load("digits", "train", preprocess="cifar10")
    with pytest.raises(InputError, match="for 2 channels"):
        load(f"cifar10:{write_npz(tmp_path / 'x.npz')}", "train", preprocess="0,0/1,1")


@pytest.mark.parametrize("limit", [1, 10, 39, 40, 1000])
def test_limit(limit: int, tmp_path: Path) -> None:
    source = f"cifar10:{write_npz(tmp_path / 'own.npz')}"
    whole = load(source, "train")
    part = load(source, "train", limit=limit, limit_seed=5)
    assert (len(part), part.population, part.source) == (min(limit, 40), 40, source)
    assert torch.equal(part.inputs, whole.subset(limit, 5).inputs)


def test_limits_are_nested_and_depend_on_the_seed() -> None:
    small, large = (load("digits", "train", limit=n, limit_seed=1) for n in (100, 1000))
    assert torch.equal(small.inputs, large.inputs[:100])
    assert large.population == 1437
    assert load("digits", "train", limit=100, limit_seed=2).sha256() != small.sha256()


def test_source_is_kept_as_given() -> None:
    assert load("digits:", "train").source == "digits:"


@pytest.mark.parametrize(
    ("source", "split", "says"),
    [
        ("digit", "train", "did you mean 'digits'"),
        ("", "train", "expected one of digits, scenes, cifar10:PATH"),
        ("mnist", "train", r"torchvision:NAME\[:ROOT\]"),
        ("../x.npz", "train", "../x.npz: not a readable .npz"),
        ("data/cifar-10-batches-py", "train", "did you mean 'cifar10:data/cifar-10-batches-py'"),
        ("cifar10", "train", "expected cifar10:PATH"),
        ("cifar100:", "train", "expected cifar100:PATH"),
        ("digits:5", "train", "expected digits without a path"),
        ("scenes:5", "train", "expected scenes without a path"),
        ("scene", "train", "did you mean 'scenes'"),
        ("digits", "valid", "unknown split 'valid': expected one of train, test"),
        ("digits", "tset", "did you mean 'test'"),
    ],
)
def test_bad_source(source: str, split: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load(source, split)
