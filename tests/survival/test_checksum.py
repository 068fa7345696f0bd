"""Damaged numbers in a surface file are detected on opening."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from landscape.checksum import values_sha256
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface, Trajectory


def surface() -> Surface:
    grid = Grid(np.linspace(-1, 1, 3), np.linspace(0, 1, 2))
    values = np.array([[1.0, np.nan, np.inf], [-0.0, 0.0, 5e-324]])
    made = Surface(grid, {"loss": Quantity("loss", "nats")}, {"loss": values})
    made.done[:] = [[1, 1, 1], [1, 1, 0]]
    made.trajectories["run"] = Trajectory(np.arange(2.0), np.arange(2.0))
    return made


def test_the_checksum_is_that_of_the_documented_bytes() -> None:
    made = surface()
    arrays = {
        "done": made.done.astype("<f8"),
        "loss": made["loss"],
        "trajectories/run/x": np.arange(2.0),
        "trajectories/run/y": np.arange(2.0),
        "x": made.x,
        "y": np.linspace(0, 1, 2),
    }
    text = b"".join(f"{k}{v.shape}".encode() + v.astype("<f8").tobytes() for k, v in arrays.items())
    assert values_sha256(made) == hashlib.sha256(text).hexdigest()


def change(file: h5py.File, name: str, index: tuple[int, ...], value: float) -> None:
    file[name][index] = value


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: change(file, "loss", (0, 0), 1.0 + 2**-52),
        lambda file: change(file, "loss", (1, 0), 0.0),  # was −0
        lambda file: change(file, "done", (1, 2), 1),
        lambda file: change(file, "x", (1,), 0.25),
        lambda file: change(file, "trajectories/run/y", (0,), 0.5),
        lambda file: file.__delitem__("trajectories"),
    ],
)
def test_any_changed_number_is_detected(
    tmp_path: Path, damage: Callable[[h5py.File], None]
) -> None:
    path = save_surface(surface(), tmp_path / "s.h5")
    open_surface(path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(InputError, match="the values do not match their checksum"):
        open_surface(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["values_sha256"]
    open_surface(path)
