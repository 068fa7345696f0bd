"""Tied channels: union-find over the individual channels of tensors and activations.

An axis is an array of channel numbers, one for each position along a dimension of a tensor. Two
positions whose channels are tied move together; all frozen channels are tied to channel 0. A
dimension without channels (examples, pixels) has axis None.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import DisjointSet
from torch import Tensor

Axis = npt.NDArray[np.int64]
_FROZEN = 0


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor in the graph: its shape, and the axis or None of each dimension."""

    shape: tuple[int, ...]
    axes: tuple[Axis | None, ...]


class Ties:
    """Channels, the ties between them, and the axes of tensors."""

    def __init__(self) -> None:
        self._sets, self._count = DisjointSet([_FROZEN]), 1
        self._axes: dict[tuple[int, int], Axis] = {}
        self._kept: list[Tensor] = []  # keeps tensors alive, so that ids stay unique
        self._seen: dict[bytes, Axis] = {}

    def new(self, size: int) -> Axis:
        """A new axis of free channels."""
        first, self._count = self._count, self._count + size
        for channel in range(first, first + size):
            self._sets.add(channel)
        return np.arange(first, first + size)

    def of(self, tensor: Tensor, dim: int) -> Axis:
        """The axis of a dimension of a parameter or buffer, the same each time."""
        key = id(tensor), dim
        if key not in self._axes:
            self._kept.append(tensor)
            self._axes[key] = self.new(tensor.shape[dim])
        return self._axes[key]

    def value_of(self, tensor: Tensor) -> Value:
        """The value of a parameter or buffer used directly in the graph."""
        axes = tuple(self.of(tensor, dim) for dim in range(tensor.ndim))
        return Value(tuple(tensor.shape), axes)

    def tie(self, *axes: Axis | None) -> Axis | None:
        """Tie axes of the same dimension; if one is None, freeze the others."""
        given = [axis for axis in axes if axis is not None]
        if len(given) < len(axes):
            self.freeze(*given)
            return None
        for axis in given[1:]:
            for a, b in zip(given[0], axis, strict=True):
                self._sets.merge(int(a), int(b))
        return given[0]

    def freeze(self, *axes: Axis | None) -> None:
        """Exclude these axes from permutation."""
        for axis in axes:
            for channel in axis if axis is not None else ():
                self._sets.merge(_FROZEN, int(channel))

    def freeze_tensor(self, tensor: Tensor) -> None:
        """Freeze all axes of a parameter or buffer."""
        self.freeze(*self.value_of(tensor).axes)

    def see(self, value: Value) -> None:
        """Record the axes of an activation: its channels are only permuted among themselves."""
        for axis in value.axes:
            if axis is not None:
                self._seen.setdefault(axis.tobytes(), axis)

    def classes(self) -> list[list[int]]:
        """Representatives of tied channels, grouped by what may be permuted with each other.

        Two free channels may be swapped if they are on the same axes, equally often.
        """
        lies_on: dict[int, dict[int, int]] = {}
        for number, axis in enumerate([*self._axes.values(), *self._seen.values()]):
            for channel in axis:
                on = lies_on.setdefault(self.find(int(channel)), {})
                on[number] = on.get(number, 0) + 1
        frozen, found = self.find(_FROZEN), dict[tuple[tuple[int, int], ...], list[int]]()
        for channel, on in lies_on.items():
            if channel != frozen:
                found.setdefault(tuple(on.items()), []).append(channel)
        return [channels for channels in found.values() if len(channels) > 1]

    def axes_of(self, tensor: Tensor) -> dict[int, Axis]:
        """The representative of each position, for every dimension in use."""
        return {
            dim: np.array([self.find(int(channel)) for channel in self._axes[id(tensor), dim]])
            for dim in range(tensor.ndim)
            if (id(tensor), dim) in self._axes
        }

    def find(self, channel: int) -> int:
        """The representative of all channels tied to this one."""
        found: int = self._sets[channel]
        return found
