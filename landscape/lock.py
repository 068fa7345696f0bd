"""A lock, so that only one run at a time writes a file.

The lock is the operating system's own (``flock``) on a small file next to the output. It is
released with its process, however that ends, so the remains of a killed run lock nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from landscape.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has no flock, so nothing is locked there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def only_writer(path: str | os.PathLike[str]) -> Iterator[None]:
    """Lock ``path`` for this process, with ``.NAME.lock`` next to it, which names the owner.

    If this file cannot be created (missing or read-only folder), or the file system has no locks,
    nothing is locked; the former fails on writing anyway. Raises an InputError if another run has
    locked it, naming its host and process.
    """
    path = Path(path)
    file = _locked(path.with_name(f".{path.name}.lock"), path)
    if file is None:
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.with_name(f".{path.name}.lock").unlink()
        os.close(file)


def _locked(lock: Path, path: Path) -> int | None:
    while fcntl is not None:
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
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
        if _is_still(lock, file):
            os.ftruncate(file, 0)
            os.write(file, _own_name().encode())
            return file
        os.close(file)  # its owner has just ended and deleted the file: try again
    return None


def _is_still(lock: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(lock), os.fstat(file))
    except OSError:
        return False


def _own_name() -> str:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {since}"
