"""``torchvision:NAME``: torchvision's classifiers, with the extra ``vision``."""

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
"""The settings that all of them have."""

_CLASSES = 1000
_OWN_SCALE = ("googlenet", "inception_v3")
"""Networks whose published weights expect another input scale, to which they convert it."""


def build_torchvision(
    name: str, checkpoint: Checkpoint | None, asked: Mapping[str, Any]
) -> tuple[nn.Module, dict[str, Any]]:
    """Build ``torchvision:NAME``, with the checkpoint's weights; returns it with its settings.

    Raises a MissingExtra if torchvision is not installed; an InputError for an unknown name, a
    setting other than ``classes``, or weights that do not fit.
    """
    models = torchvision_module("models", argument("model", name))
    own = classifier(models, name)
    for key in asked:
        if key not in SETTINGS:
            raise InputError(
                f"{key} is not a setting of {name}: torchvision's networks only have "
                f"{', '.join(SETTINGS)}"
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
    """torchvision's own name of a classifier.

    Raises an InputError if torchvision has no such classifier.
    """
    own, known = name.removeprefix(PREFIX), models.list_models(module=models)
    if own not in known:
        near = difflib.get_close_matches(own, known, n=3)
        hint = f"; did you mean {' or '.join(PREFIX + other for other in near)}?" if near else ""
        raise InputError(
            f"unknown torchvision network {own!r}: expected one of its {len(known)} classifiers, "
            f"see torchvision.models.list_models(){hint}"
        )
    return str(own)


def _is_published(models: Any, own: str, checkpoint: Checkpoint) -> bool:
    """Whether a file is one of torchvision's downloads, whose names end with their hash."""
    names = [str(member.url).rpartition("/")[2] for member in models.get_model_weights(own)]
    return any(name.rpartition("-")[2].startswith(checkpoint.sha256[:8]) for name in names)
