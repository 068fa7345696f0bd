"""Keep the checkpoints of a training run that its path needs."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from landscape.atomic import replacing
from landscape.checkpoint import read_state
from landscape.differences import TRAINED, differences
from landscape.errors import InputError, argument
from landscape.params import unwrapped

_NAME = re.compile(r"step_(\d+)\.pt")
_FINAL = "final.pt"


class Recorder:
    """Writes the checkpoints of a training run to a folder, for ``pca:FOLDER`` and trajectories.

    Kept are the parameters that are trained and all buffers. The first and the last checkpoint are
    in the network's own precision, those between in half precision, as differences from the first:
    see :mod:`landscape.differences` for form and error.

    Parameters
    ----------
    folder
        Created if missing.
    every
        :meth:`record` writes the steps that this number divides.

    Raises
    ------
    InputError
        If ``every`` is below 1; on recording, if the folder contains another run or cannot be
        written. A run that is resumed continues in its folder.

    Examples
    --------
    Of the problem in the example of :class:`landscape.Problem`:

    >>> import torch, landscape
    >>> recorder = landscape.Recorder("runs/mine", every=5)
    >>> optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    >>> for step in range(11):
    ...     recorder.record(network, step)
    ...     optimizer.zero_grad()
    ...     torch.nn.functional.cross_entropy(network(inputs), labels).backward()
    ...     optimizer.step()
    >>> recorder.finish(network, step + 1)
    >>> problem = landscape.Problem(network, (inputs, labels), device="cpu")
    >>> options = {"directions": "pca:runs/mine", "progress": False}
    >>> surface = landscape.sample_surface(problem, "-1:1:3", "-1:1:3", **options)
    >>> surface.trajectories["mine"].step.tolist()
    [0.0, 5.0, 10.0, 11.0]

    With Transformers ``Trainer(…, callbacks=[recorder.trainer_callback()])`` calls both methods,
    with Lightning ``Trainer(callbacks=[recorder.lightning_callback()])``.
    """

    def __init__(self, folder: str | Path, every: int = 1) -> None:
        if every < 1:
            raise InputError(f"{argument('every', every)}: expected a number of steps from 1 on")
        self.folder = Path(folder)
        self.every = every
        self._first: Path | None = None

    def record(self, model: nn.Module, step: int) -> None:
        """Write the network as it is at a step (0 before the first update), if it is its turn."""
        if step % self.every == 0:
            self._write(model, step)

    def finish(self, model: nn.Module, step: int) -> None:
        """Write the trained network after its last step, in its own precision."""
        self._ready(step)
        state, recorded = _state(model)
        _save(self.folder / _FINAL, {"state_dict": state, **recorded, "epoch": step})

    def trainer_callback(self) -> Any:
        """A ``TrainerCallback`` of Transformers that records every optimization step."""
        from landscape.adapters.trainer import recording_callback

        return recording_callback(self)

    def lightning_callback(self) -> Any:
        """A ``Callback`` of Lightning that records every optimization step."""
        from landscape.adapters.lightning import recording_callback

        return recording_callback(self)

    def _write(self, model: nn.Module, step: int) -> None:
        first, path = self._ready(step), self.folder / f"step_{step:06d}.pt"
        state, recorded = _state(model)
        if first is None:
            _save(path, {"state_dict": state, **recorded, "step": step})
            self._first = path
        else:
            changed = differences(state, read_state(first))
            _save(path, {"first": first.name, **changed, **recorded, "step": step})

    def _ready(self, step: int) -> Path | None:
        """The first checkpoint of the run, if it is written.

        Raises
        ------
        InputError
            If the folder contains a run that is finished, or begins at this step or later. A run
            that is resumed replaces the checkpoints of later steps.
        """
        if self._first is not None:
            return self._first
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            names = {file.name: file for file in self.folder.iterdir()}
        except OSError as error:
            raise InputError(f"cannot write to folder {self.folder}: {error.strerror}") from None
        found = {int(m[1]): names[m[0]] for m in map(_NAME.fullmatch, names) if m is not None}
        if _FINAL in names or (found and step <= min(found)):
            until = f" up to step {max(found)}" if found else ""
            raise InputError(
                f"{self.folder} contains a run{until}, and this is step {step} of one; give "
                "another folder, or remove what is to be replaced"
            )
        self._first = found[min(found)] if found else None
        return self._first


def _state(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Trained parameters and all buffers on the CPU, without the prefixes of wrappers.

    The second value says so in the file if there are parameters that are not trained.
    """
    inner = unwrapped(model)
    parameters = inner.named_parameters(remove_duplicate=False)
    frozen = {name for name, p in parameters if not p.requires_grad}
    state = {
        name.replace("_orig_mod.", ""): tensor.detach().cpu()
        for name, tensor in inner.state_dict().items()
        if isinstance(tensor, Tensor) and name not in frozen
    }
    return state, {"recorded": TRAINED} if frozen else {}


def _save(path: Path, content: Mapping[str, Any]) -> None:
    raw = io.BytesIO()  # a plain write reports a full disk as OSError, torch.save does not
    torch.save(content, raw)
    with replacing(path) as temporary:
        temporary.write_bytes(raw.getbuffer())
