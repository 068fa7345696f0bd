"""A checksum of all numbers of a surface, to detect damaged files."""

from __future__ import annotations

import hashlib

import numpy as np

from landscape.surface import Surface


def values_sha256(surface: Surface) -> str:
    """SHA-256 of coordinates, quantities, ``done`` and trajectories, each with name and shape.

    Numbers are hashed as little-endian float64, so that it is the same on every machine.
    """
    named = {**surface.grid.axes, **surface.values, "done": surface.done}
    for name, trajectory in surface.trajectories.items():
        named |= {f"trajectories/{name}/{k}": v for k, v in trajectory.arrays().items()}
    digest = hashlib.sha256()
    for name in sorted(named):
        array = np.ascontiguousarray(named[name], dtype="<f8")
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()
