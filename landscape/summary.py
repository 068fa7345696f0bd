"""A summary of a surface, in words and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from landscape.measures.share import share_below_chance
from landscape.surface import Attribute, Surface

_AS_THEY_ARE = "none: (x/1 - [0])/[1]"


def describe(surface: Surface) -> str:
    """One line: number of points, range of the loss, location of the best point, non-finite
    values."""
    name = surface.main_quantity
    values = surface[name][surface.done]
    finite = values[np.isfinite(values)]
    parts = [f"{values.size} of {surface.grid.size} points"]
    if finite.size:
        best, index = surface.best()
        places = zip(surface.grid.axes.items(), reversed(index), strict=True)
        place = ", ".join(f"{axis}={values[k]:g}" for (axis, values), k in places)
        ends = [f"{finite.min():.4g}", f"{finite.max():.4g}"]
        ends[int(best != finite.min())] += f" (at {place})"
        parts.append(f"{name} from {' to '.join(ends)}")
    odd = values.size - finite.size
    if odd:
        parts.append(f"{odd} NaN or infinite")
    below = share_below_chance(surface)
    if below is not None:
        parts.append(f"{below:.1%} of the plane below the loss of guessing")
    return "; ".join(parts)


def origin_words(facts: Mapping[str, Attribute]) -> list[str]:
    """What a problem is made of, from its attributes: network, weights, data with preprocessing.

    >>> facts = {"model": "mine:network", "parameters": 2410, "data": "digits", "split": "train"}
    >>> facts |= {"train_examples": 300, "train_population": 1437, "preprocess": "none: x/16"}
    >>> for line in origin_words(facts):
    ...     print(line)
    network: mine:network, 2,410 parameters
    weights: untrained, unless mine:network loads them itself
    data: digits, 300 of 1,437 train examples, preprocessing none: x/16
    """
    maker = facts.get("problem")
    name = facts["model"] if maker is None else f"{facts['model']} of {maker}"
    untrained = f"untrained, unless {facts['model']} loads them itself"
    weights = facts.get("checkpoint", untrained if maker is None else f"those of {maker}")
    counts = []
    for key, count in facts.items():
        split, _, what = f"_{key}".rpartition("_")
        if what != "examples" or not isinstance(count, int):
            continue
        whole = facts.get(key.removesuffix("examples") + "population", count)
        share = f"{count:,}" if whole == count else f"{count:,} of {whole:,}"
        counts.append(f"{share}{split.replace('_', ' ')} examples")
    preprocess = str(facts.get("preprocess", _AS_THEY_ARE)).replace(_AS_THEY_ARE, "none")
    return [
        f"network: {name}, {facts['parameters']:,} parameters",
        f"weights: {weights}",
        f"data: {facts['data']}, {', '.join(counts)}, preprocessing {preprocess}",
    ]


def beginning(surface: Surface) -> list[str]:
    """What a run is about to compute: its origin, and the grid with what is done of it."""
    done = int(surface.done.sum())
    grid = f"grid: {surface.grid}, {surface.grid.size:,} points"
    axis = surface.axes["x"]
    how = f"{axis.get('kind', 'unknown')}, normalization {axis.get('normalization', 'none')}"
    return [
        *origin_words(surface.attributes),
        f"{grid}{f', {done:,} of them done' if done else ''}; directions: {how}",
    ]


def plane_words(surface: Surface) -> list[str]:
    """Further properties of the plane, one line each: components, barrier, paths."""
    lines = []
    shares = [facts.get("explained_variance") for facts in surface.axes.values()]
    known = [share for share in shares if isinstance(share, float)]
    if known:
        parts = " + ".join(f"{share:.1%}" for share in known)
        lines.append(f"the axes explain {parts} of the variance of the checkpoints")
    if "left_out" in surface.attributes:
        lines.append(f"left out of the path of {surface.attributes['left_out']}")
    barrier = surface.attributes.get("barrier")
    if isinstance(barrier, float):
        ends = [surface.attributes.get(f"loss_at_{end}", math.nan) for end in ("start", "end")]
        lines.append(
            f"barrier {barrier:.4g} at {surface.attributes.get('barrier_at', math.nan):.4g} of the "
            f"way, above the losses {ends[0]:.4g} and {ends[1]:.4g} of the two solutions "
            f"(batch-norm statistics: {surface.attributes.get('bn_statistics', 'unknown')})"
        )
    for name, path in surface.trajectories.items():
        if path.plane_loss is None or path.distance is None:
            continue
        if path.loss is None:
            most = f"at most {path.plane_loss.max():.4g}"
            lines.append(f"path of {name}: loss on the plane {most}")
            continue
        lines.append(
            f"path of {name}: own loss {path.loss[0]:.4g} to {path.loss[-1]:.4g}, on the plane "
            f"{path.plane_loss[0]:.4g} to {path.plane_loss[-1]:.4g}; up to "
            f"{path.distance.max():.4g} off the plane"
        )
    return lines
