"""What the errors say: whether depth made them worse, and in how many of the trainings."""

from __future__ import annotations

import numpy as np

from landscape.experiments.results import Results
from landscape.grid import FloatArray


def findings(results: Results) -> list[str]:
    """Sentences on the errors after the last epoch, and on what depth did to them."""
    networks = [str(network) for network in results.coordinates["network"]]
    depths = [int(depth) for depth in results.coordinates["depth"]]
    sentences = [_sizes(results, networks, depths)]
    for network in networks:
        sentences += [_errors(results, network, depth) for depth in depths]
    for deep in depths[1:]:
        verdicts = {n: _Depth(results, n, depths[0], deep) for n in networks}
        sentences += [verdict.sentence() for verdict in verdicts.values()]
        sentences.append(_conclusion(verdicts, depths[0], deep))
    return sentences


class _Depth:
    """The training error of one network at two depths, one number for each seed."""

    def __init__(self, results: Results, network: str, shallow: int, deep: int) -> None:
        self.names = (f"{network}-{deep}", f"{network}-{shallow}")
        self.deep = _last(results, "train_error", network, deep)
        self.shallow = _last(results, "train_error", network, shallow)

    @property
    def more(self) -> float:
        """By how much the median is higher at the larger depth."""
        return float(np.median(self.deep) - np.median(self.shallow))

    @property
    def apart(self) -> bool:
        """Whether every deep training is worse than every shallow one."""
        return bool(self.deep.min() > self.shallow.max())

    def sentence(self) -> str:
        deep, shallow = self.names
        medians = f"median {_percent(np.median(self.deep))} and {_percent(np.median(self.shallow))}"
        if self.more <= 0:
            than = "lower than" if self.more < 0 else "equal to"
            return (
                f"The training error of {deep} is not worse: {than} that of {shallow} ({medians})."
            )
        worse, seeds = int((self.deep > self.shallow).sum()), self.deep.size
        if seeds == 1:
            how = "with the only seed"
        elif self.apart:
            how = f"with every one of the {seeds} seeds, and the ranges do not overlap"
        else:
            how = f"with {worse} of {seeds} seeds, and the ranges over the seeds overlap"
        return f"The training error of {deep} is worse than that of {shallow} ({medians}), {how}."


def _conclusion(verdicts: dict[str, _Depth], shallow: int, deep: int) -> str:
    """Whether plain networks degrade and residual ones do not."""
    plain, residual = verdicts["plain"], verdicts["residual"]
    step = f"From {shallow} to {deep} layers"
    points = (
        f"the median training error changes by {_points(plain.more)} without shortcuts and by "
        f"{_points(residual.more)} with them"
    )
    if plain.deep.size == 1:
        return f"{step} {points}; one seed does not tell whether this is chance."
    if plain.apart and residual.more <= 0:
        return f"{step} {points}: plain networks degrade, and residual ones do not."
    if plain.apart and not residual.apart:
        return (
            f"{step} {points}: plain networks degrade; of the residual ones the seeds do not tell."
        )
    if plain.apart and residual.more < plain.more:
        return f"{step} {points}: both degrade, the residual ones less."
    if plain.more > 0 and not plain.apart:
        return f"{step} {points}: the seeds do not tell whether plain networks degrade."
    return f"{step} {points}: the effect of the paper is not there."


def _errors(results: Results, network: str, depth: int) -> str:
    parts = [
        f"{split} error {_spread(_last(results, f'{key}_error', network, depth))}"
        for key, split in (("train", "training"), ("test", "test"))
    ]
    loss = _last(results, "train_loss", network, depth)
    parts.append(f"training loss {np.median(loss):.2g} ({loss.min():.2g} to {loss.max():.2g})")
    epochs, count = len(results.coordinates["epoch"]), loss.size
    seeds = f"median of {count} seeds, lowest to highest" if count > 1 else "one seed"
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
    """Shape (seeds,): after the last epoch."""
    values: FloatArray = results.select(name, network=network, depth=depth)[:, -1]
    return values


def _spread(values: FloatArray) -> str:
    if values.size == 1:
        return _percent(values[0])
    return f"{_percent(np.median(values))} ({_percent(values.min())} to {_percent(values.max())})"


def _percent(fraction: float | np.floating) -> str:
    return f"{float(fraction):.2%}" if fraction < 0.1 else f"{float(fraction):.1%}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.2f} points"
