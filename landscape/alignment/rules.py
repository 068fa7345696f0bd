"""Rules for how channels pass through operations, one per kind of operation.

A rule takes values (shapes and axes), ties the channels that move together, and returns the axes of
the result. Each rule rests on the operation commuting with a permutation: f(Px) = P f(x) for
pointwise operations, sum(Px) = sum(x) for reductions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from landscape.alignment.channels import Axis, Ties, Value

Axes = tuple[Axis | None, ...]


class UnknownOperation(Exception):
    """No rule covers the operation: everything it touches is frozen."""


def pointwise(ties: Ties, *values: Value) -> Axes:
    """Pointwise operations on tensors that are broadcast to one shape."""
    ndim = max(len(value.shape) for value in values)
    shape = np.broadcast_shapes(*(value.shape for value in values))
    axes = []
    for dim in range(-ndim, 0):
        here = [
            value.axes[dim]
            for value in values
            if len(value.shape) >= -dim and value.shape[dim] == shape[dim]
        ]
        axes.append(ties.tie(*here))
    return tuple(axes)


def linear(ties: Ties, x: Value, weight: Sequence[Axis | None], bias: Axis | None) -> Axes:
    """x Wᵀ + b with W (out, in), on the last dimension."""
    ties.tie(x.axes[-1], weight[1])
    return (*x.axes[:-1], _with_bias(ties, weight[0], bias))


def convolution(
    ties: Ties, x: Value, weight: Value, bias: Axis | None, groups: int, spatial: int
) -> Axes:
    """W (out, in/groups, …); with groups only if depthwise (one channel each)."""
    if len(x.shape) != spatial + 2:
        raise UnknownOperation
    ties.freeze(*x.axes[2:], *weight.axes[2:])
    out = weight.axes[0]
    if groups == 1:
        ties.tie(x.axes[1], weight.axes[1])
    elif groups == x.shape[1] and x.axes[1] is not None:
        ties.tie(np.repeat(x.axes[1], weight.shape[0] // groups), out)
    else:
        raise UnknownOperation
    return (x.axes[0], _with_bias(ties, out, bias), *(None for _ in range(spatial)))


def transposed_convolution(
    ties: Ties, x: Value, weight: Value, bias: Axis | None, groups: int, spatial: int
) -> Axes:
    """W (in, out/groups, …), without groups."""
    if groups != 1 or len(x.shape) != spatial + 2:
        raise UnknownOperation
    ties.freeze(*x.axes[2:], *weight.axes[2:])
    ties.tie(x.axes[1], weight.axes[0])
    return (x.axes[0], _with_bias(ties, weight.axes[1], bias), *(None for _ in range(spatial)))


def _with_bias(ties: Ties, out: Axis | None, bias: Axis | None) -> Axis | None:
    return out if bias is None else ties.tie(out, bias)


def per_channel(ties: Ties, x: Value, *vectors: Axis | None) -> Axes:
    """An operation on each channel (dimension 1) with its own entries in some vectors."""
    if len(x.shape) < 2:
        raise UnknownOperation
    return (x.axes[0], ties.tie(x.axes[1], *vectors), *x.axes[2:])


def over_space(ties: Ties, x: Value, spatial: int) -> Axes:
    """Pooling and resizing of the last ``spatial`` dimensions."""
    ties.freeze(*x.axes[-spatial:])
    return (*x.axes[:-spatial], *(None for _ in range(spatial)))


def reduction(ties: Ties, x: Value, dims: object, keep: bool) -> Axes:
    """Sums, means and similar over some dimensions, which do not depend on order."""
    every = range(len(x.shape))
    if dims is None:
        gone = set(every)
    else:
        listed = dims if isinstance(dims, tuple | list) else (dims,)
        if not all(type(dim) is int for dim in listed):
            raise UnknownOperation
        gone = {dim % len(x.shape) for dim in listed}
    return tuple(None if d in gone else x.axes[d] for d in every if keep or d not in gone)


def reshape(ties: Ties, x: Value, shape: tuple[int, ...]) -> Axes:
    """Merging or splitting of dimensions; a channel of k positions becomes a block of k
    channels."""
    if 0 in x.shape:
        raise UnknownOperation
    axes: dict[int, Axis | None] = {}
    for before, after in _parts(x.shape, shape):
        moving = [d for d in before if x.axes[d] is not None]
        if len(after) == 1 and len(moving) == 1:
            sizes = [x.shape[d] for d in before]
            axis = x.axes[moving[0]]
            assert axis is not None
            along = [-1 if d == moving[0] else 1 for d in before]
            axes[after[0]] = np.broadcast_to(axis.reshape(along), sizes).reshape(-1)
        else:
            ties.freeze(*(x.axes[d] for d in before))
    return tuple(axes.get(dim) for dim in range(len(shape)))


def _parts(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """The shortest runs of dimensions with equally many entries, ignoring those of size 1."""
    sides = [[d for d, size in enumerate(shape) if size != 1] for shape in (before, after)]
    parts, (left, right) = [], sides
    while left or right:
        a: list[int] = []
        b: list[int] = []
        n = m = 1
        while n != m or not a:
            if n <= m:
                a.append(left.pop(0))
                n *= before[a[-1]]
            else:
                b.append(right.pop(0))
                m *= after[b[-1]]
        parts.append((a, b))
    return parts


def concatenation(ties: Ties, values: Sequence[Value], dim: int) -> Axes:
    """Concatenation along ``dim``; all other dimensions are tied."""
    dim = dim % len(values[0].shape)
    axes = [
        ties.tie(*(v.axes[d] for v in values)) if d != dim else None
        for d in range(len(values[0].shape))
    ]
    if any(v.axes[dim] is not None for v in values):
        sized = [(ties.new(v.shape[dim]), v.axes[dim]) for v in values]
        ties.freeze(*(new for new, axis in sized if axis is None))
        axes[dim] = np.concatenate([new if axis is None else axis for new, axis in sized])
    return tuple(axes)


def padding(ties: Ties, x: Value, widths: Sequence[Any], mode: str) -> Axes:
    """Padding at both ends; whole channels of constants are all equal and free."""
    axes = list(x.axes)
    for back in range(len(widths) // 2):
        dim, ends = len(axes) - 1 - back, widths[2 * back : 2 * back + 2]
        axis = axes[dim]
        if axis is None or list(ends) == [0, 0]:
            continue
        if mode != "constant" or not all(type(n) is int and n >= 0 for n in ends):
            raise UnknownOperation
        axes[dim] = np.concatenate([ties.new(ends[0]), axis, ties.new(ends[1])])
    return tuple(axes)


def selection(ties: Ties, x: Value, index: object) -> Axes:
    """``x[index]`` with slices, integers, None and Ellipsis."""
    items = list(index) if isinstance(index, tuple) else [index]
    taken = sum(item is not None and item is not Ellipsis for item in items)
    places = [k for k, item in enumerate(items) if item is Ellipsis]
    gap = slice(places[0], places[0] + 1) if places else slice(len(items), None)
    items[gap] = [slice(None)] * (len(x.shape) - taken)
    axes: list[Axis | None] = []
    dim = 0
    for item in items:
        if item is None:
            axes.append(None)
            continue
        axis = x.axes[dim]
        if type(item) is int:
            ties.freeze(axis)
        elif isinstance(item, slice) and all(
            end is None or type(end) is int for end in (item.start, item.stop, item.step)
        ):
            axes.append(None if axis is None else axis[item])
        else:
            raise UnknownOperation
        dim += 1
    return tuple(axes)


def reordering(x: Value, dims: Sequence[Any]) -> Axes:
    """``x.permute(dims)``."""
    if not all(type(dim) is int for dim in dims):
        raise UnknownOperation
    return tuple(x.axes[dim] for dim in dims)
