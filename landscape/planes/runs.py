"""The checkpoints of a training run, read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from landscape.checkpoint import Partial, fitted, read_state
from landscape.errors import InputError, argument
from landscape.params import Params, check_same_shape
from landscape.planes.run_files import checkpoints_in, folder_of
from landscape.problem import Problem


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
    left_out
        Names of files beside the checkpoints that do not belong to the path, such as ``best.pt``.
    """

    name: str
    labels: Sequence[str]
    steps: Sequence[float]
    load: Callable[[int], Mapping[str, Tensor]]
    trained: bool = True
    left_out: Sequence[str] = ()

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
        If it is of another network, naming the first parameter that is missing or of another shape.
    """
    named = fitted(state, origin, where=what)
    found = {name: tensor for name, tensor in named.items() if name in origin}
    if isinstance(named, Partial) and found:
        found = {**origin, **found}
    missing = [name for name in origin if name not in found]
    if missing:
        others = [name for name in named if name not in origin]
        has = f", with {others[0]!r}" if others else ""
        raise InputError(
            f"{what}: no entry for parameter {missing[0]!r}, shape "
            f"{tuple(origin[missing[0]].shape)}; {len(missing)} of {len(origin)} are missing: it "
            f"is of another network{has}; give one of this network, or the {argument('model')} of "
            "that one"
        )
    check_same_shape(found, origin, what)
    return {name: found[name].detach().cpu() for name in origin}


def read_runs(places: Sequence[str | Path], key: str | None = None) -> list[Run]:
    """Read training runs, with distinct names.

    Parameters
    ----------
    places
        Folders or patterns: see :func:`landscape.planes.run_files.checkpoints_in`.
    key
        Where the weights are in each checkpoint: see
        :func:`landscape.checkpoint.read_checkpoint`.
    """
    folders = [folder_of(place).resolve() for place in places]
    distinct = len(set(folders)) == len(folders)
    names = names_of(folders if distinct else [Path(place) for place in places])
    return [_read(place, name, key) for place, name in zip(places, names, strict=True)]


def key_of(problem: Problem) -> str | None:
    """Where the weights of a problem are in its checkpoint, and so in others of its network."""
    key = problem.attributes.get("checkpoint_key")
    return None if key is None else str(key)


def _read(place: str | Path, name: str, key: str | None) -> Run:
    found = checkpoints_in(place)

    def load(k: int) -> Mapping[str, Tensor]:
        return read_state(found.files[k], key)

    labels = [f"checkpoint {file}" for file in found.files]
    return Run(name, labels, found.steps, load, left_out=found.left_out)


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
