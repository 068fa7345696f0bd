"""What the measures of the surfaces say about shortcuts and depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.measures import Estimate

_HARDLY_BETTER = 0.95
"""A network that errs at least this often, as a share of how often guessing does, learnt nothing.
"""
_LEAST_ROUGHNESS = 0.01
"""Decades: a difference below, 2% of a loss, is none to speak of."""


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
        train < _HARDLY_BETTER * guessing,
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
        f"{m['roughness']} decades; {_basins(m['basins'])}."
    )


def _basins(found: Estimate) -> str:
    return f"{found.value:.0f} basin{'' if found.value == 1 else 's'}"


def _pair(residual: _Network, plain: _Network) -> str:
    where = f"At {residual.depth} layers"
    silent = [one.name for one in (residual, plain) if not one.learnt]
    if silent:
        return f"{where} the surfaces are not compared: {' and '.join(silent)} learnt nothing."
    words, numbers = _compared(residual, plain)
    return f"{where} the surface without shortcuts, beside that with them, is {words}: {numbers}."


def _compared(first: _Network, second: _Network) -> tuple[str, str]:
    """How the second surface differs from the first, and the numbers of both."""
    rough, flat = (
        (first.measures[name], second.measures[name]) for name in ("roughness", "flat_radius")
    )
    flatter = _against(flat, "flatter", "sharper", 0.0)
    rougher = _against(rough, "rougher", "smoother", _LEAST_ROUGHNESS)
    return f"{flatter} and {rougher}", (
        f"flat radius {flat[0].value:.3g} and {flat[1].value:.3g}, roughness "
        f"{rough[0].value:.3g} and {rough[1].value:.3g} decades"
    )


def _against(pair: tuple[Estimate, Estimate], more: str, less: str, least: float) -> str:
    """How the second differs from the first: by more than ``least``, and beyond their ranges."""
    first, second = pair
    if math.isnan(first.value) or math.isnan(second.value):
        return f"not known to be {more} or {less}"
    if not first.differs_from(second) or abs(first.value - second.value) < least:
        return f"neither {more} nor {less}"
    return more if second.value > first.value else less


def _trend(kind: str, row: list[_Network]) -> str:
    learnt = [one for one in row if one.learnt]
    who = "With shortcuts" if kind == "residual" else "Without shortcuts"
    silent = ", ".join(one.name for one in row if not one.learnt)
    rest = f" ({silent} learnt nothing)" if silent else ""
    if len(learnt) < 2:
        return f"{who} too few networks have learnt to say what depth does to their surfaces{rest}."
    first, last = learnt[0], learnt[-1]
    words, numbers = _compared(first, last)
    return (
        f"{who}, from {first.depth} to {last.depth} layers, the surface becomes {words}: "
        f"{numbers}{rest}."
    )
