"""Sample a complete surface from a problem and a request."""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Concatenate, ParamSpec

from tqdm import tqdm

from landscape.atomic import may_overwrite, remove_unfinished
from landscape.deprecated import renamed, warn_renamed
from landscape.device import own_context
from landscape.directions import save_directions
from landscape.errors import InputError
from landscape.interrupted import saying
from landscape.lock import only_writer
from landscape.plane import Plane
from landscape.planes import Run, Spanned, key_of, read_runs
from landscape.planes.paths import places_of, same_places, with_losses
from landscape.problem import Problem
from landscape.run.barrier import lacks_barrier, note_barrier
from landscape.run.keywords import takes
from landscape.run.loop import fill, saved_words
from landscape.run.origin import warn_about_origin
from landscape.run.plan import Plan, make_plan
from landscape.run.recheck import rounding_of, verify_alone
from landscape.run.refine import take_along
from landscape.run.request import Request
from landscape.run.resume import resumed
from landscape.run.saving import Saver
from landscape.run.shard import WHOLE, Shard
from landscape.store import open_surface
from landscape.surface import Surface, Trajectory

P = ParamSpec("P")


def _of_the_problem(
    sample: Callable[Concatenate[Problem, P], Surface],
) -> Callable[Concatenate[Problem, P], Surface]:
    """Still accept ``whole_network=``, whose names are now metrics of the problem."""

    @functools.wraps(sample)
    def called(problem: Problem, /, *args: P.args, **options: P.kwargs) -> Surface:
        names = options.pop("whole_network", None)
        if names is not None:
            warn_renamed("sample_surface(whole_network=…)", "Problem(metrics=…)", stacklevel=3)
            problem = copy.copy(problem)
            problem.whole_network = (*problem.whole_network, *names)  # type: ignore[misc]
        return sample(problem, *args, **options)

    return called


@renamed(normalization="norm", ignored="ignore", tuned="tune")
@_of_the_problem
@takes(Request)
def sample_surface(problem: Problem, request: Request) -> Surface:
    """Evaluate a problem on a grid of a line or plane around its trained weights.

    Parameters
    ----------
    problem
        Provides network, examples and metrics.
    {options}

    Returns
    -------
    Surface
        With all points of the shard done, by default all points. Its attribute ``request`` records
        the options: see :mod:`landscape.run.record`.

    Raises
    ------
    InputError
        If the file was written by a different run (differences are named), is being written by
        another process, is not a surface, or cannot be written; and for invalid options.

    Examples
    --------
    Of the problem in the example of :class:`landscape.Problem`:

    >>> from landscape import sample_surface
    >>> surface = sample_surface(problem, "-1:1:5", "-1:1:3", path="mine.h5", progress=False)
    >>> surface["train_loss"].shape  # (ny, nx)
    (3, 5)
    >>> surface.plot.html("mine.html").name
    'mine.html'
    """
    return sample_planned(make_plan(problem, request))


Begun = Callable[[Surface], None]
"""Called before the first point is computed, with the surface, which has those already done."""


@own_context()
def sample_planned(plan: Plan, begun: Begun = lambda surface: None) -> Surface:
    """Carry out a plan of :func:`sample_surface`."""
    problem, request = plan.problem, plan.request
    path = Path(request.path) if request.path is not None else None
    assert isinstance(request.shard, Shard)
    with only_writer(path) if path is not None else nullcontext():
        found = None
        if path is not None and path.exists():
            remove_unfinished(path)
            found = None if may_overwrite() else open_surface(path)
        coarser = None if request.refine is None else open_surface(request.refine)
        replaced = coarser is not None and found is not None and _is_coarser(found, coarser, plan)
        found = None if replaced else found
        known = found or coarser
        job, surface = plan.begin(known.attributes if known is not None else None)
        title = request.title
        if title:
            surface.attributes["title"] = title
        renamed = found is not None and title is not None and found.attributes.get("title") != title
        if found is not None and path is not None:
            surface = resumed(found, surface, path)
        taken = 0
        if coarser is not None:
            taken = take_along(surface, coarser, Path(str(request.refine)), all_points=replaced)
        own = request.shard.points(surface.grid, with_coarser=job.tolerance is not None)
        if request.progress and job.tolerance is not None and request.shard != WHOLE:
            others = request.shard.shared(surface.grid)
            tqdm.write(
                f"shard {request.shard}: {own.size:,} points; {others:,} of them are coarser ones, "
                "which other shards measure too",
                file=sys.stderr,
            )
        whole = surface.done.sum() + (~surface.done.ravel()[own]).sum() == surface.grid.size
        runs = _runs(plan.drawn[0], request.trajectories, problem)
        left_out = [f"{run.name}: {', '.join(run.left_out)}" for run in runs if run.left_out]
        if left_out:
            surface.attributes["left_out"] = "; ".join(left_out)
        new_paths = _new_paths(surface, runs, problem, plan.planes[0])
        open_ends = whole and bool(plan.drawn[0].solutions) and lacks_barrier(surface)
        missing = own[~surface.done.ravel()[own]].tolist()
        changed = renamed or bool(new_paths) or open_ends or bool(missing) or bool(taken)
        saver = Saver(surface, path) if path is not None else None
        if saver is not None and changed:
            saver.begin()
        if request.save_directions is not None:
            _save_directions(plan, request.save_directions)
        begun(surface)
        for run, places in new_paths:
            surface.trajectories[run.name] = with_losses(
                places, run, problem, plan.planes[0], job.at, request.progress
            )
        if missing:
            if not surface.done.any():
                warn_about_origin(problem, job.settings.batch_size)
            measure = job.measure(surface)
            with saying(lambda: saved_words(surface, path)):
                fill(surface, measure, job.counts, saver, request.progress, missing)
        if missing and request.verify:
            try:
                verify_alone(surface, measure, float(request.verify), rounding_of(job, surface))
            except InputError:
                if saver is not None:
                    saver.save()
                raise
        if open_ends:
            note_barrier(surface, problem, plan.drawn[0].solutions[0])
        if saver is not None and (open_ends or (changed and not missing)):
            saver.save()
        return surface


def _is_coarser(found: Surface, coarser: Surface, plan: Plan) -> bool:
    """Whether the output file is the coarser surface itself, which is then replaced."""
    return Path(found.file).samefile(coarser.file) and not found.grid.same_as(plan.grid)


def _save_directions(plan: Plan, path: str | Path) -> None:
    made = plan.drawn[0].directions
    save_directions(path, [d.vector for d in made], [d.attributes for d in made])


def _runs(spanned: Spanned, more: Sequence[str | Path | Run], problem: Problem) -> list[Run]:
    """All training runs whose paths belong to the surface.

    Raises an InputError if two have one name.
    """
    places = [one for one in more if not isinstance(one, Run)]
    read = iter(read_runs(places, key_of(problem)))
    runs = [*spanned.runs, *(one if isinstance(one, Run) else next(read) for one in more)]
    names = [run.name for run in runs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two runs are named {name!r}; leave one out, or rename its folder")
    return runs


def _new_paths(
    surface: Surface, runs: Sequence[Run], problem: Problem, plane: Plane
) -> list[tuple[Run, Trajectory]]:
    """The runs whose paths are not in the surface, or are those of other checkpoints."""
    placed = [(run, places_of(run, problem, plane)) for run in runs]
    stored = surface.trajectories
    return [
        (run, places)
        for run, places in placed
        if run.name not in stored or not same_places(stored[run.name], places)
    ]
