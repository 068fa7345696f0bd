"""The checkpoints of a training run, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from landscape.checkpoint import read_checkpoint
from landscape.errors import InputError, argument
from landscape.params import Params, check_same_shape

_SUFFIXES = (".pt", ".pth", ".t7", ".ckpt")
_FINAL, _LAST = "final", "last"  # as training leaves them; ``last`` is a copy with the optimizer


@dataclass(frozen=True)
class Run:
    """The states that a network went through: checkpoints of a training run, points of a curve.

    Attributes
    ----------
    name
        Shown beside its path.
    labels
        What each state is called in messages.
    steps
        The number of each, such as its epoch.
    load
        From 0, 1, … to parameters and buffers on the CPU, so that one at a time is in memory.
    trained
        Whether each is a network as it was trained, with running statistics and a loss of its own.
        A point of a curve is not: it has those that the plane gives it.
    """

    name: str
    labels: Sequence[str]
    steps: Sequence[float]
    load: Callable[[int], Mapping[str, Tensor]]
    trained: bool = True

    def states(self) -> Iterator[tuple[str, Mapping[str, Tensor]]]:
        """The label, and the parameters and buffers, of each."""
        for k, label in enumerate(self.labels):
            yield label, self.load(k)

    def parameters(self, origin: Params) -> Iterator[Params]:
        """The parameters of each, by the names of ``origin``.

        Raises
        ------
        InputError
            Naming the first that differs from the network's.
        """
        for label, state in self.states():
            yield parameters_in(state, origin, label)


def parameters_in(state: Mapping[str, Tensor], origin: Params, what: str) -> Params:
    """The parameters of a network among those and the buffers of a state dict.

    Raises
    ------
    InputError
        Naming the first that is missing or of another shape.
    """
    found = {name: tensor for name, tensor in state.items() if name in origin}
    check_same_shape(found, origin, what)
    return {name: found[name].detach().cpu() for name in origin}


def read_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Training runs from the folders of their checkpoints, with names that tell them apart.

    See :func:`checkpoints_in` for what is read.
    """
    places = [Path(folder).resolve() for folder in folders]
    return [_read(place, name) for place, name in zip(places, names_of(places), strict=True)]


def _read(folder: Path, name: str) -> Run:
    files, steps = checkpoints_in(folder)

    def load(k: int) -> Mapping[str, Tensor]:
        return read_checkpoint(files[k]).state

    return Run(name, [f"checkpoint {file}" for file in files], steps, load)


def checkpoints_in(folder: str | Path) -> tuple[list[Path], list[float]]:
    """The checkpoints in a folder and their steps, in the order of the numbers in their names.

    ``final`` comes last, ``last`` (a copy that training goes on from) does not count.

    Raises
    ------
    InputError
        If there is no such folder, or fewer than two checkpoints in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise InputError(f"training run {folder} {kind}; expected a folder with checkpoints")
    found = [f for f in folder.iterdir() if f.suffix in _SUFFIXES and f.stem != _LAST]
    numbered = sorted((f for f in found if f.stem != _FINAL), key=_order)
    final = [f for f in found if f.stem == _FINAL]
    if len(found) < 2:
        raise InputError(
            f"training run {folder} holds {len(found)} checkpoint{'s' * (len(found) != 1)}; "
            f"expected several, as training with {argument('checkpoint_every', 1)} leaves them"
        )
    steps = [float((_numbers(f) or [k])[-1]) for k, f in enumerate(numbered)]
    for file in final:
        epoch = read_checkpoint(file).epoch
        steps.append(steps[-1] + 1 if epoch is None else float(epoch))
    if final and steps[-1] == steps[-2]:  # the same weights twice
        numbered, steps = numbered[:-1], steps[:-1]
    return [*numbered, *final], steps


def _numbers(file: Path) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", file.stem)]


def _order(file: Path) -> tuple[list[int], str]:
    return _numbers(file), file.name


def names_of(files: Sequence[Path]) -> list[str]:
    """What to call files or folders: their names or, where these are alike, those of the folders.

    >>> names_of([Path("runs/a.pt"), Path("runs/b.pt")])
    ['a.pt', 'b.pt']
    >>> names_of([Path("runs/a/final.pt"), Path("runs/b/final.pt")])
    ['a', 'b']
    """
    for names in (
        [file.name for file in files],
        [file.parent.name for file in files],
        [f"{file.parent.name} {file.name}".strip() for file in files],
    ):
        if len(set(names)) == len(set(files)) and all(names):
            return names
    return [str(number) for number in range(1, len(files) + 1)]
