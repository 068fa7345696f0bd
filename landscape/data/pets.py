"""Oxford-IIIT Pet: photographs of cats and dogs with trimaps, loaded by torchvision.

Parkhi, Vedaldi, Zisserman, Jawahar, *Cats and Dogs*, CVPR 2012.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from landscape.data.examples import Examples
from landscape.data.preprocess import Preprocess
from landscape.data.torchvision_sets import PETS, image_of, opened
from landscape.errors import InputError, one_line

SIZE = 128
"""Height and width in pixels that every photograph is resized to."""
SPLITS = {"train": "trainval", "test": "test"}
TRIMAP = {1: "the animal", 2: "the background", 3: "the border between them"}


def load_pets(root: str, split: str) -> Examples:
    """A split of Oxford-IIIT Pet, decoded and resized once.

    Parameters
    ----------
    root
        As for :func:`landscape.data.torchvision_sets.load_torchvision`.
    split
        ``train`` (their trainval) or ``test``.

    Returns
    -------
    Examples
        uint8 images (n, 3, 128, 128), bilinear; int64 masks (n, 128, 128), nearest pixel of the
        trimap: 0 the animal, 1 the background, 2 the border between them.

    Raises
    ------
    MissingExtra
        If torchvision is not installed.
    InputError
        If the download fails, or a trimap differs in size from its photograph or contains values
        other than 1, 2 and 3.
    """
    source = f"torchvision:{PETS}" + (f":{root}" if root else "")
    how = {"split": SPLITS[split], "target_types": "segmentation"}
    dataset = opened(PETS, root, source, lambda cls: how)
    count = len(dataset)
    if count == 0:
        raise InputError(f"{source}: no images in the {split} split; expected at least one")
    images = torch.empty(count, 3, SIZE, SIZE, dtype=torch.uint8)
    masks = torch.empty(count, SIZE, SIZE, dtype=torch.int64)
    for i in range(count):
        which = f"{source}: image {i} of the {split} split"
        try:
            photograph, trimap = dataset[i]
        except OSError as error:
            raise InputError(
                f"{which} cannot be read ({one_line(error)}); expected a photograph and its "
                "trimap: delete the folder and download it again"
            ) from error
        if photograph.size != trimap.size:
            came = [" x ".join(map(str, picture.size)) for picture in (photograph, trimap)]
            raise InputError(
                f"{which} is {came[0]} pixels (width x height), but its mask is {came[1]}; "
                "expected a mask of the same size: delete the folder and download it again"
            )
        small = _resized(photograph.convert("RGB"), "BILINEAR")
        images[i] = torch.tensor(image_of(small, which))
        masks[i] = torch.from_numpy(_labels(trimap, which))
    return Examples(images, masks, Preprocess(255.0), source)


def _labels(trimap: Any, which: str) -> npt.NDArray[np.int64]:
    held = sorted(set(np.unique(np.asarray(trimap)).tolist()) - set(TRIMAP))
    if held:
        meanings = ", ".join(f"{value} {words}" for value, words in TRIMAP.items())
        raise InputError(
            f"{which} has a mask with values {', '.join(map(str, held[:4]))}; expected a trimap "
            f"({meanings}): delete the folder and download it again"
        )
    return np.asarray(_resized(trimap, "NEAREST")).astype(np.int64) - 1


def _resized(picture: Any, how: str) -> Any:
    from PIL import Image  # comes with torchvision

    return picture.resize((SIZE, SIZE), getattr(Image.Resampling, how))
