"""Surfaces that ship with the package, opened as ``example:NAME`` wherever a surface is read.

``resnet56`` and ``resnet56_noshort`` are the two networks of Li et al. 2018 on CIFAR-10; those
that begin with ``digits`` show every other kind of plane, for networks trained on handwritten
digits by the commands of the README; ``variant_add``, ``variant_add_none`` and so on are from
``landscape.experiments variants``. All are written by ``landscape.sample`` or in the same way (the
density of eigenvalues by ``landscape.curvature``).
"""

from __future__ import annotations

import functools
import os
import tempfile
from importlib import resources
from pathlib import Path

from landscape.errors import InputError, unknown_choice

__all__ = ["example_names", "located"]

PREFIX = "example:"
FOLDER = resources.files(__name__)
"""A path, unless the package is imported from a zip archive."""

_SUFFIX = ".h5"


def example_names() -> list[str]:
    """The names that can follow ``example:``."""
    held = (Path(entry.name) for entry in FOLDER.iterdir())
    return sorted(path.stem for path in held if path.suffix == _SUFFIX)


def located(path: str | os.PathLike[str]) -> Path:
    """The file of a path, which may be ``example:NAME``.

    >>> located("mine.h5").name
    'mine.h5'

    Raises
    ------
    InputError
        If there is no such example; the message lists the available ones.
    """
    text = os.fspath(path)
    if not text.startswith(PREFIX):
        return Path(path)
    names = example_names()
    if text.removeprefix(PREFIX) not in names:
        raise unknown_choice("example", text, [PREFIX + name for name in names])
    file = FOLDER / f"{text.removeprefix(PREFIX)}{_SUFFIX}"
    if isinstance(file, Path):
        return file
    copied = Path(_copies().name) / file.name
    if not copied.exists():
        copied.write_bytes(file.read_bytes())
    return copied


@functools.cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    """The folder of copies, for a package in a zip archive; it goes with the process."""
    return tempfile.TemporaryDirectory(prefix="landscape-examples-")


def example_of(path: str | os.PathLike[str]) -> str:
    """``example:NAME`` for the file of an example, else empty.

    >>> example_of(located("example:resnet56"))
    'example:resnet56'
    """
    file = Path(path)
    folder = FOLDER if isinstance(FOLDER, Path) else Path(_copies().name)
    return PREFIX + file.stem if file.suffix == _SUFFIX and file.parent == folder else ""


def refuse_example(path: str | os.PathLike[str]) -> None:
    """Refuse to write to an example, or to a path that looks like one.

    Raises an InputError if the path, or a folder on the way to it, is called ``example:…``.
    """
    if any(part.startswith(PREFIX) for part in Path(path).parts):
        raise InputError(
            f"cannot write {path}: {PREFIX}NAME is a read-only surface of the package; "
            "choose another file name"
        )
