"""Directions that span a plane, one construction per file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from landscape.deprecated import renamed
from landscape.directions.file import facts_in_file, read_directions, save_directions
from landscape.directions.filters import Filters
from landscape.directions.normalize import IGNORED, NORMALIZATIONS, normalize, without
from landscape.directions.random import generator_for, random_direction
from landscape.errors import InputError, argument, unknown_choice
from landscape.params import Params, check_same_shape
from landscape.params import norm as length_of
from landscape.plugin import load_function
from landscape.surface import Attribute

__all__ = [
    "IGNORED",
    "NORMALIZATIONS",
    "Direction",
    "generator_for",
    "make_directions",
    "normalize",
    "random_direction",
    "read_directions",
    "save_directions",
    "without",
]

DirectionMaker = Callable[[Params, torch.Generator], Params]


@dataclass(frozen=True)
class Direction:
    """An axis: a displacement of every parameter, with its description."""

    vector: Params
    attributes: dict[str, Attribute] = field(default_factory=dict)


@renamed(normalization="norm", ignored="ignore")
def make_directions(
    params: Params,
    axes: int = 2,
    *,
    kind: str | DirectionMaker | Sequence[Params | Direction] = "random",
    norm: str = "filter",
    ignore: str = "biasbn",
    seed: int = 0,
    filters: Filters | None = None,
) -> list[Direction]:
    """Make the directions of a line (``axes=1``) or plane (2) through a network.

    Parameters
    ----------
    params
        The parameters that move.
    kind
        ``random`` (Gaussian noise), the path of a direction file, ``package.module:function``, a
        function ``(params, generator) -> dict`` called once per axis, or the directions themselves.
        Directions from a file or given as tensors are used unchanged.
    norm, ignore
        See :mod:`landscape.directions.normalize`; for ``random`` and functions.
    seed
        Seeds one generator per axis.
    filters
        Where the filters of each parameter are (:func:`landscape.directions.filters.filters_of`);
        None is along the first dimension of all.

    Raises
    ------
    InputError
        For unknown names, and for a direction that does not fit the network or has zero length.
    """
    made = _made(params, axes, kind, norm, ignore, seed, filters or Filters())
    for direction in made:
        if length_of(direction.vector) == 0:
            raise InputError(_no_length(params, direction.attributes, filters or Filters()))
    return made


def _made(
    params: Params,
    axes: int,
    kind: str | DirectionMaker | Sequence[Params | Direction],
    norm: str,
    ignore: str,
    seed: int,
    filters: Filters,
) -> list[Direction]:
    if norm not in NORMALIZATIONS:
        raise unknown_choice("normalization", norm, NORMALIZATIONS)
    if ignore not in IGNORED:
        raise unknown_choice("parameters to ignore", ignore, IGNORED)
    if not 0 <= seed < 2**64:  # the range that HDF5 can store
        raise InputError(f"{argument('seed', seed)}: expected a whole number from 0 to 2^64 - 1")
    if not isinstance(kind, str) and not callable(kind):
        return _given(params, kind, axes)
    if isinstance(kind, str) and kind != "random" and Path(kind).suffix in (".h5", ".hdf5"):
        vectors = read_directions(kind, params, axes)
        facts = facts_in_file(kind, axes)
        return [Direction(v, f) for v, f in zip(vectors, facts, strict=True)]
    maker, name = _maker(kind)
    made = []
    for axis in range(axes):
        raw = maker(params, generator_for(seed, axis))
        check_same_shape(raw, params, f"directions {name}")
        vector = normalize(without(dict(raw), ignore, filters), params, norm, filters)
        facts_here: dict[str, Attribute] = {
            "kind": name,
            "normalization": norm,
            "ignore": ignore,
            "seed": seed,
        }
        if words := filters.words(params):
            facts_here["filters"] = words
        made.append(Direction(vector, facts_here))
    if norm in _RELATIVE:
        _warn_of_zeros(params, ignore, filters)
    return made


_RELATIVE = ("filter", "layer", "weight")
"""Normalizations that leave weights of zero where they are."""


def _warn_of_zeros(params: Params, ignore: str, filters: Filters) -> None:
    moved = {n: p for n, p in params.items() if p.ndim > 1 and not filters.left_out(n, p, ignore)}
    zero = [name for name, p in moved.items() if not bool(p.any())]
    if zero and len(zero) < len(moved):
        warnings.warn(
            f"{len(zero)} of {len(moved)} parameters are zero, the first {zero[0]!r}: relative to "
            "their weights they do not move; directions that are not normalized move them",
            stacklevel=5,
        )


def _no_length(params: Params, facts: dict[str, Attribute], filters: Filters) -> str:
    """Why a direction has zero length, and what to do."""
    begins = "the direction has length 0, so the surface would be flat"
    ignore = str(facts.get("ignore", "none"))
    moved = [p for n, p in params.items() if not filters.left_out(n, p, ignore)]
    if not moved:
        return (
            f"{begins}: {argument('ignore', ignore)} leaves out every parameter that moves; choose "
            f"{argument('ignore', 'none')}"
        )
    if facts.get("normalization") in _RELATIVE and not any(bool(p.any()) for p in moved):
        return (
            f"{begins}: all weights that move are zero, and the direction is relative to them; "
            f"choose other {argument('parameters')}, or {argument('norm', 'none')}"
        )
    return f"{begins}; give one that is not zero"


def _maker(kind: str | DirectionMaker) -> tuple[DirectionMaker, str]:
    if not isinstance(kind, str):
        return kind, getattr(kind, "__name__", type(kind).__name__)
    if kind == "random":
        return random_direction, "random gaussian"
    if ":" in kind:
        return load_function(kind, "directions"), kind
    raise unknown_choice("directions", kind, ["random", "FILE.h5", "package.module:function"])


def _given(params: Params, given: Sequence[Params | Direction], axes: int) -> list[Direction]:
    if len(given) != axes:
        raise InputError(f"{len(given)} directions given for {axes} axes; expected one for each")
    made = [d if isinstance(d, Direction) else Direction(d, {"kind": "given"}) for d in given]
    for direction in made:
        check_same_shape(direction.vector, params, "directions given")
    return [Direction({n: d.vector[n].detach().cpu() for n in params}, d.attributes) for d in made]
