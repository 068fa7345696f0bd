"""Surfaces that come with the package, named ``example:NAME`` wherever a surface is read.

``resnet56`` and ``resnet56_noshort`` are the two networks of Li et al. 2018 on CIFAR-10; those
that begin with ``digits`` show every other kind of plane, on networks trained on handwritten
digits by the commands of the README; ``variant_add`` and ``variant_add_none`` and the like are
those of ``landscape.experiments variants``. All are written by ``landscape.sample`` or as it does
(the density of eigenvalues by ``landscape.curvature``).
"""

from __future__ import annotations

import os
from pathlib import Path

from landscape.errors import InputError, unknown_choice

__all__ = ["example_names", "located"]

PREFIX = "example:"
FOLDER = Path(__file__).parent


def example_names() -> list[str]:
    """What can stand after ``example:``."""
    return sorted(path.stem for path in FOLDER.glob("*.h5"))


def located(path: str | os.PathLike[str]) -> Path:
    """The file behind a path, which may be ``example:NAME``.

    >>> located("mine.h5").name
    'mine.h5'

    Raises
    ------
    InputError
        If there is no example of that name; those that exist are listed.
    """
    text = os.fspath(path)
    if not text.startswith(PREFIX):
        return Path(path)
    names = example_names()
    if text.removeprefix(PREFIX) not in names:
        raise unknown_choice("example", text, [PREFIX + name for name in names])
    return FOLDER / f"{text.removeprefix(PREFIX)}.h5"


def refuse_example(path: str | os.PathLike[str]) -> None:
    """Nothing is written over what comes with the package, nor into a file that looks like it.

    Raises
    ------
    InputError
        If the path, or a folder on the way to it, is called ``example:…``.
    """
    if any(part.startswith(PREFIX) for part in Path(path).parts):
        raise InputError(
            f"cannot write {path}: {PREFIX}NAME stands for a surface that comes with the package "
            "and is only read; choose the name of a file"
        )
