"""Read the files of a dataset from a folder or tar archive into memory, without unpacking."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Any

from landscape.errors import InputError, one_line

LARGEST = 2**30
"""Largest size in bytes of a file or an unpacked archive; all of CIFAR-10 is 1.9e8."""

TAR_SUFFIXES = (".tar.gz", ".tgz", ".tar")
_GZIP_MAGIC = b"\x1f\x8b"
_ENDS = 8  # a valid archive is read two or three times past its end


def too_large(where: str, size: int | str, largest: int | None = None) -> InputError:
    """The error for a file larger than any in these datasets."""
    most = LARGEST if largest is None else largest
    return InputError(
        f"{where}: {size} bytes, expected at most {most}: this is not a file of this dataset"
    )


def read_folder(folder: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The contents of the ``wanted`` files that a folder contains, by name.

    Raises
    ------
    InputError
        If a file exists but cannot be read, or is larger than ``LARGEST``.
    """
    found = {}
    for name in wanted:
        path = folder / name
        try:
            if not path.is_file():
                continue
            if path.stat().st_size > LARGEST:
                raise too_large(str(path), path.stat().st_size)
            found[name] = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    return found


class _Bounded:
    """A bounded stream: guards against archives that unpack into endless data.

    It also limits the reads past the end, of which ``tarfile`` makes one per 10 kB of a member's
    claimed size.
    """

    def __init__(self, stream: io.BufferedIOBase, where: str) -> None:
        self._stream = stream
        self._where = where
        self._total = 0
        self._ends = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._total += len(block)
        self._ends += not block
        if self._ends > _ENDS:
            raise EOFError("members are longer than the archive")
        if self._total > LARGEST:
            raise too_large(self._where, f"unpacks into more than {LARGEST}")
        return block


def _leaves_folder(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts


def _wanted_members(stream: _Bounded, path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    source: Any = stream  # tarfile uses only read()
    with tarfile.open(fileobj=source, mode="r|") as archive:
        for member in archive:
            if _leaves_folder(member.name) or _leaves_folder(member.linkname):
                raise InputError(
                    f"{path}: member {member.name!r} points outside the archive, which never "
                    "happens in the original; download the dataset from its official page"
                )
            name = PurePosixPath(member.name).name
            if name not in wanted or member.isdir():
                continue
            if name in found:
                raise InputError(
                    f"{path}: contains {name} more than once; expected one dataset in the archive"
                )
            content = archive.extractfile(member) if member.isreg() else None
            if content is None:
                raise InputError(f"{path}: member {member.name!r} is a link, expected a file")
            if member.size > LARGEST:
                raise too_large(f"{path}: {member.name}", member.size)
            found[name] = content.read()
    return found


def read_tar(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The contents of the ``wanted`` files that a tar archive contains, by name.

    The archive may be gzip-compressed; its checksum is verified. Folders inside the archive are
    ignored.

    Raises
    ------
    InputError
        If the archive is damaged, truncated or too large, or has duplicate members or members that
        point outside the archive.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            plain: io.BufferedIOBase = gzip.GzipFile(fileobj=file) if packed else file
            stream = _Bounded(plain, str(path))
            found = _wanted_members(stream, path, wanted)
            while stream.read(2**20):
                pass  # to the end, where gzip stores its checksum
            return found
    except (
        tarfile.TarError,
        OSError,
        EOFError,
        zlib.error,
        ValueError,
        IndexError,
        OverflowError,
    ) as error:
        raise InputError(
            f"{path}: not a complete tar archive ({one_line(error)}); expected "
            f"{' or '.join(TAR_SUFFIXES)}. Download it again"
        ) from error
