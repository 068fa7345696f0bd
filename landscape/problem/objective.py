"""The objective: the one place where a network is applied to a batch and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from landscape.data import Batch
from landscape.errors import InputError, one_line
from landscape.metrics import Metric
from landscape.problem.column import Column, joined, on_cpu
from landscape.problem.noise import fixed_noise

Network = Callable[..., Any]
"""A module, or any callable that computes the same."""


class Objective(Protocol):
    """Named values of every example in a batch.

    Attributes
    ----------
    metrics
        The metrics by name; the first is ``loss``, which is minimized.
    needs_gradients
        Whether it computes gradients, so that it cannot run in inference mode.
    noise
        Whether random numbers are fixed for a batch, which takes a global generator.
    """

    @property
    def metrics(self) -> Mapping[str, Metric]: ...

    @property
    def needs_gradients(self) -> bool: ...

    @property
    def noise(self) -> bool: ...

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """Numbers that depend on the network, to compare ways of computing it: its outputs."""
        ...

    def columns(self, network: Network, batch: Batch) -> list[Column]:
        """The values of every metric for a batch."""
        ...

    def loss_column(self, network: Network, batch: Batch) -> Column:
        """The values of the loss alone, for derivatives."""
        ...


@dataclass(frozen=True)
class OutputObjective:
    """Metrics ``(output, targets) -> (n,)`` of batches of inputs and targets.

    ``copies``: hand out copies of inputs, outputs and targets, for networks and metrics that write
    into them.

    >>> import torch
    >>> from landscape.metrics import metrics_for
    >>> objective = OutputObjective(metrics_for("mse"))
    >>> batch = Batch((torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [0.0]])))
    >>> objective.values(torch.nn.Identity(), batch)
    tensor([[1., 4.]])
    """

    metrics: Mapping[str, Metric]
    needs_gradients: bool = False
    noise: bool = False
    copies: bool = False

    def columns(self, network: Network, batch: Batch) -> list[Column]:
        """Every metric of every example."""
        return [Column(row) for row in self.values(network, batch).detach()]

    def loss_column(self, network: Network, batch: Batch) -> Column:
        """The loss of every example."""
        return Column(self.loss(network, batch))

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        """What the network returns for the inputs."""
        inputs, _ = batch.content
        inputs = inputs.clone() if self.copies else inputs
        with fixed_noise(batch.number, batch.device) if self.noise else nullcontext():
            output: Tensor = network(inputs)
        return output

    def values_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Every metric of every example, shape (metrics, n).

        Raises
        ------
        InputError
            Naming the first metric that does not return one number per example.
        """
        _, targets = batch.content
        kept = torch.clone if self.copies else _as_it_is
        return torch.stack(
            [
                _per_example(name, metric, kept(outputs), kept(targets))
                for name, metric in self.metrics.items()
            ]
        )

    def values(self, network: Network, batch: Batch) -> Tensor:
        """Every metric of every example, shape (metrics, n)."""
        return self.values_of(self.outputs(network, batch), batch)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        """The loss of every example, shape (n,); no other metric is computed."""
        return self.loss_of(self.outputs(network, batch), batch)

    def loss_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        """The loss of every example from the network's outputs, shape (n,)."""
        name, metric = next(iter(self.metrics.items()))
        _, targets = batch.content
        targets = targets.clone() if self.copies else targets
        return _per_example(name, metric, outputs, targets)


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


def _per_example(name: str, metric: Metric, outputs: Tensor, targets: Tensor) -> Tensor:
    try:
        values = metric.function(outputs, targets)
    except (InputError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # a user's function can raise any error
        called = "the loss" if name == "loss" else f"metric {name!r}"
        raise InputError(
            f"{called} raised {one_line(error)} for outputs {tuple(outputs.shape)} and targets "
            f"{tuple(targets.shape)}"
        ) from error
    if not isinstance(values, Tensor) or values.shape != (len(targets),):
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        some = "one example" if len(targets) == 1 else f"{len(targets)} examples"
        raise InputError(
            f"metric {name!r} returned {shape} for {some}: expected a tensor (n,) with one number "
            "per example (for losses of torch: reduction='none')"
        )
    return values


def per_example(objective: OutputObjective, network: Network, batches: Iterable[Batch]) -> Tensor:
    """Every metric of every example of all batches, shape (metrics, n), in their order."""
    return torch.cat([objective.values(network, batch) for batch in batches], dim=1)


def gathered(objective: Objective, network: Network, batches: Iterable[Batch]) -> list[Column]:
    """The values of every metric for all batches, in their order, in float64 on the CPU."""
    parts = [objective.columns(network, batch) for batch in batches]
    return on_cpu([joined(metric) for metric in zip(*parts, strict=True)])
