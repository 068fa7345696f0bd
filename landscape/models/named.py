"""Build a network from a name, a checkpoint and requested settings, which must all agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from landscape.checkpoint import Checkpoint, load_weights
from landscape.errors import InputError, argument, unknown_choice
from landscape.models import (
    densenet,
    four_block_densenet,
    four_stage_resnet,
    highway,
    imagenet_densenet,
    imagenet_resnet,
    resnet,
    unet,
    vgg9,
)
from landscape.models.family import Family
from landscape.models.inferred import Inferred, inferred_from, words
from landscape.models.old_names import with_present_names
from landscape.models.settings import checked
from landscape.models.torchvision_models import PREFIX, SETTINGS, build_torchvision
from landscape.params import unwrapped
from landscape.plugin import load_function

FAMILIES: tuple[Family, ...] = (
    imagenet_resnet.FAMILY,
    four_stage_resnet.FAMILY,
    resnet.FAMILY,
    highway.FAMILY,
    imagenet_densenet.FAMILY,
    four_block_densenet.FAMILY,
    densenet.FAMILY,
    unet.FAMILY,
    vgg9.FAMILY,
)
"""The built-in families; where names overlap, the first one matches."""

KINDS = tuple(dict.fromkeys(kind for family in FAMILIES for kind in family.shortcuts))
"""The kinds of shortcuts of all families."""

FORMS = (
    *(form for family in FAMILIES for form in family.forms),
    f"{PREFIX}NAME",
    "package.module:function",
    "FILE.py:function",
)
"""The forms of names, as shown to the user."""


@dataclass(frozen=True)
class Network:
    """A model and the settings it was built with, for the records."""

    model: nn.Module
    name: str
    settings: dict[str, Any]


def build_network(
    name: str | None = None, checkpoint: Checkpoint | None = None, **asked: Any
) -> Network:
    """Build the network called ``name``, with the weights of ``checkpoint`` if given.

    Parameters
    ----------
    name
        A name of one of ``FAMILIES``, such as ``resnet56``; ``torchvision:NAME``; the user's
        ``package.module:function``, called without arguments; or None to take everything from the
        checkpoint.
    checkpoint
        Its weights are loaded strictly. Settings that it determines (depth, width, input channels,
        classes, and shortcuts that have parameters) need not be given.
    asked
        ``shortcuts`` and the settings in the family's ``defaults``, at least ``in_channels`` and
        ``classes``; text is converted to the type of the setting. None if not requested.

    Raises
    ------
    InputError
        For an unknown name or setting, and if the request contradicts the checkpoint.
    """
    asked = {key: value for key, value in asked.items() if value is not None}
    if name is None and checkpoint is not None:
        said = str(checkpoint.settings.get("name", ""))
        name = said if said.startswith(PREFIX) else None
    users_own = name is not None and is_own_network(name)
    if checkpoint is not None and not users_own:
        checkpoint = with_present_names(checkpoint)
    if name is not None and name.startswith(PREFIX):
        model, settings = build_torchvision(name, checkpoint, asked)
        return Network(model, name, settings)
    if name is not None and users_own:
        return _users_network(name, checkpoint, asked)
    if name is None and checkpoint is None:
        raise InputError(
            "neither a network nor a checkpoint to infer it from: give "
            f"{argument('model', 'resnet56')}"
        )
    named = None if name is None else family_called(name)
    shown = None if checkpoint is None else inferred_from(checkpoint, FAMILIES)
    family = named or (shown.family if shown else None)
    assert family is not None
    asked = checked(family, name or family.forms[0], asked)
    if name is not None:
        asked |= numbers_in(family, name)
    settings = {**family.defaults, **_agreed(name, family, asked, checkpoint, shown)}
    settings.setdefault("shortcuts", family.shortcuts[0])
    name = family.name_of(settings)
    _drop_settings_of_other_kinds(family, settings, asked)
    model = family.build(**settings)
    if checkpoint is not None:
        load_weights(model, checkpoint, f"{name} with shortcuts {settings['shortcuts']}")
    return Network(model, name, settings)


def is_own_network(name: str) -> bool:
    """Whether a name is a user's function, ``package.module:function`` or ``FILE.py:function``."""
    return (":" in name or name.endswith(".py")) and not name.startswith(PREFIX)


