"""Where the state dict is in the content of a checkpoint, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.checkpoint.torch_file import more_than_tensors
from landscape.errors import InputError, argument
from landscape.restricted_pickle import Described

KEYS = (
    "state_dict",
    "model",
    "model_state_dict",
    "model_state",
    "net",
    "network",
    "module",
    "state_dict_ema",
    "model_ema",
)
"""Where the weights are looked for, in this order, if the content is no state dict itself."""

_WRAPPERS = re.compile(r"_orig_mod\.|_fsdp_wrapped_module\.|_checkpoint_wrapped_module\.")
"""Of ``torch.compile``, FSDP and activation checkpointing, anywhere in a name."""

_NUMBERS = range(10**6)
"""Keys that count as names, as of the states of an optimizer."""

_AVERAGED = "n_averaged"  # beside the weights of ``torch.optim.swa_utils.AveragedModel``
_PARALLEL = "module."  # ``DataParallel`` and ``AveragedModel``


class Partial(dict[str, Tensor]):
    """Some entries of a network, such as those of an adapter; the others stay as they are."""


def state_in(
    content: Any, path: Path, key: str | None, described: tuple[str, ...] = ()
) -> dict[str, Tensor]:
    """The state dict in the content of a checkpoint, by the network's own names.

    Parameters
    ----------
    key
        Its place, as ``ema`` or ``ema.model``; or the beginning of the names of its entries. None
        to look for it.

    Raises
    ------
    InputError
        If there is none, listing where others are.
    """
    found = _found(content) if key is None else _under(content, key)
    if found is None:
        raise InputError(f"checkpoint {path} {_nothing(content, key, described)}")
    state = {_WRAPPERS.sub("", name): tensor for name, tensor in found.items()}
    while rest := [name for name in state if name != _AVERAGED]:
        if not all(name.startswith(_PARALLEL) for name in rest):
            break
        state = {name.removeprefix(_PARALLEL): state[name] for name in rest}
    return state


def _found(content: Any) -> dict[str, Tensor] | None:
    if not isinstance(content, Mapping):
        return None
    candidates = (content, *(content.get(key) for key in KEYS))
    return next((state for state in map(_state, candidates) if state), None)


def _under(content: Any, key: str) -> dict[str, Tensor] | None:
    """The state dict at a key, or the entries of one that begin with it."""
    inner = content
    for part in (key,) if isinstance(content, Mapping) and key in content else key.split("."):
        inner = _named(inner).get(part)
    state = _state(inner)
    if state is None:
        begins = f"{key.removesuffix('.')}."
        whole = _found(content) or {}
        state = {n.removeprefix(begins): t for n, t in whole.items() if n.startswith(begins)}
    return state or None


def _state(value: Any) -> dict[str, Tensor] | None:
    """A mapping as a state dict, if it is one: names and tensors only."""
    state = _named(value)
    whole = isinstance(value, Mapping) and len(state) == len(value) > 0
    return state if whole and all(isinstance(t, Tensor) for t in state.values()) else None


def _named(content: Any) -> dict[str, Any]:
    """The entries of a dict, if it is one, by their keys as text."""
    entries = content.items() if isinstance(content, Mapping) else ()
    return {str(k): value for k, value in entries if isinstance(k, str) or k in _NUMBERS}


def _places(content: Any, depth: int = 3) -> list[str]:
    """The keys of all state dicts, as in ``ema.model``."""
    found = []
    for key, value in _named(content).items() if depth else ():
        found += [key] if _state(value) else [f"{key}.{p}" for p in _places(value, depth - 1)]
    return found


def _nothing(content: Any, key: str | None, described: tuple[str, ...]) -> str:
    """Why no state dict was found."""
    places = _places(content)
    if key is not None:
        listed = ", ".join(map(repr, (places or list(_named(content)))[:8]))
        return (
            f"contains no state dict {argument('key', key)}: expected one of {listed or 'its keys'}"
        )
    if isinstance(content, Described):
        return (
            f"contains more than tensors: a whole {described[0][:100]}, which could run code, so "
            "it is not opened; save only the weights, where it was made: "
            "torch.save(model.state_dict(), path)"
        )
    if places:
        listed = ", ".join(map(repr, places[:8]))
        return (
            f"contains state dicts under other keys than expected: {listed}; choose one, as in "
            f"{argument('key', places[0])}"
        )
    if described:
        return more_than_tensors(list(described))
    found = type(content).__name__
    if isinstance(content, Mapping):
        found = f"a dict with {', '.join(map(repr, list(_named(content))[:6])) or 'no entries'}"
    return (
        f"contains {found}: expected a state dict (names and tensors only), plain or under "
        f"{', '.join(map(repr, KEYS[:-1]))} or {KEYS[-1]!r}"
    )
