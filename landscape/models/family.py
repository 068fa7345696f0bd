"""Networks of one kind: how they are called, built, and recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Family:
    """What the command line and the records need to know of a kind of network.

    Attributes
    ----------
    pattern
        Regular expression of the whole name, as ``resnet(?P<depth>[0-9]{1,4})``; its named groups
        are settings that are whole numbers.
    forms
        Names as they are shown to the user, as ``resnet56`` or ``resnet<6n+2>``.
    build
        Makes the network from all settings as keywords, with fresh weights.
    name_of
        The name that a set of settings goes by, the inverse of ``pattern``.
    shortcuts
        Kinds of shortcut, the default first.
    defaults
        Every setting that is neither in the name nor ``shortcuts``, with its default: at least
        ``in_channels`` and ``classes``. A setting asked for as text has the type of its default.
    infer
        The settings that a state dict shows, or None if it belongs to another family.
        ``shortcuts`` is left out where the weights do not tell.
    """

    pattern: str
    forms: tuple[str, ...]
    build: Callable[..., nn.Module]
    name_of: Callable[[Mapping[str, Any]], str]
    shortcuts: tuple[str, ...]
    infer: Callable[[Mapping[str, Tensor]], dict[str, Any] | None]
    defaults: Mapping[str, Any] = field(default_factory=dict)
