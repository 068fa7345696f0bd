"""A lock, so that only one run at a time writes a file.

The lock is the operating system's own (``flock``) on a small file next to the output. It is
released with its process, however that ends, so the remains of a killed run lock nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from landscape.atomic import is_still, target_of
from landscape.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has no flock, so nothing is locked there
    fcntl = None  # type: ignore[assignment]

_BEGINS = "process "


@contextmanager
def only_writer(path: str | os.PathLike[str]) -> Iterator[None]:
    """Lock ``path`` for this process, with ``.NAME.lock`` next to it, which names the owner.

    A link is locked as the file that it leads to. Locks that killed runs have left in the folder
    are removed. If the lock cannot be created (read-only folder), or the file system has none,
    nothing is locked; the former fails on writing anyway. Raises an InputError if another run has
    locked it, naming its host and process; if the lock's file is not one of a run; and as
    :func:`landscape.atomic.target_of` does.
    """
    target = target_of(path)
    lock = target.with_name(f".{target.name}.lock")
    file = _locked(lock, Path(path))
    if file is None:
        yield
        return
    try:
        _remove_left(lock)
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(file)


def _locked(lock: Path, path: Path) -> int | None:
    while fcntl is not None:
        file = _opened(lock, os.O_CREAT)
        if file is None:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 1000).decode("utf-8", "replace") or "another process"
            os.close(file)
            raise InputError(
                f"{path} is being written by {holder}; wait for it or stop it, or give another "
                "output"
            ) from None
        except OSError:
            os.close(file)
            return None
        if is_still(lock, file):
            os.ftruncate(file, 0)
            os.write(file, _own_name().encode())
            return file
        os.close(file)  # its owner has just ended and deleted the file: try again
    return None


def _opened(lock: Path, create: int) -> int | None:
    """The file of a lock, if it can be opened. Raises an InputError if it is not a plain file."""
    how = os.O_RDWR | create | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = os.open(lock, how, 0o644)
    except OSError:
        file = None
    state = os.fstat(file) if file is not None else None
    linked = lock.is_symlink() if state is None else state.st_nlink > 1
    if linked or (state is not None and not stat.S_ISREG(state.st_mode)):
        if file is not None:
            os.close(file)
        raise InputError(
            f"{lock}, the lock of this output, is a link or not a regular file: delete it, if no "
            "other run is using it"
        )
    return file


def _remove_left(own: Path) -> None:
    """Delete the locks in a folder whose owners have ended."""
    for lock in own.parent.glob(".*.lock"):
        with contextlib.suppress(OSError, InputError):
            if lock == own or (file := _opened(lock, 0)) is None:
                continue
            try:
                if os.read(file, len(_BEGINS)) != _BEGINS.encode():
                    continue  # of another program, or of a run that is just making it
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if is_still(lock, file):
                    lock.unlink()
            finally:
                os.close(file)


def _own_name() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"{_BEGINS}{os.getpid()} on {socket.gethostname()} since {since}"
