"""Normalization of a direction relative to the weights it displaces.

A network with ReLU and batch normalization computes the same function when a filter is scaled, so a
step of fixed length has no meaning in itself. Filter normalization (Li et al. 2018, section 4)
gives every filter of the direction the norm of the corresponding filter of the network.

A *filter* is a slice along the first dimension: the weights of one output channel of a convolution,
one row of a linear layer. A one-dimensional parameter (bias, γ or β of a normalization) counts as
one filter: its own noise, scaled to its own norm.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.errors import unknown_choice
from landscape.params import Params


def filter_norm(d: Tensor, w: Tensor) -> Tensor:
    """d_i · ‖w_i‖ / ‖d_i‖ for every filter i."""
    return d * _ratio(_filter_norms(w), _filter_norms(d))


def layer_norm(d: Tensor, w: Tensor) -> Tensor:
    """d · ‖w‖ / ‖d‖ for the whole tensor."""
    return d * _ratio(w.norm(), d.norm())


def weight_scale(d: Tensor, w: Tensor) -> Tensor:
    """d · w, entry by entry."""
    return d * w


def unit_filter(d: Tensor, w: Tensor) -> Tensor:
    """d_i / ‖d_i‖ for every filter i, independent of the weights."""
    norms = _filter_norms(d)
    return d * _ratio(torch.ones_like(norms), norms)


def unit_layer(d: Tensor, w: Tensor) -> Tensor:
    """d / ‖d‖ for the whole tensor, independent of the weights."""
    norm = d.norm()
    return d * _ratio(torch.ones_like(norm), norm)


def unchanged(d: Tensor, w: Tensor) -> Tensor:
    """d unchanged."""
    return d


NORMALIZATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "filter": filter_norm,
    "layer": layer_norm,
    "weight": weight_scale,
    "dfilter": unit_filter,
    "dlayer": unit_layer,
    "none": unchanged,
}

IGNORED = ("biasbn", "none")


def normalize(direction: Params, weights: Params, how: str = "filter") -> Params:
    """Scale every tensor of ``direction`` by the rule ``how``, computed in float64.

    Parameters
    ----------
    direction, weights
        Tensors of the same names and shapes.
    how
        ``filter``, ``layer``, ``weight``, ``dfilter``, ``dlayer`` (the names in Li et al.'s code)
        or ``none``.
    """
    if how not in NORMALIZATIONS:
        raise unknown_choice("normalization", how, NORMALIZATIONS)
    rule = NORMALIZATIONS[how]
    return {
        name: rule(d.double(), weights[name].double()).to(weights[name].dtype)
        for name, d in direction.items()
    }


def without(direction: Params, what: str = "biasbn") -> Params:
    """Set the entries of parameters with fewer than two dimensions to zero (``biasbn``).

    These are biases and the γ and β of normalization layers; ``none`` keeps them.
    """
    if what not in IGNORED:
        raise unknown_choice("parameters to ignore", what, IGNORED)
    if what == "none":
        return direction
    return {name: d if d.ndim > 1 else torch.zeros_like(d) for name, d in direction.items()}


def _filter_norms(t: Tensor) -> Tensor:
    """Norms of the slices along the first dimension, shaped to broadcast against ``t``."""
    if t.ndim <= 1:
        whole: Tensor = t.norm()
        return whole
    norms: Tensor = t.flatten(1).norm(dim=1)
    return norms.reshape(-1, *([1] * (t.ndim - 1)))


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator, and 0 where the direction has zero length."""
    safe = torch.where(denominator > 0, denominator, torch.ones_like(denominator))
    return torch.where(denominator > 0, numerator / safe, torch.zeros_like(denominator))
