"""The checkpoints of a training run among the files of a folder, in the order of training."""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from landscape.checkpoint import recorded_steps
from landscape.checkpoint.files import SUFFIXES, file_in, is_beside
from landscape.errors import InputError, argument
from landscape.planes.steps import Step, steps_of

_FINAL = re.compile(r"(^|[^a-z])final([^a-z]|$)")
_UNORDERED = re.compile(r"(^|[^a-z])(best|last|latest)([^a-z]|$)")
"""Copies of another checkpoint, at an unknown place of the path."""

_INNER = "checkpoints"  # where Lightning keeps them
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class RunFiles:
    """The checkpoints of a run.

    Attributes
    ----------
    files
        Files or folders, in the order of training.
    steps
        The epoch or step of each.
    left_out
        Names of others in the same place that are not of the path.
    """

    files: list[Path]
    steps: list[float]
    left_out: list[str]


def folder_of(place: str | Path) -> Path:
    """The folder of a run: of a pattern, the part without wildcards."""
    place = Path(place)
    if place.exists() or not _MAGIC.search(str(place)):
        return place
    kept = []
    for part in place.parts[:-1]:
        if _MAGIC.search(part):
            break
        kept.append(part)
    return Path(*kept)


def checkpoints_in(place: str | Path) -> RunFiles:
    """The checkpoints of a training run, ordered by the epoch or step that their names tell.

    Where the names tell none, the epoch or step recorded in the files counts. ``final`` comes last.
    ``best``, ``last`` (from which training resumes), the files of optimizers, and names without a
    step are left out.

    Parameters
    ----------
    place
        A folder of checkpoints, of which each is a file or a folder (``epoch_1/model.pth``,
        ``checkpoint-500``), or a pattern such as ``runs/a/epoch_*.pt``.

    Raises
    ------
    InputError
        If there is no such folder, it contains fewer than two checkpoints, or their order cannot be
        told.
    """
    folder = folder_of(place)
    entries = _entries(place, folder)
    weights = [one for one in entries if not is_beside(one.name)]
    names = {one: _name(one, folder) for one in weights}
    ordered = [one for one in weights if not _UNORDERED.search(names[one])]
    final = [one for one in ordered if _FINAL.search(names[one])]
    numbered = [one for one in ordered if one not in final]
    if len(ordered) < 2:
        found = f"{len(ordered)} checkpoint{'s' * (len(ordered) != 1)}"
        beside = [one.name for one in entries if one not in ordered]
        besides = f" besides {', '.join(beside[:4])}" if beside else ""
        raise InputError(
            f"training run {place} contains {found}{besides}; expected several, as written by "
            f"training with {argument('checkpoint_every', 1)}"
        )
    steps = _steps(place, numbered, names)
    files = sorted(steps, key=lambda one: (steps[one], one.name))
    _check_distinct(place, files, steps)
    numbers = [float(steps[one][0]) for one in files]
    if len(set(numbers)) < len(numbers):  # several of one epoch
        numbers = [float(k) for k in range(len(files))]
    for one in final[:1]:
        last = numbers[-1] if numbers else -1.0
        number = float(recorded_steps(one).get("epoch", -1))
        if number < last or number < 0:  # the others are numbered by steps, or it says nothing
            number = last + 1
        elif number == last:  # the same weights twice
            files, numbers = files[:-1], numbers[:-1]
        files, numbers = [*files, one], [*numbers, number]
    same = {*steps, *final[:1]}
    left_out = [str(one.relative_to(folder)) for one in entries if one not in same]
    return RunFiles(files, numbers, left_out)


def _entries(place: str | Path, folder: Path) -> list[Path]:
    """The files and folders that may be checkpoints, or files beside them, by name."""
    if folder != Path(place):
        matches: Iterable[Path] = map(Path, glob.glob(str(place), recursive=True))
    elif folder.is_dir():
        matches = folder.iterdir()
    else:
        kind = "is a file" if folder.exists() else "does not exist"
        raise InputError(
            f"training run {place} {kind}; expected a folder with checkpoints, or a pattern such "
            "as runs/a/epoch_*.pt"
        )
    found = sorted(one for one in matches if _may_be(one))
    if not found and folder == Path(place) and (folder / _INNER).is_dir():
        return _entries(folder / _INNER, folder / _INNER)
    return found


def _may_be(path: Path) -> bool:
    if path.is_dir():
        return file_in(path) is not None
    return path.name.lower().endswith(SUFFIXES)


def _name(path: Path, folder: Path) -> str:
    """The place in the run's folder, in lower case, without the suffix of a file."""
    name = str(path.relative_to(folder)).lower()
    suffix = max((s for s in SUFFIXES if name.endswith(s)), key=len, default="")
    return name if path.is_dir() else name.removesuffix(suffix)


def _steps(place: str | Path, files: list[Path], names: dict[Path, str]) -> dict[Path, Step]:
    """The steps of the files that have one."""
    told = steps_of([names[one] for one in files])
    if told:
        return {one: told[names[one]] for one in files if names[one] in told}
    recorded = {one: recorded_steps(one) for one in files}
    for unit in ("epoch", "step"):
        found: dict[Path, Step] = {
            one: (said[unit],) for one, said in recorded.items() if unit in said
        }
        if len(found) == len(files) == len(set(found.values())):
            return found
    if len(files) < 2:
        return dict.fromkeys(files, (0,))
    raise InputError(
        f"training run {place}: the names of its checkpoints do not tell their order "
        f"({', '.join(one.name for one in files[:4])}); expected an epoch or step in each, as in "
        "epoch_3.pt, or a pattern that leaves out others, as in runs/a/epoch_*.pt"
    )


def _check_distinct(place: str | Path, files: list[Path], steps: dict[Path, Step]) -> None:
    for one, other in itertools.pairwise(files):
        if steps[one] == steps[other]:
            raise InputError(
                f"training run {place} contains two checkpoints of step "
                f"{'-'.join(map(str, steps[one]))}: {one.name} and {other.name}; leave one out by "
                "a pattern, as in runs/a/epoch_*.pt"
            )
