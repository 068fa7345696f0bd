"""Directions that span a plane, one construction per file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from landscape.deprecated import renamed
from landscape.directions.file import facts_in_file, read_directions, save_directions
from landscape.directions.filters import Filters
from landscape.directions.normalize import (
    IGNORED,
    NORMALIZATIONS,
    in_parts,
    normalize,
    whole,
    without,
)
from landscape.directions.random import generator_for, random_direction
from landscape.directions.zero import RELATIVE, warn_of_zeros, why_zero
from landscape.errors import InputError, argument, unknown_choice
from landscape.memory import return_freed_memory
from landscape.params import Params, check_same_shape, is_large
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
    dtype: torch.dtype | None = None,
    state: Sequence[str] = (),
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
    dtype
        Precision of ``random`` directions and those of functions, if not that of the parameters:
        see :mod:`landscape.directions.precision`.
    state
        The names in the network's state dict, in order, for direction files with an entry for each
        (``dir_type`` ``states`` of tomgoldstein/loss-landscape).

    Raises
    ------
    InputError
        For unknown names, and for a direction that does not fit the network or has zero length.
    """
    if norm not in NORMALIZATIONS:
        raise unknown_choice("normalization", norm, NORMALIZATIONS)
    if ignore not in IGNORED:
        raise unknown_choice("parameters to ignore", ignore, IGNORED)
    if not 0 <= seed < 2**64:  # the range that HDF5 can store
        raise InputError(f"{argument('seed', seed)}: expected a whole number from 0 to 2^64 - 1")
    if not isinstance(kind, str) and not callable(kind):
        return _with_length(_given(params, kind, axes), params)
    if isinstance(kind, str) and kind != "random" and Path(kind).suffix in (".h5", ".hdf5"):
        vectors = read_directions(kind, params, axes, state)
        facts = facts_in_file(kind, axes)
        read = [Direction(v, f) for v, f in zip(vectors, facts, strict=True)]
        return _with_length(read, params)
    maker, name = _maker(kind)
    filters, made = filters or Filters(), []
    for axis in range(axes):
        generator = generator_for(seed, axis)
        vector: Params = {}
        # Noise is in float64: of one parameter at a time.
        alone = [{n: p} for n, p in params.items()]
        for part in alone if maker is random_direction else [params]:
            raw = maker(part, generator)
            check_same_shape(raw, part, f"directions {name}")
            vector |= in_parts(without(dict(raw), ignore, filters), params, norm, filters, dtype)
        vector = whole(vector, params, norm)
        facts_here: dict[str, Attribute] = {
            "kind": name,
            "normalization": norm,
            "ignore": ignore,
            "seed": seed,
        }
        if dtype is not None:
            facts_here["precision"] = str(dtype).removeprefix("torch.")
        if words := filters.words(params):
            facts_here["filters"] = words
        made.append(Direction(vector, facts_here))
    if norm in RELATIVE:
        warn_of_zeros(params, ignore, filters)
    if is_large(params):
        return_freed_memory()
    return _with_length(made, params, filters)


def _with_length(
    made: list[Direction], params: Params, filters: Filters | None = None
) -> list[Direction]:
    """The directions, if none has zero length."""
    for direction in made:
        if not any(bool(d.any()) for d in direction.vector.values()):
            facts, places = direction.attributes, filters or Filters()
            how, ignore = str(facts.get("normalization")), str(facts.get("ignore", "none"))
            raise InputError(why_zero(params, how, ignore, places))
    return made


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
