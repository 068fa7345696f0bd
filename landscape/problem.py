"""What is to be measured: a network, examples, and per-example metrics."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from landscape.data import Examples, Stream, examples_from
from landscape.device import choose_device
from landscape.errors import InputError, one_line
from landscape.metrics import Metric, PerExample, check_targets, cross_entropy, metrics_for
from landscape.params import Params, fingerprint, parameters_of
from landscape.surface import Attribute, Quantity


class Problem:
    """A network with the examples and the metrics that its loss surface is made of.

    Parameters
    ----------
    model
        Any module; a copy of it is measured, in evaluation mode. The model itself stays untouched.
    data
        ``(inputs, targets)``, a ``Dataset``, a ``DataLoader``, :class:`~landscape.data.Examples`,
        or a dict from split names (``train``, ``test``) to any of these. Read once, into memory;
        a :class:`~landscape.data.Stream` is read anew for every group of points.
    loss
        ``cross_entropy`` (with top-1 accuracy), ``mse``, or ``(output, target) -> (n,)``.
    metrics
        More per-example functions by name, measured in the same pass.
    device
        ``auto`` (CUDA, MPS or CPU, the first that is there) or a name.
    attributes
        Facts about the network for the surface's records (name, shortcuts, checkpoint, …).

    Raises
    ------
    InputError
        If the labels do not fit the network's outputs, or the examples do not fit the network.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        loss: str | PerExample = "cross_entropy",
        metrics: Mapping[str, PerExample] | None = None,
        device: str = "auto",
        attributes: Mapping[str, Attribute] | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.loss = loss if isinstance(loss, str) else getattr(loss, "__name__", "function")
        self.metrics: dict[str, Metric] = metrics_for(loss)
        for name, function in (metrics or {}).items():
            self.metrics[name] = Metric(function, f"mean of {name}")
        self.origin: Params = parameters_of(model)
        if not self.origin:
            raise InputError("the network has no parameters: there is no weight space to look at")
        self.model = copy.deepcopy(model).requires_grad_(False).eval().to(self.device)
        self.dtype = next(p.dtype for p in self.origin.values())
        splits = data if isinstance(data, Mapping) else {"": data}
        self.splits: dict[str, Examples | Stream] = {
            name: (split if isinstance(split, Stream) else examples_from(split)).to(self.device)
            for name, split in splits.items()
        }
        if not self.splits:
            raise InputError("no data: expected examples, or a dict of splits with at least one")
        outputs = {name: self._try_one(split) for name, split in self.splits.items()}
        self.attributes = {**self._facts(outputs), **(attributes or {})}

    def prefixed(self, split: str, name: str) -> str:
        """The name of a quantity: ``train_loss`` for split ``train``, ``loss`` where unnamed."""
        return f"{split}_{name}" if split else name

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All that is measured at a point: means, standard errors, numbers of examples."""
        found: dict[str, Quantity] = {}
        for split, examples in self.splits.items():
            words = f" over {len(examples):,} {split or 'given'} examples"
            for name, metric in self.metrics.items():
                key = self.prefixed(split, name)
                found[key] = Quantity(metric.long_name + words, metric.units)
                found[f"{key}_stderr"] = Quantity(
                    f"standard error of {key} as an estimate of the mean over all "
                    f"{examples.population:,} examples (finite-population correction)",
                    metric.units,
                )
            found[self.prefixed(split, "count")] = Quantity("number of examples", "1")
        return found

    def with_splits(self, splits: Mapping[str, Examples | Stream]) -> Problem:
        """The same problem on other examples of the same kind, on the same device."""
        other = copy.copy(self)
        other.splits = dict(splits)
        return other

    def with_state(self, state: Mapping[str, Tensor]) -> Problem:
        """The same problem with other parameters and buffers of the same network.

        Raises
        ------
        InputError
            Naming the first entry that the network has not, or has in another shape.
        """
        own = self.model.state_dict()
        for name in own:
            if name not in state and not name.endswith("num_batches_tracked"):
                raise InputError(f"a state of another network: it has no {name!r}")
        for name, tensor in state.items():
            if name not in own or own[name].shape != tensor.shape:
                size = tuple(own[name].shape) if name in own else "none of that name"
                raise InputError(
                    f"a state of another network: it has {name!r} of shape "
                    f"{tuple(tensor.shape)}, the network {size}"
                )
        other = copy.copy(self)
        other.model = copy.deepcopy(self.model)
        other.model.load_state_dict({**own, **state})
        other.origin = parameters_of(other.model)
        weights = fingerprint([*other.origin.items(), *other.model.named_buffers()])
        other.attributes = {**self.attributes, "weights_sha256": weights}
        return other

    def prepare(self, examples: Examples, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """The batch ``start … stop`` as the network takes it, on the device."""
        inputs = examples.preprocess(examples.inputs[start:stop], self.dtype)
        return inputs, examples.targets[start:stop]

    def _try_one(self, examples: Examples | Stream) -> Tensor:
        """One example through the network: what does not fit is found before any work."""
        inputs, targets = self.prepare(examples.head(1), 0, 1)
        try:
            with torch.inference_mode():
                output = self.model(inputs)
        except Exception as error:  # a network can refuse its input in any way
            raise InputError(
                f"{examples.source}: the network does not take examples of shape "
                f"{tuple(inputs.shape[1:])} ({one_line(error)}); give it the data it "
                "was made for"
            ) from error
        if self.metrics["loss"].function is cross_entropy:
            check_targets(output, examples.extreme_targets, examples.source)
        for name, metric in self.metrics.items():
            values = metric.function(output, targets)
            if not isinstance(values, Tensor) or values.shape != (1,):
                shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
                raise InputError(
                    f"metric {name!r} gave {shape} for one example: expected a tensor (n,) with "
                    "one number for each example (for losses of torch: reduction='none')"
                )
        return output

    def _facts(self, outputs: Mapping[str, Tensor]) -> dict[str, Attribute]:
        buffers = [(n, b) for n, b in self.model.named_buffers()]
        facts: dict[str, Attribute] = {
            "model": type(self.model).__name__,
            "parameters": sum(p.numel() for p in self.origin.values()),
            "weights_sha256": fingerprint([*self.origin.items(), *buffers]),
            "loss": self.loss,
            "metrics": ", ".join(self.metrics),
            "device": self.device.type,
            "dtype": str(self.dtype).removeprefix("torch."),
            "bn_statistics": "stored",
        }
        if self.metrics["loss"].function is cross_entropy:
            facts["classes"] = next(iter(outputs.values())).shape[1]
        for split, examples in self.splits.items():
            facts[self.prefixed(split, "examples")] = len(examples)
            facts[self.prefixed(split, "population")] = examples.population
            facts[self.prefixed(split, "data_sha256")] = examples.sha256()
            facts["data"] = examples.source
            facts["preprocess"] = str(examples.preprocess)
        facts["split"] = "+".join(name for name in self.splits if name) or "given"
        return facts
