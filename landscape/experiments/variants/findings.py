"""Summary of the effect of shortcuts on errors and surfaces."""

from __future__ import annotations

import math

from landscape.experiments.measured import estimate_of
from landscape.experiments.results import Results
from landscape.experiments.variants.networks import SKIPS
from landscape.experiments.words import Sampled


def findings(results: Results) -> list[str]:
    """Two sentences on each variant, and two on all."""
    names = [str(name) for name in results.coordinates["variant"]]
    sentences = [_sizes(results, names)]
    for name in names:
        sentences += [errors_of(results, name), _surfaces(results, name)]
    return [*sentences, _flattest(results, names)]


def errors_of(results: Results, variant: str) -> str:
    """The effect of one kind of shortcuts on the errors."""
    with_, without = _pair(results, variant)
    iou_with, iou_without = results.select("test_iou", variant=variant)
    masks = not math.isnan(iou_with)
    what = "pixels" if masks else "images"
    difference = with_.test_error - without.test_error
    better = "lower" if difference < 0 else "higher" if difference > 0 else "the same"
    iou = f"; intersection over union {iou_with:.3f} against {iou_without:.3f}" if masks else ""
    return (
        f"{variant}: with shortcuts the error on test {what} is {better}, {with_.test_error:.1%} "
        f"against {without.test_error:.1%} without (training: {with_.train_error:.1%} against "
        f"{without.train_error:.1%}){iou}."
    )


def _pair(results: Results, variant: str) -> list[Sampled]:
    """The networks with and without shortcuts."""
    masks = not math.isnan(results.select("test_iou", variant=variant, shortcuts="with"))
    classes = "classes_of_masks" if masks else "classes"
    return [Sampled.read(results, classes, variant=variant, shortcuts=skips) for skips in SKIPS]


def _sizes(results: Results, names: list[str]) -> str:
    counts = results.measured["parameters"].values
    equal = bool((counts[:, 0] == counts[:, 1]).all())
    low, high = int(counts.min()), int(counts.max())
    same = (
        "exactly as many with shortcuts as without"
        if equal
        else "different with and without shortcuts"
    )
    return (
        f"The networks ({', '.join(names)}) have {low:,} to {high:,} parameters, {same}; with one "
        "training of each, differences may be chance."
    )


def _surfaces(results: Results, variant: str) -> str:
    pair = _pair(results, variant)
    silent = [skips for skips, one in zip(SKIPS, pair, strict=True) if not one.learnt]
    if silent:
        who = " and ".join(f"the one {skips} shortcuts" for skips in silent)
        return f"{variant}: the surfaces are not compared, since {who} learnt nothing."
    words, numbers = pair[1].differs_from(pair[0])
    share = [one.measures["share_below_guessing"].value for one in pair]
    convex = [one.measures["convexity_share"].value for one in pair]
    return (
        f"{variant}: the surface without shortcuts is {words} than that with them (with and "
        f"without: {numbers}); "
        f"{share[0]:.0%} of the plane with shortcuts and {share[1]:.0%} without is better than "
        f"guessing, {convex[0]:.0%} and {convex[1]:.0%} is convex, with "
        f"{pair[0].basins} and {pair[1].basins}."
    )


def _flattest(results: Results, names: list[str]) -> str:
    radii = {
        f"{name} {skips}": estimate_of(results, "flat_radius", variant=name, shortcuts=skips)
        for name in names
        for skips in SKIPS
    }
    known = {name: e for name, e in radii.items() if not math.isnan(e.value)}
    if len(known) < 2:
        return "Too few flat radii are known to rank the surfaces."
    ordered = sorted(known, key=lambda name: -known[name].value)
    return (
        "From flattest to sharpest, by flat radius: "
        + ", ".join(f"{name} ({known[name].value:.3g})" for name in ordered)
        + "; coordinates of different networks have different lengths."
    )
