"""Directions of steepest ascent: the worst case, to compare with a random direction.

With a budget ρ for the step, the loss rises most, to first order, along g/‖g‖ (sharpness-aware
minimization: Foret et al., arXiv 2010.01412, equation 2). If the budget is for the step relative
to the weights, ‖T⁻¹ε‖ ≤ ρ with T = |w|, it is T²g/‖Tg‖ (adaptive: Kwon et al., arXiv 2102.11600,
equation 4), which, like filter normalization, does not depend on the scale of the weights.
"""

from __future__ import annotations

from landscape.directions import Direction
from landscape.directions.length import of_length
from landscape.params import Params


def ascent_direction(
    gradient: Params, params: Params, *, adaptive: bool, length: float
) -> Direction:
    """The direction in which the loss rises fastest.

    Parameters
    ----------
    gradient
        Gradient of the mean loss; zero in parameters that are not moved.
    params
        The weights w, of the same names and shapes.
    adaptive
        Whether every entry is weighted by w².
    length
        Length of the axis, such as that of a random direction, so that units of both are equal.

    Raises
    ------
    InputError
        If the gradient is zero or not finite.
    """
    step = {name: g.double() for name, g in gradient.items()}
    if adaptive:
        step = {name: g * params[name].double() ** 2 for name, g in step.items()}
    scaled = of_length(step, length, params, "the gradient of the loss")
    kind = "adaptive gradient ascent" if adaptive else "gradient ascent"
    return Direction(scaled, {"kind": kind, "normalization": "length of random"})
