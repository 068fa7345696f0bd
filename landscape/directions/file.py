"""Direction files in the layout of tomgoldstein/loss-landscape, with names added.

A group ``xdirection`` (and ``ydirection``) holds one dataset per parameter, named ``0``, ``1``, …
in the order of ``model.parameters()``. Files written here also store the name of each parameter in
an attribute, which the original scripts ignore; on reading, names are checked if present.

For a ``dir_type`` of ``states`` those scripts write an entry for each of the state dict instead,
running statistics of batch normalization included. Such files are read where statistics do not
move.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import torch

from landscape.atomic import replacing
from landscape.errors import InputError, argument
from landscape.hdf5 import plain, reading
from landscape.params import Params
from landscape.surface import Attribute

AXES = ("xdirection", "ydirection")
_COUNTS = "num_batches_tracked"
_EXPECTED = "direction file of landscape or of tomgoldstein/loss-landscape"


def read_directions(
    path: str | Path, params: Params, axes: int, state: Sequence[str] = ()
) -> list[Params]:
    """Read the directions of ``axes`` (1 or 2) axes for a network with these parameters.

    ``state``: the names in its state dict, in order, for files with an entry for each.

    Raises
    ------
    InputError
        If the file is missing or not a direction file, lacks an axis, moves running statistics, or
        belongs to another network; names the first parameter that differs.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"direction file {path} does not exist")
    with reading(path, _EXPECTED, largest=None) as file:
        return [_read_axis(file, axis, params, path, state) for axis in AXES[:axes]]


def is_direction_file(path: Path) -> bool:
    """Whether a file is one of directions."""
    try:
        with reading(path, _EXPECTED, largest=None) as file:
            return AXES[0] in file
    except InputError:
        return False


def _read_axis(
    file: h5py.File, axis: str, params: Params, path: Path, state: Sequence[str]
) -> Params:
    if not isinstance(file.get(axis), h5py.Group):
        held = ", ".join(file) or "nothing"
        raise InputError(f"direction file {path} has no group {axis!r}; it contains {held}")
    group = file[axis]
    where = f"direction file {path}, {axis}"
    counts = f"{len(group)} tensors, but the network has {len(params)} parameters"
    direction: Params = {}
    places = _of_states(group, params, state, where) or range(len(params))
    for index, (name, p) in zip(places, params.items(), strict=True):
        entry = group.get(str(index))
        if entry is None:
            raise InputError(
                f"{where}: {counts}: no entry {index} for {name!r} of shape {tuple(p.shape)}; "
                "expected one per parameter, in the order of model.parameters()"
            )
        if not isinstance(entry, h5py.Dataset) or entry.dtype.kind != "f":
            raise InputError(f"{where}: entry {index} is not an array of floating-point numbers")
        said = entry.attrs.get("name", name)
        if said != name or tuple(entry.shape) != tuple(p.shape):
            raise InputError(
                f"{where}: entry {index} is {said!r} of shape {tuple(entry.shape)}, but the "
                f"network's parameter {index} is {name!r} of shape {tuple(p.shape)}; the "
                "directions are for another network"
            )
        direction[name] = torch.from_numpy(np.asarray(entry[()])).to(p.dtype)
    if isinstance(places, range) and len(group) > len(params):
        extra = group.get(str(len(params)))
        named = extra is not None and "name" in extra.attrs
        called = f", the first of them {extra.attrs['name']!r}" if named else ""
        raise InputError(
            f"{where}: {counts}: {len(group) - len(params)} too many{called}; the directions are "
            "for another network"
        )
    return direction


def _of_states(
    group: h5py.Group, params: Params, state: Sequence[str], where: str
) -> list[int] | None:
    """The place of each parameter in a group with an entry for each of a state dict, else None.

    Files from before PyTorch 0.4.1 have no counts of batches. Raises an InputError if an entry that
    is no parameter is not zero.
    """
    for names in (list(state), [name for name in state if not name.endswith(_COUNTS)]):
        if len(group) == len(names) > len(params) and set(params) <= set(names):
            break
    else:
        return None
    for index, name in enumerate(names):
        entry = group.get(str(index))
        still = name in params or name.endswith(_COUNTS) or not isinstance(entry, h5py.Dataset)
        if not still and np.any(np.asarray(entry[()])):
            raise InputError(
                f"{where}: entry {index} moves {name!r}, which does not move here; the "
                f"line between two checkpoints is {argument('directions', 'between:A,B')} with "
                f"{argument('bn', 'interpolate')}"
            )
    return [names.index(name) for name in params]


def save_directions(
    path: str | Path, directions: Sequence[Params], attributes: Sequence[dict[str, Attribute]]
) -> Path:
    """Write one or two directions atomically, with parameter names and axis attributes."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for axis, direction, facts in zip(AXES, directions, attributes, strict=False):
            group = file.create_group(axis)
            group.attrs.update(facts)
            for index, (name, d) in enumerate(direction.items()):
                values = d.detach().cpu()
                known = values.float() if values.dtype == torch.bfloat16 else values
                entry = group.create_dataset(str(index), data=known.numpy())
                entry.attrs["name"] = name
    return Path(path)


def facts_in_file(path: str | Path, axes: int) -> list[dict[str, Attribute]]:
    """Attributes of each axis in a file (few in the original authors' files), and its
    fingerprint."""
    content = Path(path).read_bytes()
    with reading(path, _EXPECTED, largest=None) as file:
        said = [dict(file[axis].attrs) for axis in AXES[:axes]]
    known = ("normalization", "ignore", "seed", "filters")
    return [
        {
            "normalization": "as in the file",
            **{k: plain(v) for k, v in facts.items() if k in known},
            "kind": "file",
            "file": Path(path).name,
            "file_sha256": hashlib.sha256(content).hexdigest(),
        }
        for facts in said
    ]
