"""Select the fastest admissible settings by short trials at points of the run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from landscape.data import Batch
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.budget import Budget, synchronize
from landscape.evaluate.in_memory import evaluate
from landscape.evaluate.network import PointNetwork, traced
from landscape.evaluate.settings import Settings, combinations
from landscape.evaluate.statistics_of_norms import norms_with_statistics
from landscape.grid import FloatArray
from landscape.params import is_large
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.problem.alike import alike, largest

BATCH_SIZES = {
    "cpu": (64, 128, 256, 512),
    "mps": (128, 512, 2048),
    "cuda": (128, 256, 384, 512, 1024, 2048, 4096),  # activations of the small ones stay in the L2
}
_ROUNDS, _LONG_ENOUGH_S = 3, 0.1
_BEHIND, _BEHIND_AT_FIRST = 1.2, 2.0
"""Times the fastest: what is behind it after two rounds, or one, is not timed again."""
_FINALISTS = 2
_CHECKS = 6  # passes through the compared examples before a way is timed
_COMPARED = 29  # examples whose outputs are compared; no power of two, which graphs fill up to
_NOISE = 1.03  # times of trials within this ratio are considered equal
_ABREAST, _POINTS_A_THREAD = 128, 4  # examples and points in trials of several points at once
_FEW = {"cpu": 128, "mps": 512, "cuda": 2048}  # examples in trials of layouts
_TOWARDS_ORIGIN = (0.5, 0.1, 0.01, 0.0)
_ROUNDING = 1e-3  # relative to the largest output: float32 through a hundred layers
_AS_GOOD = 2.0  # times the error of the plain way: another one of the same reduced precision


@dataclass
class _Trial:
    """Settings, and the seconds of each round."""

    settings: Settings
    network: PointNetwork
    seconds: list[float]


def tune(
    problem: Problem,
    plane: Plane,
    points: FloatArray,
    base: Settings,
    budget: Budget | None = None,
) -> list[Settings]:
    """Settings with equal outputs up to rounding, fastest first.

    On a GPU they are ranked in ``base``'s precision at a batch that fills it, since at the few
    examples that a CPU is tried with only launches are timed.

    Folding, fusion, in-place operations and memory layout are tried in all combinations, those that
    join most of them first, as long as the budget lasts (None is no limit). Trials are interleaved
    and the smallest time of each counts, which reduces noise. A combination whose outputs differ
    from those of the plain settings is not admissible. The networks of the trials are in memory
    together, except large ones, which are tried one after the other.

    ``points``: shape (n, number of axes): at least two points of the run; the first two are used.
    ``base``: the plain settings, which are included in the result.
    """
    few = _few(problem, _FEW[problem.device.type])
    kinds = combinations(
        replace(base, batch_size=len(few)) if problem.device.type == "cuda" else base,
        problem.device.type,
        base.stored_as or problem.dtype,
        images=few.images,
        traced=traced(problem.model) is not None,
        fold=plane.statistics is None and bool(norms_with_statistics(problem.model)),
    )
    budget = budget or Budget()
    least = min(len(few), base.batch_size, _COMPARED)
    if len(kinds) == 1 or not budget.allows(_CHECKS * least + 2 * len(few)):
        return [base]
    kinds = [kinds[0], *reversed(kinds[1:])]
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        compared = few[: 1 if is_large(problem.origin) else min(_COMPARED, base.batch_size)]
        reference = _Reference(problem, place, base, points[:2], compared)
        seconds: dict[Settings, float] = {}
        for group in [[kind] for kind in kinds] if is_large(problem.origin) else [kinds]:
            seconds |= _seconds(problem, place, group, few, reference, budget)
        ranked = sorted(seconds, key=lambda kind: seconds[kind])
        if ranked:
            budget.per_example = min(budget.per_example, seconds[ranked[0]] / len(few))
        return [replace(kind, batch_size=base.batch_size) for kind in ranked] or [base]


def _seconds(
    problem: Problem,
    place: Plane,
    kinds: Sequence[Settings],
    few: Batch,
    reference: _Reference,
    budget: Budget,
) -> dict[Settings, float]:
    """The smallest time of each kind that is admissible, and is tried in time."""
    trials: list[_Trial] = []
    for kind in kinds:
        if trials and not budget.allows(_CHECKS * _COMPARED + (len(trials) + 1) * len(few)):
            break
        network = PointNetwork(problem, place, kind)
        if reference.agrees(network):
            trials.append(_Trial(kind, network, []))
    ranked = _by_speed(problem, trials, few, budget)
    return {trial.settings: min(trial.seconds) for trial in ranked}


def tune_batch_size(problem: Problem, plane: Plane, tuned: Sequence[Settings]) -> Settings:
    """The fastest of the first few settings of :func:`tune`, with its best batch size.

    If several sizes are equally fast, the smallest is chosen, which uses the least memory.
    """
    candidates = BATCH_SIZES[problem.device.type]
    few = _few(problem, max(candidates))
    sizes = [size for size in candidates if size < 2 * len(few)] or candidates[:1]
    trials = []
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        for settings in tuned[: 1 if is_large(problem.origin) else _FINALISTS]:
            network = PointNetwork(problem, place, settings)
            network.move_to([0.0] * len(plane.axes))
            trials += [_Trial(replace(settings, batch_size=size), network, []) for size in sizes]
        fastest, *others = _by_speed(problem, trials, few)
        limit = min(fastest.seconds) * _NOISE
        near = [fastest, *(trial for trial in others if min(trial.seconds) <= limit)]
        return min((trial.settings for trial in near), key=lambda settings: settings.batch_size)


def tune_abreast(
    problem: Problem, plane: Plane, settings: Settings, *, fixed: bool = False
) -> Settings:
    """The same settings, or several points at once if that is faster at a few points.

    ``fixed``: whether to keep the batch size.
    """
    threads = torch.get_num_threads()
    if threads == 1 or is_large(problem.origin):  # every thread needs a network of its own
        return settings
    # Batch sizes can be compared only in a trial that fills them.
    count = max(_ABREAST, settings.batch_size)
    few = problem.with_splits({n: e.head(count) for n, e in problem.splits.items()})
    batches = {settings.batch_size} if fixed else {settings.batch_size, settings.batch_size // 2}
    ways = [settings, *(replace(settings, batch_size=n, abreast=threads) for n in sorted(batches))]
    seconds = {way: _steady(few, plane, threads, way) for way in ways}
    near = [way for way in ways if seconds[way] <= _BEHIND * min(seconds.values())]
    if len(near) == 1:
        return near[0]
    return min(near, key=lambda way: min(seconds[way], _steady(few, plane, threads, way)))


def _steady(problem: Problem, plane: Plane, threads: int, settings: Settings) -> float:
    """Seconds for a few points, after all networks are built and all threads are running."""
    evaluation = evaluate_abreast if settings.abreast > 1 else evaluate
    points = np.zeros((_POINTS_A_THREAD * threads, len(plane.axes)))
    results = evaluation(problem, plane, points, range(len(points)), settings)
    for _ in range(len(points) // 2):
        next(results)
    start = time.perf_counter()
    for _ in results:
        pass
    return time.perf_counter() - start


def tune_compiled(
    problem: Problem, plane: Plane, points: FloatArray, settings: Settings
) -> Settings:
    """The same settings, or ``torch.compile`` if it is faster with equal outputs up to rounding.

    Compiled kernels are captured as a graph, too. Compilation takes a minute, so this is for long
    runs.
    """
    few = _few(problem, settings.batch_size)
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        trials = [_Trial(settings, PointNetwork(problem, place, settings), [])]
        reference = _Reference(problem, place, settings, points[:2], few)
        for graphs in (True, False):
            way = replace(settings, compiled=True, graphs=graphs)
            network = PointNetwork(problem, place, way)
            if reference.agrees(network):
                trials.append(_Trial(way, network, []))
                break
        return _by_speed(problem, trials, few)[0].settings


def tune_benchmark(problem: Problem, plane: Plane, settings: Settings) -> Settings:
    """The same settings, or cuDNN's trial of its algorithms, if that makes a pass faster."""
    few = _few(problem, settings.batch_size)
    trials = []
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        for way in (settings, replace(settings, cudnn_benchmark=True)):
            network = PointNetwork(problem, place, way)
            network.move_to([0.0] * len(plane.axes))
            for _ in range(3):  # tries, warms up, captures
                problem.objective.outputs(network, few)
            trials.append(_Trial(way, network, []))
        fastest = _by_speed(problem, trials, few)[0]
        plain = min(trials[0].seconds)
        return fastest.settings if min(fastest.seconds) * _NOISE < plain else settings


