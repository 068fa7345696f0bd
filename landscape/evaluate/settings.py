"""How points are evaluated: data that a run stores, so that it can be done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

import torch

from landscape.errors import InputError, argument, unknown_choice
from landscape.evaluate.fused import available as fused_available
from landscape.surface import Attribute

REDUCED = ("bfloat16", "tf32")
"""Precisions that a network can be evaluated in instead of its own; tf32 (TensorFloat-32: 10 bits
of mantissa in products, weights and activations stay as they are) on a CUDA GPU only."""

_LARGEST_BATCH = 1_000_000


def _way(attribute: str, words: str) -> Any:
    """A way of computing that is used or not: its attribute in a surface, and its name."""
    return field(default=False, metadata={"attribute": attribute, "words": words})


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

    fold: bool = _way("batch_norm_folded", "batch norm folded")
    in_place: bool = _way("in_place", "in place")
    fused: bool = _way("convolutions_fused", "convolutions fused")
    channels_last: bool = _way("channels_last", "channels last")
    reduced: str | None = None
    batch_size: int = 128
    graphs: bool = _way("cuda_graphs", "CUDA graphs")
    compiled: bool = _way("compiled", "compiled")
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
            **{way.metadata["attribute"]: int(getattr(self, way.name)) for way in _ways()},
            "precision": self.reduced or str(own).removeprefix("torch."),
            "batch_size": self.batch_size,
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
            ways = {way.name: bool(stored[way.metadata["attribute"]]) for way in _ways()}
            if stored.get("channels_blocked", 0):
                ways.update(fused=True, channels_last=True)
            return Settings(
                reduced=None if precision == stored["dtype"] else precision,
                batch_size=int(stored["batch_size"]),
                abreast=int(stored["points_at_once"]),
                **ways,
            )
        except (KeyError, ValueError):
            return None

    def __str__(self) -> str:
        parts = [f"batch {self.batch_size}"]
        parts += [f"{self.abreast} points at once"] if self.abreast > 1 else []
        parts += [way.metadata["words"] for way in _ways() if getattr(self, way.name)]
        parts += [self.reduced] if self.reduced else []
        return ", ".join(parts)


def _ways() -> list[Field[bool]]:
    return [each for each in fields(Settings) if "attribute" in each.metadata]


def combinations(
    base: Settings, device: str, precision: torch.dtype, *, images: bool, fold: bool
) -> list[Settings]:
    """The ways that may pay, in all combinations, the base among them.

    ``compiled`` and ``abreast`` are tried by themselves, once these and the batch size are chosen.

    Parameters
    ----------
    device
        ``cpu``, ``cuda`` or ``mps``.
    precision
        The network's own.
    images
        Whether a batch holds images, whose layout in memory can be chosen.
    fold
        Whether batch normalization may be folded: not where its statistics move.
    """
    fusing = images and device == "cpu" and fused_available(precision)
    in_order = [
        replace(base, in_place=in_place, fused=fused, channels_last=last)
        for in_place, fused in ((False, False), (True, False), (True, True))
        for last in (False, True)[: 1 + images]
        if fusing or not fused
    ]
    return [
        replace(layout, fold=folded, graphs=graphs)
        for folded in (False, True)[: 1 + fold]
        for layout in in_order
        for graphs in (False, True)[: 1 + (device == "cuda")]
    ]
