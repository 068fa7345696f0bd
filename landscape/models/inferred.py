"""Infer a network from a checkpoint: from its weights and from the settings in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from landscape.checkpoint import Checkpoint
from landscape.errors import InputError, argument
from landscape.models.family import Family
from landscape.models.settings import typed


@dataclass(frozen=True)
class Inferred:
    """The family and settings of a checkpoint's network, and the shortcuts that fit its weights.

    ``settings`` has ``shortcuts`` if the weights or the file determine it.
    """

    family: Family
    settings: dict[str, Any]
    kinds: tuple[str, ...]


def inferred_from(checkpoint: Checkpoint, families: Iterable[Family]) -> Inferred:
    """Infer settings from the weights, and take the rest from the file.

    Raises an InputError if the weights belong to no family, or contradict the file.
    """
    for family in families:
        seen = family.infer(checkpoint.state)
        if seen is not None:
            break
    else:
        raise InputError(
            f"checkpoint {checkpoint.path} does not match any built-in network (its first entry is "
            f"{next(iter(checkpoint.state))!r}); for a torchvision network give "
            f"{argument('model', 'torchvision:NAME')}, for your own "
            f"{argument('model', 'package.module:function')}"
        )
    if "shortcuts" in seen:
        kinds: tuple[str, ...] = (seen["shortcuts"],)
    else:
        kinds = _kinds_that_fit(family, seen, checkpoint.state)
    settings = {**_recorded(family, seen, kinds, checkpoint), **seen}
    if len(kinds) == 1:
        settings["shortcuts"] = kinds[0]
    return Inferred(family, settings, kinds)


def _kinds_that_fit(
    family: Family, seen: Mapping[str, Any], state: Mapping[str, Tensor]
) -> tuple[str, ...]:
    """The kinds of shortcuts whose networks have the most entries in common with a state dict."""
    if len(family.shortcuts) == 1:
        return family.shortcuts
    apart = {}
    for kind in family.shortcuts:
        with torch.random.fork_rng(devices=[]):  # discarded weights leave no trace
            own = family.build(**{**family.defaults, **seen, "shortcuts": kind}).state_dict()
        apart[kind] = sum(
            not name.endswith("num_batches_tracked") for name in own.keys() ^ state.keys()
        )
    return tuple(kind for kind in apart if apart[kind] == min(apart.values()))


def _recorded(
    family: Family, seen: Mapping[str, Any], kinds: tuple[str, ...], checkpoint: Checkpoint
) -> dict[str, Any]:
    """The family's settings from the file, checked against the weights."""
    names = {"shortcuts", *re.compile(family.pattern).groupindex, *family.defaults}
    recorded = {key: value for key, value in checkpoint.settings.items() if key in names}
    for key, value in recorded.items():
        if key == "shortcuts":
            possible = value in kinds
            shown = " or ".join(kinds)
        elif key in seen:
            possible, shown = value == seen[key], seen[key]
        else:
            possible = typed(family.defaults[key], value) == value
            shown = f"such as {family.defaults[key]}"
        if not possible:
            raise InputError(
                f"checkpoint {checkpoint.path} contradicts itself: it records a network with "
                f"{words(family, key, value)}, but its weights fit {words(family, key, shown)}; "
                "save it again from its own network"
            )
    return recorded


def words(family: Family, key: str, value: object) -> str:
    """``width 2``; ``depth 56 (resnet56)`` for a setting in the name."""
    if key in re.compile(family.pattern).groupindex and isinstance(value, int):
        return f"{key} {value} ({family.name_of({**family.defaults, key: value})})"
    return f"{key} {value}"
