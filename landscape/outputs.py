"""Checks of outputs before anything is computed: no inputs, and no files of another kind."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from landscape.atomic import OR_OVERWRITE, may_overwrite, target_of
from landscape.errors import InputError, argument

Output = str | os.PathLike[str]


def check_outputs(outputs: Mapping[str, Output | None], inputs: Iterable[object] = ()) -> None:
    """Check that outputs can be written, are different files, and are no inputs.

    Parameters
    ----------
    outputs
        By the names of their arguments.
    inputs
        Paths, lists of them and texts that contain some, such as ``between:a.pt,b.pt``; anything
        else is passed over.

    Raises
    ------
    InputError
        Naming the arguments.
    """
    files = {file for value in inputs for file in _files_in(value)}
    before: dict[str, Path] = {}
    for name, path in outputs.items():
        if path is None:
            continue
        target = target_of(path)
        for other, taken in before.items():
            if _same(target, taken):
                raise InputError(
                    f"{argument(other, outputs[other])} and {argument(name, path)} are the same "
                    "file; give each output its own"
                )
        for file in sorted(files):
            if _same(target, file):
                raise InputError(
                    f"{argument(name, path)} is also an input, {file}, which would be lost; "
                    "choose another output"
                )
        before[name] = target


def check_kind(path: Output | None, kind: str, is_one: Callable[[Path], bool]) -> None:
    """Check that a file at an output's path, if there is one, is of the kind that replaces it.

    Raises an InputError otherwise, unless files may be overwritten.
    """
    if path is None or may_overwrite():
        return
    target = target_of(path)
    if target.exists() and target.stat().st_size and not is_one(target):
        raise InputError(f"cannot write {path}: it exists and is not {kind}; {OR_OVERWRITE}")


def _same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _files_in(value: object) -> Iterator[Path]:
    if isinstance(value, str | os.PathLike):
        text = os.fsdecode(value)
        for part in {text, *re.split("[:,]", text)}:
            with contextlib.suppress(OSError, ValueError):
                if part and Path(part).is_file():
                    yield Path(part)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _files_in(one)
