"""What shortcuts did to each network: to its errors and to its surface."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landscape.experiments.compared import HARDLY_BETTER, basins, compared
from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.measures import Estimate

_MEASURES = (
    "origin_loss",
    "flat_radius",
    "share_below_guessing",
    "roughness",
    "basins",
    "convexity_share",
)


@dataclass(frozen=True)
class _Network:
    train_error: float
    test_error: float
    iou: float
    measures: dict[str, Estimate]


def findings(results: Results) -> list[str]:
    """Two sentences on each variant, and two on all of them."""
    names = [str(name) for name in results.coordinates["variant"]]
    sentences = [_sizes(results, names)]
    for name in names:
        sentences += [errors_of(results, name), _surfaces(results, name)]
    return [*sentences, _flattest(results, names)]


def errors_of(results: Results, variant: str) -> str:
    """What one kind of shortcuts does to the errors."""
    with_, without = (_network(results, variant, skips) for skips in ("with", "without"))
    what = "pixels" if not math.isnan(with_.iou) else "images"
    difference = with_.test_error - without.test_error
    better = "lower" if difference < 0 else "higher" if difference > 0 else "the same"
    iou = (
        f"; intersection over union {with_.iou:.3f} against {without.iou:.3f}"
        if what == "pixels"
        else ""
    )
    return (
        f"{variant}: with shortcuts the error on test {what} is {better}, {with_.test_error:.1%} "
        f"against {without.test_error:.1%} without (training: {with_.train_error:.1%} against "
        f"{without.train_error:.1%}){iou}."
    )


def _network(results: Results, variant: str, skips: str) -> _Network:
    labels: dict[str, str | float] = {"variant": variant, "shortcuts": skips}
    columns = ("train_error", "test_error", "test_iou")
    train, test, iou = (float(results.select(name, **labels)) for name in columns)
    measures = {name: estimate_of(results, name, **labels) for name in _MEASURES}
    return _Network(train, test, iou, measures)


def _sizes(results: Results, names: list[str]) -> str:
    counts = results.measured["parameters"].values
    equal = bool((counts[:, 0] == counts[:, 1]).all())
    low, high = int(counts.min()), int(counts.max())
    same = (
        "exactly as many with shortcuts as without"
        if equal
        else "not the same number with and without shortcuts"
    )
    return (
        f"The networks ({', '.join(names)}) have {low:,} to {high:,} parameters, {same}; one "
        "training of each does not tell how much of a difference is chance."
    )


def _surfaces(results: Results, variant: str) -> str:
    with_, without = (_network(results, variant, skips) for skips in ("with", "without"))
    pair = {"with": with_, "without": without}
    key = "classes" if math.isnan(with_.iou) else "classes_of_masks"
    guessing = 1.0 - 1.0 / float(results.attributes[key])
    silent = [name for name, one in pair.items() if one.train_error >= HARDLY_BETTER * guessing]
    if silent:
        who = " and ".join(f"the one {name} shortcuts" for name in silent)
        return f"{variant}: the surfaces are not compared, since {who} learnt nothing."
    words, numbers = compared(with_.measures, without.measures)
    share = [one.measures["share_below_guessing"].value for one in pair.values()]
    convex = [one.measures["convexity_share"].value for one in pair.values()]
    count = [basins(one.measures["basins"]) for one in pair.values()]
    return (
        f"{variant}: the surface without shortcuts, beside that with them, is {words} ({numbers}); "
        f"{share[0]:.0%} of the plane with shortcuts and {share[1]:.0%} without is better than "
        f"guessing, {convex[0]:.0%} and {convex[1]:.0%} is convex, with {count[0]} and {count[1]}."
    )


def _flattest(results: Results, names: list[str]) -> str:
    radii = {
        f"{name} {skips}": estimate_of(results, "flat_radius", variant=name, shortcuts=skips)
        for name in names
        for skips in ("with", "without")
    }
    known = {name: e for name, e in radii.items() if not math.isnan(e.value)}
    if len(known) < 2:
        return "Too few flat radii are known to order the surfaces by them."
    ordered = sorted(known, key=lambda name: -known[name].value)
    return (
        "From the flattest to the sharpest, by flat radius: "
        + ", ".join(f"{name} ({known[name].value:.3g})" for name in ordered)
        + "; coordinates of different networks have different lengths."
    )
