"""The 256 colours of a GIF, the same for all its pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""Colours, shape (rows, columns, 3)."""
_ROUNDS = 12


class Palette:
    """White, black and colours fitted to some pictures by k-means.

    A colour is weighted by the fourth root of its area: otherwise the background and the largest
    surface would leave almost nothing for the colour bar.
    """

    def __init__(self, pictures: Iterable[Picture]) -> None:
        from scipy.cluster.vq import kmeans2
        from scipy.spatial import cKDTree

        pixels = np.concatenate([p.reshape(-1, 3) for p in pictures])
        colours, counts = np.unique(pixels & 0xF8 | 0x04, axis=0, return_counts=True)
        often = np.maximum(1, np.rint(counts**0.25)).astype(int)
        sample = np.repeat(colours, often, axis=0).astype(float)
        middles, members = kmeans2(
            sample, min(254, len(colours)), minit="++", seed=0, iter=_ROUNDS, missing="warn"
        )
        found = np.rint(middles[np.unique(members)])
        self.colours = np.concatenate([[[255, 255, 255], [0, 0, 0]], found]).astype(np.uint8)
        self._tree = cKDTree(self.colours.astype(float))

    def indices(self, picture: Picture) -> npt.NDArray[np.uint8]:
        """The nearest colour of each pixel, shape (rows, columns)."""
        wide = picture.astype(np.int64) @ (1 << 16, 1 << 8, 1)
        packed, where = np.unique(wide, return_inverse=True)
        each = np.stack([packed >> 16, packed >> 8 & 0xFF, packed & 0xFF], axis=1)
        nearest: npt.NDArray[np.uint8] = self._tree.query(each.astype(float))[1].astype(np.uint8)
        return nearest[where].reshape(picture.shape[:2])
