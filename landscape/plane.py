"""A line or plane in weight space: maps coordinates to parameters and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from landscape.grid import FloatArray
from landscape.params import Params, check_same_shape, cosine, dot, norm

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
    statistics
        Running statistics of the batch normalizations at a point; None uses those of the trained
        network at every point.
    """

    def __init__(
        self,
        origin: Params,
        axes: Sequence[Params],
        statistics: Interpolated | Reestimated | None = None,
    ) -> None:
        self.origin = origin
        self.axes = list(axes)
        self.statistics = statistics

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

    def project(self, params: Params) -> tuple[FloatArray, float]:
        """Project parameters on the plane: the nearest point.

        With the axes as columns of A and d = params − origin, the coordinates c solve the normal
        equations AᵀA c = Aᵀd, so they are correct for axes of any length and angle. Sums are in
        float64.

        Returns
        -------
        tuple
            Coordinates, shape (number of axes,), and the distance ‖d − A c‖ from the plane.

        Raises
        ------
        InputError
            Naming the first parameter that differs from the plane's.
        """
        check_same_shape(params, self.origin, "projection on the plane")
        offset = {name: params[name].double() - p.double() for name, p in self.origin.items()}
        # Normalize the axes first: the normal equations square differences in length.
        lengths = np.array([length or 1.0 for length in self.norms])
        gram = np.array([[dot(a, b) for b in self.axes] for a in self.axes])
        against = np.array([dot(axis, offset) for axis in self.axes])
        equations = gram / np.outer(lengths, lengths)
        found = np.linalg.lstsq(equations, against / lengths, rcond=None)[0] / lengths
        for name, rest in offset.items():
            for coordinate, axis in zip(found, self.axes, strict=True):
                rest.sub_(axis[name].double(), alpha=float(coordinate))
        return found, norm(offset)

    def to(self, device: torch.device) -> Plane:
        """The same plane with its tensors on a device, in the origin's precision."""
        origin = {name: p.to(device) for name, p in self.origin.items()}
        axes = [
            {name: d.to(device, self.origin[name].dtype) for name, d in axis.items()}
            for axis in self.axes
        ]
        return Plane(origin, axes, self.statistics)

    @property
    def norms(self) -> list[float]:
        """The length of each axis: the distance in weight space of one unit."""
        return [norm(axis) for axis in self.axes]

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the two axes; NaN on a line."""
        return cosine(*self.axes) if len(self.axes) == 2 else math.nan


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Running statistics interpolated along the plane like the parameters.

    Attributes
    ----------
    plane
        Means and variances by the network's buffer names: values at the origin, and displacements
        per axis. Where a variance is extrapolated below 0, the loss is NaN.
    """

    plane: Plane


@dataclass(frozen=True)
class Reestimated:
    """Running statistics recomputed from the data at every point.

    Attributes
    ----------
    batch_size
        Examples per batch; statistics are averaged over batches, so the result depends on it.
    """

    batch_size: int = 128
