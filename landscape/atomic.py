"""Atomic writing of files, which keep their place, mode and owner."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from landscape.errors import InputError, argument
from landscape.examples import refuse_example

_OVERWRITES: ContextVar[bool] = ContextVar("overwrites", default=False)
_FAMILIES = {
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a checkpoint or another archive",
    b"\x80\x02": "a checkpoint",
    b"\x93NUM": "an array of NumPy",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF",
    b"GIF8": "a picture",
    b"glTF": "a mesh",
}
"""Kinds of files by their first bytes."""

OR_OVERWRITE = f"choose another output, or delete or {argument('overwrite')} this one"


def allow_overwriting() -> None:
    """Let outputs replace files of other kinds from now on, in this context."""
    _OVERWRITES.set(True)


def may_overwrite() -> bool:
    """Whether outputs may replace files of other kinds."""
    return _OVERWRITES.get()


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path next to ``path``, which replaces ``path`` atomically at the end.

    A reader sees either the old or the new file, never a partial one, and a failure keeps the old
    file. The target of a link is replaced, not the link; mode and owner stay. Raises an InputError
    as :func:`target_of` does, if the folder is full, another process writes the file too, or the
    first bytes of the old file are those of another kind.
    """
    target = target_of(path)
    # Always the same name, so that the next run overwrites the remains of a killed process.
    temporary = _beside(target)
    own: int | None = None
    try:
        own = _created(temporary, target)
        yield temporary
        if not is_still(temporary, own):
            raise InputError(f"cannot write {path}: another process writes it at the same time")
        _check_family(target, temporary)
        os.fsync(own)
        os.close(own)  # Windows replaces no open files
        own = None
        _put(temporary, target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"cannot write {path}: {reason}; expected a path in an existing, writable folder with "
            "free space"
        ) from None
    finally:
        if own is not None:
            left = is_still(temporary, own)
            os.close(own)
            if left:
                remove_unfinished(path)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise the errors of :func:`replacing` now, without writing."""
    with contextlib.suppress(_Unneeded), replacing(path):
        raise _Unneeded


class _Unneeded(Exception):
    """Ends a trial."""


def target_of(path: str | os.PathLike[str]) -> Path:
    """The file that is written for ``path``: itself, or what the link there leads to.

    Raises an InputError if the path is a folder, a device, a pipe, write-protected or the name of
    an example, or if its folder does not exist.
    """
    path = Path(path)
    refuse_example(path)
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    folder = target.parent
    try:
        held = target.stat()
    except FileNotFoundError:
        held = None
    except NotADirectoryError:
        raise InputError(
            f"cannot write {path}: {folder} is not a folder; create it, or choose another"
        ) from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise InputError(f"cannot write {path}: {reason}; choose another file name") from None
    if held is not None and stat.S_ISDIR(held.st_mode):  # "." too, which has no name
        raise InputError(f"cannot write {path}: it is a folder; expected a file name")
    if held is not None and not stat.S_ISREG(held.st_mode):
        raise InputError(
            f"cannot write {path}: it is not a regular file but a device, a pipe or a socket; "
            "choose another file name"
        )
    if held is not None and not held.st_mode & 0o222:
        raise InputError(
            f"cannot write {path}: it is write-protected; choose another file name, or allow "
            "writing"
        )
    if held is None and not folder.is_dir():
        what = "is not a folder" if os.path.lexists(folder) else "does not exist"
        raise InputError(f"cannot write {path}: {folder} {what}; create it, or choose another")
    return target


def is_still(path: Path, file: int) -> bool:
    """Whether an open file is the one that stands at ``path``."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except OSError:
        return False


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Delete the temporary file of a process that was killed while writing ``path``.

    Only call this if no other process can be writing it.
    """
    with contextlib.suppress(OSError, InputError):
        _beside(target_of(path)).unlink(missing_ok=True)


def _put(temporary: Path, target: Path) -> None:
    try:
        os.replace(temporary, target)
    except OSError:
        remove_unfinished(target)
        raise


def _check_family(old: Path, new: Path) -> None:
    """Raise an InputError if a file would be replaced by one of another kind."""
    if may_overwrite() or not old.exists():
        return
    held, made = (_family(file) for file in (old, new))
    if held != made and old.stat().st_size:
        raise InputError(f"cannot write {old}: it is {held}, not {made}; {OR_OVERWRITE}")


def _family(path: Path) -> str:
    with open(path, "rb") as file:
        first = file.read(4)
    return next((name for start, name in _FAMILIES.items() if first.startswith(start)), "text")


def _created(temporary: Path, target: Path) -> int:
    """A new, empty file, with the mode and owner of the one that it is to replace."""
    temporary.unlink(missing_ok=True)  # a link there, not what it leads to
    old = target.stat() if target.exists() else None
    new = os.O_RDWR | os.O_CREAT | os.O_EXCL
    file = os.open(temporary, new, 0o666 if old is None else 0o600)
    if old is not None and hasattr(os, "fchown"):
        made = os.fstat(file)
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
            with contextlib.suppress(OSError):  # only root may give files away
                os.fchown(file, old.st_uid, old.st_gid)
        os.fchmod(file, stat.S_IMODE(old.st_mode))
    return file


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")
