"""``.safetensors``: one file, or several with an index. They contain tensors only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.errors import InputError, MissingExtra, one_line

_LENGTH = 8  # bytes of the number that a file begins with, of its header's
_MOST_INDEX = 2**26


def is_safetensors(begins: bytes) -> bool:
    """Whether a file that begins so has this format, whatever its name."""
    return begins[_LENGTH : _LENGTH + 1] == b"{"


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, by memory map, with the names that ``safetensors`` left out of it.

    Raises
    ------
    MissingExtra
        If the package is not installed.
    InputError
        If the file is damaged.
    """
    try:
        from safetensors import safe_open
    except ImportError:
        raise MissingExtra("safetensors", "hub", f"checkpoint {path}") from None
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            said: dict[str, str] = file.metadata() or {}
    except Exception as error:  # its error is not an OSError
        raise InputError(
            f"checkpoint {path} ({os.path.getsize(path):,} bytes) cannot be read: it looks like "
            f"safetensors, but is truncated or damaged ({one_line(error)}); copy or download it "
            "again"
        ) from None
    # Tied weights are written once; save_model notes the other names.
    tied = {other: kept for other, kept in said.items() if kept in state and other not in state}
    return state | {other: state[kept] for other, kept in tied.items()}


def parts_of(index: Path) -> dict[str, Path]:
    """The file of each tensor, from ``model.safetensors.index.json``.

    Raises
    ------
    InputError
        If the index is damaged, or names a file outside its folder.
    """
    try:
        if os.path.getsize(index) > _MOST_INDEX:
            raise ValueError(f"{os.path.getsize(index):,} bytes")
        named: Any = json.loads(index.read_bytes())["weight_map"]
        files = {str(name): str(file) for name, file in named.items()}
        if not files:
            raise ValueError("no tensors")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"checkpoint {index} is not an index of weights ({one_line(error)}); expected one as "
            "written by save_pretrained; copy or download it again"
        ) from None
    for file in files.values():
        if Path(file).name != file:
            raise InputError(f"checkpoint {index} points outside its folder: {file[:100]!r}")
        if not (index.parent / file).is_file():
            raise InputError(
                f"checkpoint {index}: its part {file[:100]!r} is missing; copy or download it again"
            )
    return {name: index.parent / file for name, file in files.items()}
