"""Where a plane represents a trajectory faithfully: steps whose loss matches the plane's.

A plane contains only the projections of a trajectory. The loss of a checkpoint off the plane can
differ from the loss that the picture shows at its position.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from landscape.render.words.directions import percent
from landscape.render.words.numerals import short
from landscape.surface import Trajectory

WITHIN = 0.1
"""Relative difference, by the larger loss, above which pictures mark a step as different."""


def faithful(path: Trajectory) -> npt.NDArray[np.bool_] | None:
    """Which steps have the loss of their projection, to within 10 % of the larger of the two.

    A loss that is not finite matches no other. None where the trajectory lacks one of the two.
    """
    if path.loss is None or path.plane_loss is None:
        return None
    both = np.isfinite(path.loss) & np.isfinite(path.plane_loss)
    own, projected = (np.where(both, loss, 0.0) for loss in (path.loss, path.plane_loss))
    larger = np.maximum(np.abs(own), np.abs(projected))
    near: npt.NDArray[np.bool_] = np.abs(own - projected) <= WITHIN * larger
    return both & near


def faithful_words(path: Trajectory) -> str:
    """``14 of 21 steps match the loss of their projection within 10 %``, or empty."""
    true = faithful(path)
    if true is None:
        return ""
    steps = f"{int(true.sum()):,} of {true.size:,} steps match"
    return f"{steps} the loss of their projection within {percent(WITHIN)}"


def path_words(name: str, path: Trajectory) -> str:
    """``SGD: 14 of 21 steps …, up to 2.5 from the plane.``, or empty where neither is known."""
    facts = ", ".join(filter(None, (faithful_words(path), off_plane(path))))
    return f"{name}: {facts}." if facts else ""


def off_plane(path: Trajectory) -> str:
    """``up to 2.5 from the plane``, or empty where unknown."""
    off = None if path.distance is None else path.distance[np.isfinite(path.distance)]
    return "" if off is None or not off.size else f"up to {short(float(off.max()))} from the plane"
