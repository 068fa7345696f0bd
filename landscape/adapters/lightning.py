"""Lightning: a module with its data as a problem, and a callback that records its training."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from landscape.data.tree import tensors_in
from landscape.errors import InputError, argument
from landscape.problem import Problem
from landscape.surface import Attribute

if TYPE_CHECKING:
    from landscape.adapters.recorder import Recorder

_LOADERS = {"train": "train_dataloader", "val": "val_dataloader", "test": "test_dataloader"}
_STAGES = {"train": "fit", "val": "fit", "test": "test"}
_TRANSFERS = ("on_before_batch_transfer", "on_after_batch_transfer")
_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def from_lightning(
    module: Any,
    data: Any = None,
    splits: Sequence[str] = ("train",),
    *,
    device: str = "auto",
    attributes: Mapping[str, Attribute] | None = None,
) -> Problem:
    """The problem of a ``LightningModule``: the loss of its ``training_step`` over its data.

    What a step returns is a number for a batch, so that the surface is the mean over batches
    weighted by their numbers of examples, as Lightning averages over an epoch: exactly the mean
    over all examples if the loss of a batch is the mean over its examples. The batches are those of
    the loader, without shuffling. The module is measured in evaluation mode, without dropout, on
    every split by the same step; what it logs is dropped.

    Parameters
    ----------
    module
        A copy of it is measured, detached from its trainer.
    data
        A ``LightningDataModule``, or a ``DataLoader`` for the first of the splits; None for the
        loaders of the module itself.
    splits
        Names among ``train``, ``val`` and ``test``.
    device, attributes
        See :class:`landscape.Problem`.

    Raises
    ------
    InputError
        If the module optimizes by hand, returns no loss, or there is no loader of a split; or as
        :class:`landscape.Problem` does.

    Examples
    --------
    >>> import landscape, lightning, torch
    >>> class Line(lightning.LightningModule):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layer = torch.nn.Linear(8, 3)
    ...     def training_step(self, batch, batch_idx):
    ...         x, y = batch
    ...         return torch.nn.functional.cross_entropy(self.layer(x), y)
    >>> dataset = torch.utils.data.TensorDataset(inputs, labels)
    >>> problem = landscape.from_lightning(Line(), torch.utils.data.DataLoader(dataset, 16))
    >>> list(problem.quantities)
    ['train_loss', 'train_loss_stderr', 'train_count']
    """
    unknown = [split for split in splits if split not in _LOADERS]
    if unknown or not splits:
        raise InputError(
            f"{argument('splits', list(splits))}: expected names among {', '.join(_LOADERS)}"
        )
    if not module.automatic_optimization:
        raise InputError(
            f"{type(module).__name__} optimizes by hand, so that its training_step changes the "
            f"weights; give landscape.Problem(module, loader, {argument('objective')}=…) the loss"
        )
    loaders = {split: _loader(module, data, split, splits) for split in splits}
    hooks = data if any(_overrides(data, name) for name in _TRANSFERS) else None
    return Problem(
        _detached(module),
        loaders,
        objective=StepLoss(hooks),
        device=device,
        attributes={"model": type(module).__name__, **(attributes or {})},
    )


@dataclass(frozen=True)
class StepLoss:
    """The loss of ``training_step`` for a batch, with its number of examples as its weight.

    ``batch_idx`` is 1: modules often log more at 0.
    """

    datamodule: Any = None

    def __call__(self, module: Any, batch: Any) -> tuple[Tensor, Tensor]:
        """The loss of a batch and its weight, both without dimensions."""
        rows = next((len(t) for t in tensors_in(batch) if t.ndim), 1)
        for name in _TRANSFERS:
            owner = self.datamodule if _overrides(self.datamodule, name) else module
            batch = getattr(owner, name)(batch, 0)
        takes = inspect.signature(module.training_step).parameters
        found = module.training_step(batch, **({"batch_idx": 1} if "batch_idx" in takes else {}))
        loss = found.get("loss") if isinstance(found, Mapping) else found
        if not isinstance(loss, Tensor):
            raise InputError(
                f"training_step of {type(module).__name__} returned a {type(found).__name__}: "
                "expected the loss, or a dict with 'loss'"
            )
        return loss.mean(), torch.tensor(float(rows))


def _overrides(owner: Any, name: str) -> bool:
    home = getattr(getattr(type(owner), name, None), "__module__", "lightning.")
    return not home.startswith(("lightning.", "pytorch_lightning."))


def _loader(module: Any, data: Any, split: str, splits: Sequence[str]) -> DataLoader[Any]:
    if isinstance(data, DataLoader):
        if list(splits) != [split]:
            raise InputError(
                f"{argument('splits', list(splits))} with one DataLoader: give a datamodule"
            )
        return data
    owner = module if data is None else data
    if data is not None and not all(hasattr(data, name) for name in ("prepare_data", "setup")):
        raise InputError(
            f"data of type {type(data).__name__}; expected a LightningDataModule or a DataLoader"
        )
    if data is not None:
        data.prepare_data()
        data.setup(_STAGES[split])
    if not _overrides(owner, _LOADERS[split]):
        raise InputError(
            f"{type(owner).__name__} has no {_LOADERS[split]}; give a datamodule or a DataLoader"
        )
    found = getattr(owner, _LOADERS[split])()
    if isinstance(found, list | tuple) and len(found) == 1:
        (found,) = found
    if not isinstance(found, DataLoader):
        raise InputError(
            f"{_LOADERS[split]} of {type(owner).__name__} returned a {type(found).__name__}: "
            "expected one DataLoader; give one"
        )
    return found


def _detached(module: Any) -> Any:
    """A copy without trainer, which logs nothing."""
    trainer, module._trainer = module._trainer, None
    try:
        copied = copy.deepcopy(module)
    finally:
        module._trainer = trainer
    for name in ("log", "log_dict"):
        object.__setattr__(copied, name, _nothing)
    return copied


def _nothing(*args: Any, **kwargs: Any) -> None:
    pass


def recording_callback(recorder: Recorder) -> Any:
    """A ``Callback`` that records the weights after every optimization step."""
    package = next((name for name in _PACKAGES if name in sys.modules), _PACKAGES[0])
    return _callback_class(package)(recorder)


@functools.cache
def _callback_class(package: str) -> type:
    base = importlib.import_module(package).Callback

    class RecorderCallback(base):  # type: ignore[misc, valid-type]
        def __init__(self, recorder: Recorder) -> None:
            self.recorder = recorder
            self._last = -1

        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            self._record(trainer, pl_module)

        def on_train_batch_end(self, trainer: Any, pl_module: Any, *given: Any) -> None:
            self._record(trainer, pl_module)

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            if trainer.is_global_zero:
                self.recorder.finish(pl_module, trainer.global_step)

        def _record(self, trainer: Any, pl_module: Any) -> None:
            # With accumulated gradients several batches make one step.
            if trainer.is_global_zero and trainer.global_step != self._last:
                self._last = trainer.global_step
                self.recorder.record(pl_module, self._last)

    return RecorderCallback
