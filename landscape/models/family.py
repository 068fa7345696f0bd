"""A family of networks: how it is named, built and recognized."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Family:
    """A kind of network, as the command line and the records need it.

    Attributes
    ----------
    pattern
        Regular expression for the whole name, such as ``resnet(?P<depth>[0-9]{1,4})``; its named
        groups are integer settings.
    forms
        Names shown to the user, such as ``resnet56`` or ``resnet<6n+2>``.
    build
        Builds the network from all settings as keyword arguments, with new weights.
    name_of
        The name for given settings, the inverse of ``pattern``.
    shortcuts
        Kinds of shortcut, the default first.
    defaults
        Every setting that is neither in the name nor ``shortcuts``, with its default: at least
        ``in_channels`` and ``classes``. A setting given as text is converted to the type of its
        default.
    only_with
        Settings that only networks with one kind of shortcuts have, and that kind.
    infer
        Infers the settings from a state dict; None if it belongs to another family. ``shortcuts``
        is omitted if the weights do not determine it.
    """

    pattern: str
    forms: tuple[str, ...]
    build: Callable[..., nn.Module]
    name_of: Callable[[Mapping[str, Any]], str]
    shortcuts: tuple[str, ...]
    infer: Callable[[Mapping[str, Tensor]], dict[str, Any] | None]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    only_with: Mapping[str, str] = field(default_factory=dict)
