"""Preprocessing against plain numpy, and parsing of its text form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landscape.data import Preprocess, parse_preprocess
from landscape.data.preprocess import CIFAR10, DIGITS, IMAGENET
from landscape.errors import InputError

PLAIN = {torch.float32: np.float32, torch.float64: np.float64}
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-14}


@pytest.mark.parametrize("dtype", PLAIN)
@pytest.mark.parametrize("preprocess", [CIFAR10, IMAGENET], ids=lambda p: p.name)
def test_is_to_tensor_then_normalize(preprocess: Preprocess, dtype: torch.dtype) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 5, 7), dtype=np.uint8)
    to_tensor = images.astype(PLAIN[dtype]) / PLAIN[dtype](255)
    mean = np.array(preprocess.mean, PLAIN[dtype])[None, :, None, None]
    std = np.array(preprocess.std, PLAIN[dtype])[None, :, None, None]
    result = preprocess(torch.from_numpy(images), dtype)
    assert result.dtype == dtype
    np.testing.assert_allclose(
        result.numpy(), (to_tensor - mean) / std, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype]
    )


def test_numbers_of_li_et_al() -> None:
    pixel = torch.tensor([[[[0]], [[100]], [[255]]]], dtype=torch.uint8)
    expected = [(0 - 125.3) / 63.0, (100 - 123.0) / 62.1, (255 - 113.9) / 66.7]
    np.testing.assert_allclose(CIFAR10(pixel, torch.float64).ravel().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(6,), (6, 1), (6, 3), (6, 3, 4), (6, 3, 4, 4), (2, 3, 2, 2, 2)])
def test_single_numbers_fit_every_shape(shape: tuple[int, ...]) -> None:
    x = torch.arange(np.prod(shape), dtype=torch.float32).reshape(shape)
    result = Preprocess(2.0, (0.5,), (4.0,))(x, torch.float64)
    np.testing.assert_array_equal(result.numpy(), (x.double().numpy() / 2 - 0.5) / 4)


@pytest.mark.parametrize(
    ("stored", "scale", "result"),
    [
        (torch.int64, 1.0, torch.int64),  # tokens of a text, for an embedding
        (torch.int64, 2.0, torch.float32),
        (torch.uint8, 1.0, torch.float32),
        (torch.float64, 1.0, torch.float32),
    ],
)
def test_type(stored: torch.dtype, scale: float, result: torch.dtype) -> None:
    x = torch.arange(6).reshape(2, 3).to(stored)
    prepared = Preprocess(scale)(x, torch.float32)
    assert prepared.dtype == result
    np.testing.assert_array_equal(prepared.numpy(), x.numpy() / scale)


@pytest.mark.parametrize(
    ("text", "largest", "scale", "mean", "std"),
    [
        ("none", 255.0, 255.0, (0.0,), (1.0,)),
        ("none", 1.0, 1.0, (0.0,), (1.0,)),
        ("digits", 16.0, 16.0, DIGITS.mean, DIGITS.std),
        ("digits", 255.0, 255.0, DIGITS.mean, DIGITS.std),
        ("cifar10", 255.0, 255.0, CIFAR10.mean, CIFAR10.std),
        ("0.5/0.25", 255.0, 255.0, (0.5,), (0.25,)),
        ("-1,2e-1,0/1,2,3", 16.0, 16.0, (-1.0, 0.2, 0.0), (1.0, 2.0, 3.0)),
    ],
)
def test_text(
    text: str, largest: float, scale: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    parsed = parse_preprocess(text, largest)
    assert (parsed.scale, parsed.mean, parsed.std) == (scale, mean, std)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cifar1", "did you mean 'cifar10'"),
        ("0.5,0.5/0.25", "as many means"),
        ("0.5/0", "positive"),
        ("0.5/-1", "positive"),
        ("0.5/nan", "positive"),
        ("inf/1", "positive"),
        ("0.5/0.25/0.1", "one slash"),
        ("a,b/1,1", "not a list of numbers"),
        ("/", "not a list of numbers"),
    ],
)
def test_bad_text(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_preprocess(text, 255.0)


@pytest.mark.parametrize(
    ("scale", "mean", "std"),
    [
        (0.0, (0.0,), (1.0,)),
        (1.0, (0.0, 0.0), (1.0, 1.0, 1.0)),
        (1.0, (), ()),
        (1.0, (0.0,), (0.0,)),
        (1.0, (float("nan"),), (1.0,)),
    ],
)
def test_bad_numbers(scale: float, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="expected as many means as standard deviations"):
        Preprocess(scale, mean, std)


@pytest.mark.parametrize(
    ("mean", "std", "channels"),
    [((0.5,), (1.0,), None), ((0.1, 0.2), (1.0,), 2), ((0.0,), (1.0, 2.0, 3.0), 3)],
)
def test_channels(mean: tuple[float, ...], std: tuple[float, ...], channels: int | None) -> None:
    assert Preprocess(1.0, mean, std).channels == channels
