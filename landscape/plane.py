"""A line or plane in weight space: maps coordinates to parameters and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from landscape.errors import InputError
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
        """The parameters at one point, in the origin's precision and on its device.

        Half precision is rounded once, after the sum.
        """
        point = {}
        for name, p in self.origin.items():
            value = p.float() if p.dtype in (torch.float16, torch.bfloat16) else p
            for coordinate, axis in zip(coordinates, self.axes, strict=True):
                value = torch.add(value, axis[name], alpha=float(coordinate))
            point[name] = value.to(p.dtype)
        return point

    def write(self, coordinates: Coordinates, model: nn.Module) -> None:
        """Set the parameters of ``model``, of the same names, to those at one point.

        Raises
        ------
        InputError
            If the model shares its memory with the plane's origin, as the model of a problem with a
            large network does.
        """
        own = dict(model.named_parameters())
        shared = (own[n].data_ptr() == p.data_ptr() for n, p in self.origin.items() if p.numel())
        if any(shared):
            raise InputError(
                "the model holds the origin of the plane itself, which would be overwritten; give "
                "a copy: copy.deepcopy(model)"
            )
        with torch.no_grad():
            for name, value in self.at(coordinates).items():
                own[name].copy_(value)

    def project(self, params: Params) -> tuple[FloatArray, float]:
        """Project parameters on the plane: the nearest point.

        With the axes as columns of A and d = params − origin, the coordinates c solve the normal
        equations AᵀA c = Aᵀd, so they are correct for axes of any length and angle. Sums are in
        float64. Raises an InputError naming the first parameter that differs from the plane's.

        Returns
        -------
        tuple
            Coordinates, shape (number of axes,), and the distance ‖d − A c‖ from the plane.
        """
        check_same_shape(params, self.origin, "projection on the plane")

        def offset() -> Iterator[tuple[str, Tensor]]:  # one at a time: in float64 they are large
            for name, p in self.origin.items():
                yield name, params[name].double() - p.double()

        # Normalize the axes first: the normal equations square differences in length.
        lengths = np.array([length or 1.0 for length in self.norms])
        gram = np.array([[dot(a, b) for b in self.axes] for a in self.axes])
        parts = [[dot({n: axis[n]}, {n: d}) for axis in self.axes] for n, d in offset()]
        against = np.array([math.fsum(each) for each in zip(*parts, strict=True)])
        equations = gram / np.outer(lengths, lengths)
        found = np.linalg.lstsq(equations, against / lengths, rcond=None)[0] / lengths
        rests = []
        for name, rest in offset():
            for coordinate, axis in zip(found, self.axes, strict=True):
                rest.sub_(axis[name].double(), alpha=float(coordinate))
            rests.append(norm({name: rest}))
        return found, math.hypot(*rests)

    def to(self, device: torch.device) -> Plane:
        """The same plane with its tensors on a device, in the origin's precision or the axes' lower
        one."""
        origin = {name: p.to(device) for name, p in self.origin.items()}
        axes = [
            {
                name: d.to(device, min(d.dtype, origin[name].dtype, key=lambda t: t.itemsize))
                for name, d in axis.items()
            }
            for axis in self.axes
        ]
        return Plane(origin, axes, self.statistics)

    @property
    def norms(self) -> list[float]:
        """The length of each axis: the distance in weight space of one unit."""
        return [norm(axis) for axis in self.axes]

    def resolutions(self, dtype: torch.dtype | None = None) -> list[float]:
        """The coordinate of each axis below which most weights round to those of the origin.

        Half the spacing of numbers in the origin's precision, or in ``dtype``, over the entries of
        the axis, both as a Euclidean length.
        """
        square = 0.0
        for p in self.origin.values():
            precision = torch.finfo(dtype or p.dtype)
            size = p.double().abs().clamp(min=precision.smallest_normal)
            spacing = precision.eps * torch.exp2(size.log2().floor())
            square += float((spacing / 2).square().sum())
        return [math.sqrt(square) / length if length else math.inf for length in self.norms]

    @property
    def cosine(self) -> float:
        """The cosine of the angle between the two axes; NaN on a line."""
        return cosine(*self.axes) if len(self.axes) == 2 else math.nan


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Running statistics interpolated along the plane like the parameters.

    ``plane``: means and variances by the network's buffer names: values at the origin, and
    displacements per axis. Where a variance is extrapolated below 0, the loss is NaN.
    """

    plane: Plane


@dataclass(frozen=True)
class Reestimated:
    """Running statistics recomputed from the data at every point.

    ``batch_size``: examples per batch; statistics are averaged over batches, so the result depends
    on it.
    """

    batch_size: int = 128
