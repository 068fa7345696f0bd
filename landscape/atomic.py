"""Writing a file whole or not at all."""

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
    """A path beside ``path`` to write to; at the end it takes the place of ``path`` in one step.

    A reader sees the old file or the new one, never half of one, and a failure leaves what was
    there before.

    Raises
    ------
    InputError
        If the folder does not exist, cannot be written to or is full, or the path is a folder or
        the name of an example.
    """
    path = Path(path)
    refuse_example(path)
    if path.is_dir():  # "." too, which has no name
        raise InputError(f"cannot write {path}: it is a folder; expected the name of a file")
    # Always the same name: what a killed process left behind is written over by the next one.
    temporary = _beside(path)
    folder = path.parent
    if not folder.is_dir():
        what = "is no folder" if os.path.lexists(folder) else "does not exist"
        raise InputError(f"cannot write {path}: {folder} {what}; make it, or choose another")
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(
            f"cannot write {path}: {reason}; expected a file in an existing folder that is "
            "writable and not full"
        ) from None
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Take away what a process left that was killed while it wrote ``path``.

    Only for who knows that nobody is writing it now.
    """
    with contextlib.suppress(OSError):
        _beside(Path(path)).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")
