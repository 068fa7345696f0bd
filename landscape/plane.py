"""A line or plane in weight space: coordinates to parameters, and parameters to coordinates."""

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
        Which running statistics the batch normalizations have at a point; None stands for those
        stored with the trained network, at every point.
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
        """The point of the plane that is nearest to given parameters.

        With the axes as columns of A and d = params − origin, the coordinates c solve the normal
        equations AᵀA c = Aᵀd, so they are right for axes of any lengths and angle. Sums are in
        float64.

        Returns
        -------
        tuple
            Coordinates, shape (number of axes,), and the distance ‖d − A c‖ off the plane.

        Raises
        ------
        InputError
            Naming the first parameter that differs from the plane's.
        """
        check_same_shape(params, self.origin, "projection on the plane")
        offset = {name: params[name].double() - p.double() for name, p in self.origin.items()}
        # Axes of unit length first: the equations square whatever lengths differ by.
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
        """The length of each axis: a step of 1 along it moves the weights so far."""
        return [norm(axis) for axis in self.axes]

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the two axes; NaN on a line."""
        return cosine(*self.axes) if len(self.axes) == 2 else math.nan


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Running statistics that move along the plane as the parameters do.

    Attributes
    ----------
    plane
        Means and variances by the names of the network's buffers: at the origin, and what each
        axis adds to them. A variance that would be negative, beyond the solutions, is 0.
    """

    plane: Plane


@dataclass(frozen=True)
class Reestimated:
    """Running statistics that are computed anew at every point, from the data.

    Attributes
    ----------
    batch_size
        Examples a batch; the statistics are averages over batches, so it is part of the result.
    """

    batch_size: int = 128
