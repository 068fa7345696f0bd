"""From a problem and what is asked for to a complete surface."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from landscape.atomic import remove_unfinished
from landscape.errors import InputError
from landscape.evaluate import Tolerance
from landscape.lock import only_writer
from landscape.plane import Plane
from landscape.planes import Kind, Run, Spanned, read_runs
from landscape.planes.paths import places_of, same_places, with_losses
from landscape.problem import Problem
from landscape.run.barrier import lacks_barrier, note_barrier
from landscape.run.loop import fill
from landscape.run.plan import Plan, Range, make_plan
from landscape.run.recheck import rounding_of, verify_alone
from landscape.run.resume import resumed
from landscape.run.shard import WHOLE, Shard
from landscape.store import open_surface, save_surface
from landscape.surface import Surface, Trajectory


def sample_surface(
    problem: Problem,
    x: Range = "default",
    y: Range | None = "default",
    *,
    path: str | Path | None = None,
    directions: Kind = "random",
    normalization: str | None = None,
    ignored: str | None = None,
    seed: int = 0,
    repeats: int = 1,
    bn: str = "stored",
    whole_network: Sequence[str] = (),
    trajectories: Sequence[str | Path | Run] = (),
    tolerance: str | Tolerance | None = None,
    precision: str = "float32",
    batch_size: int | None = None,
    tuned: bool = True,
    title: str | None = None,
    shard: Shard = WHOLE,
    verify: float = 0.0,
    progress: bool = True,
) -> Surface:
    """Measure a problem on a grid of a line or plane around its trained weights.

    Parameters
    ----------
    problem
        Network, examples and metrics.
    x, y
        Coordinates: ``start:stop:count`` or an increasing array; ``y=None`` for a line. By
        default the range that belongs to the directions, ``-1:1:25`` for random ones. With
        ``auto:count`` for ``x`` both axes run as far as the loss takes to rise: see
        :func:`landscape.extent.common_extent`.
    path
        A file that is written as the points come. If it is there already and belongs to the same
        run, only the missing points are computed.
    directions, normalization, ignored, seed
        See :func:`landscape.planes.span`.
    repeats
        R draws of the directions, of seeds ``seed`` to ``seed`` + R − 1, in one surface: see
        :mod:`landscape.run.draws`.
    bn
        Running statistics of batch normalization: ``stored`` with the network, at every point (as
        Li et al.); ``interpolate`` between those of the solutions that span the plane;
        ``reestimate`` at every point from the training examples.
    whole_network
        More quantities, of the network as a whole: ``eigen_ratio`` (of the Hessian) and
        ``gradient_norm``; see :mod:`landscape.hessian.curvature`. They take the parameters that
        ``ignored`` leaves, and many times as long as a loss.
    trajectories
        Training runs, or folders of their checkpoints, whose paths in the plane are stored with
        it. Those of ``pca:RUN`` are in any case.
    tolerance
        ``2%`` or ``2%,0.01``: every point on a growing part of the examples until the standard
        error of its loss is at most 2% of it, or 0.01 if that is larger. None: all examples.
    precision, batch_size, tuned
        See :func:`landscape.evaluate.choose_settings`.
    title
        Kept in the file and shown on pictures.
    shard
        Which part of the points is computed here; the others are left as they are.
    verify
        The share of the points that are computed a second time, from 0 to 1: a device that is
        broken does not say the same twice.
    progress
        Whether to show progress bars.

    Returns
    -------
    Surface
        With every point of the shard done: all of them, by default.

    Raises
    ------
    InputError
        If the file belongs to another run (what differs is named), is being written by another
        one, is no surface, or cannot be written; and for whatever cannot be used.
    """
    plan = make_plan(
        problem,
        x,
        y,
        directions=directions,
        normalization=normalization,
        ignored=ignored,
        seed=seed,
        repeats=repeats,
        bn=bn,
        whole_network=whole_network,
        trajectories=trajectories,
        tolerance=tolerance,
        precision=precision,
        batch_size=batch_size,
        tuned=tuned,
    )
    return sample_planned(
        plan,
        path=path,
        trajectories=trajectories,
        title=title,
        shard=shard,
        verify=verify,
        progress=progress,
    )


def sample_planned(
    plan: Plan,
    *,
    path: str | Path | None = None,
    trajectories: Sequence[str | Path | Run] = (),
    title: str | None = None,
    shard: Shard = WHOLE,
    verify: float = 0.0,
    progress: bool = True,
) -> Surface:
    """:func:`sample_surface` once the plan is made."""
    problem = plan.problem
    with only_writer(path) if path is not None else nullcontext():
        found = None
        if path is not None and Path(path).exists():
            remove_unfinished(path)
            found = open_surface(path)
        job, surface = plan.begin(found.attributes if found is not None else None)
        if title:
            surface.attributes["title"] = title
        renamed = found is not None and title is not None and found.attributes.get("title") != title
        if found is not None and path is not None:
            surface = resumed(found, surface, Path(path))
        own = shard.points(surface.grid, with_coarser=job.tolerance is not None)
        whole = surface.done.sum() + (~surface.done.ravel()[own]).sum() == surface.grid.size
        runs = _runs(plan.drawn[0], trajectories)
        new_paths = _new_paths(surface, runs, problem, plan.planes[0])
        open_ends = whole and bool(plan.drawn[0].solutions) and lacks_barrier(surface)
        missing = own[~surface.done.ravel()[own]].tolist()
        changed = renamed or bool(new_paths) or open_ends or bool(missing)
        if path is not None and changed:
            save_surface(surface, path)  # a folder that cannot be written to is found now
        for run, places in new_paths:
            surface.trajectories[run.name] = with_losses(
                places, run, problem, plan.planes[0], job.at, progress
            )
        if missing:
            measure = job.measure(surface)
            fill(surface, measure, job.counts, Path(path) if path else None, progress, missing)
        if missing and verify:
            try:
                verify_alone(surface, measure, verify, rounding_of(job, surface))
            except InputError:
                if path is not None:
                    save_surface(surface, path)
                raise
        if open_ends:
            note_barrier(surface, problem, plan.drawn[0].solutions[0])
        if path is not None and changed:
            save_surface(surface, path)
        return surface


def _runs(spanned: Spanned, more: Sequence[str | Path | Run]) -> list[Run]:
    """All runs whose paths belong to the surface.

    Raises
    ------
    InputError
        If two have one name.
    """
    read = iter(read_runs([one for one in more if not isinstance(one, Run)]))
    runs = [*spanned.runs, *(one if isinstance(one, Run) else next(read) for one in more)]
    names = [run.name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"two runs are called {name!r}; leave one out, or call its folder something else"
            )
    return runs


def _new_paths(
    surface: Surface, runs: Sequence[Run], problem: Problem, plane: Plane
) -> list[tuple[Run, Trajectory]]:
    """The runs whose paths the surface does not hold, or holds from other checkpoints."""
    placed = [(run, places_of(run, problem, plane)) for run in runs]
    held = surface.trajectories
    return [
        (run, places)
        for run, places in placed
        if run.name not in held or not same_places(held[run.name], places)
    ]
