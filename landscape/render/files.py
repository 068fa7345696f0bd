"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from landscape.errors import InputError


def write_atomically(path: Path, write: Callable[[Any], None]) -> Path:
    """Let ``write`` fill a binary stream, then put the file in place in one step.

    A reader never sees half a file, and a failure leaves what was there before.

    Raises
    ------
    InputError
        If the folder does not exist or cannot be written to, or the path is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{path}: the folder {folder} does not exist; make it or choose another")
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected the name of a file")
    temporary = folder / f".{path.name}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as stream:
            write(stream)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path
