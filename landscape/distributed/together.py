"""One surface by all ranks of a launch: the plain run, but for its points."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from landscape.distributed.board import Board, LostLauncher
from landscape.distributed.checks import compare_planes, compare_problems
from landscape.distributed.launcher import Launched
from landscape.distributed.parts import (
    merged,
    open_if_there,
    part_of_rank,
    parts_of_ranks,
    read_parts,
)
from landscape.distributed.pool import Disputed, Pool
from landscape.distributed.verify import Verifier
from landscape.distributed.work import Worker
from landscape.grid import coarse_to_fine
from landscape.lock import only_writer
from landscape.planes import Run
from landscape.problem import Problem
from landscape.run.loop import note_session
from landscape.run.plan import Plan, Range, make_plan
from landscape.run.recheck import rounding_of
from landscape.run.resume import resumed
from landscape.run.sampling import sample_planned
from landscape.store import save_surface
from landscape.surface import Surface


def sample_together(
    launched: Launched,
    problem: Problem,
    x: Range = "default",
    y: Range | None = "default",
    *,
    path: str | Path,
    trajectories: Sequence[str | Path | Run] = (),
    title: str | None = None,
    verify: float = 0.0,
    progress: bool = True,
    **options: Any,
) -> Surface | None:
    """Like :func:`landscape.sample_surface`, by all ranks that torchrun has started.

    Every rank calls it with the same arguments. Each keeps what it computes in a part file beside
    ``path``; once all points are known, rank 0 writes the surface there, and the parts go. After an
    end of any kind the same call goes on from the parts.

    Parameters
    ----------
    launched
        Which rank this is.
    verify
        The share of the points that are computed again, by another rank where there is one.
    options
        Those of :func:`landscape.sample_surface` that are not named here.

    Returns
    -------
    Surface
        On rank 0 the complete surface; None on the others.

    Raises
    ------
    InputError
        As there; and if the ranks are given different weights, data or directions, or compute
        different values.
    """
    path = Path(path)
    job = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    part = part_of_rank(path, launched.rank)
    lock = only_writer(path) if launched.rank == 0 else contextlib.nullcontext()
    with Board(launched, job) as board:
        compare_problems(board, launched, problem)
        plan = make_plan(problem, x, y, trajectories=trajectories, agree=board.agree, **options)
        compare_planes(board, launched, plan.planes)
        with lock, only_writer(part):
            _compute_points(board, plan, path, part, verify, progress)
        if launched.rank == 0:
            surface = sample_planned(
                plan, path=path, trajectories=trajectories, title=title, progress=progress
            )
            _remove(parts_of_ranks(path))
            board.put("written", "")
            board.wait_for_others()
            return surface
        with contextlib.suppress(LostLauncher):  # whoever comes last finds it gone
            board.wait_for("written")
        _remove([part])
        return None


def _compute_points(
    board: Board, plan: Plan, path: Path, part: Path, verify: float, progress: bool
) -> None:
    """Until every point is known; rank 0 then has them in the file."""
    files = read_parts(path)
    found = merged(files) if files else None
    job, empty = plan.begin(found.attributes if found is not None else None, board.agree)
    whole = empty if found is None else resumed(found, empty, path)
    own = open_if_there(part) or _nothing_of(whole)
    before, started = whole.done.copy(), time.monotonic()
    with tqdm(
        total=whole.grid.size,
        initial=int(before.sum()),
        unit="point",
        desc=f"{path.name}, {board.world} ranks",
        disable=not (progress and board.rank == 0),
    ) as bar:

        def show(known: Surface) -> None:
            bar.update(int(known.done.sum()) - bar.n)
            if board.rank == 0 and not verify:
                save_surface(known, path)

        order = coarse_to_fine(whole.grid.shape)
        try:
            pool = Pool(board, whole, order, by_level=job.tolerance is not None)
            measure = job.measure(whole)
            verifier = Verifier(board, pool, measure, verify, rounding_of(job, whole))
            worker = Worker(board, pool, measure, verifier, own, part, show)
            worker.run()
        except Disputed:
            _set_aside(board, part)
            raise
        finally:
            bar.update(int(whole.done.sum()) - bar.n)
    if board.rank == 0 and (len(files) > 1 or not before.all()):
        new = whole.done & ~before
        images = sum(int(np.nansum(whole.values[name][new])) for name in job.counts)
        note_session(whole, int(new.sum()), images, time.monotonic() - started)
        save_surface(whole, path)


def _nothing_of(surface: Surface) -> Surface:
    """The same surface without any point."""
    axes = {name: dict(facts) for name, facts in surface.axes.items()}
    return Surface(surface.grid, dict(surface.quantities), {}, None, dict(surface.attributes), axes)  # type: ignore[arg-type]


def _set_aside(board: Board, part: Path) -> None:
    """Rename this rank's part if it is under suspicion, so that no run goes on from it."""
    fault = board.get("fault")
    if fault is not None and board.rank in json.loads(fault)["ranks"]:
        with contextlib.suppress(OSError):
            part.replace(part.with_name(part.name.replace(".part-", ".doubted-")))
        board.put(f"aside {board.rank}", "")


def _remove(files: Sequence[Path]) -> None:
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()
