"""What one pass over the batches of a loader tells: their number, fingerprint and targets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscape.data.preprocess import Preprocess
from landscape.data.tree import add_to_hash
from landscape.data.trees import Batches


@dataclass(frozen=True, eq=False)
class Seen:
    """The result of one pass over the batches.

    Attributes
    ----------
    count
        The number of examples.
    sha256
        Of all leaves.
    extremes
        For pairs, two targets filled with the smallest and the largest value of all targets.
    not_hashed
        Places of leaves that the SHA-256 does not cover.
    batches
        The number of batches.
    """

    count: int
    sha256: str
    extremes: Tensor | None = None
    not_hashed: tuple[str, ...] = ()
    batches: int = 0


def scan_pairs(pairs: Iterable[tuple[Tensor, Tensor]], preprocess: Preprocess) -> Seen | None:
    """One pass over pairs (inputs, targets); None if there are none."""
    digest, count, read = hashlib.sha256(str(preprocess).encode()), 0, 0
    low: Tensor | None = None
    high: Tensor | None = None
    for inputs, targets in pairs:
        for tensor in (inputs, targets):
            array = tensor.detach().cpu().contiguous()
            digest.update(f"{array.dtype}{tuple(array.shape[1:])}".encode())
            digest.update(array.reshape(-1).view(torch.uint8).numpy().tobytes())
        count, read = count + len(inputs), read + 1
        low = targets.min() if low is None else torch.minimum(low, targets.min())
        high = targets.max() if high is None else torch.maximum(high, targets.max())
        shape = targets.shape[1:]
    if low is None or high is None:
        return None
    extremes = torch.stack([low.expand(shape), high.expand(shape)])
    return Seen(count, digest.hexdigest(), extremes, batches=read)


def scan_trees(trees: Iterable[Any]) -> Seen | None:
    """One pass over batches of any form; None if there are none."""
    digest, count, missed, read = hashlib.sha256(), 0, [], 0
    for tree in trees:
        digest.update(b"batch\n")
        missed += add_to_hash(digest, tree)
        count += len(Batches((tree,)))
        read += 1
    told = tuple(dict.fromkeys(missed))
    return Seen(count, digest.hexdigest(), None, told, read) if read else None
