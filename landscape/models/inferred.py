"""What a checkpoint shows of its network: what the weights do, and what the file says beside."""

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
    """Family and settings of a checkpoint's network; the kinds of shortcuts that fit its weights.

    ``settings`` has ``shortcuts`` where the weights or the file tell.
    """

    family: Family
    settings: dict[str, Any]
    kinds: tuple[str, ...]


def inferred_from(checkpoint: Checkpoint, families: Iterable[Family]) -> Inferred:
    """What the weights show, and what the file says of the rest.

    Raises
    ------
    InputError
        If the weights are of no family, or the file says what they contradict.
    """
    for family in families:
        seen = family.infer(checkpoint.state)
        if seen is not None:
            break
    else:
        raise InputError(
            f"checkpoint {checkpoint.path} is of no network known here (its first entry is "
            f"{next(iter(checkpoint.state))!r}); for one of torchvision's give "
            f"{argument('model', 'torchvision:NAME')}, for one of your own "
            f"{argument('model', 'package.module:function')}"
        )
    if "shortcuts" in seen:
        kinds: tuple[str, ...] = (seen["shortcuts"],)
    else:
        kinds = _kinds_that_fit(family, seen, checkpoint.state)
    settings = {**_said(family, seen, kinds, checkpoint), **seen}
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
        with torch.random.fork_rng(devices=[]):  # weights to be thrown away leave no trace
            own = family.build(**{**family.defaults, **seen, "shortcuts": kind}).state_dict()
        apart[kind] = sum(
            not name.endswith("num_batches_tracked") for name in own.keys() ^ state.keys()
        )
    return tuple(kind for kind in apart if apart[kind] == min(apart.values()))


def _said(
    family: Family, seen: Mapping[str, Any], kinds: tuple[str, ...], checkpoint: Checkpoint
) -> dict[str, Any]:
    """The family's settings as the file has them, none of which the weights contradict."""
    names = {"shortcuts", *re.compile(family.pattern).groupindex, *family.defaults}
    said = {key: value for key, value in checkpoint.settings.items() if key in names}
    for key, value in said.items():
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
                f"checkpoint {checkpoint.path} contradicts itself: it says that its network has "
                f"{words(family, key, value)}, but its weights are those of "
                f"{words(family, key, shown)}; save it again from the network that it belongs to"
            )
    return said


def words(family: Family, key: str, value: object) -> str:
    """``width 2``; ``depth 56 (resnet56)`` for what is part of the name."""
    if key in re.compile(family.pattern).groupindex and isinstance(value, int):
        return f"{key} {value} ({family.name_of({**family.defaults, key: value})})"
    return f"{key} {value}"