def _drop_settings_of_other_kinds(
    family: Family, settings: dict[str, Any], asked: Mapping[str, Any]
) -> None:
    for key, kind in family.only_with.items():
        if settings["shortcuts"] == kind:
            continue
        del settings[key]
        if key in asked:
            raise InputError(
                f"{key} {asked[key]} is a setting of shortcuts {kind}, but this network has "
                f"shortcuts {settings['shortcuts']}; leave it out"
            )


def asked_for(settings: Mapping[str, Any] | None, **options: Any) -> dict[str, Any]:
    """``settings`` together with the settings that have their own argument.

    Raises an InputError if a setting is given both ways.
    """
    asked = {key: value for key, value in options.items() if value is not None}
    for key, value in (settings or {}).items():
        if key in asked:
            raise InputError(
                f"{key} is given twice: {argument(key, asked[key])} and "
                f"{argument('settings', {key: value})}"
            )
        asked[key] = value
    return asked


def family_called(name: str) -> Family:
    """The family that a name belongs to.

    Raises an InputError if no family matches.
    """
    for family in FAMILIES:
        if re.fullmatch(family.pattern, name):
            return family
    raise unknown_choice("model", name, FORMS)


def numbers_in(family: Family, name: str) -> dict[str, int]:
    """The settings in a name of a family: ``{"depth": 56}``."""
    match = re.fullmatch(family.pattern, name)
    assert match is not None
    return {key: int(text) for key, text in match.groupdict().items() if text is not None}


def settings_among(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The ``facts`` that are settings of the network ``name``; none for a user's network."""
    if name.startswith(PREFIX):
        can_be_set: tuple[str, ...] = SETTINGS
    else:
        can_be_set = () if ":" in name else ("shortcuts", *family_called(name).defaults)
    return {key: facts[key] for key in can_be_set if key in facts}


def _agreed(
    name: str | None,
    family: Family,
    asked: Mapping[str, Any],
    checkpoint: Checkpoint | None,
    shown: Inferred | None,
) -> dict[str, Any]:
    """The requested settings and those of a checkpoint, merged."""
    if checkpoint is None or shown is None:
        return dict(asked)
    instead = "omit it to use the checkpoint's, or give another checkpoint"
    if shown.family is not family:
        raise InputError(
            f"requested {name}, but checkpoint {checkpoint.path} is of "
            f"{shown.family.name_of(shown.settings)}; {instead}"
        )
    for key, value in asked.items():
        if key in shown.settings and shown.settings[key] != value:
            raise InputError(
                f"requested {words(family, key, value)}, but checkpoint {checkpoint.path} is of a "
                f"network with {words(family, key, shown.settings[key])}; {instead}"
            )
    together = {**shown.settings, **asked}
    if "shortcuts" not in together:
        kinds = " or ".join(argument("shortcuts", kind) for kind in shown.kinds)
        raise InputError(
            f"checkpoint {checkpoint.path} does not determine the shortcuts of its network, whose "
            f"weights are the same for several kinds: give {kinds}"
        )
    return together


def _users_network(name: str, checkpoint: Checkpoint | None, asked: Mapping[str, Any]) -> Network:
    if asked:
        key = next(iter(asked))
        option = argument(key) if key in ("shortcuts", "width") else f"{argument('settings')} {key}"
        raise InputError(
            f"{option} is for built-in networks; {name} is your own function, called without "
            "arguments: set it there"
        )
    model = load_function(name, "model")()
    if not isinstance(model, nn.Module):
        raise InputError(f"{name}() returned {type(model).__name__}: expected a torch.nn.Module")
    if checkpoint:
        load_weights(unwrapped(model), checkpoint, name)
    return Network(model, name, {})
