"""Checks that all ranks have the same problem and planes, before any point is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from landscape.distributed.claims import Claims
from landscape.distributed.environment import Process
from landscape.errors import InputError, argument
from landscape.evaluate import evaluation_for
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import Request
from landscape.run.job import Job
from landscape.surface import Surface

_LOCAL = {"checkpoint", "data"}  # paths may differ between machines
_OF_RANK_0 = {"directions", "trajectories", "title"}  # their paths may; planes are compared
_SKETCHES = 4
_ROUNDING = 1e-4
_EXAMPLES = 64  # of each split, in the comparison of values
_OF_VALUES, _OF_REDUCED = 1e-3, 5e-2


def compare_problems(claims: Claims, process: Process, problem: Problem) -> None:
    """Compare weights and data (by checksum) and other attributes of the problem with rank 0.

    Raises an InputError naming the differences and both ranks.
    """
    facts = {k: v for k, v in problem.attributes.items() if k not in _LOCAL}
    facts["torch"] = torch.__version__.partition("+")[0]
    _compare(claims, process, "problem", facts, "weights, data and versions")


def compare_requests(claims: Claims, process: Process, request: Request) -> None:
    """Compare the options with those of rank 0, by which points are computed.

    Raises
    ------
    InputError
        Naming the differences and both ranks.
    """
    facts = {k: v for k, v in json.loads(request.as_json()).items() if k not in _OF_RANK_0}
    facts["verify"] = float(request.verify)
    _compare(claims, process, "request", facts, "options")


def _compare(claims: Claims, process: Process, name: str, facts: dict[str, Any], what: str) -> None:
    first, theirs = claims.agree(name, lambda: [str(process), facts])
    lines = [
        f"  {key}: {facts.get(key, 'not given')} here, {theirs.get(key, 'not given')} there"
        for key in sorted({*facts, *theirs})
        if facts.get(key) != theirs.get(key)
    ]
    if lines:
        raise InputError(
            f"{process} would compute a different surface from {first}:\n"
            + "\n".join(lines)
            + f"\nuse the same {what} on every machine"
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


def compare_values(claims: Claims, process: Process, job: Job, surface: Surface) -> None:
    """Compare the losses of one point with those of rank 0, computed with the settings of the run.

    Settings were tried on rank 0's device only. A few examples are used. Raises an InputError if
    they differ by more than rounding.
    """
    problem = job.problem
    few = problem.with_splits({name: e.head(_EXAMPLES) for name, e in problem.splits.items()})
    points = surface.grid.points()[:1]
    evaluation = evaluation_for(few, job.settings)
    ((_, values),) = evaluation(few, job.planes[0], points, [0], settings=job.settings)
    own = [values[few.prefixed(split, "loss")] for split in few.splits]
    first, theirs = claims.agree("values", lambda: [str(process), own])
    allowed = _OF_REDUCED if job.settings.reduced is not None else _OF_VALUES
    if not np.allclose(own, theirs, rtol=allowed, atol=allowed, equal_nan=True):
        raise InputError(
            f"the losses of {process} at the first point, {own}, differ from those of {first}, "
            f"{theirs}: one of the devices is broken, or computes wrongly with the settings of "
            f"this run ({job.settings}); try {argument('tune', 'off')}"
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
