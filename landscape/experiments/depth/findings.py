"""What the measures of the surfaces say about shortcuts and depth."""

from __future__ import annotations

from dataclasses import dataclass

from landscape.experiments.compared import HARDLY_BETTER, basins, compared
from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.measures import Estimate


@dataclass(frozen=True)
class _Network:
    """One network and the measures of its surface."""

    name: str
    depth: int
    train_error: float
    test_error: float
    learnt: bool
    measures: dict[str, Estimate]


def findings(results: Results) -> list[str]:
    """Sentences on each surface, on both of each depth, and on what depth does to either kind."""
    depths = [int(depth) for depth in results.coordinates["depth"]]
    kinds = {
        kind: [_network(results, kind, depth) for depth in depths] for kind in ("residual", "plain")
    }
    sentences = [_about(one) for row in kinds.values() for one in row]
    pairs = zip(kinds["residual"], kinds["plain"], strict=True)
    sentences += [_pair(residual, plain) for residual, plain in pairs]
    for kind, row in kinds.items():
        sentences.append(_trend(kind, row))
    return sentences


def _network(results: Results, kind: str, depth: int) -> _Network:
    labels: dict[str, str | float] = {"network": kind, "depth": depth}
    train, test = (float(results.select(f"{split}_error", **labels)) for split in ("train", "test"))
    guessing = 1.0 - 1.0 / float(results.attributes["classes"])
    names = ("origin_loss", "flat_radius", "share_below_guessing", "roughness", "basins")
    return _Network(
        f"{kind}-{depth}",
        depth,
        train,
        test,
        train < HARDLY_BETTER * guessing,
        {name: estimate_of(results, name, **labels) for name in (*names, "convexity_share")},
    )


def _about(one: _Network) -> str:
    m = one.measures
    if not one.learnt:
        return (
            f"{one.name} has learnt nothing (training error {one.train_error:.1%}): its surface is "
            "that of a network that guesses, and is left out below."
        )
    return (
        f"{one.name} (training error {one.train_error:.2%}, test error {one.test_error:.1%}): loss "
        f"{m['origin_loss'].value:.3g} at the origin, which rises by 0.1 within a radius of "
        f"{m['flat_radius']}; {m['share_below_guessing'].value:.0%} of the plane better than "
        f"guessing; convex at {m['convexity_share'].value:.0%} of the points; roughness "
        f"{m['roughness']} decades; {basins(m['basins'])}."
    )


def _pair(residual: _Network, plain: _Network) -> str:
    where = f"At {residual.depth} layers"
    silent = [one.name for one in (residual, plain) if not one.learnt]
    if silent:
        return f"{where} the surfaces are not compared: {' and '.join(silent)} learnt nothing."
    words, numbers = compared(residual.measures, plain.measures)
    return f"{where} the surface without shortcuts, beside that with them, is {words}: {numbers}."


def _trend(kind: str, row: list[_Network]) -> str:
    learnt = [one for one in row if one.learnt]
    who = "With shortcuts" if kind == "residual" else "Without shortcuts"
    silent = ", ".join(one.name for one in row if not one.learnt)
    rest = f" ({silent} learnt nothing)" if silent else ""
    if len(learnt) < 2:
        return f"{who} too few networks have learnt to say what depth does to their surfaces{rest}."
    first, last = learnt[0], learnt[-1]
    words, numbers = compared(first.measures, last.measures)
    return (
        f"{who}, from {first.depth} to {last.depth} layers, the surface becomes {words}: "
        f"{numbers}{rest}."
    )
