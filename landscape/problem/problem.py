"""A problem: a network, examples, and per-example metrics."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from landscape.checkpoint import load_state
from landscape.data import Examples, Stream, examples_from
from landscape.device import choose_device, tensor_float_32
from landscape.directions.filters import Filters, filters_of
from landscape.errors import InputError, one_line
from landscape.metrics import Metric, PerExample, metrics_for, more_metrics, whole_network_in
from landscape.params import Params, fingerprint, parameters_of, unwrapped_copy
from landscape.problem.checks import check_deterministic, check_labels, check_parameters
from landscape.problem.objective import Objective, OutputObjective
from landscape.problem.output import return_tensor
from landscape.problem.parameters import ALL, Choice, chosen, movable
from landscape.quantity import STDERR, Quantity, by_name, quantity_name
from landscape.surface import Attribute

_TRIED = 4
"""Examples used to check a problem on creation."""


class Problem:
    """A network with the examples and metrics of its loss surface.

    Parameters
    ----------
    model
        Any module; a copy of it is measured in evaluation mode, the model itself is not modified.
        It takes one tensor; of its output, :func:`landscape.problem.output.tensor_of` selects one.
        ``DataParallel`` and ``torch.compile`` wrappers are removed, also inside the model.
    data
        ``(inputs, targets)``, a ``Dataset``, a ``DataLoader``, :class:`~landscape.data.Examples`,
        or a dict from split names (``train``, ``test``) to any of these. Read once, into memory;
        a :class:`~landscape.data.Stream` is read again for every group of points.
    loss
        A name of :data:`landscape.metrics.LOSSES`, such as ``cross_entropy`` (with top-1
        accuracy), ``pixel_loss`` (of masks, with pixel accuracy and IoU) or ``mse``, or
        ``(output, target) -> (n,)``.
    metrics
        Further metrics: a list of names (``top5``) and per-example functions, or a dict of
        functions by name; see :func:`landscape.metrics.more_metrics`. They are computed in the same
        pass, except ``eigen_ratio`` and ``gradient_norm``, which describe the whole network and
        take many times as long (:mod:`landscape.hessian.curvature`). Pictures mark the best point
        of a metric that declares which way is better: by an attribute, ``margin.higher_is_better =
        True``, or as ``Metric(margin, "margin", "logits", higher_is_better=True)`` of
        :mod:`landscape.metrics`, in its place.
    parameters
        The parameters that move; all others are constant in directions, derivatives, distances and
        curves alike. ``trainable``, ``all``, a pattern of names or a list of them (``lora_*``
        matches a name or its part after a dot), or a function ``(name, parameter) -> bool``. None
        is ``trainable`` if the network has a parameter that is, otherwise ``all``.
    device
        ``auto`` (the first available of CUDA, MPS and CPU) or a name.
    attributes
        Facts about the network for the surface's records (name, shortcuts, checkpoint, …).

    Raises
    ------
    InputError
        If the labels do not fit the network's outputs, the examples do not fit the network, or the
        loss is not deterministic.

    Examples
    --------
    >>> import torch
    >>> from landscape import Problem
    >>> inputs, labels = torch.randn(64, 8), torch.randint(0, 3, (64,))
    >>> layers = torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    >>> network = torch.nn.Sequential(*layers)
    >>> problem = Problem(network, {"train": (inputs, labels)}, metrics=["top2"], device="cpu")
    >>> [name for name in problem.quantities if not name.endswith("_stderr")]
    ['train_loss', 'train_accuracy', 'train_top2', 'train_count']
    """

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        loss: str | PerExample | Metric = "cross_entropy",
        metrics: Mapping[str, PerExample | Metric] | Sequence[str | PerExample | Metric] = (),
        parameters: Choice | None = None,
        device: str = "auto",
        attributes: Mapping[str, Attribute] | None = None,
    ) -> None:
        self.device = choose_device(device)
        self.objective: Objective = OutputObjective({**metrics_for(loss), **more_metrics(metrics)})
        self.whole_network = whole_network_in(metrics)
        own = self.metrics["loss"].function
        self.loss = loss if isinstance(loss, str) else getattr(own, "__name__", "function")
        self.model = unwrapped_copy(model).eval()
        check_parameters(self.model)
        self.moved = chosen(self.model, parameters)
        self.chooses = parameters is not None
        self.filters: Filters = filters_of(self.model)
        for p in self.model.parameters():
            p.requires_grad_(False)
        self.origin: Params = parameters_of(self.model, self.moved.names)
        return_tensor(self.model.to(self.device))
        self.dtype = next(p.dtype for p in self.model.parameters() if movable(p))
        splits = data if isinstance(data, Mapping) else {"": data}
        self.splits: dict[str, Examples | Stream] = {
            name: (split if isinstance(split, Stream) else examples_from(split)).to(self.device)
            for name, split in splits.items()
        }
        if not self.splits:
            raise InputError("no data: expected examples, or a dict of splits with at least one")
        outputs = {name: self._try_few(split) for name, split in self.splits.items()}
        self.attributes = {**self._facts(outputs), **(attributes or {})}

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The metrics of the objective by name; the first is ``loss``."""
        return self.objective.metrics

    def prefixed(self, split: str, name: str) -> str:
        """The name of a quantity: ``train_loss`` for split ``train``, ``loss`` for an unnamed
        split."""
        return quantity_name(split, name)

    @property
    def quantities(self) -> dict[str, Quantity]:
        """All quantities of a point: means, standard errors, numbers of examples."""
        found: list[Quantity] = []
        for split, examples in self.splits.items():
            words = f" over {len(examples):,} {split or 'given'} examples"
            for name, metric in self.metrics.items():
                said = metric.long_name + words
                mean = Quantity(said, metric.units, metric.better, split, name)
                error = (
                    f"standard error of {mean.name} as an estimate of the mean over all "
                    f"{examples.population:,} examples (finite-population correction)"
                )
                found += [mean, mean.beside(statistic=STDERR, long_name=error)]
            found.append(Quantity("number of examples", split=split, base="count"))
        return by_name(found)

    def with_splits(self, splits: Mapping[str, Examples | Stream]) -> Problem:
        """The same problem on other examples of the same kind, on the same device."""
        other = copy.copy(self)
        other.splits = dict(splits)
        return other

    def with_state(self, state: Mapping[str, Tensor]) -> Problem:
        """The same problem with other parameters and buffers of the same network.

        Constant parameters keep their values; the state may lack them.

        Raises
        ------
        InputError
            Naming the first entry that is missing, unexpected or of another shape.
        """
        other = copy.copy(self)
        other.model = copy.deepcopy(self.model)
        load_state(other.model, {**state, **self.constants}, "a state of another network")
        other.origin = parameters_of(other.model, self.moved.names)
        other.attributes = {**self.attributes, "weights_sha256": _fingerprint_of(other.model)}
        return other

    def with_filters(self, given: str) -> Problem:
        """The same problem with other rules for filters.

        Parameters
        ----------
        given
            See :func:`landscape.directions.filters.filters_of`.
        """
        if given == self.filters.given:
            return self
        other = copy.copy(self)
        other.filters = filters_of(self.model, given)
        return other

    def moving_all(self) -> Problem:
        """The same problem with all parameters moved."""
        other = copy.copy(self)
        other.moved = chosen(self.model, ALL)
        other.origin = parameters_of(self.model, other.moved.names)
        facts = {k: v for k, v in self.attributes.items() if k not in self.moved.attributes}
        other.attributes = {**facts, **other.moved.attributes}
        return other

    @property
    def constants(self) -> dict[str, Tensor]:
        """The parameters that do not move, by all their names in the state of the network."""
        named = dict(self.model.named_parameters(remove_duplicate=False))
        constant = {id(named[name]) for name in self.moved.constant}
        return {name: p.detach() for name, p in named.items() if id(p) in constant}

    def _try_few(self, examples: Examples | Stream) -> Tensor:
        """Pass a few examples through the network, to find a mismatch early."""
        batch = examples.head(_TRIED).batch(self.dtype)
        with torch.inference_mode(), tensor_float_32(False):
            try:
                try:
                    output = self.objective.outputs(self.model, batch)
                except torch.OutOfMemoryError:
                    batch = batch[:1]
                    output = self.objective.outputs(self.model, batch)
            except InputError:
                raise
            except Exception as error:  # a network can raise any error
                raise InputError(
                    f"{examples.source}: the network does not take examples of shape "
                    f"{batch.shape} ({one_line(error)}); give data that fit the network"
                ) from error
            check_labels(self.metrics, output, examples, self.loss)
            self.objective.values_of(output, batch)
            check_deterministic(self.objective, self.model, batch, self.dtype)
        return output

    def _facts(self, outputs: Mapping[str, Tensor]) -> dict[str, Attribute]:
        facts: dict[str, Attribute] = {
            "model": type(self.model).__name__,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            **self.moved.attributes,
            "weights_sha256": _fingerprint_of(self.model),
            "loss": self.loss,
            "metrics": ", ".join(self.metrics),
            "device": self.device.type,
            "dtype": str(self.dtype).removeprefix("torch."),
            "bn_statistics": "stored",
        }
        class_dim = self.metrics["loss"].class_dim
        if class_dim is not None:
            facts["classes"] = next(iter(outputs.values())).shape[class_dim]
        for split, examples in self.splits.items():
            facts[self.prefixed(split, "examples")] = len(examples)
            facts[self.prefixed(split, "population")] = examples.population
            facts[self.prefixed(split, "data_sha256")] = examples.sha256()
            facts["data"] = examples.source
            facts["preprocess"] = str(examples.preprocess)
        facts["split"] = "+".join(name for name in self.splits if name) or "given"
        return facts


def _fingerprint_of(model: nn.Module) -> str:
    """The fingerprint of all parameters and buffers."""
    return fingerprint([*model.named_parameters(), *model.named_buffers()])
