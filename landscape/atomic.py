"""Atomic writing of files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landscape.errors import InputError
from landscape.examples import refuse_example


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path next to ``path``, which replaces ``path`` atomically at the end.

    A reader sees either the old or the new file, never a partial one, and a failure keeps the old
    file. Raises an InputError if the folder does not exist, cannot be written to or is full, or the
    path is a folder or the name of an example.
    """
    path = Path(path)
    refuse_example(path)
    if path.is_dir():  # "." too, which has no name
        raise InputError(f"cannot write {path}: it is a folder; expected a file name")
    # Always the same name, so that the next run overwrites the remains of a killed process.
    temporary = _beside(path)
    folder = path.parent
    if not folder.is_dir():
        what = "is not a folder" if os.path.lexists(folder) else "does not exist"
        raise InputError(f"cannot write {path}: {folder} {what}; create it, or choose another")
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"cannot write {path}: {reason}; expected a path in an existing, writable folder with "
            "free space"
        ) from None
    finally:  # after a failure; otherwise it is gone
        remove_unfinished(path)


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Delete the temporary file of a process that was killed while writing ``path``.

    Only call this if no other process can be writing it.
    """
    with contextlib.suppress(OSError):
        _beside(Path(path)).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")
