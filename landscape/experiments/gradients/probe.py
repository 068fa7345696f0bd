"""Norms of activations and gradients by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.grid import FloatArray
from landscape.models.resnet import CifarResNet


@dataclass(frozen=True)
class Layer:
    """A layer with weights, and where to read its activation.

    ``weight``: weight of the convolution or linear layer. ``module``: the module that outputs the
    activation or, if ``taken`` is set, has it as its input: a functional ReLU can only be read at
    its consumer.
    """

    weight: Tensor
    module: nn.Module
    taken: bool = False


def layers_of(model: CifarResNet) -> list[Layer]:
    """The ``depth`` layers with weights of a CIFAR ResNet, in order.

    The activation of a convolution is the input of the next one: after normalization and ReLU, and
    at the end of a block after the shortcut. That of the linear layer is the logits.
    """
    layers = [Layer(model.conv1.weight, model.layer1, taken=True)]
    for block in (*model.layer1, *model.layer2, *model.layer3):
        layers.append(Layer(block.conv1.weight, block.conv2, taken=True))
        layers.append(Layer(block.conv2.weight, block))
    return [*layers, Layer(model.linear.weight, model.linear)]


@dataclass(frozen=True)
class Norms:
    """Norms of each layer, shape (layers,).

    Attributes
    ----------
    activation
        Root mean square over examples and units.
    gradient
        Euclidean norm of the gradient of the loss with respect to the activations of all examples:
        what is backpropagated to the layer.
    weight_gradient
        Euclidean norm of the gradient of the loss with respect to the weights.
    """

    activation: FloatArray
    gradient: FloatArray
    weight_gradient: FloatArray


def norms(model: nn.Module, layers: Sequence[Layer], inputs: Tensor, targets: Tensor) -> Norms:
    """Norms for the mean cross-entropy (nats) of these examples, as one batch.

    The mode of the network is not changed; in training mode batch normalization uses batch
    statistics, and its running statistics are updated.

    ``inputs``, ``targets``: inputs of the network, and integer labels of shape (n,).
    """
    seen: dict[int, Tensor] = {}
    handles = [_catch(layer, seen, number) for number, layer in enumerate(layers)]
    try:
        loss = F.cross_entropy(model(inputs), targets)
    finally:
        for handle in handles:
            handle.remove()
    activations = [seen[number] for number in range(len(layers))]
    found = torch.autograd.grad(loss, [*activations, *(layer.weight for layer in layers)])
    gradients, by_weights = found[: len(layers)], found[len(layers) :]
    return Norms(
        np.array([_length(a) / a.numel() ** 0.5 for a in activations]),
        np.array([_length(g) for g in gradients]),
        np.array([_length(g) for g in by_weights]),
    )


def _catch(layer: Layer, seen: dict[int, Tensor], number: int) -> Any:
    """Register a hook that stores the activation of a layer."""
    if layer.taken:
        return layer.module.register_forward_pre_hook(
            lambda _, taken: seen.__setitem__(number, taken[0])
        )
    return layer.module.register_forward_hook(lambda _, __, given: seen.__setitem__(number, given))


def _length(tensor: Tensor) -> float:
    # Without normalization, squares can overflow float32; not every device has float64.
    return float(torch.linalg.vector_norm(tensor.detach().cpu(), dtype=torch.float64))
