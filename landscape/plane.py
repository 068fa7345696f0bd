"""A line or plane in weight space: coordinates to parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from landscape.grid import FloatArray
from landscape.params import Params, cosine, norm

Coordinates = Sequence[float] | FloatArray


class Plane:
    """origin + Σ_k coordinate_k · axis_k (Li et al. 2018, equation 1).

    Parameters
    ----------
    origin
        The trained parameters, at coordinates 0.
    axes
        One direction (a line) or two (a plane), of the origin's names and shapes. They need not be
        orthogonal or of unit length.
    """

    def __init__(self, origin: Params, axes: Sequence[Params]) -> None:
        self.origin = origin
        self.axes = list(axes)

    def at(self, coordinates: Coordinates) -> Params:
        """The parameters at one point, in the origin's precision and on its device."""
        point = {}
        for name, p in self.origin.items():
            value = p
            for coordinate, axis in zip(coordinates, self.axes, strict=True):
                value = torch.add(value, axis[name], alpha=float(coordinate))
            point[name] = value
        return point

    def write(self, coordinates: Coordinates, model: nn.Module) -> None:
        """Set the parameters of ``model``, of the same names, to those at one point."""
        point = self.at(coordinates)
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(point[name])

    def to(self, device: torch.device) -> Plane:
        """The same plane with its tensors on a device, in the origin's precision."""
        origin = {name: p.to(device) for name, p in self.origin.items()}
        axes = [
            {name: d.to(device, self.origin[name].dtype) for name, d in axis.items()}
            for axis in self.axes
        ]
        return Plane(origin, axes)

    @property
    def norms(self) -> list[float]:
        """The length of each axis: a step of 1 along it moves the weights so far."""
        return [norm(axis) for axis in self.axes]

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the two axes; NaN on a line."""
        return cosine(*self.axes) if len(self.axes) == 2 else math.nan
