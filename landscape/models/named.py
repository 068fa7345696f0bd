"""A network from a name, what a checkpoint shows of it, and what was asked: all must agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from landscape.checkpoint import Checkpoint, load_weights
from landscape.errors import InputError, unknown_choice
from landscape.models.resnet import SHORTCUTS, CifarResNet, settings_shown_by
from landscape.params import unwrapped
from landscape.plugin import load_function

_DEFAULTS = {"width": 1, "in_channels": 3, "classes": 10}


@dataclass(frozen=True)
class Network:
    """A model and the settings that it was built with, for the records."""

    model: nn.Module
    name: str
    settings: dict[str, Any]


def build_network(
    name: str | None = None, checkpoint: Checkpoint | None = None, **asked: Any
) -> Network:
    """The network called ``name``, with the weights of ``checkpoint`` if there is one.

    Parameters
    ----------
    name
        ``resnet56`` (any depth 6n+2), ``package.module:function`` of the user's, called without
        arguments, or None to take everything from the checkpoint.
    checkpoint
        Its weights are loaded strictly. What it shows (depth, width, input channels, classes,
        and the kind of shortcuts where that has parameters) need not be asked for.
    asked
        ``shortcuts``, ``width``, ``in_channels``, ``classes``; None where not asked.

    Raises
    ------
    InputError
        For an unknown name, and where what was asked contradicts what the checkpoint shows.
    """
    asked = {key: value for key, value in asked.items() if value is not None}
    if name is not None and ":" in name:
        return _users_network(name, checkpoint, asked)
    if name is not None:
        asked["depth"] = _depth_of(name)
    if asked.get("shortcuts", SHORTCUTS[0]) not in SHORTCUTS:
        raise unknown_choice("kind of shortcuts", asked["shortcuts"], SHORTCUTS)
    shown = _settings_of(checkpoint) if checkpoint else {}
    if checkpoint:
        for key, value in asked.items():
            if key in shown and shown[key] != value:
                raise InputError(
                    f"asked for {_words(key, value)}, but checkpoint {checkpoint.path} is of a "
                    f"network with {_words(key, shown[key])}; leave the option out to take what "
                    "the checkpoint shows, or give another checkpoint"
                )
    settings = {**_DEFAULTS, **shown, **asked}
    if "depth" not in settings:
        raise InputError("no network named and no checkpoint to read it off: give --model resnet56")
    if "shortcuts" not in settings:
        if checkpoint:
            raise InputError(
                f"checkpoint {checkpoint.path} has no parameters in its shortcuts, so it does not "
                "show whether it has any: say --shortcuts identity or --shortcuts none"
            )
        settings["shortcuts"] = "projection"
    name = f"resnet{settings['depth']}"
    model = CifarResNet(**settings)
    if checkpoint:
        load_weights(model, checkpoint, f"{name} with shortcuts {settings['shortcuts']}")
    return Network(model, name, settings)


def _settings_of(checkpoint: Checkpoint) -> dict[str, Any]:
    shown = settings_shown_by(checkpoint.state)
    if shown is None:
        first: Mapping[str, Tensor] = checkpoint.state
        raise InputError(
            f"checkpoint {checkpoint.path} is of no network known here (its first "
            f"entry is {next(iter(first))!r}); for one of your own give --model "
            "package.module:function"
        )
    said = {k: v for k, v in checkpoint.settings.items() if k in ("shortcuts", "depth")}
    # Identity shortcuts cannot be seen in the weights, projections cannot be overlooked.
    seen = {"shortcuts": "none or identity", **shown}
    for key, value in said.items():
        possible = str(seen[key]).split(" or ")
        if str(value) not in possible:
            raise InputError(
                f"checkpoint {checkpoint.path} contradicts itself: it says that its network has "
                f"{_words(key, value)}, but its weights are those of {_words(key, seen[key])}; "
                "save it again from the network that it belongs to"
            )
    return {**said, **shown}


def _users_network(name: str, checkpoint: Checkpoint | None, asked: Mapping[str, Any]) -> Network:
    if asked:
        option = next(iter(asked))
        raise InputError(
            f"--{option.replace('_', '-')} is for the networks built in; {name} is your own "
            "function, called without arguments: set it there"
        )
    model = load_function(name, "--model")()
    if not isinstance(model, nn.Module):
        raise InputError(f"{name}() gave {type(model).__name__}: expected a torch.nn.Module")
    if checkpoint:
        load_weights(unwrapped(model), checkpoint, name)
    return Network(model, name, {})


def _depth_of(name: str) -> int:
    match = re.fullmatch(r"resnet([0-9]{1,4})", name)
    if match is None:
        known = ["resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet<6n+2>"]
        raise unknown_choice("model", name, [*known, "package.module:function"])
    return int(match[1])


def _words(key: str, value: object) -> str:
    return f"depth {value} (resnet{value})" if key == "depth" else f"{key} {value}"
