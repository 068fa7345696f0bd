"""Sample one surface with all ranks of a launch."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from landscape.distributed.checks import (
    compare_planes,
    compare_problems,
    compare_requests,
    compare_values,
)
from landscape.distributed.claims import Claims, StoreUnreachable
from landscape.distributed.environment import Process
from landscape.distributed.parts import (
    merged,
    open_if_there,
    part_of_rank,
    read_parts,
    remove_parts_of_ranks,
)
from landscape.distributed.pool import Disputed, Pool
from landscape.distributed.verify import Verifier, set_aside
from landscape.distributed.worker import Worker
from landscape.errors import InputError, argument
from landscape.interrupted import saying
from landscape.lock import only_writer
from landscape.problem import Problem
from landscape.run.loop import note_session, saved_words
from landscape.run.origin import warn_about_origin
from landscape.run.plan import Plan, make_plan
from landscape.run.recheck import rounding_of
from landscape.run.request import Request
from landscape.run.resume import resumed
from landscape.run.sampling import Begun, sample_planned
from landscape.run.saving import MOST, Saver
from landscape.run.shard import WHOLE
from landscape.surface import Surface


def sample_distributed(
    process: Process, problem: Problem, request: Request, begun: Begun = lambda surface: None
) -> Surface | None:
    """Like :func:`landscape.sample_surface`, with all ranks started by torchrun.

    Every rank must call it with the same request. Each saves its points in a part file next to
    ``request.path``; when all points are known, rank 0 writes the surface there and the parts are
    removed. After any interruption the same call resumes from the parts.

    Parameters
    ----------
    request
        With a path and without a shard. Points to verify are recomputed by another rank, if there
        is one.
    begun
        Called on rank 0, see :data:`landscape.run.sampling.Begun`.

    Returns
    -------
    Surface
        The complete surface on rank 0; None on the others.

    Raises
    ------
    InputError
        As in :func:`landscape.sample_surface`; and if weights, data, options or directions of the
        ranks differ, or they compute different values.
    """
    check_request(request)
    path = Path(str(request.path))
    job = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    part = part_of_rank(path, process.rank)
    lock = only_writer(path) if process.rank == 0 else contextlib.nullcontext()
    with Claims(process, job) as claims:
        compare_problems(claims, process, problem)
        compare_requests(claims, process, request)
        plan = make_plan(problem, request, claims.agree)
        compare_planes(claims, process, plan.planes)
        with lock, only_writer(part):
            _compute_points(claims, process, plan, path, part, begun)
        if process.rank == 0:
            surface = sample_planned(plan)
            remove_parts_of_ranks(path)
            claims.put("written", "")
            claims.wait_for_others()
            return surface
        with contextlib.suppress(StoreUnreachable):  # rank 0 may have ended already
            claims.wait_for("written")
        with contextlib.suppress(OSError):
            part.unlink()
        return None


def check_request(request: Request) -> None:
    """Reject a request without a file, for a shard, or with points of a coarser surface."""
    if request.path is None:
        raise InputError(
            f"no {argument('path')} given; ranks need one, to save their parts next to it"
        )
    if request.shard != WHOLE:
        raise InputError(
            f"{argument('shard')} is for machines without a common network; leave torchrun out"
        )
    if request.refine is not None:
        raise InputError(
            f"{argument('refine')} is for one process: leave torchrun out, or begin without it"
        )


def _compute_points(
    claims: Claims, process: Process, plan: Plan, path: Path, part: Path, begun: Begun
) -> None:
    """Compute the missing points; rank 0 then saves all points to the file."""
    verify = float(plan.request.verify)
    files = read_parts(path)
    found = merged(files) if files else None
    job, empty = plan.begin(found.attributes if found is not None else None, claims.agree)
    whole = empty if found is None else resumed(found, empty, path)
    if not whole.complete:
        compare_values(claims, process, job, whole)
    own = open_if_there(part) or _nothing_of(whole)
    saver = Saver(whole, path, MOST / 2)
    before, started = whole.done.copy(), time.monotonic()
    if claims.rank == 0:
        begun(whole)
        if not before.any():
            warn_about_origin(plan.problem, job.settings.batch_size)
    with tqdm(
        total=whole.grid.size,
        initial=int(before.sum()),
        unit="point",
        desc=f"{path.name}, {claims.world} ranks",
        disable=not (plan.request.progress and claims.rank == 0),
    ) as bar:

        def show(known: Surface) -> None:
            bar.update(int(known.done.sum()) - bar.n)
            if claims.rank == 0 and not verify:
                saver.save_sometimes()

        order = WHOLE.points(whole.grid, with_coarser=False)
        try:
            pool = Pool(claims, whole, order, by_level=job.tolerance is not None)
            measure = job.measure(whole)
            verifier = Verifier(claims, pool, verify, rounding_of(job, whole))
            worker = Worker(claims, pool, measure, verifier, own, part, show)
            with saying(lambda: saved_words(own, part)):
                worker.run()
        except Disputed:
            set_aside(claims, part)
            raise
        finally:
            bar.update(int(whole.done.sum()) - bar.n)
    if claims.rank == 0 and (len(files) > 1 or not before.all()):
        new = whole.done & ~before
        images = sum(int(np.nansum(whole.values[name][new])) for name in job.counts)
        note_session(whole, int(new.sum()), images, time.monotonic() - started)
        saver.save()


def _nothing_of(surface: Surface) -> Surface:
    """The same surface without any point done."""
    axes = {name: dict(facts) for name, facts in surface.axes.items()}
    facts = dict(surface.attributes)
    return Surface(surface.grid, dict(surface.quantities), attributes=facts, axes=axes)
