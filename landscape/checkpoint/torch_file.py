"""Files of ``torch.save``, read without running code and, since torch 1.6, by memory map."""

from __future__ import annotations

import io
import os
import re
import struct
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch

from landscape.checkpoint.tensors import TensorUnpickler, legacy_reader
from landscape.errors import InputError
from landscape.zipped import by_name

ZIP, PICKLE = b"PK\x03\x04", b"\x80"  # the formats of torch.save since and before version 1.6

_SAVE_WEIGHTS = "torch.save(model.state_dict(), path)"
_LOCAL_HEADER = 30
_SHARDS = ".DTensor"


@dataclass
class Pickled:
    """What a file contains, and the names of the objects in it that were passed over."""

    value: Any
    described: list[str] = field(default_factory=list)


def read_torch(path: Path) -> Pickled:
    """Tensors and plain values of a file of ``torch.save``; other objects are only described.

    Raises
    ------
    InputError
        If the file is of another kind, truncated or damaged.
    """
    described: list[str] = []
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old storage classes
            if file.read(4) == ZIP:
                return Pickled(read_archive(file, map_file(path), described), described)
            file.seek(0)
            raw = io.BytesIO(file.read())
            if not raw.getvalue().startswith(PICKLE):
                raise ValueError("neither format")
            # Not torch.load, which an environment variable can bind to its own unpickler.
            load: Any = torch.serialization._legacy_load
            value = load(raw, "cpu", legacy_reader(described), encoding="utf-8")
            return Pickled(value, described)
    except Exception as error:  # a damaged pickle can raise any error
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"checkpoint {path} cannot be read: {error.strerror}") from None
        raise InputError(f"checkpoint {path} {_why_not(path, described)}") from None


def map_file(path: Path) -> torch.UntypedStorage:
    """The bytes of a file, mapped into memory for reading; what is written there is not kept."""
    size = os.path.getsize(path)
    return cast(torch.UntypedStorage, torch.UntypedStorage.from_file(str(path), False, size))


def read_archive(file: BinaryIO, mapped: torch.UntypedStorage, described: list[str]) -> Any:
    """The content of an archive of ``torch.save``, whose bytes are also in ``mapped``.

    The names of objects passed over are added to ``described``.
    """
    archive = zipfile.ZipFile(file)
    members = by_name(archive)
    said = sum(member.file_size for member in members.values())
    stored = all(member.compress_type == zipfile.ZIP_STORED for member in members.values())
    if said > mapped.nbytes() or not stored:
        raise zipfile.BadZipFile(f"{said} bytes in {mapped.nbytes()}")
    wrong = archive.testzip()  # the checksums
    if wrong is not None:
        raise zipfile.BadZipFile(f"{wrong} does not match its checksum")
    (pickled,) = [name for name in members if name.endswith("/data.pkl")]
    folder = pickled.removesuffix("data.pkl")
    if members.get(f"{folder}byteorder") and archive.read(f"{folder}byteorder") != b"little":
        raise zipfile.BadZipFile("big-endian")

    def storage_of(key: str, size: int) -> torch.UntypedStorage:
        if key in found:
            return found[key]
        member = members[f"{folder}data/{key}"]
        if member.file_size != size:
            raise zipfile.BadZipFile(f"{size} bytes in {member.file_size}")
        file.seek(member.header_offset)
        name, extra = struct.unpack("<26x2H", file.read(_LOCAL_HEADER))
        start = member.header_offset + _LOCAL_HEADER + name + extra
        found[key] = mapped[start : start + size] if size else torch.UntypedStorage(0)
        return found[key]

    found: dict[str, torch.UntypedStorage] = {}
    unpickler = TensorUnpickler(io.BytesIO(archive.read(pickled)), storage_of)
    unpickler.described = described
    return unpickler.load()


def more_than_tensors(described: list[str]) -> str:
    """Why a file whose weights are among objects that are not made cannot be used."""
    if any(name.endswith(_SHARDS) for name in described):
        return (
            "contains shards of tensors (DTensor, as of FSDP2), a part of the weights for each "
            "process; save the whole weights: "
            "torch.distributed.checkpoint.state_dict.get_model_state_dict(model, "
            "options=StateDictOptions(full_state_dict=True)), or the shards of all processes: "
            "torch.distributed.checkpoint.save, and give the folder"
        )
    return (
        f"contains more than tensors: it requests {described[0][:100]}, which could run code, so "
        f"it is not opened; save only the weights: {_SAVE_WEIGHTS}"
    )


def _members(path: Path) -> list[str]:
    """The names in a zip archive, empty if it is damaged."""
    try:
        return zipfile.ZipFile(path).namelist()
    except Exception:  # damaged directories raise errors of many types
        return []


def _why_not(path: Path, described: list[str]) -> str:
    """Why a file could not be read, from its first bytes and the names in it."""
    with open(path, "rb") as file:
        begins = file.read(12)
    if described:
        return more_than_tensors(described)
    if not begins.startswith((ZIP, PICKLE)):
        said = f"it starts with {begins!r}" if begins else "it is empty"
        return f"was not written by torch.save: {said}; give the checkpoint itself"
    names = _members(path)
    script = any(re.fullmatch(r"[^/]*/constants\.pkl", name) for name in names)
    if names and (script or not any(name.endswith("/data.pkl") for name in names)):
        kind = "TorchScript" if script else ", ".join(names[:3])
        return (
            f"is an archive, but not one written by torch.save: it contains {kind}; save the "
            f"weights: {_SAVE_WEIGHTS}"
        )
    return (
        f"({os.path.getsize(path):,} bytes) cannot be read: it is truncated or damaged, or was "
        "not written by torch.save; copy or download it again"
    )
