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
_FINAL, _LAST = "final", "last"  # written by training; ``last`` also contains the optimizer state


@dataclass(frozen=True)
class Run:
    """A sequence of states of a network: checkpoints of a training run, or points of a curve.

    Attributes
    ----------
    name
        Label of its path in plots.
    labels
        Name of each state in messages.
    steps
        Number of each state, such as its epoch.
    load
        Maps an index 0, 1, … to parameters and buffers on the CPU; one state at a time is loaded.
    trained
        Whether each state is a trained network, with its own running statistics and loss. A point
        of a curve is not: it has those of the plane.
    """

    name: str
    labels: Sequence[str]
    steps: Sequence[float]
    load: Callable[[int], Mapping[str, Tensor]]
    trained: bool = True

    def states(self) -> Iterator[tuple[str, Mapping[str, Tensor]]]:
        """Label, and parameters and buffers, of each state."""
        for k, label in enumerate(self.labels):
            yield label, self.load(k)

    def parameters(self, origin: Params) -> Iterator[Params]:
        """Parameters of each state, by the names of ``origin``.

        Raises
        ------
        InputError
            Naming the first that does not match the network.
        """
        for label, state in self.states():
            yield parameters_in(state, origin, label)


def parameters_in(state: Mapping[str, Tensor], origin: Params, what: str) -> Params:
    """Extract the parameters of a network from a state dict.

    Raises
    ------
    InputError
        Naming the first that is missing or of another shape.
    """
    found = {name: tensor for name, tensor in state.items() if name in origin}
    check_same_shape(found, origin, what)
    return {name: found[name].detach().cpu() for name in origin}


def read_runs(folders: Sequence[str | Path]) -> list[Run]:
    """Read training runs from folders of checkpoints, with distinct names.

    See :func:`checkpoints_in`.
    """
    places = [Path(folder).resolve() for folder in folders]
    return [_read(place, name) for place, name in zip(places, names_of(places), strict=True)]


def _read(folder: Path, name: str) -> Run:
    files, steps = checkpoints_in(folder)

    def load(k: int) -> Mapping[str, Tensor]:
        return read_checkpoint(files[k]).state

    return Run(name, [f"checkpoint {file}" for file in files], steps, load)


def checkpoints_in(folder: str | Path) -> tuple[list[Path], list[float]]:
    """The checkpoints in a folder and their steps, ordered by the numbers in their names.

    ``final`` comes last; ``last`` (from which training resumes) is skipped.

    Raises
    ------
    InputError
        If the folder does not exist or contains fewer than two checkpoints.
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
            f"training run {folder} contains {len(found)} checkpoint{'s' * (len(found) != 1)}; "
            f"expected several, as written by training with {argument('checkpoint_every', 1)}"
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
    """Distinct names for files or folders: their own or, if equal, those of their parent folders.

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
