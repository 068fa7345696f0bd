"""Pretrained weights by torchvision's names, such as ``ResNet34_Weights.IMAGENET1K_V1``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from torch import nn

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError, argument, one_line, unknown_choice
from landscape.models.named import Network, build_network, family_called
from landscape.models.torchvision_models import PREFIX, classifier
from landscape.params import fingerprint
from landscape.vision import torchvision_module


def is_published_name(weights: str | Path) -> bool:
    """Whether ``weights`` has the form of such a name and is not a file."""
    named = re.fullmatch(r"[A-Za-z0-9_]+_Weights\.[A-Za-z0-9_]+", str(weights)) is not None
    return named and not Path(weights).exists()


def pretrained_network(name: str | None, weights: str, **asked: Any) -> Network:
    """Build a network with torchvision's weights of that name, downloaded if missing.

    Raises a MissingExtra if torchvision is not installed; an InputError if the weights do not
    exist, belong to another network, or cannot be downloaded.

    Parameters
    ----------
    name
        ``torchvision:resnet34``, the network of the weights, or None for it; or any other name that
        :func:`~landscape.models.named.build_network` takes, whose parameters must have the same
        names.
    weights
        ``ResNet34_Weights.IMAGENET1K_V1``.
    asked
        As for :func:`~landscape.models.named.build_network`.
    """
    models = torchvision_module("models", argument("weights", weights))
    member = _member(models, weights)
    known = models.list_models(module=models)
    own = next((n for n in known if isinstance(member, models.get_model_weights(n))), None)
    if own is None:
        raise InputError(
            f"{argument('weights', weights)} does not belong to a torchvision classifier; expected "
            "weights such as ResNet34_Weights.IMAGENET1K_V1"
        )
    name = name or f"{PREFIX}{own}"
    if not name.startswith(PREFIX):
        model = _loaded(models, own, member)
        return build_network(name, _checkpoint(name, weights, model), **asked)
    other = classifier(models, name)
    if other != own:
        fitting = ", ".join(str(fit) for fit in models.get_model_weights(other))
        raise InputError(
            f"{argument('weights', weights)} belongs to {PREFIX}{own}, but the model is {name}, "
            f"whose weights are {fitting}; give one of these, or {argument('model', PREFIX + own)}"
        )
    for key, value in asked.items():
        if value is not None:
            raise InputError(
                f"{key} cannot be combined with {argument('weights', weights)}: the network is "
                "fixed by its weights"
            )
    return Network(_loaded(models, own, member), name, {})


def _member(models: Any, weights: str) -> Any:
    enum = weights.partition(".")[0]
    try:
        return models.get_weight(weights)
    except KeyError:
        fitting = [str(fit) for fit in models.get_weight(f"{enum}.DEFAULT").__class__]
    except ValueError:
        known = models.list_models(module=models)
        fitting = [str(fit) for name in known for fit in models.get_model_weights(name)]
        near = [fit for fit in fitting if fit.lower().startswith(enum.lower())]
        fitting = near or ["ResNet34_Weights.IMAGENET1K_V1 and the like"]
    raise unknown_choice("torchvision weights", weights, fitting)


def _loaded(models: Any, own: str, member: Any) -> nn.Module:
    try:
        model: nn.Module = models.get_model(own, weights=member)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"{argument('weights', str(member))}: could not be downloaded ({one_line(error)}); "
            f"download {member.url} on a connected machine and give the file: "
            f"{argument('model', PREFIX + own)} and {argument('weights', 'FILE')}"
        ) from error
    return model


def _checkpoint(name: str, weights: str, model: nn.Module) -> Checkpoint:
    """The weights as a checkpoint of the default variant, the only one in torchvision."""
    state = dict(model.state_dict())
    said = {} if ":" in name else {"shortcuts": family_called(name).shortcuts[0]}
    return Checkpoint(state, Path(weights), fingerprint(list(state.items())), said)
