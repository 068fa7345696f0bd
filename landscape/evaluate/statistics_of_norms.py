"""Re-estimation of batch-norm running statistics from examples.

A network whose weights were moved, averaged or interpolated still has the running means and
variances of the weights it was trained with. Izmailov et al. (arXiv 1803.05407, section 3.2) and
Garipov et al. (arXiv 1802.10026, appendix A.2) recompute them by one pass over the training
examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from landscape.errors import InputError, one_line

_BatchNorm = nn.modules.batchnorm._BatchNorm


def norms_with_statistics(model: nn.Module) -> list[_BatchNorm]:
    """The batch normalizations of a network that track a running mean and variance."""
    return [
        module
        for module in model.modules()
        if isinstance(module, _BatchNorm) and module.running_mean is not None
    ]


def reestimate_statistics(
    model: nn.Module, batches: Iterable[Any], run: Callable[[Any], object] | None = None
) -> int:
    """Recompute the running mean and variance of every batch normalization, in place.

    Each batch is normalized by its own mean and variance, as in training, while all other modules
    (dropout) are in evaluation mode; the running statistics become the average over the batches,
    weighted by their numbers of examples. For batches of equal size this is
    ``torch.optim.swa_utils.update_bn``. The result depends on how the examples are split into
    batches: use the same split for networks that are compared. Raises an InputError if there is no
    batch, or one is too small to have a variance.

    Returns the number of layers with new statistics; if 0, no batch was read.

    ``model``: only the statistics change; modes and momenta are restored. ``batches``: batches with
    a length, such as inputs (n, …). ``run``: runs a batch through the network; None calls the
    network with it.
    """
    norms = norms_with_statistics(model)
    if not norms:
        return 0
    seen, run = 0, run or model
    with _normalizing_by_batch(model, norms), torch.no_grad():
        for norm in norms:
            norm.reset_running_stats()
        for batch in batches:
            seen += len(batch)
            for norm in norms:
                norm.momentum = len(batch) / seen
            try:
                run(batch)
            except ValueError as error:
                if "more than 1 value per channel" not in str(error):
                    raise
                raise InputError(
                    f"batch-norm statistics of a batch of {len(batch)} examples "
                    f"({one_line(error)}); use larger batches"
                ) from error
    if seen == 0:
        raise InputError("batch-norm statistics without examples: expected at least one batch")
    return len(norms)


@contextmanager
def _normalizing_by_batch(model: nn.Module, norms: list[_BatchNorm]) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    momenta = [norm.momentum for norm in norms]
    try:
        for module, _ in modes:
            module.training = False
        for norm in norms:
            norm.training = True
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
