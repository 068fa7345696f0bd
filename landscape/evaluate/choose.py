"""Which settings a run uses: those of its file, those asked for, or the fastest admissible ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from landscape.data import Stream
from landscape.errors import unknown_choice
from landscape.evaluate.precision import ABSOLUTE_BOUND, RELATIVE_BOUND, measure_precision
from landscape.evaluate.resident import evaluate
from landscape.evaluate.settings import REDUCED, Settings
from landscape.evaluate.streamed import evaluate_streamed
from landscape.evaluate.tuner import tune
from landscape.grid import Grid
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.surface import Attribute

PRECISIONS = ("float32", *REDUCED, "auto")

Evaluation = Callable[..., Iterator[tuple[int, dict[str, float]]]]


def evaluation_for(problem: Problem) -> Evaluation:
    """Point by point where the examples are in memory, in passes where one split is a stream."""
    streamed = any(isinstance(examples, Stream) for examples in problem.splits.values())
    return evaluate_streamed if streamed else evaluate


def choose_settings(
    problem: Problem,
    plane: Plane,
    grid: Grid,
    *,
    precision: str = "float32",
    batch_size: int | None = None,
    tuned: bool = True,
    stored: Mapping[str, Attribute] | None = None,
) -> tuple[Settings, dict[str, Attribute]]:
    """The settings of a run, and what its surface says of them.

    Parameters
    ----------
    precision
        ``float32``: the network's own, by IEEE arithmetic; ``bfloat16``; ``auto``: bfloat16 if no
        loss on a few points of this plane, corners included, is further off than 2% plus 0.002.
    batch_size
        None lets the tuner choose.
    tuned
        Whether folding, memory layout and batch size are chosen by trying; else plain settings.
    stored
        Attributes of the surface that the run goes on with: what it was begun with is kept, as
        far as it does not contradict what is asked.
    """
    if precision not in PRECISIONS:
        raise unknown_choice("precision", precision, PRECISIONS)
    found = Settings.from_attributes(stored) if stored is not None else None
    if found is not None and stored is not None and tuned:
        reduced = str(found.reduced).removeprefix("torch.") if found.reduced else "float32"
        same_precision = precision in ("auto", reduced)
        if same_precision and batch_size in (None, found.batch_size):
            kept = {k: stored[k] for k in ("precision_error", "precision_bound") if k in stored}
            return found, {**found.attributes(problem.dtype), **kept}
    settings = Settings(batch_size=128 if batch_size is None else batch_size)
    points = grid.points()
    if tuned:
        settings = tune(problem, plane, points[[0, -1]], settings, fixed=batch_size is not None)
    facts: dict[str, Attribute] = {}
    if precision != "float32":
        name = next(iter(REDUCED)) if precision == "auto" else precision
        reduced_settings = replace(settings, reduced=REDUCED[name])
        measured = measure_precision(problem, plane, points, reduced_settings)
        facts["precision_error"] = measured.error
        facts["precision_bound"] = (
            f"{name}: 1 stands for {RELATIVE_BOUND:.0%} of the loss plus {ABSOLUTE_BOUND:g}, "
            f"largest of {measured.points} points"
        )
        if precision != "auto" or measured.good_enough:
            settings = reduced_settings
    return settings, {**settings.attributes(problem.dtype), **facts}
