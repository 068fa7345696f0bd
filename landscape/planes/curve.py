"""The plane of a Bézier curve: through both end points and the control point."""

from __future__ import annotations

import numpy as np

from landscape.curve import Curve, State
from landscape.directions import Direction
from landscape.errors import InputError, argument
from landscape.params import dot, norm
from landscape.planes.runs import Run, parameters_in
from landscape.planes.solutions import check_apart, difference, is_network_of
from landscape.planes.spanned import Spanned
from landscape.problem import Problem
from landscape.surface import Attribute

NAME = "Bézier curve"
_POINTS = 21
_FLAT = 1e-4  # of the distance between the ends: the curve is the straight line


def curve_plane(problem: Problem, curve: Curve) -> Spanned:
    """The plane that contains a curve between two solutions, with the curve as a path in it.

    As in figure 1 of Garipov et al., arXiv 1802.10026: the first axis leads from one end point (0,
    the problem's network) to the other (1), the second is orthogonal to it and of the same length,
    so that the plot is not distorted.

    Raises
    ------
    InputError
        If the problem's network is not the start of the curve, its ends are the same, or it is
        straight.
    """
    if not is_network_of(problem, curve.a, f"the curve's end {curve.names[0]}"):
        raise InputError(
            f"the weights of the network differ from {curve.names[0]}, the start of the curve; "
            f"give {argument('weights')} of that checkpoint, or leave {argument('weights')} out"
        )
    start = problem.origin
    along = difference(parameters_in(curve.b, start, f"the curve's end {curve.names[1]}"), start)
    check_apart(along, start, *curve.names)
    control = difference(parameters_in(curve.control, start, "the curve's control point"), start)
    length = norm(along)
    share = dot(along, control) / length**2
    across = {n: d.double() - share * along[n].double() for n, d in control.items()}
    height = norm(across) / length
    if not height > _FLAT:
        raise InputError(
            "the curve is straight, so it does not span a plane; plot the line instead: "
            f"{argument('directions', 'between:A,B')}"
        )
    across = {n: (d / height).to(start[n].dtype) for n, d in across.items()}
    facts: dict[str, Attribute] = {
        "kind": "curve",
        "start": curve.names[0],
        "end": curve.names[1],
        "normalization": "none",
        "ignore": "none",
    }
    t = np.linspace(0, 1, _POINTS)
    labels = [f"t = {s:g}" for s in t]
    path = Run(NAME, labels, t.tolist(), lambda k: curve.at(float(t[k])), trained=False)
    # The curve reaches half the height of its control point; 0 is the seventh of 25 coordinates.
    step = float(f"{height / 24:.3g}")
    return Spanned(
        [Direction(along, facts), Direction(across, facts)],
        runs=[path],
        ranges=["-0.25:1.25:25", f"{-6 * step:.6g}:{18 * step:.6g}:25"],
        solutions=[curve.b, _at_one(curve, share, height)],
        attributes={"control_x": share, "control_y": height},
    )


def _at_one(curve: Curve, share: float, height: float) -> State:
    """The state at coordinate 1 of the second axis, such that the control point keeps its own."""
    return {
        name: a + (curve.control[name] - a - share * (curve.b[name] - a)) / height
        if a.is_floating_point()
        else a
        for name, a in curve.a.items()
    }
