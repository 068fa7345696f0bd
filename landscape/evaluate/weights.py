"""Write the weights of a point into a network in few operations.

A network has hundreds of tensors, and a small one is evaluated in the time of hundreds of small
operations. So the origin and each axis are stored as one flat vector, a point takes one fused
operation per axis, and the scales of all folded batch normalizations are computed together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from landscape.evaluate.fold import Pair
from landscape.plane import Coordinates, Plane


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
        origin = {**plane.origin, **fixed}
        wide = any(p.dtype == torch.float64 for p in origin.values())
        self._dtype = torch.float64 if wide else torch.float32
        device = next(iter(origin.values())).device
        # Two constants at the end are γ = 1 and β or bias = 0 of layers that lack them.
        ends_with = torch.tensor([1.0, 0.0], dtype=self._dtype, device=device)
        still = torch.zeros_like(ends_with)
        zeros = {name: torch.zeros_like(p) for name, p in fixed.items()}
        self._origin = self._vector(origin, ends_with)
        self._axes = [self._vector({**axis, **zeros}, still) for axis in plane.axes]
        self._point = self._origin.clone()
        ends = torch.tensor([p.numel() for p in origin.values()]).cumsum(0).tolist()
        self._range = {
            name: (end - p.numel(), end)
            for (name, p), end in zip(origin.items(), ends, strict=True)
        }
        self._views = {
            name: self._point[slice(*self._range[name])].view(p.shape) for name, p in origin.items()
        }
        self._fold = _Fold(pairs, self._range, len(self._origin), self._dtype, device)
        self._copies = [
            (tensor, view)
            for name, view in self._views.items()
            if name not in folded
            for tensor in own.get(name, ())
        ]
        self._scaled = [
            (own[f"{p.layer}.weight"][0], self._views[f"{p.layer}.weight"]) for p in pairs
        ]
        self._biases = [own[f"{p.layer}.bias"][0] for p in pairs]

    def write(self, coordinates: Coordinates) -> None:
        """Write the weights of one point."""
        self._point.copy_(self._origin)
        for coordinate, axis in zip(coordinates, self._axes, strict=True):
            self._point.add_(axis, alpha=float(coordinate))
        for tensor, view in self._copies:
            tensor.copy_(view)
        if self._scaled:
            scales, biases = self._fold.at(self._point)
            for (weight, view), scale in zip(self._scaled, scales, strict=True):
                scale = scale.view(-1, *[1] * (view.ndim - 1))
                if weight.dtype == view.dtype:
                    torch.mul(view, scale, out=weight)
                else:
                    weight.copy_(view * scale)
            for own, bias in zip(self._biases, biases, strict=True):
                own.copy_(bias)

    def _vector(self, tensors: Mapping[str, Tensor], end: Tensor) -> Tensor:
        return torch.cat([*(t.reshape(-1).to(self._dtype) for t in tensors.values()), end])


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
