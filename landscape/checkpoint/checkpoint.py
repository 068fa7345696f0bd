"""A checkpoint: weights, their origin, and what is recorded with them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.atomic import replacing
from landscape.checkpoint.entries import Partial, state_in
from landscape.checkpoint.files import Content, digest_of, read_content
from landscape.checkpoint.torch_file import more_than_tensors
from landscape.differences import TRAINED, are_differences, restored
from landscape.errors import InputError


@dataclass(frozen=True)
class Checkpoint:
    """Weights from a file.

    Attributes
    ----------
    state
        Parameters and buffers by name, on the CPU, without the prefixes of ``DataParallel`` and
        ``torch.compile``. They are mapped from the file where its format allows: the file must not
        be overwritten while they are used.
    path, sha256
        The file or folder, and its fingerprint; of several files, that of their names and digests.
    settings
        Settings of the network recorded in the file (by :mod:`landscape.training`), or empty.
    epoch
        The number of epochs trained, if recorded in the file.
    """

    state: dict[str, Tensor]
    path: Path
    sha256: str
    settings: dict[str, Any] = field(default_factory=dict)
    epoch: int | None = None


def read_checkpoint(path: str | Path, key: str | None = None) -> Checkpoint:
    """Read the weights of a network from a file or folder.

    Read are files of ``torch.save`` and Lightning, ``.safetensors``, folders of Transformers,
    PEFT and ``torch.distributed.checkpoint``, and those of a :class:`landscape.Recorder`.
    No code in them is run: tensors and plain values are read, other objects passed over. The state
    dict may be nested under one of :data:`~landscape.checkpoint.KEYS`; prefixes of
    ``DataParallel``, ``AveragedModel``, FSDP and ``torch.compile`` are removed.

    Parameters
    ----------
    key
        The place of the state dict, as in ``key="ema.model"``; or the beginning of the names that
        belong to the network, as ``student`` of ``student.conv1.weight``.

    Raises
    ------
    InputError
        If the file is missing, truncated, not a checkpoint, or contains no state dict.
    MissingExtra
        For ``.safetensors`` without the package.

    Examples
    --------
    >>> import torch
    >>> from landscape.checkpoint import read_checkpoint
    >>> averaged = {"n_averaged": torch.tensor(3), "module.weight": torch.ones(2)}
    >>> torch.save({"epoch": 3, "ema": averaged}, "run.pth.tar")
    >>> checkpoint = read_checkpoint("run.pth.tar", key="ema")
    >>> checkpoint.state, checkpoint.epoch
    ({'weight': tensor([1., 1.])}, 3)
    """
    path = Path(path)
    content = read_content(path)
    value = content.value if isinstance(content.value, Mapping) else {}
    settings, epoch = value.get("network", {}), value.get("epoch")
    return Checkpoint(
        _state(content, path, key),
        path,
        digest_of(content.files),
        dict(settings) if isinstance(settings, Mapping) else {},
        epoch if isinstance(epoch, int) else None,
    )


def read_state(path: str | Path, key: str | None = None) -> dict[str, Tensor]:
    """The weights of :func:`read_checkpoint` alone, without reading the file for a fingerprint."""
    return _state(read_content(Path(path)), Path(path), key)


def recorded_steps(path: str | Path) -> dict[str, int]:
    """The ``epoch`` and ``step`` recorded in a checkpoint, as far as they are."""
    value = read_content(Path(path)).value
    found = value if isinstance(value, Mapping) else {}
    names = {"epoch": ("epoch",), "step": ("global_step", "step", "iteration", "iter")}
    said = {unit: [found.get(key) for key in keys] for unit, keys in names.items()}
    numbers = {unit: [n for n in came if type(n) is int] for unit, came in said.items()}
    return {unit: came[0] for unit, came in numbers.items() if came}


def _state(content: Content, path: Path, key: str | None) -> dict[str, Tensor]:
    value = content.value
    if are_differences(value):
        state = restored(value, path, partial(_whole, key=key))
    else:
        state = state_in(value, path, key, content.described)
    some = content.adapter or (isinstance(value, Mapping) and value.get("recorded") == TRAINED)
    return Partial(state) if some else state


def _whole(path: Path, key: str | None) -> dict[str, Tensor]:
    """The state of a file that is no difference from another one."""
    content = read_content(path)
    return state_in(content.value, path, key, content.described)


def read_tensors(path: Path) -> Any:
    """The content of a checkpoint file, of tensors and plain Python values only."""
    content = read_content(path)
    if content.described:
        raise InputError(f"checkpoint {path} {more_than_tensors(list(content.described))}")
    return content.value


def save_checkpoint(path: Path, model: nn.Module, network: Mapping[str, Any], **more: Any) -> None:
    """Write weights and settings atomically.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    content = io.BytesIO()  # a plain write reports a full disk as OSError, torch.save does not
    torch.save({"state_dict": model.state_dict(), "network": dict(network), **more}, content)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())
