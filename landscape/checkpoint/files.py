"""The forms of a checkpoint: which files it consists of, and what they contain."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landscape.checkpoint.distributed import INDEX, SUFFIX, read_distributed
from landscape.checkpoint.safetensors_file import is_safetensors, parts_of, read_safetensors
from landscape.checkpoint.torch_file import Pickled, read_torch
from landscape.errors import InputError

_USUAL = (".pt", ".pth", ".t7", ".ckpt", ".safetensors", ".pth.tar", ".pt.tar")
SUFFIXES = (*_USUAL, ".bin")
"""Of files that can be checkpoints."""

_ADAPTERS = ("adapter_model.safetensors", "adapter_model.bin")
_WHOLE = (
    INDEX,
    *(
        f"{name}.{suffix}"
        for suffix in ("safetensors.index.json", "bin.index.json", "safetensors", "bin")
        for name in ("model", "pytorch_model", "diffusion_pytorch_model")
    ),
)
"""What a folder is read from, the first that is there."""

_FSDP = "pytorch_model_fsdp_*"  # the folder that Accelerate writes into that of a checkpoint

_BESIDE = re.compile(
    r"(^|[^a-z])(optim(izers?)?|sched(ulers?)?|(grad_)?scaler|(rng|random)_states?"
    r"|train(ing|er)_(args|state))([^a-z]|$)"
)
"""Names of files beside the weights: of optimizers, schedules, arguments."""


@dataclass(frozen=True)
class Content:
    """What a checkpoint contains.

    Attributes
    ----------
    value
        A state dict, or what contains one.
    files
        Where it was read from.
    adapter
        Whether it belongs to an adapter of PEFT: some of the weights only.
    described
        Names of objects that were passed over.
    """

    value: Any
    files: list[Path]
    adapter: bool = False
    described: tuple[str, ...] = ()


def read_content(path: Path) -> Content:
    """Read a checkpoint of any form.

    Raises
    ------
    InputError
        If it is missing, damaged or of no known form.
    """
    if os.path.isdir(path):
        file = file_in(path)
        if file is None:
            raise InputError(
                f"checkpoint {path} is a folder without weights, or of several; expected "
                f"model.safetensors, {_ADAPTERS[0]}, {INDEX}, or one file of torch.save"
            )
        if file.name == INDEX:
            value, files = read_distributed(file.parent)
            return Content(value, files)
        return _read_file(file)
    return _read_file(path)


def _read_file(path: Path) -> Content:
    if not os.path.isfile(path):
        raise InputError(
            f"checkpoint {path} does not exist; expected a file written by torch.save, "
            "safetensors, or a folder of weights"
        )
    if path.name.endswith(".index.json"):
        parts = parts_of(path)
        state: dict[str, Any] = {}
        for part in sorted(set(parts.values())):
            found = _read_one(part).value
            state |= found if isinstance(found, dict) else {}
        lost = [name for name in parts if name not in state]
        if lost:
            raise InputError(
                f"checkpoint {path}: {lost[0][:100]!r} is not in {parts[lost[0]].name}, where the "
                "index has it; copy or download it again"
            )
        return Content(state, [path, *sorted(set(parts.values()))])
    if path.suffix == SUFFIX or path.name == INDEX:
        raise InputError(
            f"checkpoint {path} is one part of a folder of torch.distributed.checkpoint; give "
            f"the folder: {path.parent}"
        )
    found = _read_one(path)
    adapter = path.name in _ADAPTERS
    return Content(found.value, [path], adapter, tuple(found.described))


def _read_one(path: Path) -> Pickled:
    try:
        with open(path, "rb") as file:
            begins = file.read(16)
    except OSError as error:
        raise InputError(f"checkpoint {path} cannot be read: {error.strerror}") from None
    return Pickled(read_safetensors(path)) if is_safetensors(begins) else read_torch(path)


def file_in(folder: Path) -> Path | None:
    """The file that stands for the checkpoint in a folder, or None: it is not one checkpoint."""
    for name in (*_ADAPTERS, *_WHOLE):
        if (folder / name).is_file():
            return folder / name
    inner = sorted(folder.glob(_FSDP))
    if len(inner) == 1 and (inner[0] / INDEX).is_file():
        return inner[0] / INDEX
    found = [
        one
        for one in folder.iterdir()
        if one.name.lower().endswith(_USUAL) and not is_beside(one.name) and one.is_file()
    ]
    return found[0] if len(found) == 1 else None


def is_beside(name: str) -> bool:
    """Whether a file of this name belongs to an optimizer, a schedule or the like."""
    return _BESIDE.search(name.lower()) is not None


def digest_of(files: list[Path]) -> str:
    """SHA-256 of a file, or of the names and digests of several."""
    digests = {}
    for path in files:
        with open(path, "rb") as file:
            digests[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
