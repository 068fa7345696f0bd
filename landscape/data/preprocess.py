"""Preprocessing of stored images: one explicit affine map per channel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from landscape.errors import InputError, argument, unknown_choice


@dataclass(frozen=True)
class Preprocess:
    """``(x / scale - mean[c]) / std[c]`` for channel ``c``, computed in the network's precision.

    Parameters
    ----------
    scale
        The largest stored value, to divide by: 255 for 8-bit images.
    mean, std
        One number per channel, or a single number for all channels.
    name
        Its name in files and on the command line.

    Raises
    ------
    InputError
        If there are not as many means as standard deviations and neither is a single number, a
        number is not finite, or the scale or a standard deviation is not positive.
    """

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    name: str = "none"

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(float(m) for m in self.mean))
        object.__setattr__(self, "std", tuple(float(s) for s in self.std))
        numbers = (self.scale, *self.mean, *self.std)
        counts = {len(self.mean), len(self.std)} - {1}
        if (
            len(counts) > 1
            or 0 in counts
            or not all(math.isfinite(number) for number in numbers)
            or min(self.scale, *self.std) <= 0
        ):
            raise InputError(
                f"preprocessing {self.name} has scale {self.scale}, means {self.mean} and standard "
                f"deviations {self.std}: expected as many means as standard deviations, all "
                "finite, the scale and the standard deviations positive"
            )

    @property
    def channels(self) -> int | None:
        """The number of channels that images must have, or None if one number is used for all."""
        count = max(len(self.mean), len(self.std))
        return count if count > 1 else None

    def __call__(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        """Preprocess images (n, channels, …) or numbers (n,) into ``dtype``, on their device.

        If the map is the identity, integers other than 8-bit images (such as text tokens) keep
        their type.
        """
        plain = self.mean == (0.0,) and self.std == (1.0,)
        whole = not images.is_floating_point() and images.dtype != torch.uint8
        if plain and self.scale == 1.0 and whole:
            return images
        x = images.to(dtype)
        if self.scale != 1.0:
            x = x / self.scale
        if plain:
            return x
        shape = (1, -1) + (1,) * (x.ndim - 2) if x.ndim > 1 else (-1,)
        mean, std = _constants(self.mean, self.std, dtype, x.device)
        return (x - mean.reshape(shape)) / std.reshape(shape)

    def __str__(self) -> str:
        mean = ",".join(f"{m:.6g}" for m in self.mean)
        std = ",".join(f"{s:.6g}" for s in self.std)
        return f"{self.name}: (x/{self.scale:g} - [{mean}])/[{std}]"


@lru_cache(maxsize=64)
def _constants(
    mean: tuple[float, ...], std: tuple[float, ...], dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Both on a device, where they stay: copying them there makes the host wait for a GPU."""
    with torch.inference_mode(False):
        one, other = (torch.tensor(numbers, dtype=dtype, device=device) for numbers in (mean, std))
        return one, other


NONE = Preprocess()

CIFAR10 = Preprocess(
    255.0,
    tuple(m / 255.0 for m in (125.3, 123.0, 113.9)),
    tuple(s / 255.0 for s in (63.0, 62.1, 66.7)),
    "cifar10",
)
"""The preprocessing of the checkpoints of Li et al. (2018)."""

IMAGENET = Preprocess(255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "imagenet")

DIGITS = Preprocess(16.0, (0.3053,), (0.3760,), "digits")
"""For scikit-learn's digits, 0 … 16: mean and standard deviation over all pixels."""

SCENES = Preprocess(16.0, (0.1049,), (0.2415,), "scenes")
"""For scenes of these digits: mean and standard deviation over all pixels of both splits."""

NAMED = {
    "cifar10": CIFAR10,
    "imagenet": IMAGENET,
    "digits": DIGITS,
    "scenes": SCENES,
    "none": NONE,
}


def parse_preprocess(text: str, largest: float) -> Preprocess:
    """Parse a preprocessing: a name, or ``mean,…/std,…`` after division by ``largest``.

    ``0.5,0.5,0.5/0.25,0.25,0.25`` is (x/largest - 0.5)/0.25 in three channels, ``0.5/0.25`` the
    same in any number of channels, ``none`` is x/largest. A name selects means and standard
    deviations; it divides by ``largest`` too. ``largest`` is the largest possible value of the
    data: 255 for 8-bit images, 1 for floating point.

    Raises
    ------
    InputError
        If it is neither a known name nor two lists of numbers of equal length with positive std.
    """
    if text in NAMED:
        return replace(NAMED[text], scale=largest)
    if "/" not in text:
        raise unknown_choice("preprocessing", text, [*NAMED, "MEAN,…/STD,…"])
    halves: list[Sequence[float]] = []
    for half in text.split("/"):
        try:
            halves.append([float(part) for part in half.split(",")])
        except ValueError:
            raise InputError(
                f"{argument('preprocess', text)}: {half!r} is not a list of numbers; expected "
                "MEAN,…/STD,… as in 0.49,0.48,0.45/0.25,0.24,0.26"
            ) from None
    finite = all(math.isfinite(number) for half in halves for number in half)
    if len(halves) != 2 or len(halves[0]) != len(halves[1]) or not finite or not min(halves[1]) > 0:
        raise InputError(
            f"{argument('preprocess', text)}: expected as many means as positive standard "
            "deviations, separated by one slash, as in 0.49,0.48,0.45/0.25,0.24,0.26"
        )
    return Preprocess(largest, tuple(halves[0]), tuple(halves[1]), "given")
