"""Fit the entries of a checkpoint to a network: their names, and what is stored only once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from landscape.checkpoint.checkpoint import Checkpoint
from landscape.checkpoint.entries import Partial
from landscape.errors import InputError

_COUNTS = "num_batches_tracked"  # absent in old files
_SAVED = "modules_to_save"  # PEFT: trained as a whole, beside the original
_BASE = "base_layer"  # PEFT: a layer that has an adapter
_USUAL_ADAPTER = "default"


def load_weights(model: nn.Module, checkpoint: Checkpoint, what: str) -> None:
    """Load weights strictly; only ``num_batches_tracked``, absent in old files, may be missing.

    See :func:`load_state`.

    Raises
    ------
    InputError
        Naming the first entry that is missing, unexpected or of another shape.
    """
    load_state(model, checkpoint.state, f"checkpoint {checkpoint.path} does not fit {what}")


def load_state(model: nn.Module, found: Mapping[str, Tensor], where: str) -> None:
    """Like :func:`load_weights`, from memory; ``where`` starts the error message.

    The names may have a prefix more or less than the network's. Tied parameters may be there once,
    and the weights of an adapter are loaded alone; the rest of the network stays as it is.
    """
    own = model.state_dict()
    first: dict[tuple[object, ...], str] = {}
    same = {name: first.setdefault(_memory(tensor), name) for name, tensor in own.items()}
    state = dict(fitted(found, own, [n for n, one in same.items() if n != one], where))
    present = {one: name for name, one in same.items() if name in state}
    for name, tensor in own.items():
        if name not in state and same[name] in present:
            state[name] = state[present[same[name]]]
        elif name.endswith(_COUNTS) or isinstance(found, Partial):
            state.setdefault(name, tensor)
    missing = [name for name in own if name not in state]
    if missing:
        raise InputError(
            f"{where}: {missing[0]!r} is missing ({len(missing)} of {len(own)} entries are)"
        )
    extra = [name for name in state if name not in own]
    if extra:
        raise InputError(f"{where}: {extra[0]!r} is not in the network")
    for name, tensor in own.items():
        if state[name].shape != tensor.shape:
            raise InputError(
                f"{where}: {name!r} has shape {tuple(state[name].shape)}, the network's is "
                f"{tuple(tensor.shape)}"
            )
    model.load_state_dict(state)


def _memory(tensor: Tensor) -> tuple[object, ...]:
    """Equal for tied parameters; unique for what has no memory."""
    if tensor.numel() == 0:
        return (id(tensor),)
    return (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())


def fitted(
    found: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    may_lack: Iterable[str] = (),
    where: str = "",
) -> Mapping[str, Tensor]:
    """The entries of a state dict by the names of ``own``, as far as they can be told.

    Parameters
    ----------
    found
        As read; if its names have a prefix more than those of ``own`` (a network within a
        LightningModule), only the entries with it are returned. Of a :class:`Partial`, entries are
        named as PEFT does: ``lora_A.weight`` is the network's ``lora_A.default.weight``.
    may_lack
        Names that need not be there.

    Raises
    ------
    InputError
        If the network is there more than once.
    """
    if isinstance(found, Partial):
        return _adapted(found, own, where)
    lacking = set(may_lack)
    wanted = [n for n in own if n not in lacking and not n.endswith(_COUNTS)]
    if not wanted or not found or all(name in found for name in wanted):
        return found
    prefixes = {n.removesuffix(wanted[0]) for n in found if n.endswith(f".{wanted[0]}")}
    whole = [p for p in sorted(prefixes) if all(p + name in found for name in wanted)]
    if len(whole) > 1:
        names = ", ".join(repr(prefix.removesuffix(".")) for prefix in whole)
        raise InputError(f"{where}: the network is in it more than once; choose a key of {names}")
    if whole:
        inner = len(whole[0])
        return {n[inner:]: t for n, t in found.items() if n.startswith(whole[0])}
    more = {wanted[0].removesuffix(n) for n in found if wanted[0].endswith(f".{n}")}
    for prefix in sorted(more):
        if all(n.startswith(prefix) and n.removeprefix(prefix) in found for n in wanted):
            return {f"{prefix}{name}": tensor for name, tensor in found.items()}
    return found


def _adapted(found: Partial, own: Mapping[str, Tensor], where: str) -> Partial:
    """The weights of an adapter by the names that they have in a network of PEFT."""
    names: dict[str, list[str]] = {}
    for name in own:
        for short in _without_adapter(name):
            names.setdefault(short, []).append(name)
            names.setdefault(short.removesuffix(".weight"), []).append(name)
    state = Partial()
    for name, tensor in found.items():
        fits = [name] if name in own else list(dict.fromkeys(names.get(name, [])))
        if len(fits) > 1:
            fits = [one for one in fits if f".{_USUAL_ADAPTER}." in f"{one}."] or fits
        if len(fits) > 1:
            raise InputError(f"{where}: {name!r} fits several adapters: {', '.join(fits[:4])}")
        state[fits[0] if fits else name] = tensor
    return state


def _without_adapter(name: str) -> Iterable[str]:
    """The names that an entry of a network of PEFT can have in the file of an adapter."""
    parts = name.split(".")
    for k, part in enumerate(parts[1:], 1):
        kept = parts[:k]
        if part == _SAVED:
            yield ".".join([*kept, *parts[k + 2 :]])
        elif part == _BASE or _SAVED not in parts:
            yield ".".join([*kept, *parts[k + 1 :]])
