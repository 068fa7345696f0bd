"""Normalization of a direction relative to the weights it displaces.

A network with ReLU and batch normalization computes the same function when a filter is scaled, so a
step of fixed length has no meaning in itself. Filter normalization (Li et al. 2018, section 4)
gives every filter of the direction the norm of the corresponding filter of the network.

A *filter* is what one output channel computes with: a slice along the first dimension of a
convolution's weights, one row of a linear layer; where it lies elsewhere,
:mod:`landscape.directions.filters` knows. A one-dimensional parameter (bias, γ or β of a
normalization) counts as one filter: its own noise, scaled to its own norm.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from landscape.directions.filters import FIRST, Filters, Place
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


def model_norm(direction: Params, weights: Params) -> Params:
    """d · ‖w‖ / ‖d‖ for all parameters at once, the norms over those that d moves."""
    pairs = [(d, weights[name]) for name, d in direction.items() if bool(d.any())]
    squares = torch.tensor([[d.double().norm(), w.double().norm()] for d, w in pairs]).square()
    moved, own = squares.reshape(-1, 2).sum(dim=0).sqrt()
    ratio = _ratio(own, moved).item()
    return {name: (d.double() * ratio).to(d.dtype) for name, d in direction.items()}


_OF_TENSORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "filter": filter_norm,
    "layer": layer_norm,
    "weight": weight_scale,
    "dfilter": unit_filter,
    "dlayer": unit_layer,
    "none": unchanged,
}
_OF_MODELS: dict[str, Callable[[Params, Params], Params]] = {"model": model_norm}

NORMALIZATIONS = ("filter", "layer", "model", "weight", "dfilter", "dlayer", "none")

_BY_LAYER = ("layer", "dlayer")
_PIECE = 2**20  # elements of a large tensor that are in float64 at a time

IGNORED = ("biasbn", "none")


def normalize(
    direction: Params,
    weights: Params,
    how: str = "filter",
    filters: Filters | None = None,
    dtype: torch.dtype | None = None,
) -> Params:
    """Scale ``direction`` by the rule ``how``, computed in float64.

    Parameters
    ----------
    direction, weights
        Tensors of the same names and shapes.
    how
        ``filter``, ``layer``, ``weight``, ``dfilter``, ``dlayer`` (the names in Li et al.'s code),
        ``model`` (one factor for all parameters, which keeps the proportions of the noise) or
        ``none``.
    filters
        Where the filters of each parameter are; None is along the first dimension of all.
    dtype
        Type of the result; None is that of the weights.
    """
    if how not in NORMALIZATIONS:
        raise unknown_choice("normalization", how, NORMALIZATIONS)
    return whole(in_parts(direction, weights, how, filters or Filters(), dtype), weights, how)


def in_parts(
    direction: Params, weights: Params, how: str, filters: Filters, dtype: torch.dtype | None
) -> Params:
    """The part of :func:`normalize` that needs one tensor at a time."""
    rule = "none" if how in _OF_MODELS else how
    return {
        name: _normalized(d, weights[name], rule, filters.of(name), dtype or weights[name].dtype)
        for name, d in direction.items()
    }


def whole(direction: Params, weights: Params, how: str) -> Params:
    """The part of :func:`normalize` that needs all tensors, after :func:`in_parts`."""
    return _OF_MODELS[how](direction, weights) if how in _OF_MODELS else direction


def _normalized(d: Tensor, w: Tensor, how: str, place: Place, dtype: torch.dtype) -> Tensor:
    rule = _OF_TENSORS[how]
    if how in _BY_LAYER or place != FIRST or d.ndim < 2:
        return _at(place, rule, d.double(), w.double()).to(dtype)
    result = torch.empty_like(d, dtype=dtype)
    rows = max(1, _PIECE // max(1, d[:1].numel()))
    for part, noise, own in zip(result.split(rows), d.split(rows), w.split(rows), strict=True):
        part.copy_(rule(noise.double(), own.double()))
    return result


def without(direction: Params, what: str = "biasbn", filters: Filters | None = None) -> Params:
    """Set the entries of parameters with fewer than two dimensions to zero (``biasbn``).

    These are biases, the γ and β of normalization layers and other scales of channels; ``none``
    keeps them.
    """
    if what not in IGNORED:
        raise unknown_choice("parameters to ignore", what, IGNORED)
    filters = filters or Filters()
    return {
        name: torch.zeros_like(d) if filters.left_out(name, d, what) else d
        for name, d in direction.items()
    }


def _at(place: Place, rule: Callable[[Tensor, Tensor], Tensor], d: Tensor, w: Tensor) -> Tensor:
    """A rule applied to the filters at a place."""
    if place == FIRST:
        return rule(d, w)
    pairs = zip(place.split(d), place.split(w), strict=True)
    return place.join((rule(one, own) for one, own in pairs), d.shape)


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
