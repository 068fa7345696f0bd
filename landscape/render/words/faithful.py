"""Where the picture of a path is true: steps whose own loss is that of the plane below them.

A plane holds a path's projections only. Where a checkpoint lies off the plane, its loss can be
another than the one that the picture shows at its place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from landscape.render.words.directions import percent
from landscape.render.words.numerals import short
from landscape.surface import Trajectory

WITHIN = 0.1
"""Two losses that differ by more than this part of the larger one are told apart in pictures."""


def faithful(path: Trajectory) -> npt.NDArray[np.bool_] | None:
    """Which steps have the loss of their projection, to 10 % of the larger of both.

    A loss that is not finite is that of no other. None where the path does not hold both.
    """
    if path.loss is None or path.plane_loss is None:
        return None
    both = np.isfinite(path.loss) & np.isfinite(path.plane_loss)
    own, projected = (np.where(both, loss, 0.0) for loss in (path.loss, path.plane_loss))
    larger = np.maximum(np.abs(own), np.abs(projected))
    near: npt.NDArray[np.bool_] = np.abs(own - projected) <= WITHIN * larger
    return both & near


def faithful_words(path: Trajectory) -> str:
    """``14 of 21 steps have the loss of their projection (within 10 %)``, or nothing."""
    true = faithful(path)
    if true is None:
        return ""
    steps = f"{int(true.sum()):,} of {true.size:,} steps have"
    return f"{steps} the loss of their projection (within {percent(WITHIN)})"


def path_words(name: str, path: Trajectory) -> str:
    """``SGD: 14 of 21 steps …, up to 2.5 off the plane.``, or nothing where neither is known."""
    facts = ", ".join(filter(None, (faithful_words(path), off_plane(path))))
    return f"{name}: {facts}." if facts else ""


def off_plane(path: Trajectory) -> str:
    """``up to 2.5 off the plane``, or nothing where that is not known."""
    off = None if path.distance is None else path.distance[np.isfinite(path.distance)]
    return "" if off is None or not off.size else f"up to {short(float(off.max()))} off the plane"
