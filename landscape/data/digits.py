"""scikit-learn's handwritten digits: real data without a download."""

from __future__ import annotations

import numpy as np
import torch

from landscape.data.examples import Examples
from landscape.data.preprocess import DIGITS

TEST_STRIDE = 5


def load_digits(split: str) -> Examples:
    """The 1,797 digits of ``sklearn.datasets.load_digits``, in a fixed split.

    Every fifth image, starting with the first, is a test image: 360 test, 1,437 train.

    Parameters
    ----------
    split
        ``train`` or ``test``.

    Returns
    -------
    Examples
        uint8 images (n, 1, 8, 8) with values 0 … 16, int64 labels 0 … 9.
    """
    from sklearn.datasets import load_digits as bundled  # slow to import

    digits = bundled()
    chosen = (np.arange(len(digits.target)) % TEST_STRIDE == 0) == (split == "test")
    images = digits.images[chosen].astype(np.uint8)[:, None]
    labels = digits.target[chosen].astype(np.int64)
    return Examples(torch.from_numpy(images), torch.from_numpy(labels), DIGITS, "digits")
