r"""Study of sampling to a tolerance: cost and coverage, on stored losses.

First the losses of every example at every point of a plane are computed once and stored:

    python scripts/tolerance_study.py --weights resnet56.t7 --data cifar10:PATH \
        --points 13 --precision bfloat16 --losses losses.npz

then the code that decides how many examples a point needs is run on them, over many orders of the
examples:

    python scripts/tolerance_study.py --losses losses.npz --seeds 50 -o study.json

For each tolerance it prints the reduction in the number of examples (``factor``), the fraction of
points where the mean of all examples is within 1.96 standard errors (``coverage``, on average and
for the worst orders), and both by the loss at the point. ``ideal`` is the factor of a sampler that
knows the true variance of each point in advance, without and with strata. ``--population N``
resamples the examples up to N: an extrapolation to a larger data set.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from landscape.build import build_problem
from landscape.data import in_memory
from landscape.directions import make_directions
from landscape.evaluate import Settings, Tolerance
from landscape.evaluate.arithmetic import exactly
from landscape.evaluate.interpolated import interpolated
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.predicted import Predicting
from landscape.evaluate.stopping import (
    Sample,
    Stopping,
    sample_until_within,
    stratified,
    with_finite_population,
)
from landscape.evaluate.strata import LossStrata, at_spread_points, by_losses
from landscape.evaluate.tail import ASKED, heavy_tail
from landscape.evaluate.tolerance import LONGEST
from landscape.grid import CoarserCells, FloatArray, Grid, IntArray, coarse_to_fine, parse_range
from landscape.plane import Plane
from landscape.problem import per_example

REGIONS = [("below 2", 0.0, 2.0), ("2 to 4", 2.0, 4.0), ("4 and above", 4.0, np.inf)]


def record(options: argparse.Namespace) -> None:
    """Write the losses of all examples at all points of the plane of seed 0 to an npz file."""
    problem = build_problem(
        None,
        weights=options.weights,
        shortcuts=options.shortcuts,
        data=options.data,
        limit=options.limit,
    )
    (examples,) = (in_memory(split) for split in problem.splits.values())
    axis = parse_range(f"-{options.reach}:{options.reach}:{options.points}")
    points = Grid(axis, axis).points()
    plane = Plane(problem.origin, [d.vector for d in make_directions(problem.origin, 2)])
    reduced = None if options.precision == "float32" else options.precision
    settings = Settings(fold=True, channels_last=True, reduced=reduced)
    losses = np.empty((len(points), len(examples)), dtype=np.float32)
    with exactly():
        network = PointNetwork(problem, plane.to(problem.device), settings)
        for index, point in enumerate(points):
            network.move_to(point)
            batches = examples.batches(problem.dtype, 128)
            losses[index] = per_example(problem.objective, network, batches)[0].cpu().numpy()
            print(f"{index + 1} of {len(points)} points", end="\r", flush=True)
    np.savez(options.losses, loss=losses, labels=examples.targets.cpu().numpy())


def sampled(
    losses: FloatArray,
    grid: Grid,
    tolerance: Tolerance,
    labels: IntArray | None,
    seed: int,
    *,
    with_losses: bool = True,
    predicted: bool = True,
) -> FloatArray:
    """Mean, standard error and count at every point, shape (points, 3), by the code of a run."""
    size = losses.shape[1]
    in_full: list[int] = []
    if with_losses:
        points = grid.points()

        def losses_at(place: FloatArray) -> FloatArray:
            in_full.append(int(np.flatnonzero((points == place).all(axis=1))[0]))
            return np.asarray(losses[in_full[-1]])

        at_few = at_spread_points(grid, tolerance, losses_at)
        sample: Sample = by_losses(at_few, labels, size, seed)
        chosen = np.random.default_rng(0).permutation(size)[:ASKED]
        tail = heavy_tail(
            grid, at_few[0], lambda place: losses[(points == place).all(axis=1)][0, chosen]
        )
        tolerance = tolerance if tail is None else tail.stricter(tolerance)
    else:
        sample = stratified(labels, size, size, seed)
    if predicted and isinstance(sample, LossStrata):
        return _predicted(losses, grid, tolerance, sample, in_full, seed)
    stopping = Stopping(tolerance, sample, grid.shape, in_full)
    found = np.full((len(losses), 3), np.nan)
    for index in coarse_to_fine(grid.shape).tolist():
        if index in in_full:
            found[index] = losses[index].mean(), 0.0, size
            continue
        values = losses[index][sample.order]
        count, mean, stderr = stopping.at(
            index, partial(_first, values), lambda around: found[around].tolist()
        )
        found[index] = mean, stderr, count
    return found


def _predicted(
    losses: FloatArray,
    grid: Grid,
    tolerance: Tolerance,
    sample: LossStrata,
    in_full: list[int],
    seed: int,
) -> FloatArray:
    cells, size = CoarserCells(grid.shape), losses.shape[1]
    predicting, known = Predicting(tolerance, sample, LONGEST), {}
    found = np.full((len(losses), 3), np.nan)
    for index in coarse_to_fine(grid.shape).tolist():
        here = losses[index][sample.order]
        if index in in_full:
            known[index] = predicting.of_all(here[None])
            found[index] = here.mean(), 0.0, size
            continue
        asked = Asked(here)
        around = [known[corner] for corner in cells.around(index)]
        cell = interpolated(around, cells.weights(index, grid)) if around else None
        reached = cells.reached(index)
        estimate = predicting.at(cell, [seed, index], asked.some, reached) if cell else None
        if estimate is not None:
            (mean, stderr), known[index] = estimate.results[0], estimate.known
        else:
            n, mean, stderr = sample_until_within(
                tolerance, sample, asked.first, cell.needed if cell else np.nan, sample.first
            )
            known[index] = predicting.of_sample(here[None, :n], mean, stderr, cell)
        found[index] = mean, stderr, asked.of.sum()
    return found


class Asked:
    """Losses at a point, by their places in the sample; ``of``: those that were asked for."""

    def __init__(self, losses: FloatArray) -> None:
        self._losses, self.of = losses, np.zeros(losses.size, bool)

    def some(self, places: IntArray) -> FloatArray:
        """Shape (1, n)."""
        self.of[places] = True
        return self._losses[None, places]

    def first(self, n: int) -> FloatArray:
        """The first n, shape (n,)."""
        self.of[:n] = True
        return self._losses[:n]


def _first(values: FloatArray, n: int) -> FloatArray:
    return values[:n]


def ideal(losses: FloatArray, labels: IntArray | None, tolerance: Tolerance) -> float:
    """The factor for the sample size given by the true variance (within the classes)."""
    size = losses.shape[1]
    squares = np.zeros(len(losses))
    groups = np.zeros(size, dtype=int) if labels is None else labels
    for label in np.unique(groups):
        part = losses[:, groups == label]
        squares += ((part - part.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    bounds = np.array([tolerance.bound(mean) for mean in losses.mean(axis=1)])
    needed = [with_finite_population(s, size) for s in squares / size / bounds**2]
    return size / float(np.mean(needed))


def study(
    losses: FloatArray,
    labels: IntArray,
    text: str,
    seeds: int,
    *,
    strata: bool = True,
    predicted: bool = True,
    reach: float = 1.0,
) -> dict[str, Any]:
    """Cost and coverage of one tolerance over many orders of the examples."""
    axis = parse_range(f"-{reach}:{reach}:{round(len(losses) ** 0.5)}")
    tolerance, size, truth = Tolerance.parse(text), losses.shape[1], losses.mean(axis=1)
    covered, counts = [], []
    for seed in range(seeds):
        found = sampled(
            losses,
            Grid(axis, axis),
            tolerance,
            labels,
            seed,
            with_losses=strata,
            predicted=predicted,
        )
        mean, stderr, count = found.T
        # The sum of all examples depends on their order through rounding.
        covered.append(np.abs(mean - truth) <= 1.96 * stderr + 1e-9 * np.abs(truth))
        counts.append(count)
    hit, n = np.array(covered), np.array(counts)
    a_run = hit.mean(axis=1)
    return {
        "tolerance": text,
        "factor": size / n.mean(),
        "factor_of_seed_0": size / n[0].mean(),
        "ideal": ideal(losses, None, tolerance),
        "ideal_with_strata": ideal(losses, labels, tolerance),
        "coverage": hit.mean(),
        "coverage_of_seed_0": a_run[0],
        "coverage_of_the_worst_tenth": float(np.quantile(a_run, 0.1)),
        "runs_with_coverage_of_90%": float((a_run >= 0.9).mean()),
        "regions": {
            name: {
                "points": int(where.sum()),
                "factor": size / n[:, where].mean(),
                "coverage": hit[:, where].mean(),
            }
            for name, low, high in REGIONS
            if (where := (truth >= low) & (truth < high)).any()
        },
    }


def main() -> None:
    """Record losses, or study stored ones."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--losses", required=True, help="npz: loss (points, n), labels (n,)")
    parser.add_argument("--weights", help="checkpoint to compute the losses of")
    parser.add_argument("--shortcuts", help="if the checkpoint does not determine them")
    parser.add_argument("--data", default="digits", help="data of the checkpoint (digits)")
    parser.add_argument("--limit", type=int, help="examples (all)")
    parser.add_argument("--points", type=int, default=13, help="points along each axis (13)")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--seeds", type=int, default=50, help="orders of the examples (50)")
    parser.add_argument("--population", type=int, help="resample the examples up to this number")
    parser.add_argument("--tolerance", nargs="+", default=["5%,0.02", "2%,0.01"])
    parser.add_argument(
        "--by-class", action="store_true", help="strata by class alone, as in earlier versions"
    )
    parser.add_argument(
        "--by-sample", action="store_true", help="a plain sample at each point, none predicted"
    )
    parser.add_argument("--reach", type=float, default=1.0, help="end of both axes (1)")
    parser.add_argument("-o", "--output", help="JSON")
    options = parser.parse_args()
    if options.weights:
        record(options)
        return
    with np.load(options.losses) as stored:
        losses, labels = stored["loss"].astype(np.float64), stored["labels"].astype(np.int64)
    if options.population:
        again = np.random.default_rng(0).integers(0, labels.size, options.population)
        losses, labels = losses[:, again], labels[again]
    result = [
        study(
            losses,
            labels,
            text,
            options.seeds,
            strata=not options.by_class,
            predicted=not options.by_sample,
            reach=options.reach,
        )
        for text in options.tolerance
    ]
    for row in result:
        print(json.dumps(row, indent=1))
    if options.output:
        Path(options.output).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
