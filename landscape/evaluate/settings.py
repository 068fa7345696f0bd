"""How points are evaluated: data that a run stores, so that it can be done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from landscape.errors import InputError, argument, unknown_choice
from landscape.surface import Attribute

REDUCED = ("bfloat16", "tf32")
"""Precisions that a network can be evaluated in instead of its own; tf32 (TensorFloat-32: 10 bits
of mantissa in products, weights and activations stay as they are) on a CUDA GPU only."""

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
        On a CPU, a convolution and the sum or the rectifier behind it are one operation.
    channels_last
        Images and convolutions lie in memory with the channels innermost.
    reduced
        One of :data:`REDUCED`, which the network computes in, or None for its own precision. Sums
        over examples are in float64 in any case.
    batch_size
        Examples a forward pass.
    graphs
        On a CUDA GPU, a forward pass is recorded once and replayed, without launching its kernels
        one by one.
    compiled
        On a CUDA GPU, by ``torch.compile``.
    abreast
        Points at once, each by one thread of a CPU; 1 is one point by all threads.
    """

    fold: bool = False
    in_place: bool = False
    fused: bool = False
    channels_last: bool = False
    reduced: str | None = None
    batch_size: int = 128
    graphs: bool = False
    compiled: bool = False
    abreast: int = 1

    def __post_init__(self) -> None:
        if self.reduced not in (None, *REDUCED):
            raise unknown_choice("reduced precision", str(self.reduced), REDUCED)
        if not 1 <= self.batch_size <= _LARGEST_BATCH:
            raise InputError(
                f"{argument('batch_size', self.batch_size)}: expected at least 1 and at "
                f"most {_LARGEST_BATCH:,} examples"
            )

    @property
    def stored_as(self) -> torch.dtype | None:
        """What weights and activations are converted to; None is not at all."""
        return torch.bfloat16 if self.reduced == "bfloat16" else None

    def attributes(self, own: torch.dtype) -> dict[str, Attribute]:
        """As a surface stores it; ``own`` is the network's own precision."""
        return {
            "batch_norm_folded": int(self.fold),
            "in_place": int(self.in_place),
            "convolutions_fused": int(self.fused),
            "channels_last": int(self.channels_last),
            "precision": self.reduced or str(own).removeprefix("torch."),
            "batch_size": self.batch_size,
            "cuda_graphs": int(self.graphs),
            "compiled": int(self.compiled),
            "points_at_once": self.abreast,
        }

    @staticmethod
    def from_attributes(stored: Mapping[str, Attribute]) -> Settings | None:
        """The settings that a surface was sampled with; None if it does not say them.

        Files of earlier versions may have ``channels_blocked``, a layout of oneDNN's own, for which
        convolutions are now fused with the channels innermost; values are the same to rounding.
        """
        try:
            precision = str(stored["precision"])
            blocked = bool(stored.get("channels_blocked", 0))
            return Settings(
                bool(stored["batch_norm_folded"]),
                bool(stored["in_place"]),
                bool(stored["convolutions_fused"]) or blocked,
                bool(stored["channels_last"]) or blocked,
                None if precision == stored["dtype"] else precision,
                int(stored["batch_size"]),
                bool(stored["cuda_graphs"]),
                bool(stored["compiled"]),
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
        parts += ["CUDA graphs"] if self.graphs else []
        parts += ["compiled"] if self.compiled else []
        parts += [self.reduced] if self.reduced else []
        return ", ".join(parts)
