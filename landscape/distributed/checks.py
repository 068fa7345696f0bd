"""Checks that all ranks have the same problem and planes, before any point is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from landscape.distributed.claims import Claims
from landscape.distributed.environment import Process
from landscape.errors import InputError, argument
from landscape.plane import Plane
from landscape.problem import Problem

_LOCAL = {"checkpoint", "data"}  # paths may differ between machines
_SKETCHES = 4
_ROUNDING = 1e-4


def compare_problems(claims: Claims, process: Process, problem: Problem) -> None:
    """Compare weights and data (by checksum) and other attributes of the problem with rank 0.

    Raises an InputError naming the differences and both ranks.
    """
    facts = {k: v for k, v in problem.attributes.items() if k not in _LOCAL}
    facts["torch"] = torch.__version__.partition("+")[0]
    first, theirs = claims.agree("problem", lambda: [str(process), facts])
    keys = sorted({*facts, *theirs})
    lines = [
        f"  {key}: {facts.get(key)} here, {theirs.get(key)} there"
        for key in keys
        if facts.get(key) != theirs.get(key)
    ]
    if lines:
        raise InputError(
            f"{process} would compute a different surface from {first}:\n"
            + "\n".join(lines)
            + "\nuse the same weights, data and versions on every machine"
        )


def compare_planes(claims: Claims, process: Process, planes: Sequence[Plane]) -> None:
    """Compare the directions with those of rank 0, by products with a few random vectors.

    Directions computed to a tolerance, such as eigenvectors, may differ on another kind of device.
    Raises an InputError if they differ by more than rounding.
    """
    own = [_sketch(axis) for plane in planes for axis in plane.axes]
    first, theirs = claims.agree("planes", lambda: [str(process), own])
    if not np.allclose(own, theirs, rtol=_ROUNDING, atol=_ROUNDING):
        raise InputError(
            f"the directions of {process} differ from those of {first}; compute them once "
            f"({argument('save_directions', 'FILE.h5')}) and give "
            f"{argument('directions', 'FILE.h5')} to all ranks"
        )


def _sketch(axis: Any) -> list[float]:
    """Norm of a direction, and its products with seeded random signs relative to the norm."""
    vector = torch.cat([part.detach().cpu().double().flatten() for part in axis.values()])
    norm = float(vector.norm())
    generator = torch.Generator(device="cpu").manual_seed(0)
    signs = [
        torch.randint(2, vector.shape, generator=generator, dtype=torch.int8) * 2 - 1
        for _ in range(_SKETCHES)
    ]
    return [norm, *(float(vector @ s.double()) / max(norm, 1e-300) for s in signs)]
