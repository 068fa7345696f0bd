"""Whether all ranks look at the same thing, found before any of them works."""

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

_OF_THE_PLACE = {"checkpoint", "data"}  # where files lie is each machine's own matter
_SKETCHES = 4
_ROUNDING = 1e-4


def compare_problems(claims: Claims, process: Process, problem: Problem) -> None:
    """Checksums of weights and data, and all other facts of the problem, with those of rank 0.

    Raises
    ------
    InputError
        Naming what differs, and both ranks.
    """
    facts = {k: v for k, v in problem.attributes.items() if k not in _OF_THE_PLACE}
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
            f"{process} would compute another surface than {first}:\n"
            + "\n".join(lines)
            + "\ngive every machine the same weights, data and versions"
        )


def compare_planes(claims: Claims, process: Process, planes: Sequence[Plane]) -> None:
    """The directions with those of rank 0: by their products with a few random vectors.

    Directions that are found to a tolerance, such as eigenvectors, may come out otherwise on
    another kind of device.

    Raises
    ------
    InputError
        If they differ by more than rounding.
    """
    own = [_sketch(axis) for plane in planes for axis in plane.axes]
    first, theirs = claims.agree("planes", lambda: [str(process), own])
    if not np.allclose(own, theirs, rtol=_ROUNDING, atol=_ROUNDING):
        raise InputError(
            f"{process} has found other directions than {first}; compute them once "
            f"({argument('save_directions', 'FILE.h5')}) and give all ranks "
            f"{argument('directions', 'FILE.h5')}"
        )


def _sketch(axis: Any) -> list[float]:
    """The norm of a direction, and its products with seeded random signs, relative to the norm."""
    vector = torch.cat([part.detach().cpu().double().flatten() for part in axis.values()])
    norm = float(vector.norm())
    generator = torch.Generator(device="cpu").manual_seed(0)
    signs = [
        torch.randint(2, vector.shape, generator=generator, dtype=torch.int8) * 2 - 1
        for _ in range(_SKETCHES)
    ]
    return [norm, *(float(vector @ s.double()) / max(norm, 1e-300) for s in signs)]
