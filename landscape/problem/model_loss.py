"""The loss that a network computes itself from batches with labels, as those of Transformers do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.data import Batches, Rows, Split
from landscape.errors import InputError, argument, one_line
from landscape.metrics import IGNORED

LABELS = "labels"
_SHIFTED = ("CausalLM", "LMHeadModel", "DoubleHeadsModel")
_SAME = 1e-3  # of two cross-entropies, relative
_TRIED = 4


@dataclass(frozen=True)
class ModelLoss:
    """``model(**batch).loss``, weighted by the number of labels that it is a mean over.

    Labels of −100 do not count, nor, where a position predicts the next one (causal language
    models), the first of every sequence. So the weighted mean over batches is the mean over all
    counted labels of the data, however long the batches are.

    Attributes
    ----------
    shifted
        Whether a position predicts the label of the next one.
    """

    shifted: bool = False

    def __call__(self, model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        """The loss of a batch and its weight, both without dimensions."""
        loss = loss_of(model(**batch))
        labels: Tensor = batch[LABELS]
        return loss, counted(labels, self.shifted).to(loss.device, torch.float64)


def loss_of(output: Any) -> Tensor:
    """The loss in a network's output.

    Raises
    ------
    InputError
        If there is none.
    """
    loss = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
    if not isinstance(loss, Tensor):
        raise InputError(
            f"the network returns a {type(output).__name__} without a loss for batches with "
            f"labels; give {argument('objective')}, your own loss of a batch"
        )
    return loss.mean()


def counted(labels: Tensor, shifted: bool) -> Tensor:
    """The number of labels that count.

    >>> labels = torch.tensor([[5, 2, -100], [7, 1, 4]])
    >>> int(counted(labels, shifted=False)), int(counted(labels, shifted=True))
    (5, 3)
    """
    if labels.is_floating_point():
        return torch.tensor(len(labels) if labels.ndim else 1)
    kept = labels[..., 1:] if shifted and labels.ndim > 1 else labels
    return (kept != IGNORED).sum()


def predicts_next(model: nn.Module) -> bool:
    """Whether the class of a network says that a position predicts the label of the next one."""
    return any(word in type(model).__name__ for word in _SHIFTED)


def has_labels(item: Any) -> bool:
    """Whether a batch, an element of a dataset or data themselves are a mapping with labels."""
    if isinstance(item, Rows | Batches):
        item = item.batch(torch.float32).content
    return isinstance(item, Mapping) and LABELS in item


def model_loss(model: nn.Module, few: Split, dtype: torch.dtype) -> ModelLoss:
    """The objective of a network, found out by a few examples.

    Which labels its loss is a mean over is seen by comparing it with the cross-entropy of its
    logits; where neither agrees (label smoothing, a further loss), its class name tells.

    Raises
    ------
    InputError
        If the network does not take such a batch, or returns no loss.
    """
    batch: Any = next(few.batches(dtype, _TRIED)).content
    try:
        with torch.no_grad():
            output = model(**batch)
    except Exception as error:  # a network can raise any error
        raise InputError(
            f"the network does not take batches that are dicts with {', '.join(batch)} "
            f"({one_line(error)}); give data that fit it, or {argument('objective')}"
        ) from error
    loss, labels = loss_of(output), batch[LABELS]
    logits = getattr(output, "logits", None)
    by_name = predicts_next(model)
    if not isinstance(logits, Tensor) or logits.ndim != 3 or logits.shape[:2] != labels.shape:
        return ModelLoss(by_name and labels.ndim > 1)
    agree = {shifted: _agrees(loss, logits, labels, shifted) for shifted in (False, True)}
    return ModelLoss(agree[True] if agree[True] != agree[False] else by_name)


def _agrees(loss: Tensor, logits: Tensor, labels: Tensor, shifted: bool) -> bool:
    if shifted:
        logits, labels = logits[:, :-1], labels[:, 1:]
    classes = logits.shape[-1]
    found = F.cross_entropy(
        logits.float().reshape(-1, classes), labels.reshape(-1).long(), ignore_index=IGNORED
    )
    return bool((found - loss).abs() <= _SAME * loss.abs())
