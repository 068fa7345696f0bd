"""Where the filters of each parameter are: the output axis of the module that owns it.

A filter is what one output channel of a module computes with. In most modules of torch it is a
slice along the first axis; the others are in :data:`RULES`. A *scale* multiplies whole channels,
like γ of a normalization: it counts as one filter and is left out with the biases, since a filter
of one entry could only be removed or doubled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from landscape.directions.keras import axes_of_keras, layers_of_keras
from landscape.errors import InputError, argument
from landscape.params import matching

FIRST_AXIS = "first"
WHOLE = "whole"


@dataclass(frozen=True)
class Place:
    """Where the filters of a tensor are.

    Attributes
    ----------
    axes
        The axes that run over filters; none if the tensor is one filter.
    groups
        Groups of a transposed convolution, each with filters of its own.
    parts
        Matrices stacked along the axis, such as those of queries, keys and values.
    scale
        Whether it scales channels, like γ.
    kind
        Name of the rule in a file.
    """

    axes: tuple[int, ...] = (0,)
    groups: int = 1
    parts: int = 1
    scale: bool = False
    kind: str = field(default="", compare=False)

    def split(self, tensor: Tensor) -> list[Tensor]:
        """The stacked matrices, each with filters along its first axis.

        >>> Place((-1,)).split(torch.tensor([[1, 2, 3], [4, 5, 6]]))[0].tolist()
        [[1, 4], [2, 5], [3, 6]]
        """
        if not self.axes:
            rows = tensor.flatten()
        elif self.groups > 1:
            (axis,) = self.axes
            rows = tensor.unflatten(0, (self.groups, -1)).movedim(axis + 1, 1).flatten(0, 1)
        else:
            rows = tensor.movedim(self.axes, tuple(range(len(self.axes))))
            rows = rows.flatten(0, len(self.axes) - 1)
        return list(rows.tensor_split(self.parts))

    def join(self, parts: Iterable[Tensor], shape: torch.Size) -> Tensor:
        """The tensor of this shape that :meth:`split` took apart."""
        rows = torch.cat(list(parts))
        if not self.axes:
            return rows.reshape(shape)
        outer: Tensor
        if self.groups > 1:
            (axis,) = self.axes
            outer = rows.unflatten(0, (self.groups, -1))
            return outer.movedim(1, axis + 1).flatten(0, 1)
        outer = rows.unflatten(0, [shape[axis] for axis in self.axes])
        return outer.movedim(tuple(range(len(self.axes))), self.axes)

    def fits(self, tensor: Tensor) -> bool:
        """Whether a tensor has these axes and parts."""
        if not all(-tensor.ndim <= axis < tensor.ndim for axis in self.axes):
            return False
        return tensor.ndim > 0 and tensor.shape[0] % (self.groups * self.parts) == 0


FIRST = Place()


@dataclass(frozen=True)
class Filters:
    """The filters of a network's parameters.

    Attributes
    ----------
    places
        By name, where the filters of a parameter are if not along its first axis.
    given
        Rules of the user, as in the option ``filters``.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    given: str = ""

    def of(self, name: str) -> Place:
        """Where the filters of a parameter are."""
        return self.places.get(name, FIRST)

    def left_out(self, name: str, tensor: Tensor, ignore: str) -> bool:
        """Whether ``ignore`` leaves out a parameter: ``biasbn`` biases and scales."""
        return ignore != "none" and (tensor.ndim <= 1 or self.of(name).scale)

    def words(self, names: Iterable[str]) -> str:
        """The rules used for parameters, as a file records them; empty if all are the first axis.

        >>> from torch import nn
        >>> network = nn.Sequential(nn.Linear(4, 3), nn.ConvTranspose1d(3, 2, 5))
        >>> filters_of(network).words(dict(network.named_parameters()))
        'second axis of transposed convolutions (1)'
        """
        kinds = Counter(self.places[name].kind for name in names if name in self.places)
        return ", ".join(f"{kind} ({number})" for kind, number in kinds.items())


def filters_of(model: nn.Module, given: str = "") -> Filters:
    """The filters of a network's parameters, by the types of its modules.

    Parameters
    ----------
    given
        Rules of the user that go before, ``PATTERN=AXIS`` separated by commas, where ``AXIS`` is a
        number or ``whole``; or only ``first``: the first axis of every parameter, as in Li et al.'s
        code.

    Raises
    ------
    InputError
        If a rule is invalid, or its pattern matches no parameter.
    """
    if given == FIRST_AXIS:
        return Filters(given=given)
    found: dict[str, Place] = {}
    layers = layers_of_keras(model)
    for prefix, module in model.named_modules():
        for key, tensor in module.named_parameters(prefix=prefix, recurse=False):
            if id(tensor) in layers:
                axes = axes_of_keras(layers[id(tensor)], key, tensor)
                place = Place(axes, kind=_LAST) if axes else _SCALE
            else:
                place = _place(model, prefix, module, key.rpartition(".")[2], tensor)
            if place != FIRST and place.fits(tensor):
                found.setdefault(key, place)
    found.update(_given(model, given))
    return Filters(found, given)


