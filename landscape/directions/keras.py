"""The output axes of the parameters of Keras' layers, on its torch backend.

Kernels have their outputs last: (height, width, in, out). A Keras model keeps its parameters in one
dictionary, so the layer of each is looked up. Keras itself is not imported.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


def layers_of_keras(model: nn.Module) -> dict[int, Any]:
    """The layer of each parameter, by the ``id`` of the parameter; empty without Keras."""
    found: dict[int, Any] = {}
    for module in model.modules():
        for layer in getattr(module, "_flatten_layers", list)():  # outer layers before inner ones
            for variable in layer.variables:
                found[id(variable.value)] = layer
    return found


def axes_of_keras(layer: Any, name: str, tensor: Tensor) -> tuple[int, ...]:
    """The axes that run over the filters of a parameter; none for a bias of several axes."""
    key = name.rpartition("/")[2]
    classes = {each.__name__ for each in type(layer).__mro__}
    if tensor.ndim > 1 and key == "bias":
        return ()
    if tensor.ndim < 2 or not key.endswith("kernel"):
        return (0,)
    if "BaseDepthwiseConv" in classes or key == "depthwise_kernel":  # (…, in, multiplier)
        return (-2, -1)
    if "BaseConvTranspose" in classes:  # (…, out, in)
        return (-2,)
    if "EinsumDense" in classes:  # as in abc,cde->abde
        kernel, _, output = layer.equation.partition(",")[2].partition("->")
        axes = tuple(axis for axis, letter in enumerate(kernel) if letter in output)
        return axes or (-1,)
    return (-1,)
