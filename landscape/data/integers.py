"""Integer ids that were packed into floats, which a short precision rounds."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from landscape.data.any_form import Split
from landscape.data.examples import Examples
from landscape.data.stream import Stream
from landscape.data.tree import loses_integers
from landscape.data.trees import Batches, Rows

_LOOKED_AT = 256


def warn_of_lost_integers(split: Split, dtype: torch.dtype) -> None:
    """Warn of whole numbers as floats that a precision of 16 bits cannot represent."""
    if torch.finfo(dtype).bits > 16:
        return
    held: Any = split.head(_LOOKED_AT) if isinstance(split, Stream) else split
    tree = {Examples: "inputs", Rows: "tree", Batches: "trees"}[type(held)]
    place = loses_integers(getattr(held, tree), dtype)
    if place is not None:
        warnings.warn(
            f"{split.source}: {place} has whole numbers as floats, which "
            f"{str(dtype).removeprefix('torch.')} rounds. If these are ids, give them as integers, "
            "in batches of your own form, with your own objective: integers are never rounded",
            stacklevel=4,
        )
