"""Checkpoints, read without running code from them."""

from __future__ import annotations

import hashlib
import io
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.atomic import replacing
from landscape.differences import are_differences, restored
from landscape.errors import InputError

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"  # the formats of torch.save since and before version 1.6


@dataclass(frozen=True)
class Checkpoint:
    """Weights from a file.

    Attributes
    ----------
    state
        Parameters and buffers by name, on the CPU, without the prefixes of ``DataParallel`` and
        ``torch.compile``.
    path, sha256
        The file and its fingerprint.
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


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a state dict, plain or nested under ``state_dict`` or ``model``.

    Of a :class:`landscape.Recorder` also those that hold :mod:`landscape.differences`.

    Files are read with ``weights_only=True``: a pickle that could run code is refused. The prefix
    ``module.`` (``DataParallel``) is removed if every name has it, and ``_orig_mod.``
    (``torch.compile``) anywhere.

    Raises
    ------
    InputError
        If the file is missing, truncated, not a checkpoint, or contains pickled code or no state
        dict.
    """
    path = Path(path)
    raw = _bytes_of(path)
    content = _tensors_in(raw, path)
    if are_differences(content):
        found = restored(content, path, lambda first: _find_state(read_tensors(first), first))
    else:
        found = _find_state(content, path)
    state = {name.replace("_orig_mod.", ""): tensor for name, tensor in found.items()}
    if all(name.startswith("module.") for name in state):
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    settings, epoch = content.get("network", {}), content.get("epoch")
    return Checkpoint(
        state,
        path,
        hashlib.sha256(raw).hexdigest(),
        dict(settings) if isinstance(settings, Mapping) else {},
        epoch if isinstance(epoch, int) else None,
    )


def read_tensors(path: Path) -> Any:
    """The content of a checkpoint file, tensors and plain Python values only."""
    return _tensors_in(_bytes_of(path), path)


def _bytes_of(path: Path) -> bytes:
    if not os.path.isfile(path):
        kind = "is a folder" if os.path.isdir(path) else "does not exist"
        raise InputError(f"checkpoint {path} {kind}; expected a file written by torch.save")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"checkpoint {path} cannot be read: {error.strerror}") from None


def _tensors_in(raw: bytes, path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice to load it less safely
            if raw.startswith(_ZIP):
                _check_archive(raw)
            return torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle can raise any error
        raise InputError(f"checkpoint {path} {_why_not(raw, str(error))}") from None


def _check_archive(raw: bytes) -> None:
    """Verify the checksums, which torch does not; it stores members uncompressed."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        said = sum(member.file_size for member in archive.infolist())
        if said > len(raw):
            raise zipfile.BadZipFile(f"{said} bytes in {len(raw)}")
        wrong = archive.testzip()
        if wrong is not None:
            raise zipfile.BadZipFile(f"{wrong} does not match its checksum")


def _members(raw: bytes) -> list[str]:
    """The names in a zip archive, empty if it is damaged."""
    try:
        return zipfile.ZipFile(io.BytesIO(raw)).namelist()
    except Exception:  # damaged directories raise errors of many types
        return []


def _why_not(raw: bytes, error: str) -> str:
    """Why ``torch.load`` failed, from the first bytes and torch's error."""
    wanted = re.search(r"GLOBAL ([\w.]+)", error)
    if wanted:
        return (
            f"contains more than tensors: it requests {wanted[1][:100]}, which could run code, so "
            "it is not opened; save only the weights: torch.save(model.state_dict(), path)"
        )
    if not raw.startswith((_ZIP, _PICKLE)):
        begins = f"it starts with {raw[:12]!r}" if raw else "it is empty"
        return f"was not written by torch.save: {begins}; give the checkpoint itself"
    names = _members(raw)
    script = "TorchScript" in error
    if names and (script or not any(name.endswith("/data.pkl") for name in names)):
        kind = "TorchScript" if script else ", ".join(names[:3])
        return (
            f"is an archive, but not one written by torch.save: it contains {kind}; save the "
            "weights: torch.save(model.state_dict(), path)"
        )
    return (
        f"({len(raw):,} bytes) cannot be read: it is truncated or damaged, or was not written by "
        "torch.save; copy or download it again"
    )


def _find_state(content: Any, path: Path) -> dict[str, Tensor]:
    found = type(content).__name__
    if isinstance(content, Mapping):
        for candidate in (content, content.get("state_dict"), content.get("model")):
            named = candidate if isinstance(candidate, Mapping) else {}
            if named and all(isinstance(value, Tensor) for value in named.values()):
                return {str(name): tensor for name, tensor in named.items()}
        found = f"a dict with {', '.join(map(repr, list(content)[:6])) or 'no entries'}"
    raise InputError(
        f"checkpoint {path} contains {found}: expected a state dict (names and tensors only), "
        "plain or under 'state_dict' or 'model'"
    )


def load_weights(model: nn.Module, checkpoint: Checkpoint, what: str) -> None:
    """Load weights strictly; only ``num_batches_tracked``, absent in old files, may be missing.

    Raises
    ------
    InputError
        Naming the first entry that is missing, unexpected or of another shape.
    """
    load_state(model, checkpoint.state, f"checkpoint {checkpoint.path} does not fit {what}")


def load_state(model: nn.Module, found: Mapping[str, Tensor], where: str) -> None:
    """Like :func:`load_weights`, from memory; ``where`` starts the error message."""
    state, own = dict(found), model.state_dict()
    for name, tensor in own.items():
        if name.endswith("num_batches_tracked"):
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
