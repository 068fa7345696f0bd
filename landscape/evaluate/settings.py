"""How points are evaluated: data that a run stores, so that it can be done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landscape.errors import InputError
from landscape.surface import Attribute

REDUCED = {"bfloat16": torch.bfloat16}
"""Precisions that a network can be evaluated in instead of its own."""

_LARGEST_BATCH = 1_000_000


@dataclass(frozen=True)
class Settings:
    """One admissible way of evaluating.

    Attributes
    ----------
    fold
        Batch normalization is folded into the convolution or linear layer before it.
    in_place
        Activations and sums are written over their input where nothing else reads it.
    fused
        On a CPU, a convolution and the sum and rectifier behind it are one operation.
    channels_last
        Images and convolutions lie in memory with the channels innermost.
    reduced
        The precision that the network computes in, or None for its own. Sums over examples are in
        float64 in any case.
    batch_size
        Examples a forward pass.
    abreast
        Points at once, each by one thread of a CPU; 1 is one point by all threads.
    """

    fold: bool = False
    in_place: bool = False
    fused: bool = False
    channels_last: bool = False
    reduced: torch.dtype | None = None
    batch_size: int = 128
    abreast: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= _LARGEST_BATCH:
            raise InputError(
                f"--batch-size {self.batch_size}: expected at least 1 and at "
                f"most {_LARGEST_BATCH:,} examples"
            )

    def attributes(self, own: torch.dtype) -> dict[str, Attribute]:
        """As a surface stores it; ``own`` is the network's own precision."""
        return {
            "batch_norm_folded": int(self.fold),
            "in_place": int(self.in_place),
            "convolutions_fused": int(self.fused),
            "channels_last": int(self.channels_last),
            "precision": str(self.reduced or own).removeprefix("torch."),
            "batch_size": self.batch_size,
            "points_at_once": self.abreast,
        }

    @staticmethod
    def from_attributes(stored: Mapping[str, Attribute]) -> Settings | None:
        """The settings that a surface was sampled with; None if it does not say them."""
        try:
            precision = str(stored["precision"])
            return Settings(
                bool(stored["batch_norm_folded"]),
                bool(stored["in_place"]),
                bool(stored["convolutions_fused"]),
                bool(stored["channels_last"]),
                None if precision == stored["dtype"] else REDUCED[precision],
                int(stored["batch_size"]),
                int(stored["points_at_once"]),
            )
        except (KeyError, ValueError):
            return None

    def __str__(self) -> str:
        parts = [f"batch {self.batch_size}"]
        parts += [f"{self.abreast} points at once"] if self.abreast > 1 else []
        parts += ["batch norm folded"] if self.fold else []
        parts += ["in place"] if self.in_place else []
        parts += ["convolutions fused"] if self.fused else []
        parts += ["channels last"] if self.channels_last else []
        parts += [str(self.reduced).removeprefix("torch.")] if self.reduced else []
        return ", ".join(parts)