def confirmed(problem: Problem, plane: Plane, points: FloatArray, settings: Settings) -> bool:
    """Whether outputs at the first two points agree with those of the plain settings."""
    few = _few(problem, min(_COMPARED, settings.batch_size))
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        base = Settings(batch_size=settings.batch_size, reduced=settings.reduced)
        reference = _Reference(problem, place, base, points[:2], few)
        return reference.agrees(PointNetwork(problem, place, settings))


def speedup(problem: Problem, plane: Plane, own: Settings, reduced: Settings) -> float:
    """How many times faster the second settings are than the first, for a few examples.

    Without bfloat16 arithmetic, a CPU takes many times as long in bfloat16 as in float32.
    """
    few, seconds = _few(problem, _FEW[problem.device.type]), []
    with exactly(problem.objective.needs_gradients):
        place = plane.to(problem.device)
        ways = [[own], [reduced]] if is_large(problem.origin) else [[own, reduced]]
        for group in ways:
            trials = [_Trial(way, PointNetwork(problem, place, way), []) for way in group]
            for trial in trials:
                trial.network.move_to([0.0] * len(plane.axes))
            _by_speed(problem, trials, few)
            seconds += [min(trial.seconds) for trial in trials]
    return seconds[0] / seconds[1]


def _few(problem: Problem, count: int) -> Batch:
    return next(iter(problem.splits.values())).head(count).batch(problem.dtype)


