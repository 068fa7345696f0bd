"""The checkpoints of a training run, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from landscape.checkpoint import read_checkpoint
from landscape.errors import InputError
from landscape.params import Params, check_same_shape

_SUFFIXES = (".pt", ".pth", ".t7", ".ckpt")
_FINAL, _LAST = "final", "last"  # as training leaves them; ``last`` is a copy with the optimizer


@dataclass(frozen=True)
class Run:
    """A training run: its name, and its checkpoints in the order of training.

    Attributes
    ----------
    name
        Shown beside its path.
    files
        One checkpoint each.
    steps
        The number of each, such as its epoch.
    """

    name: str
    files: Sequence[Path]
    steps: Sequence[float]

    def states(self) -> Iterator[Mapping[str, Tensor]]:
        """Parameters and buffers of each checkpoint, on the CPU; in memory one at a time."""
        for file in self.files:
            yield read_checkpoint(file).state

    def parameters(self, origin: Params) -> Iterator[Params]:
        """The parameters of each checkpoint, by the names of ``origin``.

        Raises
        ------
        InputError
            Naming the first that differs from the network's.
        """
        for file, state in zip(self.files, self.states(), strict=True):
            yield parameters_in(state, origin, f"checkpoint {file}")


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


def read_run(folder: str | Path) -> Run:
    """The checkpoints in a folder, in the order of the numbers in their names.

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
            "expected several, as --checkpoint-every 1 of landscape.train leaves them"
        )
    steps = [float((_numbers(f) or [k])[-1]) for k, f in enumerate(numbered)]
    for file in final:
        epoch = read_checkpoint(file).epoch
        steps.append(steps[-1] + 1 if epoch is None else float(epoch))
    if final and steps[-1] == steps[-2]:  # the same weights twice
        numbered, steps = numbered[:-1], steps[:-1]
    return Run(folder.resolve().name, [*numbered, *final], steps)


def _numbers(file: Path) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", file.stem)]


def _order(file: Path) -> tuple[list[int], str]:
    return _numbers(file), file.name
