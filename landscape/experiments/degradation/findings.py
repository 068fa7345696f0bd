"""Summary of the errors: whether depth makes them worse, and for how many seeds."""

from __future__ import annotations

import numpy as np

from landscape.experiments.results import Results
from landscape.experiments.words import Increase, loss_spread, percent, spread, what_spread_is
from landscape.grid import FloatArray


def findings(results: Results) -> list[str]:
    """Sentences on the errors after the last epoch, and on the effect of depth."""
    networks = [str(network) for network in results.coordinates["network"]]
    depths = [int(depth) for depth in results.coordinates["depth"]]
    sentences = [_sizes(results, networks, depths)]
    for network in networks:
        sentences += [_errors(results, network, depth) for depth in depths]
    for deep in depths[1:]:
        increases = {
            n: Increase(*(_last(results, "train_error", n, depth) for depth in (depths[0], deep)))
            for n in networks
        }
        for network, increase in increases.items():
            sentences.append(_compared(f"{network}-{deep}", f"{network}-{depths[0]}", increase))
        sentences.append(_conclusion(increases, depths[0], deep))
    return sentences


def _compared(deep: str, shallow: str, errors: Increase) -> str:
    """Whether the error of ``deep`` is higher than that of ``shallow``."""
    medians = f"median {percent(np.median(errors.after))} and {percent(np.median(errors.before))}"
    if errors.median <= 0:
        than = "lower than" if errors.median < 0 else "equal to"
        return f"The training error of {deep} is not worse: {than} that of {shallow} ({medians})."
    if errors.seeds == 1:
        how = "with the only seed"
    elif errors.apart:
        how = f"with every one of the {errors.seeds} seeds, and the ranges do not overlap"
    else:
        how = f"with {errors.higher} of {errors.seeds} seeds, and the ranges over the seeds overlap"
    return f"The training error of {deep} is worse than that of {shallow} ({medians}), {how}."


def _conclusion(increases: dict[str, Increase], shallow: int, deep: int) -> str:
    """Whether plain networks degrade and residual ones do not."""
    plain, residual = increases["plain"], increases["residual"]
    step = f"From {shallow} to {deep} layers"
    points = (
        f"the median training error changes by {plain.points} points without shortcuts and by "
        f"{residual.points} points with them"
    )
    if plain.seeds == 1:
        return f"{step} {points}; with one seed this may be chance."
    if plain.apart and residual.median <= 0:
        return f"{step} {points}: plain networks degrade, and residual ones do not."
    if plain.apart and not residual.apart:
        return (
            f"{step} {points}: plain networks degrade; for residual ones the seeds are "
            "inconclusive."
        )
    if plain.apart and residual.median < plain.median:
        return f"{step} {points}: both degrade, residual ones less."
    if plain.median > 0 and not plain.apart:
        return f"{step} {points}: for plain networks the seeds are inconclusive."
    return f"{step} {points}: the effect of the paper is not observed."


def _errors(results: Results, network: str, depth: int) -> str:
    parts = [
        f"{split} error {spread(_last(results, f'{key}_error', network, depth))}"
        for key, split in (("train", "training"), ("test", "test"))
    ]
    loss = _last(results, "train_loss", network, depth)
    parts.append(f"training loss {loss_spread(loss)}")
    epochs, seeds = len(results.coordinates["epoch"]), what_spread_is(loss.size)
    return f"{network}-{depth} after {epochs} epochs ({seeds}): {', '.join(parts)}."


def _sizes(results: Results, networks: list[str], depths: list[int]) -> str:
    parts = []
    for depth in depths:
        counts = {int(results.select("parameters", network=n, depth=depth)) for n in networks}
        words = " and ".join(f"{count:,}" for count in sorted(counts))
        parts.append(f"{words} at {depth} layers")
    equal = all("and" not in part for part in parts)
    how = "the same number" if equal else "different numbers"
    return f"Plain and residual networks have {how} of parameters: {', '.join(parts)}."


def _last(results: Results, name: str, network: str, depth: int) -> FloatArray:
    """Values after the last epoch, shape (seeds,)."""
    values: FloatArray = results.select(name, network=network, depth=depth)[:, -1]
    return values
