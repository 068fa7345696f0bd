"""What the outputs and errors say: what can be constructed, and whether training finds it."""

from __future__ import annotations

import numpy as np

from landscape.experiments.results import Results
from landscape.grid import FloatArray

SAME = {"float32": 1e-5, "float64": 1e-12}
"""Outputs that differ by no more than this part of the largest one are the same to rounding."""
WORDS = {
    "plain": "convolutions that pass each channel on and normalizations undone",
    "residual": "blocks whose last normalization multiplies by zero",
}


def findings(results: Results) -> list[str]:
    """Sentences on the construction, on where each training ends, and on the gap between them."""
    networks = [str(network) for network in results.coordinates["network"]]
    sentences = [_construction(results, network) for network in networks]
    gaps = {network: _Gap(results, network) for network in networks}
    for network, gap in gaps.items():
        sentences += [_errors(results, network), gap.went_on(), gap.sentence()]
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
        f"{seeds} they differ by at most {' and '.join(parts)}, and are as large as "
        f"{outputs.max():.3g} (evaluation mode)."
    )


class _Gap:
    """Training errors of one kind of network, one number for each seed."""

    def __init__(self, results: Results, network: str) -> None:
        self.deep = f"{network}-{_depths(results)[1]}"
        extended = _of(results, "train_error", network, "extended")
        before = int(results.attributes["shallow_epochs"])
        self.constructed, self.extended = extended[:, before - 1], extended[:, -1]
        self.fresh = _of(results, "train_error", network, "fresh")[:, -1]

    @property
    def points(self) -> float:
        """By how much the fresh start ends above what was constructed, in points of median."""
        return 100 * float(np.median(self.fresh) - np.median(self.constructed))

    @property
    def apart(self) -> bool:
        """Whether every fresh start ends above every constructed network."""
        return bool(self.fresh.min() > self.constructed.max())

    def went_on(self) -> str:
        """What training on did to the constructed network."""
        change = 100 * float(np.median(self.extended) - np.median(self.constructed))
        what = "leaves" if change == 0 else ("lowers" if change < 0 else "raises")
        to = "at" if change == 0 else "to"
        return (
            f"Training {self.deep} on from the construction {what} its training error {to} "
            f"{_spread(self.extended)}, from {_spread(self.constructed)}."
        )

    def sentence(self) -> str:
        """Whether the fresh start found what was constructed."""
        seeds = self.fresh.size
        ends = (
            f"From a fresh start {self.deep} ends at a training error of {_spread(self.fresh)}, "
            f"{self.points:+.2f} points from what was constructed"
        )
        if self.points <= 0:
            return f"{ends}: training finds a solution as good as the constructed one."
        above = int((self.fresh > self.constructed).sum())
        if seeds == 1:
            return f"{ends}: worse, with the only seed."
        if self.apart:
            return f"{ends}: worse with every one of the {seeds} seeds, without overlap."
        return f"{ends}: worse with {above} of {seeds} seeds, and the ranges overlap."


def _conclusion(gaps: dict[str, _Gap]) -> str:
    plain, residual = gaps["plain"], gaps["residual"]
    points = (
        f"the gap in training error between fresh start and construction is {plain.points:+.2f} "
        f"points without shortcuts and {residual.points:+.2f} with them"
    )
    if plain.fresh.size == 1:
        return f"In short, {points}; one seed does not tell whether this is chance."
    if plain.apart and residual.points <= 0:
        return (
            f"In short, {points}: without shortcuts what is constructible is not what is found; "
            "with them it is found."
        )
    if plain.apart and residual.apart:
        more = "more" if plain.points > residual.points else "no more"
        return (
            f"In short, {points}: what is constructible is not what is found in either form, and "
            f"{more} so without shortcuts."
        )
    if plain.apart:
        return (
            f"In short, {points}: without shortcuts what is constructible is not what is found; "
            "with them the seeds do not tell."
        )
    if plain.points > 0:
        return f"In short, {points}: without shortcuts the seeds do not tell."
    return f"In short, {points}: what is constructible is found, even without shortcuts."


def _errors(results: Results, network: str) -> str:
    shallow, deep = _depths(results)
    parts = []
    for training, name in (
        ("shallow", f"{network}-{shallow}"),
        ("extended", f"{network}-{deep} extended from it"),
        ("fresh", f"{network}-{deep} from a fresh start"),
    ):
        columns = {
            column: _of(results, column, network, training)
            for column in ("train_loss", "test_error")
        }
        # The shallow network ends before the others do.
        last = {column: _last(values) for column, values in columns.items()}
        loss = last["train_loss"]
        parts.append(
            f"{name} test error {_spread(last['test_error'])}, training loss "
            f"{np.median(loss):.2g} ({loss.min():.2g} to {loss.max():.2g})"
        )
    count = len(results.coordinates["seed"])
    what = f"median of {count} seeds, lowest to highest" if count > 1 else "one seed"
    return f"At the end of each training ({what}): {'; '.join(parts)}."


def _depths(results: Results) -> tuple[int, int]:
    shallow, deep = (int(results.attributes[f"{d}_depth"]) for d in ("shallow", "deep"))
    return shallow, deep


def _of(results: Results, name: str, network: str, training: str) -> FloatArray:
    """Shape (seeds, epochs)."""
    return results.select(name, network=network, training=training)


def _last(values: FloatArray) -> FloatArray:
    """The last number of each row."""
    measured = np.flatnonzero(np.isfinite(values).all(axis=0))
    last: FloatArray = values[:, measured[-1]]
    return last


def _spread(values: FloatArray) -> str:
    if values.size == 1:
        return _percent(values[0])
    return f"{_percent(np.median(values))} ({_percent(values.min())} to {_percent(values.max())})"


def _percent(fraction: float | np.floating) -> str:
    return f"{float(fraction):.2%}" if fraction < 0.1 else f"{float(fraction):.1%}"
