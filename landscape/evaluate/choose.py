"""Choose the settings of a run: those of its file, those given, or the fastest admissible ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from landscape.data import Batches, Stream
from landscape.data.integers import warn_of_lost_integers
from landscape.deprecated import renamed
from landscape.errors import InputError, argument, check_choice
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.budget import Budget
from landscape.evaluate.in_memory import evaluate
from landscape.evaluate.precision import ABSOLUTE_BOUND, RELATIVE_BOUND, measure_precision
from landscape.evaluate.remembered import Remembered, key, recall, remember
from landscape.evaluate.settings import REDUCED, Settings
from landscape.evaluate.streamed import evaluate_streamed
from landscape.evaluate.tuner import (
    confirmed,
    speedup,
    tune_abreast,
    tune_batch_size,
    tune_benchmark,
    tune_compiled,
)
from landscape.evaluate.tuner import tune as tune_layouts
from landscape.grid import FloatArray, Grid
from landscape.plane import Plane, Reestimated
from landscape.problem import OwnObjective, Problem
from landscape.surface import Attribute

PRECISIONS = ("float32", *REDUCED, "auto")

_BATCH_TRIALS, _ABREAST_TRIALS = 6_000, 6_000
"""Examples that choosing the batch size, and the points at once, takes."""

_SPEED_TRIALS, _ACCURACY_TRIALS = 800, 7_000
"""Examples that measuring the speed and the error of a reduced precision takes."""

_WORTH_A_TRIAL = 0.1
"""Share of the run that asking for the speed of a reduced precision may take."""

_CONFIRMING = 400
"""The same of confirming what an earlier run chose."""

_SHOWN = 512
"""Examples that show the shape of the data."""

_PER_POINT = 100
"""Examples that a point is expected to take under a tolerance."""

_WORTH_COMPILING = 20_000_000
"""Number of images in a run from which compilation, which takes a minute, pays off on a GPU."""

_HOPELESS, _SLOWER = 0.5, 0.9
"""Speed in a reduced precision relative to float32: not tried further; worth a warning."""

_TRIAL = 512
"""Number of examples for re-estimating statistics in trials."""

_MORE_FACTS = ("channels_blocked", "precision_error", "precision_bound")
"""Attributes of a stored surface to keep in addition to those of its settings."""

Evaluation = Callable[..., Iterator[tuple[int, dict[str, float]]]]


def evaluation_for(problem: Problem, settings: Settings) -> Evaluation:
    """The evaluation method: by point or several at once for data in memory, else streamed."""
    if _streamed(problem):
        return evaluate_streamed
    return evaluate_abreast if settings.abreast > 1 else evaluate


def _streamed(problem: Problem) -> bool:
    return any(isinstance(examples, Stream) for examples in problem.splits.values())


@renamed(tuned="tune")
def choose_settings(
    problem: Problem,
    plane: Plane,
    grid: Grid,
    *,
    precision: str = "float32",
    batch_size: int | None = None,
    tune: bool | None = None,
    one_by_one: bool = False,
    stored: Mapping[str, Attribute] | None = None,
) -> tuple[Settings, dict[str, Attribute]]:
    """The settings of a run, and the attributes that record them.

    Parameters
    ----------
    precision
        ``float32``: the network's own, in IEEE arithmetic; ``bfloat16``; ``tf32``, on a CUDA GPU;
        ``auto``: bfloat16 if it is faster here, and the error of the loss is at most 2% plus 0.002
        at a few points of the plane, corners included.
    batch_size
        None lets the tuner choose.
    tune
        Whether to choose folding, memory layout, batch size and points at once by trials; otherwise
        settings are plain. None: as far as trials take little of the run's time
        (:mod:`landscape.evaluate.budget`), or as an earlier run on this machine did.
    one_by_one
        Whether each point depends on the previous one.
    stored
        Attributes of the surface that the run resumes: its settings are kept, unless they
        contradict the arguments.
    """
    check_choice("precision", precision, PRECISIONS)
    if precision == "tf32" and problem.device.type != "cuda":
        raise InputError(
            f"{argument('precision', precision)}: TensorFloat-32 needs a CUDA GPU, but this run is "
            f"on {problem.device.type}; choose float32, bfloat16 or auto"
        )
    if isinstance(plane.statistics, Reestimated):
        # Averages over batches of 8-bit mantissas are too inaccurate.
        if precision not in ("float32", "auto"):
            raise InputError(
                f"{argument('precision', precision)} with {argument('bn', 'reestimate')}: "
                "statistics are computed in the network's own precision only; choose float32"
            )
        precision = "float32"
    own = isinstance(problem.objective, OwnObjective)
    if own and precision == "tf32":
        raise InputError(
            f"{argument('precision', precision)} with {argument('objective')}: products are "
            "reduced only in a network that is called by its output; choose float32 or bfloat16"
        )
    found = Settings.from_attributes(stored) if stored is not None else None
    everything, tune = bool(tune), tune is not False
    if found is not None and stored is not None and tune:
        same_precision = precision in ("auto", found.reduced or "float32")
        if same_precision and batch_size in (None, found.batch_size):
            # Keep the file's attributes, also those of methods that this version replaces.
            names = (*found.attributes(problem.dtype), *_MORE_FACTS)
            return found, {name: stored[name] for name in names if name in stored}
    settings = Settings(batch_size=128 if batch_size is None else batch_size)
    run, problem = problem, _quick_to_move(problem, plane)
    per_point = sum(len(examples) for examples in run.splits.values())
    images = grid.size * (min(per_point, _PER_POINT) if one_by_one else per_point)
    points, facts = grid.points(), dict[str, Attribute]()
    name = None
    if tune and not everything and not own and precision in ("float32", "auto"):
        options = precision, batch_size, one_by_one, _streamed(run), type(plane.statistics).__name__
        shown = next(iter(problem.splits.values())).head(_SHOWN).batch(problem.dtype)
        name = key(problem, shown, options)
        known = recall(name)
        if known is not None and _may_be_used(problem, plane, points, known, images, facts):
            return known.settings, {**known.settings.attributes(problem.dtype), **facts}
        facts.clear()
    if everything:
        budget = Budget()
    else:
        budget = Budget.of_run(problem, plane, settings, images) if tune else Budget(0.0)
    plain, worth_a_trial = budget.per_example, _WORTH_A_TRIAL * images >= _SPEED_TRIALS
    worth_a_trial |= everything

    def layouts(base: Settings) -> list[Settings]:
        worth = tune and not own
        return tune_layouts(problem, plane, points[[0, -1]], base, budget) if worth else [base]

    if precision == "auto":
        candidates, low = layouts(settings), [replace(settings, reduced="bfloat16")]
        budget.refused |= not worth_a_trial
        if worth_a_trial:
            gain = speedup(problem, plane, settings, low[0])
            if gain > _HOPELESS:
                low = layouts(low[0])  # what is fastest in one precision need not be in the other
                gain = speedup(problem, plane, candidates[0], low[0])
            pays = everything or images * (1 - 1 / gain) > 2 * _ACCURACY_TRIALS
            budget.refused |= gain > 1 and not pays
            if gain > 1 and pays and _accurate(problem, plane, points, low[0], facts):
                candidates = low
    elif precision == "float32":
        candidates = layouts(settings)
    else:
        candidates = layouts(replace(settings, reduced=precision))
        _accurate(problem, plane, points, candidates[0], facts)
        if tune and worth_a_trial:
            own_precision = replace(candidates[0], reduced=None)
            _warn_if_slow(precision, speedup(problem, plane, own_precision, candidates[0]))
    settings = candidates[0]
    if settings.stored_as is not None:
        for examples in problem.splits.values():
            warn_of_lost_integers(examples, settings.stored_as)
    at_once = not one_by_one and not _streamed(run)
    sizes = batch_size is None and not _in_given_batches(run)
    if tune and sizes and budget.allows(_BATCH_TRIALS):
        settings = tune_batch_size(problem, plane, candidates)
    threads = not problem.objective.noise  # the generators are shared by all threads
    abreast = threads and at_once and problem.device.type == "cpu"
    if tune and abreast and budget.allows(_ABREAST_TRIALS):
        settings = tune_abreast(problem, plane, settings, fixed=batch_size is not None)
    if tune and problem.device.type == "cuda" and not own and budget.allows(_BATCH_TRIALS):
        settings = tune_benchmark(problem, plane, settings)
        if images > _WORTH_COMPILING and at_once:  # each network compiles anew
            settings = tune_compiled(problem, plane, points[[0, -1]], settings)
    if name is not None and not budget.refused:
        remember(name, Remembered(settings, plain / max(budget.per_example, 1e-12)))
    return settings, {**settings.attributes(problem.dtype), **facts}


def _may_be_used(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    known: Remembered,
    images: int,
    facts: dict[str, Attribute],
) -> bool:
    """Whether what an earlier run chose pays, and computes the same here."""
    settings = known.settings
    if settings == Settings(batch_size=settings.batch_size, abreast=settings.abreast):
        return True
    if images * (1.0 - 1.0 / max(known.gain, 1.0)) < _CONFIRMING:
        return False
    if not confirmed(problem, plane, points[[0, -1]], settings):
        return False
    return settings.reduced is None or _accurate(problem, plane, points, settings, facts)


def _accurate(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    settings: Settings,
    facts: dict[str, Attribute],
) -> bool:
    """Whether a reduced precision is accurate enough; its error is added to the facts."""
    measured = measure_precision(problem, plane, points, settings)
    facts["precision_error"] = measured.error
    facts["precision_bound"] = (
        f"{settings.reduced}: 1 stands for {RELATIVE_BOUND:.0%} of the loss plus "
        f"{ABSOLUTE_BOUND:g}, largest of {measured.points} points"
    )
    return measured.good_enough


def _warn_if_slow(precision: str, gain: float) -> None:
    if gain < _SLOWER:
        warnings.warn(
            f"{precision} takes {1 / gain:.2g} times as long as float32 here, which is also more "
            "accurate; the precision auto takes bfloat16 only where it is faster",
            stacklevel=3,
        )


def _in_given_batches(problem: Problem) -> bool:
    return any(isinstance(examples, Batches) for examples in problem.splits.values())


def _quick_to_move(problem: Problem, plane: Plane) -> Problem:
    """For trials: use few examples if every move to a point takes a pass over the examples."""
    if not isinstance(plane.statistics, Reestimated):
        return problem
    return problem.with_splits({n: e.head(_TRIAL) for n, e in problem.splits.items()})
