"""Settings of the evaluation, which a run stores so that it can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

import torch

from landscape.errors import InputError, argument, unknown_choice
from landscape.evaluate.fused import available as fused_available
from landscape.surface import Attribute

REDUCED = ("bfloat16", "tf32")
"""Reduced precisions; tf32 (TensorFloat-32: 10 bits of mantissa in products, while weights and
activations stay in float32) on a CUDA GPU only."""

_LARGEST_BATCH = 1_000_000


def _way(attribute: str, words: str, *, later: bool = False) -> Any:
    """An optional method: its attribute in a surface, and its description.

    ``later``: whether files of earlier versions lack it; it is stored only where it is in use.
    """
    return field(default=False, metadata={"attribute": attribute, "words": words, "later": later})


@dataclass(frozen=True)
class Settings:
    """Settings of an evaluation.

    Attributes
    ----------
    fold
        Batch normalization is folded into the convolution or linear layer before it.
    in_place
        Activations and sums overwrite their input where nothing else reads it.
    fused
        On a CPU, a convolution and the following sum and ReLU are one operation.
    channels_last
        Images and convolutions are in channels-last memory layout.
    reduced
        One of :data:`REDUCED`, or None for the network's own precision. Sums over examples are
        always in float64.
    batch_size
        Examples per forward pass.
    graphs
        On a CUDA GPU, a forward pass is captured once and replayed, without launching its kernels
        one by one.
    compiled
        On a CUDA GPU, with ``torch.compile``.
    cudnn_benchmark
        On a CUDA GPU, cuDNN tries its algorithms for each shape and takes the fastest.
    abreast
        Number of points at once, each on one CPU thread; 1 is one point on all threads.
    """

    fold: bool = _way("batch_norm_folded", "batch norm folded")
    in_place: bool = _way("in_place", "in place")
    fused: bool = _way("convolutions_fused", "convolutions fused")
    channels_last: bool = _way("channels_last", "channels last")
    reduced: str | None = None
    batch_size: int = 128
    graphs: bool = _way("cuda_graphs", "CUDA graphs")
    compiled: bool = _way("compiled", "compiled")
    cudnn_benchmark: bool = _way("cudnn_benchmark", "cuDNN benchmark", later=True)
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
        """Type that weights and activations are converted to; None is no conversion."""
        return torch.bfloat16 if self.reduced == "bfloat16" else None

    def attributes(self, own: torch.dtype) -> dict[str, Attribute]:
        """Attributes to store in a surface; ``own`` is the network's own precision."""
        return {
            **{
                way.metadata["attribute"]: int(getattr(self, way.name))
                for way in _ways()
                if getattr(self, way.name) or not way.metadata["later"]
            },
            "precision": self.reduced or str(own).removeprefix("torch."),
            "batch_size": self.batch_size,
            "points_at_once": self.abreast,
        }

    @staticmethod
    def from_attributes(stored: Mapping[str, Attribute]) -> Settings | None:
        """The settings that a surface was sampled with; None if they are not recorded.

        Files of earlier versions may have ``channels_blocked``, an internal layout of oneDNN, which
        is replaced by fused convolutions in channels-last layout; values are equal up to rounding.
        """
        try:
            precision = str(stored["precision"])
            ways = {
                way.name: bool(stored.get(name, 0) if way.metadata["later"] else stored[name])
                for way in _ways()
                for name in (way.metadata["attribute"],)
            }
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
    base: Settings, device: str, precision: torch.dtype, *, images: bool, traced: bool, fold: bool
) -> list[Settings]:
    """All combinations of settings that may be faster, including ``base``.

    ``compiled`` and ``abreast`` are tried separately, after these and the batch size are chosen.

    Parameters
    ----------
    precision
        Of weights and activations in these trials.
    images
        Whether a batch contains images, whose memory layout can be chosen.
    traced
        Whether the network can be traced, so that its operations can be replaced.
    fold
        Whether batch normalization may be folded: not if its statistics depend on the point.
    """
    fusing = images and device == "cpu" and fused_available(precision)
    in_order = [
        replace(base, in_place=in_place, fused=fused, channels_last=last)
        for in_place, fused in ((False, False), (True, False), (True, True))
        for last in (False, True)[: 1 + images]
        if (traced or not in_place) and (fusing or not fused)
    ]
    return [
        replace(layout, fold=folded, graphs=graphs)
        for folded in (False, True)[: 1 + fold]
        for layout in in_order
        for graphs in (False, True)[: 1 + (device == "cuda")]
    ]
