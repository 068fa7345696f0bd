"""Scenes of several handwritten digits with masks: segmentation without a download."""

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
"""Sizes in pixels that a digit (stored as 8×8) is drawn in."""
FEWEST, MOST = 2, 4
TRIES = 8
"""Positions tried for a digit; it is omitted if each overlaps the ink of another."""
INK = 5
"""Threshold (of 16) from which a pixel belongs to its digit, not to the background."""


def load_scenes(split: str, seed: int = 0) -> Examples:
    """Images of up to four digits each, at random positions and sizes, with masks.

    The digits are those of ``sklearn.datasets.load_digits``: the scenes of a split contain only
    digits of that split (:func:`landscape.data.digits.load_digits`), so no test digit occurs in a
    training scene. No digit covers the ink of another. The same seed gives the same scenes on
    every machine.

    Parameters
    ----------
    split
        ``train`` (800 scenes) or ``test`` (200).
    seed
        For the choice of digits, sizes and positions.

    Returns
    -------
    Examples
        uint8 images (n, 1, 32, 32) with values 0 … 16; int64 masks (n, 32, 32): 0 for background,
        1 + d for the digit d.
    """
    digits, count = load_digits(split), COUNTS[split]
    # A separate stream per split, else both would have the same positions.
    generator = torch.Generator().manual_seed(2 * seed + (split == "test"))

    def drawn(below: Tensor) -> Tensor:
        """Random integers from 0 to below each of these."""
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
    """Digits (n, 1, 8, 8) resized to uint8 images (n, side, side)."""
    resized = F.interpolate(digits.double(), size=(side, side), mode="bilinear")
    return resized.round().to(torch.uint8)[:, 0]
