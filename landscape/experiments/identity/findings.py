"""Summary of outputs and errors: whether training finds the constructed solution."""

from __future__ import annotations

import numpy as np

from landscape.experiments.results import Results
from landscape.experiments.words import Increase, loss_spread, spread, what_spread_is
from landscape.grid import FloatArray

SAME = {"float32": 1e-5, "float64": 1e-12}
"""Largest difference of outputs due to rounding, relative to the largest output."""
WORDS = {
    "plain": "identity convolutions and normalizations that are undone",
    "residual": "blocks whose last normalization multiplies by zero",
}


def findings(results: Results) -> list[str]:
    """Sentences on the construction, on the end of each training, and on the gap between them."""
    networks = [str(network) for network in results.coordinates["network"]]
    sentences = [_construction(results, network) for network in networks]
    gaps = {}
    for network in networks:
        deep = f"{network}-{_depths(results)[1]}"
        extended = _of(results, "train_error", network, "extended")
        constructed = extended[:, int(results.attributes["shallow_epochs"]) - 1]
        gaps[network] = Increase(constructed, _of(results, "train_error", network, "fresh")[:, -1])
        trained_on = Increase(constructed, extended[:, -1])
        sentences += [
            _errors(results, network),
            _trained_on(deep, trained_on),
            _fresh(deep, gaps[network]),
        ]
    return [*sentences, _conclusion(gaps)]


def _construction(results: Results, network: str) -> str:
    shallow, deep = _depths(results)
    outputs = results.select("largest_output", network=network)
    parts, same = [], True
    for precision in results.coordinates["precision"]:
        difference = results.select("difference", network=network, precision=precision)
        same &= bool((difference <= SAME[str(precision)] * outputs).all())
        parts.append(f"{difference.max():.2g} in {precision}")
    count = len(results.coordinates["seed"])
    seeds = f"over {count} seeds" if count > 1 else "with the one seed"
    verdict = "gives the same outputs to rounding" if same else "does not give the same outputs"
    return (
        f"{network}-{shallow}, extended to {deep} layers by {WORDS[network]}, {verdict}: "
        f"{seeds} they differ by at most {' and '.join(parts)}; the largest output is "
        f"{outputs.max():.3g} (evaluation mode)."
    )


def _trained_on(deep: str, errors: Increase) -> str:
    """The effect of further training on the error of the constructed network."""
    change = errors.median
    what = "leaves" if change == 0 else ("lowers" if change < 0 else "raises")
    to = "at" if change == 0 else "to"
    return (
        f"Further training of the constructed {deep} {what} its training error {to} "
        f"{spread(errors.after)}, from {spread(errors.before)}."
    )


def _fresh(deep: str, gap: Increase) -> str:
    """Whether training from scratch finds a solution as good as the constructed one."""
    ends = (
        f"From scratch {deep} reaches a training error of {spread(gap.after)}, {gap.points} points "
        "from the constructed one"
    )
    if gap.median <= 0:
        return f"{ends}: training finds a solution as good as the constructed one."
    if gap.seeds == 1:
        return f"{ends}: worse, with the only seed."
    if gap.apart:
        return f"{ends}: worse with every one of the {gap.seeds} seeds, without overlap."
    return f"{ends}: worse with {gap.higher} of {gap.seeds} seeds, and the ranges overlap."


def _conclusion(gaps: dict[str, Increase]) -> str:
    plain, residual = gaps["plain"], gaps["residual"]
    points = (
        f"the gap in training error between training from scratch and construction is "
        f"{plain.points} points without shortcuts and {residual.points} with them"
    )
    if plain.seeds == 1:
        return f"In short, {points}; with one seed this may be chance."
    if plain.apart and residual.median <= 0:
        return (
            f"In short, {points}: training does not find the constructible solution without "
            "shortcuts, but does with them."
        )
    if plain.apart and residual.apart:
        more = "larger" if plain.median > residual.median else "not larger"
        return (
            f"In short, {points}: training finds the constructible solution in neither form, and "
            f"the gap is {more} without shortcuts."
        )
    if plain.apart:
        return (
            f"In short, {points}: training does not find the constructible solution without "
            "shortcuts; with them the seeds are inconclusive."
        )
    if plain.median > 0:
        return f"In short, {points}: without shortcuts the seeds are inconclusive."
    return f"In short, {points}: training finds the constructible solution even without shortcuts."


def _errors(results: Results, network: str) -> str:
    shallow, deep = _depths(results)
    parts = []
    for training, name in (
        ("shallow", f"{network}-{shallow}"),
        ("extended", f"{network}-{deep} extended from it"),
        ("fresh", f"{network}-{deep} from scratch"),
    ):
        columns = {
            column: _of(results, column, network, training)
            for column in ("train_loss", "test_error")
        }
        # The training of the shallow network ends before the others.
        last = {column: _last(values) for column, values in columns.items()}
        parts.append(
            f"{name} test error {spread(last['test_error'])}, training loss "
            f"{loss_spread(last['train_loss'])}"
        )
    what = what_spread_is(len(results.coordinates["seed"]))
    return f"At the end of each training ({what}): {'; '.join(parts)}."


def _depths(results: Results) -> tuple[int, int]:
    shallow, deep = (int(results.attributes[f"{d}_depth"]) for d in ("shallow", "deep"))
    return shallow, deep


def _of(results: Results, name: str, network: str, training: str) -> FloatArray:
    """Values of one training, shape (seeds, epochs)."""
    return results.select(name, network=network, training=training)


def _last(values: FloatArray) -> FloatArray:
    """The last measured value of each row."""
    measured = np.flatnonzero(np.isfinite(values).all(axis=0))
    last: FloatArray = values[:, measured[-1]]
    return last
