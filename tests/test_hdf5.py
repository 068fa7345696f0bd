"""HDF5 files with excessive sizes or external data are refused before reading."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from landscape.convert import convert
from landscape.directions.file import read_directions
from landscape.errors import InputError
from landscape.experiments.results import read_results
from landscape.store import open_surface, save_surface
from landscape.training.history import read_history
from tests.fuzz import hdf5
from tests.survival.test_checksum import surface

REFUSED = {
    hdf5.absurd_shape: r"needs [\d,]+ bytes, but only 0 are stored",
    hdf5.much_from_little: "1,073,741,824 bytes, but only|declares 1,073,741,",
    hdf5.external_link: "is an external or soft link",
    hdf5.soft_link: "is an external or soft link",
    hdf5.raw_file: "its numbers are in external files",
    hdf5.virtual: "its numbers are in external files",
    hdf5.unknown_filter: r"is stored with filter \d+, which is not built in",
}
READERS: dict[str, Callable[[Path], object]] = {
    "surface": open_surface,
    "directions": lambda path: read_directions(path, {}, 1),
    "history": read_history,
    "results": read_results,
    "convert": lambda path: convert(path, path.with_name("out.h5")),
}


@pytest.mark.parametrize("change", REFUSED, ids=lambda c: str(c.__name__))
def test_refused_before_memory_is_allocated(tmp_path: Path, change: hdf5.Change) -> None:
    path = save_surface(surface(), tmp_path / "s.h5")
    with h5py.File(path, "r+") as file:
        change(file, "loss", random.Random(0))
    for read in READERS.values():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(InputError, match=REFUSED[change]) as error:
            read(path)
        assert str(path) in str(error.value)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_stored_data_too_large_for_a_surface(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    with h5py.File(save_surface(surface(), path), "r+") as file:
        del file["loss"]
        # zeros compress to a thousandth: 2 GiB in 2 MB
        data = file.create_dataset("loss", (2**28,), "f8", chunks=(2**22,), compression="gzip")
        data[: 2**22] = 0.0
        packed = data.id.read_direct_chunk((0,))[1]
        for k in range(1, 64):
            data.id.write_direct_chunk((k * 2**22,), packed)
    with pytest.raises(
        InputError, match=r"declares 2,147,483,[0-9]+ bytes of numbers, expected at"
    ):
        open_surface(path)


def test_free_block_of_size_zero_does_not_hang(tmp_path: Path) -> None:
    path = save_surface(surface(), tmp_path / "s.h5")
    raw = bytearray(path.read_bytes())
    heap = raw.index(b"GCOL")
    free = heap + 16
    while raw[free : free + 2] != b"\0\0":  # the object of number 0 is the free block
        (size,) = struct.unpack_from("<Q", raw, free + 8)
        free += 16 + -(-size // 8) * 8
    raw[free + 8 : free + 16] = bytes(8)
    path.write_bytes(raw)
    with pytest.raises(InputError, match="a free block of size 0 in its string heap"):
        open_surface(path)


def test_gzip_written_by_other_programs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.h5"
    made = surface()
    with h5py.File(save_surface(made, path), "r+") as file:
        del file["loss"]
        file.create_dataset("loss", data=made["loss"], compression="gzip", shuffle=True)
    np.testing.assert_array_equal(open_surface(path)["loss"], made["loss"])
