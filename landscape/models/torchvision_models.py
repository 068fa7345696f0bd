"""``torchvision:NAME``: the classifiers of torchvision, where the extra ``vision`` is installed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from torch import nn

from landscape.checkpoint import Checkpoint, load_weights
from landscape.errors import InputError, argument
from landscape.models.settings import typed
from landscape.vision import torchvision_module

PREFIX = "torchvision:"
SETTINGS = ("classes",)
"""What can be asked of any of them."""

_CLASSES = 1000
_OWN_SCALE = ("googlenet", "inception_v3")
"""Whose published weights take images in another scale, to which the network converts by itself."""


def build_torchvision(
    name: str, checkpoint: Checkpoint | None, asked: Mapping[str, Any]
) -> tuple[nn.Module, dict[str, Any]]:
    """The network called ``torchvision:NAME`` and its settings, with the checkpoint's weights.

    Raises
    ------
    MissingExtra
        If torchvision is not installed.
    InputError
        For an unknown name, a setting other than ``classes``, and weights that do not fit.
    """
    models = torchvision_module("models", argument("model", name))
    own = classifier(models, name)
    for key in asked:
        if key not in SETTINGS:
            raise InputError(
                f"{key} is no setting of {name}: of torchvision's networks only "
                f"{', '.join(SETTINGS)} can be set"
            )
    said = checkpoint.settings.get("classes", _CLASSES) if checkpoint else _CLASSES
    classes = typed(_CLASSES, asked.get("classes", said))
    if classes is None or classes < 1:
        raise InputError(
            f"classes of {name} is {asked.get('classes', said)!r}: expected a whole number of at "
            "least 1"
        )
    more: dict[str, Any] = {}
    if own in _OWN_SCALE:
        more["init_weights"] = checkpoint is None
        more["transform_input"] = checkpoint is not None and _is_published(models, own, checkpoint)
    model: nn.Module = models.get_model(own, weights=None, num_classes=classes, **more)
    if checkpoint is not None:
        load_weights(model, checkpoint, name)
    return model, {"classes": classes}


def classifier(models: Any, name: str) -> str:
    """The name that torchvision knows a classifier by.

    Raises
    ------
    InputError
        If it knows none.
    """
    own, known = name.removeprefix(PREFIX), models.list_models(module=models)
    if own not in known:
        near = difflib.get_close_matches(own, known, n=3)
        hint = f"; did you mean {' or '.join(PREFIX + other for other in near)}?" if near else ""
        raise InputError(
            f"unknown torchvision network {own!r}: expected one of its {len(known)} classifiers, "
            f"as torchvision.models.list_models() names them{hint}"
        )
    return str(own)


def _is_published(models: Any, own: str, checkpoint: Checkpoint) -> bool:
    """Whether a file is what torchvision would download, whose names end with the hash."""
    names = [str(member.url).rpartition("/")[2] for member in models.get_model_weights(own)]
    return any(name.rpartition("-")[2].startswith(checkpoint.sha256[:8]) for name in names)
