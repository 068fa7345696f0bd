"""Folders of ``torch.distributed.checkpoint``, as FSDP writes them: no process group is needed.

Its own reader unpickles the index, so that it can run code. Here the objects of the index are only
described, and everything in them is checked.
"""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from landscape.checkpoint.torch_file import map_file, read_archive
from landscape.errors import InputError, one_line
from landscape.restricted_pickle import Described, Known, RestrictedUnpickler

INDEX = ".metadata"
SUFFIX = ".distcp"

_PACKAGE = "torch.distributed.checkpoint."
_MOST_INDEX = 2**28

Place = tuple[int, ...]


@dataclass(frozen=True)
class _Chunk:
    """A part of a tensor, and where its values are."""

    offsets: Place
    sizes: Place
    file: str
    start: int
    length: int


@dataclass(frozen=True)
class _Entry:
    """A tensor of the checkpoint."""

    keys: tuple[Any, ...]
    size: Place
    chunks: list[_Chunk]


class _IndexUnpickler(RestrictedUnpickler):
    known: ClassVar[Known] = {
        ("torch", "Size"): tuple,
        ("collections", "OrderedDict"): dict,
    }


def read_distributed(folder: Path) -> tuple[dict[Any, Any], list[Path]]:
    """The tensors of a folder, nested as they were saved, and the files that they are in.

    Raises
    ------
    InputError
        If the folder is incomplete or damaged.
    """
    try:
        entries = _entries(folder / INDEX)
        files = sorted({folder / chunk.file for entry in entries for chunk in entry.chunks})
        mapped = {file.name: map_file(file) for file in files}
        content: dict[Any, Any] = {}
        for entry in entries:
            inner = content
            for key in entry.keys[:-1]:
                inner = inner.setdefault(key, {})
            inner[entry.keys[-1]] = _assembled(entry, mapped)
    except FileNotFoundError as error:
        raise InputError(
            f"checkpoint {folder} is incomplete: {Path(str(error.filename)).name} is missing; copy "
            "or download it again"
        ) from None
    except Exception as error:  # a damaged pickle can raise any error
        raise InputError(
            f"checkpoint {folder} is not a readable folder of torch.distributed.checkpoint "
            f"({one_line(error)}); it is damaged, or of another version: copy it again"
        ) from None
    return content, [folder / INDEX, *files]


def _entries(index: Path) -> list[_Entry]:
    if os.path.getsize(index) > _MOST_INDEX:
        raise ValueError(f"an index of {os.path.getsize(index):,} bytes")
    index_ = _IndexUnpickler(io.BytesIO(index.read_bytes())).load()
    facts = _state(index_, "metadata.Metadata")
    stored: dict[tuple[str, Place], Any] = {}
    for where, info in facts["storage_data"].items():
        place = _state(where, "metadata.MetadataIndex")
        if place.get("offset") is not None:
            stored[place["fqn"], _place(place["offset"])] = _state(info, "filesystem._StorageInfo")
    paths = facts.get("planner_data") or {}
    found = []
    for name, said in facts["state_dict_metadata"].items():
        if said.name == f"{_PACKAGE}metadata.BytesStorageMetadata":
            continue  # a pickled object
        tensor = _state(said, "metadata.TensorStorageMetadata")
        size, chunks = _place(tensor["size"]), []
        for one in tensor["chunks"]:
            chunk = _state(one, "metadata.ChunkStorageMetadata")
            offsets, sizes = _place(chunk["offsets"]), _place(chunk["sizes"])
            info = stored[name, offsets]
            if info.get("transform_descriptors"):
                raise ValueError("compressed or otherwise transformed shards")
            file, start, length = info["relative_path"], info["offset"], info["length"]
            if not (isinstance(file, str) and Path(file).name == file):
                raise ValueError(f"it points outside: {str(file)[:100]!r}")
            chunks.append(_Chunk(offsets, sizes, file, *_place((start, length))))
        keys = paths.get(name, (name,))
        _check_cover(str(name), size, chunks)
        found.append(_Entry(tuple(keys), size, chunks))
    return found


def _state(made: Any, kind: str) -> dict[str, Any]:
    """The attributes of an object of the index, which must be of this kind."""
    if not (isinstance(made, Described) and made.name == _PACKAGE + kind):
        came = made.name if isinstance(made, Described) else type(made).__name__
        raise ValueError(f"{came[:100]} in place of {kind}")
    state: dict[str, Any] = dict(made.state)
    return state


def _place(numbers: Any) -> Place:
    found = tuple(numbers)
    if not all(type(n) is int and n >= 0 for n in found):
        raise ValueError("impossible sizes")
    return found


def _check_cover(name: str, size: Place, chunks: list[_Chunk]) -> None:
    """The chunks must fill the tensor, each place once."""
    inside = all(
        len(c.offsets) == len(c.sizes) == len(size)
        and all(o + n <= most for o, n, most in zip(c.offsets, c.sizes, size, strict=True))
        for c in chunks
    )
    boxes = [c for c in chunks if 0 not in c.sizes]
    filled = sum(math.prod(c.sizes) for c in boxes) == math.prod(size)
    if not (inside and filled) or any(
        itertools.starmap(_overlap, itertools.combinations(boxes, 2))
    ):
        raise ValueError(f"the parts of {name[:100]!r} do not fill it")


def _overlap(a: _Chunk, b: _Chunk) -> bool:
    sides = zip(a.offsets, a.sizes, b.offsets, b.sizes, strict=True)
    return all(p < q + m and q < p + n for p, n, q, m in sides)


def _assembled(entry: _Entry, mapped: dict[str, torch.UntypedStorage]) -> Tensor:
    whole: Tensor | None = None
    for chunk, part in _parts(entry, mapped):
        if chunk.sizes == entry.size:
            return part
        if whole is None:
            whole = torch.empty(entry.size, dtype=part.dtype)
        where = tuple(slice(o, o + n) for o, n in zip(chunk.offsets, chunk.sizes, strict=True))
        whole[where] = part
    if whole is None:
        raise ValueError("a tensor without parts")
    return whole


def _parts(
    entry: _Entry, mapped: dict[str, torch.UntypedStorage]
) -> Iterator[tuple[_Chunk, Tensor]]:
    for chunk in entry.chunks:
        storage = mapped[chunk.file]
        if chunk.start + chunk.length > storage.nbytes():
            raise ValueError(f"{chunk.file} is truncated")
        here = storage[chunk.start : chunk.start + chunk.length]
        raw = torch.empty(0, dtype=torch.uint8).set_(here).numpy()
        part = read_archive(io.BytesIO(raw.data), here, [])
        if not isinstance(part, Tensor) or tuple(part.shape) != chunk.sizes:
            raise ValueError(f"{chunk.file} has another shape than its index says")
        yield chunk, part.detach()