class _Reference:
    """Outputs of the plain network in its own precision, and how far from them a way may be.

    Two equivalent ways of a reduced precision may differ by percents: each may be twice as far
    from the network's own precision as the plain one of them.

    ``points``: to these others are added towards the origin, until outputs are finite at one of
    them: NaN agrees with NaN, however it was computed.
    """

    def __init__(
        self, problem: Problem, place: Plane, base: Settings, points: FloatArray, batch: Batch
    ) -> None:
        self._problem, self._points, self._batch = problem, points, batch
        plain = Settings(batch_size=base.batch_size, reduced=base.reduced)
        self.outputs = self._expected(PointNetwork(problem, place, replace(plain, reduced=None)))
        self._errors = [0.0] * len(self.outputs)
        if base.reduced is not None:
            pairs = zip(self.of(PointNetwork(problem, place, plain)), self.outputs, strict=True)
            self._errors = [largest(a.double() - b.double()) for a, b in pairs]

    def _expected(self, network: PointNetwork) -> list[Tensor]:
        for scale in _TOWARDS_ORIGIN:
            if any(bool(outputs.isfinite().all()) for outputs in self.of(network)):
                break
            self._points = np.concatenate([self._points, scale * self._points[:1]])
        return self.of(network)

    def of(self, network: PointNetwork) -> list[Tensor]:
        """Outputs of a network at each point."""
        found = []
        for point in self._points:
            network.move_to(point)
            found.append(self._problem.objective.outputs(network, self._batch))
        return found

    def agrees(self, network: PointNetwork) -> bool:
        """Whether a network gives these outputs, NaN and infinity included, on two calls each."""
        try:
            found = [self.of(network) for _ in range(2)]
        except Exception:  # an operation that this device or build does not support, or a number
            return False
        return all(map(self.equal, found))

    def equal(self, found: Sequence[Tensor]) -> bool:
        """Whether outputs at each point are these."""
        return all(
            alike(a, b, relative=_ROUNDING, of_largest=_ROUNDING, absolute=_AS_GOOD * error)
            for a, b, error in zip(found, self.outputs, self._errors, strict=True)
        )


def _by_speed(
    problem: Problem, trials: Sequence[_Trial], few: Batch, budget: Budget | None = None
) -> list[_Trial]:
    """Time trials in interleaved rounds: a few, for a minimum total time; one, if time is up.

    Each takes so many of the examples as its batch holds, and at least as many as trials usually
    do; seconds are for all of them. What is far behind is not timed again.
    """
    racing, least = list(trials), _FEW[few.device.type]
    while racing and (
        len(racing[0].seconds) < _ROUNDS or min(sum(t.seconds) for t in racing) < _LONG_ENOUGH_S
    ):
        if racing[0].seconds and budget is not None and budget.left < 0:
            break
        for trial in racing:
            part = few[: max(least, trial.settings.batch_size)]
            synchronize(few.device)
            start = time.perf_counter()
            for batch in part.split(trial.settings.batch_size):
                problem.objective.outputs(trial.network, batch)
            synchronize(few.device)
            trial.seconds.append((time.perf_counter() - start) * len(few) / len(part))
        behind = _BEHIND if len(racing[0].seconds) > 1 else _BEHIND_AT_FIRST
        limit = behind * min(min(trial.seconds) for trial in racing)
        racing = [trial for trial in racing if min(trial.seconds) <= limit]
    return sorted(trials, key=lambda trial: min(trial.seconds))