def filters_as_text(given: str | Mapping[str, int | str] | None) -> str:
    """The option ``filters`` as text.

    >>> filters_as_text({"*.c_attn.weight": -1, "scale": "whole"})
    '*.c_attn.weight=-1,scale=whole'
    """
    if given is None or isinstance(given, str):
        return given or ""
    return ",".join(f"{pattern}={axis}" for pattern, axis in given.items())


def _given(model: nn.Module, given: str) -> dict[str, Place]:
    tensors = dict(model.named_parameters())
    found = {}
    for rule in filter(None, given.split(",")):
        pattern, _, axis = (part.strip() for part in rule.partition("="))
        what = argument("filters", given)
        if axis != WHOLE and not axis.removeprefix("-").isdecimal():
            raise InputError(
                f"{what}: {rule!r} is not a rule; expected first, or PATTERN=AXIS with an axis "
                "such as 0 or -1, or whole, as in *.c_attn.weight=-1"
            )
        names = matching(tensors, pattern)
        if not names:
            raise InputError(f"{what}: no parameter is called {pattern!r}")
        place = Place(() if axis == WHOLE else (int(axis),), kind=f"{pattern}={axis}")
        for name in names:
            if not place.fits(tensors[name]):
                raise InputError(
                    f"{what}: {name!r} has shape {tuple(tensors[name].shape)}, without axis {axis}"
                )
            found[name] = place
    return found


_TRANSPOSED = "second axis of transposed convolutions"
_LAST = "output axis of Conv1D and kernels"
_STACKED = "stacked matrices of attention and recurrent layers"
_G, _SCALES = "g of weight_norm as a scale", "scales of channels"

_SCALE = Place((), scale=True, kind=_SCALES)
_STACKS = {nn.LSTM: 4, nn.LSTMCell: 4, nn.GRU: 3, nn.GRUCell: 3}


def _transposed(module: Any, key: str, tensor: Tensor) -> Place:
    return Place((1,), module.groups, kind=_TRANSPOSED) if key == "weight" else FIRST


def _attention(module: Any, key: str, tensor: Tensor) -> Place:
    return Place(parts=3, kind=_STACKED) if key.startswith("in_proj_") else FIRST


def _recurrent(module: Any, key: str, tensor: Tensor) -> Place:
    parts = _STACKS.get(type(module), 1)
    stacked = parts > 1 and key.startswith(("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return Place(parts=parts, kind=_STACKED) if stacked else FIRST


def _norm(module: Any, key: str, tensor: Tensor) -> Place:
    return _SCALE if tensor.ndim > 1 else FIRST


def _first(module: Any, key: str, tensor: Tensor) -> Place:
    return FIRST


RULES: dict[type[nn.Module], Callable[[Any, str, Tensor], Place]] = {
    nn.modules.conv._ConvTransposeNd: _transposed,
    nn.MultiheadAttention: _attention,
    nn.RNNBase: _recurrent,
    nn.RNNCellBase: _recurrent,
    nn.LayerNorm: _norm,
    nn.RMSNorm: _norm,
    **dict.fromkeys((nn.modules.conv._ConvNd, nn.Linear, nn.Bilinear), _first),
    **dict.fromkeys((nn.Embedding, nn.EmbeddingBag), _first),
}
"""The rules by module; the first that fits a module decides."""


def _place(root: nn.Module, prefix: str, module: nn.Module, key: str, tensor: Tensor) -> Place:
    """Where the filters of a module's own parameter are."""
    if isinstance(module, ParametrizationList):
        return _parametrized(root, prefix, module, key, tensor)
    for hook in module._forward_pre_hooks.values():
        name = str(getattr(hook, "name", getattr(hook, "_tensor_name", "")))
        if name and key == f"{name}_g" and type(hook).__name__ == "WeightNorm":
            return Place((), scale=True, kind=_G)
        if name and key in (f"{name}_v", f"{name}_orig"):
            key = name
    return _of_module(module, key, tensor)


def _parametrized(
    root: nn.Module, prefix: str, module: ParametrizationList, key: str, tensor: Tensor
) -> Place:
    """A tensor behind torch.nn.utils.parametrize, as that of the layer itself."""
    host, _, name = prefix.rpartition(".")
    host = host.removesuffix("parametrizations").removesuffix(".")
    normalized = type(module[0]).__name__ == "_WeightNorm"
    if normalized and key == "original0":
        return Place((), scale=True, kind=_G)
    if key == "original" or (normalized and key == "original1"):
        return _of_module(root.get_submodule(host), name, tensor)
    return FIRST


def _of_module(module: nn.Module, key: str, tensor: Tensor) -> Place:
    rule = next((rule for kind, rule in RULES.items() if isinstance(module, kind)), None)
    if rule is not None:
        return rule(module, key, tensor)
    classes = {each.__name__ for each in type(module).__mro__}
    if "Conv1D" in classes and key == "weight" and tensor.ndim == 2:  # of transformers
        return Place((-1,), kind=_LAST)
    if key == "kernel" and tensor.ndim > 1:  # of Flax
        return Place((-1,), kind=_LAST)
    if tensor.ndim > 2 and tensor.shape[0] == tensor.numel() > 1:  # (n, 1, 1): a scale of channels
        return _SCALE
    return FIRST
