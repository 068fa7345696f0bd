"""Valid HDF5 files with invalid content."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

Change = Callable[[h5py.File, str, random.Random], None]


def _replace(file: h5py.File, name: str) -> None:
    del file[name]


def absurd_shape(file: h5py.File, name: str, rng: random.Random) -> None:
    """A shape larger than any memory, without stored chunks."""
    _replace(file, name)
    shape = rng.choice([(2**40,), (2**31, 2**10), (2**62,), (2**20, 2**20), (10**9,)])
    kind = rng.choice(["f8", "u1", "i4"])
    file.create_dataset(name, shape, kind, chunks=tuple(min(n, 16) for n in shape))


def much_from_little(file: h5py.File, name: str, rng: random.Random) -> None:
    """A gigabyte of zeros in a few kilobytes: only the first chunk is stored."""
    _replace(file, name)
    made = file.create_dataset(name, (2**27,), "f8", chunks=(2**20,), compression="gzip")
    made[: 2**20] = 0.0


def external_link(file: h5py.File, name: str, rng: random.Random) -> None:
    """A link to another file."""
    _replace(file, name)
    file[name] = h5py.ExternalLink(rng.choice(["/etc/passwd", "surface.h5", "../x.h5"]), "/loss")


def soft_link(file: h5py.File, name: str, rng: random.Random) -> None:
    """A link to nothing, to itself or to the root."""
    _replace(file, name)
    file[name] = h5py.SoftLink(rng.choice(["/nowhere", f"/{name}", "/"]))


def raw_file(file: h5py.File, name: str, rng: random.Random) -> None:
    """External storage: numbers in a file next to this one."""
    shape = file[name].shape if isinstance(file[name], h5py.Dataset) else (4,)
    _replace(file, name)
    space = h5py.h5s.create_simple(shape)
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_external(b"/etc/passwd", 0, h5py.h5f.UNLIMITED)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, space, made)


def virtual(file: h5py.File, name: str, rng: random.Random) -> None:
    """A virtual dataset of other files."""
    shape = file[name].shape if isinstance(file[name], h5py.Dataset) else (4,)
    _replace(file, name)
    layout = h5py.VirtualLayout(shape, "f8")
    layout[...] = h5py.VirtualSource("surface.h5", "loss", shape)
    file.create_virtual_dataset(name, layout)


def unknown_filter(file: h5py.File, name: str, rng: random.Random) -> None:
    """Numbers behind a filter that is not built in, for which plug-ins might be loaded."""
    old = file[name][()] if isinstance(file[name], h5py.Dataset) else np.zeros((2, 2))
    old = np.atleast_1d(old) if np.asarray(old).dtype.kind in "fiu" else np.zeros((2, 2))
    _replace(file, name)
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk(tuple(max(1, n) for n in old.shape))
    made.set_filter(rng.choice([32015, 32001, 305]), h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple(old.shape)
    data = h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F64LE, space, made)
    data.write_direct_chunk((0,) * old.ndim, old.astype("<f8").tobytes())


def other_kind(file: h5py.File, name: str, rng: random.Random) -> None:
    """Text, groups, references, compounds or nothing instead of numbers."""
    _replace(file, name)
    kind = rng.randrange(7)
    if kind == 0:
        file[name] = "text"
    elif kind == 1:
        file.create_group(name)
    elif kind == 2:
        file[name] = h5py.Empty("f8")
    elif kind == 3:
        file.create_dataset(name, (3,), dtype=[("a", "f4"), ("b", "i2")])
    elif kind == 4:
        file.create_dataset(name, (3,), dtype=h5py.ref_dtype)
    elif kind == 5:
        file.create_dataset(name, (3,), dtype=h5py.vlen_dtype(np.float64))
    else:
        file[name] = np.dtype("f8")  # a named type


def other_shape(file: h5py.File, name: str, rng: random.Random) -> None:
    """Another size or number of dimensions."""
    _replace(file, name)
    file[name] = np.zeros(rng.choice([(), (0,), (1,), (7,), (2, 3, 4), (0, 5), (1,) * 20]))


def other_numbers(file: h5py.File, name: str, rng: random.Random) -> None:
    """The same shape, with integers, complex numbers, NaN or numbers beyond float64."""
    shape = file[name].shape if isinstance(file[name], h5py.Dataset) else (2, 3)
    _replace(file, name)
    file[name] = np.full(shape, *rng.choice([(np.nan, "f8"), (1, "u8"), (1j, "c16"), (3, "g")]))


def gone(file: h5py.File, name: str, rng: random.Random) -> None:
    """Removed."""
    _replace(file, name)


def attribute(file: h5py.File, name: str, rng: random.Random) -> None:
    """Attributes of a wrong type."""
    where = rng.choice([file, file[name]])
    values = [
        "",
        "x" * 50_000,
        -1,
        2**63 - 1,
        np.nan,
        np.zeros(1000),
        h5py.Empty("f8"),
        b"\xff\xfe",
    ]
    known = [*where.attrs, "title", "sessions", "schema", "quantities", "units", "long_name"]
    key = rng.choice(known)
    if key in where.attrs:
        del where.attrs[key]
    value = values[rng.randrange(len(values))]
    where.attrs[key] = value if value is not values[0] else rng.choice(["", "{}", "[1]", "null"])


def circle(file: h5py.File, name: str, rng: random.Random) -> None:
    """A group that contains itself."""
    _replace(file, name)
    group = file.create_group(name)
    group["again"] = group
    group["x"] = file


CHANGES: tuple[Change, ...] = (
    absurd_shape,
    much_from_little,
    external_link,
    soft_link,
    raw_file,
    virtual,
    unknown_filter,
    other_kind,
    other_shape,
    other_numbers,
    gone,
    attribute,
    circle,
)


def changed(path: Path, change: Change, rng: random.Random) -> None:
    """Apply a change to a dataset or group of the file, drawn at random."""
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visit(names.append)
        change(file, rng.choice([n for n in names if n.count("/") < 3]), rng)
