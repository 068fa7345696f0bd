"""Scenes of several handwritten digits, with masks: segmentation that needs no download."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from landscape.data.digits import load_digits
from landscape.data.examples import Examples
from landscape.data.preprocess import SCENES

SIZE = 32
COUNTS = {"train": 800, "test": 200}
SIDES = (8, 10, 12, 14, 16)
"""Pixels that a digit, stored with 8, is drawn with."""
FEWEST, MOST = 2, 4
TRIES = 8
"""Places that are tried for a digit; it is left out if others have ink at each of them."""
INK = 5
"""From this value on (of 16) a pixel belongs to its digit; the rest of it is background."""


def load_scenes(split: str, seed: int = 0) -> Examples:
    """Images that hold up to four digits each, at random places and sizes, with masks.

    The digits are those of ``sklearn.datasets.load_digits``: the scenes of a split are composed of
    the digits of that split alone (:func:`landscape.data.digits.load_digits`), so none that a
    network is tested on was in a scene that it was trained on. None covers ink of another. The
    same seed gives the same scenes on every machine.

    Parameters
    ----------
    split
        ``train`` (800 scenes) or ``test`` (200).
    seed
        Of the choice of digits, sizes and places.

    Returns
    -------
    Examples
        uint8 images (n, 1, 32, 32) with values 0 … 16; int64 masks (n, 32, 32): 0 where there is
        background, 1 + d on the digit d.
    """
    digits, count = load_digits(split), COUNTS[split]
    # Each split has numbers of its own, else both would have the same places.
    generator = torch.Generator().manual_seed(2 * seed + (split == "test"))

    def drawn(below: Tensor) -> Tensor:
        """Whole numbers from 0 to below each of these."""
        return (torch.rand(below.shape, generator=generator) * below).long().clamp(max=below - 1)

    shape = (count, MOST)
    which = drawn(torch.full(shape, len(digits)))
    side = torch.tensor(SIDES)[drawn(torch.full(shape, len(SIDES)))]
    top, left = (drawn((SIZE + 1 - side)[..., None].expand(*shape, TRIES)) for _ in range(2))
    shown = FEWEST + drawn(torch.full((count,), MOST + 1 - FEWEST))

    larger = {s: _drawn_with(digits.inputs, s) for s in SIDES}
    images = torch.zeros(count, 1, SIZE, SIZE, dtype=torch.uint8)
    masks = torch.zeros(count, SIZE, SIZE, dtype=torch.int64)
    for scene in range(count):
        for k in range(int(shown[scene])):
            s, n = int(side[scene, k]), int(which[scene, k])
            for y, x in zip(top[scene, k].tolist(), left[scene, k].tolist(), strict=True):
                place = (slice(y, y + s), slice(x, x + s))
                if not masks[scene][place].any():
                    digit = larger[s][n]
                    images[scene, 0][place] = digit
                    masks[scene][place] = torch.where(digit >= INK, 1 + digits.targets[n], 0)
                    break
    return Examples(images, masks, SCENES, "scenes")


def _drawn_with(digits: Tensor, side: int) -> Tensor:
    """Digits (n, 1, 8, 8) as images (n, side, side) of the same values, uint8."""
    resized = F.interpolate(digits.double(), size=(side, side), mode="bilinear")
    return resized.round().to(torch.uint8)[:, 0]
