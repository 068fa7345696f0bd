"""Summary of the effects of shortcuts and depth on the surfaces."""

from __future__ import annotations

from landscape.experiments.results import Results
from landscape.experiments.words import Sampled

_Row = dict[int, Sampled]
"""By depth."""


def findings(results: Results) -> list[str]:
    """Sentences on each surface, on the pair of each depth, and on the effect of depth."""
    depths = [int(depth) for depth in results.coordinates["depth"]]
    rows = {
        kind: {depth: Sampled.read(results, network=kind, depth=depth) for depth in depths}
        for kind in ("residual", "plain")
    }
    sentences = [
        _about(f"{kind}-{depth}", one) for kind, row in rows.items() for depth, one in row.items()
    ]
    sentences += [_pair(rows, depth) for depth in depths]
    return sentences + [_trend(kind, row) for kind, row in rows.items()]


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


def _pair(rows: dict[str, _Row], depth: int) -> str:
    where = f"At {depth} layers"
    silent = [f"{kind}-{depth}" for kind, row in rows.items() if not row[depth].learnt]
    if silent:
        return f"{where} the surfaces are not compared: {' and '.join(silent)} learnt nothing."
    words, numbers = rows["plain"][depth].differs_from(rows["residual"][depth])
    return (
        f"{where} the surface without shortcuts is {words} than that with them (with and without: "
        f"{numbers})."
    )


def _trend(kind: str, row: _Row) -> str:
    learnt = [depth for depth, one in row.items() if one.learnt]
    who = "With shortcuts" if kind == "residual" else "Without shortcuts"
    silent = ", ".join(f"{kind}-{depth}" for depth, one in row.items() if not one.learnt)
    rest = f" ({silent} learnt nothing)" if silent else ""
    if len(learnt) < 2:
        return f"{who} too few networks learnt to determine the effect of depth{rest}."
    first, last = learnt[0], learnt[-1]
    words, numbers = row[last].differs_from(row[first])
    return f"{who}, from {first} to {last} layers, the surface becomes {words}: {numbers}{rest}."
