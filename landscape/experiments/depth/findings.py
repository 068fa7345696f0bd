"""Summary of the effects of shortcuts, and of depth or width, on the surfaces."""

from __future__ import annotations

from typing import Any

from landscape.experiments.results import Results
from landscape.experiments.surfaces import KINDS
from landscape.experiments.words import Sampled

_Row = dict[int, Sampled]
"""By depth or width."""
_WORDS = {"depth": ("{} layers", "{} to {} layers"), "width": ("width {}", "width {} to {}")}
"""One place of a dimension in words, and two."""


def findings(results: Results) -> list[str]:
    """Sentences on each surface, on the pair of each size, and on the effect of size."""
    (dimension,) = [name for name in results.coordinates if name != "network"]
    sizes = [int(size) for size in results.coordinates[dimension]]
    one, two = _WORDS[dimension]
    rows: dict[str, _Row] = {kind: {} for kind in KINDS}
    for kind, row in rows.items():
        for size in sizes:
            place: dict[str, Any] = {"network": kind, dimension: size}
            row[size] = Sampled.read(results, **place)
    sentences = [
        _about(f"{kind}-{size}", each) for kind, row in rows.items() for size, each in row.items()
    ]
    sentences += [_pair(rows, size, one.format(size)) for size in sizes]
    return sentences + [_trend(kind, row, dimension, two) for kind, row in rows.items()]


def _about(name: str, one: Sampled) -> str:
    m = one.measures
    if not one.learnt:
        return (
            f"{name} learnt nothing (training error {one.train_error:.1%}): it is left out below."
        )
    return (
        f"{name} (training error {one.train_error:.2%}, test error {one.test_error:.1%}): loss "
        f"{m['origin_loss'].value:.3g} at the origin, which rises by 0.1 within a radius of "
        f"{m['flat_radius']}; {m['share_below_guessing'].value:.0%} of the plane better than "
        f"guessing; convex at {m['convexity_share'].value:.0%} of the points; roughness "
        f"{m['roughness']} decades; {one.basins}."
    )


def _pair(rows: dict[str, _Row], size: int, words: str) -> str:
    where = f"At {words}"
    silent = [f"{kind}-{size}" for kind, row in rows.items() if not row[size].learnt]
    if silent:
        return f"{where} the surfaces are not compared: {' and '.join(silent)} learnt nothing."
    words, numbers = rows["plain"][size].differs_from(rows["residual"][size])
    return (
        f"{where} the surface without shortcuts is {words} than that with them (with and without: "
        f"{numbers})."
    )


def _trend(kind: str, row: _Row, dimension: str, two: str) -> str:
    learnt = [size for size, one in row.items() if one.learnt]
    who = "With shortcuts" if kind == "residual" else "Without shortcuts"
    silent = ", ".join(f"{kind}-{size}" for size, one in row.items() if not one.learnt)
    rest = f" ({silent} learnt nothing)" if silent else ""
    if len(learnt) < 2:
        return f"{who} too few networks learnt to determine the effect of {dimension}{rest}."
    first, last = learnt[0], learnt[-1]
    words, numbers = row[last].differs_from(row[first])
    return f"{who}, from {two.format(first, last)}, the surface becomes {words}: {numbers}{rest}."
