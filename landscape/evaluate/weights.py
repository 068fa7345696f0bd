"""Write the weights of a point into a network in few operations.

A network has hundreds of tensors, and a small one is evaluated in the time of hundreds of small
operations. So the origin and each axis are stored as one flat vector, a point takes one fused
operation per axis, and the scales of all folded batch normalizations are computed together. A large
tensor is computed from the plane's own tensors, a piece at a time, so that it is not held twice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from landscape.evaluate.fold import Pair
from landscape.plane import Coordinates, Plane

LARGE = 2**16
"""Number of elements from which the time of one more operation does not matter."""
_PIECE = 2**18
"""Elements of a large tensor that are computed at a time; they stay in the cache of a CPU."""


class PointWeights:
    """Writes points of a plane into the tensors of a network.

    Parameters
    ----------
    plane
        On the network's device.
    own
        The network's tensors by the names of the plane's parameters (several for a shared
        parameter), and those of layers with a folded batch normalization by their own names.
    pairs
        Layers with the batch normalizations folded into them.
    constants
        The parameters that the plane does not move, by name.
    """

    def __init__(
        self,
        plane: Plane,
        own: Mapping[str, Sequence[Tensor]],
        pairs: Sequence[Pair],
        constants: Mapping[str, Tensor],
    ) -> None:
        folded = {f"{pair.layer}.{part}" for pair in pairs for part in ("weight", "bias")}
        folded |= {f"{pair.norm}.{part}" for pair in pairs for part in ("weight", "bias")}
        fixed = {name: p for name, p in constants.items() if name in folded}
        moved = plane.origin
        wide = any(p.dtype == torch.float64 for p in (*moved.values(), *fixed.values()))
        self._dtype = torch.float64 if wide else torch.float32
        device = next(iter({**moved, **fixed}.values())).device
        large = [n for n, p in moved.items() if p.numel() >= LARGE and n not in folded]
        self._large = [
            (tensor, moved[name], [axis[name] for axis in plane.axes])
            for name in large
            for tensor in own.get(name, ())
        ]
        small = {name: p for name, p in {**moved, **fixed}.items() if name not in large}
        zeros = {name: torch.zeros_like(p) for name, p in fixed.items()}
        # Two constants at the end are γ = 1 and β or bias = 0 of layers that lack them.
        ends_with = torch.tensor([1.0, 0.0], dtype=self._dtype, device=device)
        still = torch.zeros_like(ends_with)
        self._origin = self._vector(small.values(), ends_with)
        self._axes = [
            self._vector(({**axis, **zeros}[name] for name in small), still) for axis in plane.axes
        ]
        self._point = self._origin.clone()
        ends = torch.tensor([0, *(p.numel() for p in small.values())]).cumsum(0).tolist()
        self._range = dict(zip(small, itertools.pairwise(ends), strict=True))
        self._views = {
            name: self._point[slice(*self._range[name])].view(p.shape) for name, p in small.items()
        }
        self._fold = _Fold(pairs, self._range, len(self._origin), self._dtype, device)
        copies = [
            (tensor, view)
            for name, view in self._views.items()
            if name not in folded
            for tensor in own.get(name, ())
        ]
        self._copies = [list(side) for side in zip(*copies, strict=True)]
        self._scaled = [
            (own[f"{p.layer}.weight"][0], self._views[f"{p.layer}.weight"]) for p in pairs
        ]
        self._biases = [own[f"{p.layer}.bias"][0] for p in pairs]
        sizes = [v[0].numel() for _, v in self._scaled for _ in range(len(v))]
        filters = torch.arange(len(sizes)) if device.type != "cpu" else torch.arange(0)
        repeats = torch.tensor(sizes[: len(filters)], dtype=torch.long)
        self._filter_of = filters.repeat_interleave(repeats).to(device)  # of each folded weight

    def write(self, coordinates: Coordinates) -> None:
        """Write the weights of one point."""
        self._point.copy_(self._origin)
        for coordinate, axis in zip(coordinates, self._axes, strict=True):
            self._point.add_(axis, alpha=float(coordinate))
        if self._copies:
            tensors, views = self._copies
            torch._foreach_copy_(tensors, views)
        for tensor, origin, axes in self._large:
            self._write_large(tensor, origin, axes, coordinates)
        if self._scaled:
            self._write_folded()

    def _write_folded(self) -> None:
        scales, biases = self._fold.at(self._point)
        torch._foreach_copy_(self._biases, list(biases))
        if self._point.device.type != "cpu":  # few launches, whatever the number of layers
            weights, views = (list(side) for side in zip(*self._scaled, strict=True))
            wide = torch.cat(list(scales))[self._filter_of].split([v.numel() for v in views])
            factors = [f.view(v.shape) for f, v in zip(wide, views, strict=True)]
            torch._foreach_copy_(weights, list(torch._foreach_mul(views, factors)))
            return
        for (weight, view), scale in zip(self._scaled, scales, strict=True):
            shaped = scale.view(-1, *[1] * (view.ndim - 1))
            if weight.dtype == view.dtype:
                torch.mul(view, shaped, out=weight)
            else:
                weight.copy_(view * shaped)

    def largest(self) -> Tensor:
        """The largest absolute value that was written, or that folding multiplied or subtracted."""
        written = [tensor for tensor, *_ in self._large]
        parts = [self._point, *written, *self._biases, *(weight for weight, _ in self._scaled)]
        if self._point.device.type == "cpu":
            return torch.stack([part.abs().amax().float() for part in parts]).max()
        sizes = torch._foreach_norm(parts, math.inf)  # one launch, not two for each
        return torch.stack([size.float() for size in sizes]).max()

    def _write_large(
        self, tensor: Tensor, origin: Tensor, axes: Sequence[Tensor], coordinates: Coordinates
    ) -> None:
        rows = max(1, _PIECE // origin[0].numel())
        for piece, place, *steps in zip(
            *(t.split(rows) for t in (tensor, origin, *axes)), strict=True
        ):
            point = place.to(self._dtype, copy=True)
            for coordinate, step in zip(coordinates, steps, strict=True):
                point.add_(step, alpha=float(coordinate))
            piece.copy_(point)

    def _vector(self, tensors: Iterable[Tensor], end: Tensor) -> Tensor:
        return torch.cat([*(t.reshape(-1).to(self._dtype) for t in tensors), end])


class _Fold:
    """Scales and biases of all pairs at once: s = γ/√(σ² + ε) and β + s (b − μ)."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        ranges: Mapping[str, tuple[int, int]],
        end: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._sizes = [pair.mean.numel() for pair in pairs]
        one, zero = end - 2, end - 1

        def places(names: Sequence[str], constant: int) -> Tensor:
            parts = [
                torch.arange(*ranges[name]) if name in ranges else torch.full((size,), constant)
                for name, size in zip(names, self._sizes, strict=True)
            ]
            return torch.cat(parts or [torch.empty(0, dtype=torch.long)]).to(device)

        self._gamma = places([f"{p.norm}.weight" for p in pairs], one)
        self._beta = places([f"{p.norm}.bias" for p in pairs], zero)
        self._bias = places([f"{p.layer}.bias" for p in pairs], zero)
        empty = torch.empty(0, dtype=dtype, device=device)
        self._mean = torch.cat([p.mean.to(dtype) for p in pairs] or [empty])
        variances = [torch.rsqrt(p.variance.to(dtype) + p.eps) for p in pairs]
        self._inverse = torch.cat(variances or [empty])

    def at(self, point: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """The scale of the filters and the bias of each pair."""
        scale = point[self._gamma] * self._inverse
        bias = point[self._beta] + scale * (point[self._bias] - self._mean)
        return scale.split(self._sizes), bias.split(self._sizes)
