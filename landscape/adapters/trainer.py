"""Transformers: a ``Trainer`` as a problem, and a callback that records its training."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from landscape.data.tree import tensors_in
from landscape.errors import InputError, argument
from landscape.params import unwrapped
from landscape.problem import Problem
from landscape.problem.model_loss import LABELS, counted, predicts_next
from landscape.surface import Attribute

if TYPE_CHECKING:
    from landscape.adapters.recorder import Recorder


def from_trainer(
    trainer: Any,
    splits: Sequence[str] = ("train",),
    *,
    device: str = "auto",
    attributes: Mapping[str, Attribute] | None = None,
) -> Problem:
    """The problem that a ``transformers.Trainer`` solves: its model, data, collator and loss.

    The loss is the model's own, the mean over all labels that count. Where the trainer has another
    one (``compute_loss`` of a subclass, ``compute_loss_func``, label smoothing), that is evaluated
    on each batch of ``args.eval_batch_size`` examples, and the surface is its mean over the batches
    weighted by their labels that count: exactly the trainer's loss of all data if it is a mean over
    these labels. The model is measured in evaluation mode, without dropout.

    Parameters
    ----------
    trainer
        Before or after training.
    splits
        ``train`` and ``test``: the trainer's ``train_dataset`` and ``eval_dataset``.
    device, attributes
        See :class:`landscape.Problem`.

    Raises
    ------
    InputError
        If the trainer has no such data set, or as :class:`landscape.Problem` does.

    Examples
    --------
    >>> import torch, landscape
    >>> from transformers import BertConfig, BertForSequenceClassification
    >>> from transformers import Trainer, TrainingArguments
    >>> sizes = {"hidden_size": 8, "intermediate_size": 8, "vocab_size": 20}
    >>> small = BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes)
    >>> model = BertForSequenceClassification(small)
    >>> data = [{"input_ids": [1, k, 2], "labels": k % 2} for k in range(8)]
    >>> arguments = TrainingArguments("runs", use_cpu=True, report_to=[])
    >>> trainer = Trainer(model, arguments, train_dataset=data)
    >>> problem = landscape.from_trainer(trainer)
    >>> list(problem.quantities)
    ['train_loss', 'train_loss_stderr', 'train_count']
    """
    sets = {"train": trainer.train_dataset, "test": trainer.eval_dataset}
    for split in splits:
        if sets.get(split) is None:
            raise InputError(
                f"{argument('splits', list(splits))}: the trainer has no {split} data; expected "
                "train (train_dataset) and test (eval_dataset)"
            )
    return Problem(
        unwrapped(trainer.model),
        {split: _loader(trainer, sets[split]) for split in splits},
        objective=TrainerLoss(trainer) if _has_own_loss(trainer) else None,
        device=device,
        attributes=attributes,
    )


@dataclass(frozen=True)
class TrainerLoss:
    """``trainer.compute_loss(model, batch)`` with the number of labels that count as its weight."""

    trainer: Any

    def __call__(self, model: Any, batch: Any) -> tuple[Tensor, Tensor]:
        """The loss of a batch and its weight, both without dimensions."""
        loss = self.trainer.compute_loss(model, dict(batch))
        labels = batch.get(LABELS)
        if labels is None:
            return loss, torch.tensor(float(len(tensors_in(batch)[0])))
        return loss, counted(labels, predicts_next(model))


def _loader(trainer: Any, dataset: Any) -> DataLoader[Any]:
    """The batches that the trainer evaluates, in the order of the data set, on the CPU."""
    if isinstance(dataset, torch.utils.data.IterableDataset):
        return DataLoader(dataset, trainer.args.eval_batch_size, collate_fn=trainer.data_collator)
    loader = trainer.get_eval_dataloader(dataset)
    return DataLoader(loader.dataset, trainer.args.eval_batch_size, collate_fn=loader.collate_fn)


def _has_own_loss(trainer: Any) -> bool:
    usual = importlib.import_module("transformers").Trainer.compute_loss
    return (
        type(trainer).compute_loss is not usual
        or trainer.compute_loss_func is not None
        or trainer.label_smoother is not None
    )


def recording_callback(recorder: Recorder) -> Any:
    """A ``TrainerCallback`` that records the weights after every optimization step."""
    return _callback_class()(recorder)


@functools.cache
def _callback_class() -> type:
    base = importlib.import_module("transformers").TrainerCallback

    class RecorderCallback(base):  # type: ignore[misc, valid-type]
        def __init__(self, recorder: Recorder) -> None:
            self.recorder = recorder

        def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.is_world_process_zero:
                self.recorder.record(given["model"], state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.is_world_process_zero:
                self.recorder.record(given["model"], state.global_step)

        def on_train_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.is_world_process_zero:
                self.recorder.finish(given["model"], state.global_step)

    return RecorderCallback
