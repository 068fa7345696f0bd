"""A problem: a network, data, and an objective that measures one on the other."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from landscape.checkpoint import load_state
from landscape.data import Examples, Split, Stream, pairs_from, splits_in, trees_from
from landscape.data.tensors import NotAPair
from landscape.device import choose_device, own_context
from landscape.directions.filters import Filters, filters_of
from landscape.directions.precision import narrower
from landscape.memory import return_freed_memory
from landscape.metrics import Metric, PerExample, metrics_for, more_metrics, whole_network_in
from landscape.params import Params, is_large, parameters_of, unwrapped, unwrapped_copy
from landscape.problem.checks import check_is_module, check_parameters
from landscape.problem.measures import Measure, Measures
from landscape.problem.model_loss import has_labels, model_loss
from landscape.problem.noise import check_noise
from landscape.problem.objective import Objective, OutputObjective
from landscape.problem.output import return_tensor
from landscape.problem.own_checks import check_alone
from landscape.problem.own_objective import OwnFunction, OwnObjective, name_of
from landscape.problem.parameters import ALL, Choice, chosen, movable
from landscape.problem.quantities import form_of, has_stderr, is_per_batch, quantities_of
from landscape.problem.seen import seen_by
from landscape.problem.shared import check_unchanged, fingerprint_of, share_memory
from landscape.problem.trying import try_outputs, try_own
from landscape.quantity import Quantity, by_name, quantity_name
from landscape.surface import Attribute


class Problem:
    """A network with the examples and metrics of its loss surface.

    Parameters
    ----------
    model
        Any module; a copy of it is measured in evaluation mode, the model itself is not modified.
        A large one (67 million parameters) shares its memory with the copy: leave it as it is.
        For ``loss`` it takes one tensor, and of its output
        :func:`landscape.problem.output.tensor_of` selects one. ``DataParallel`` and
        ``torch.compile`` wrappers are removed, also inside the model.
    data
        ``(inputs, targets)``, a ``Dataset``, a ``DataLoader``, :class:`~landscape.data.Examples`,
        or a dict from split names (``train``, ``test``) to any of these. Read once, into memory;
        a :class:`~landscape.data.Stream` is read again for every group of points. For an
        ``objective`` data can have any form: see :func:`landscape.data.trees_from`; a dict whose
        values are all tensors is one set of examples, not splits.
    loss
        A name of :data:`landscape.metrics.LOSSES`, such as ``cross_entropy`` (with top-1
        accuracy), ``pixel_loss`` (of masks, with pixel accuracy and IoU) or ``mse``, or
        ``(output, target) -> (n,)``. The default is cross-entropy or, for batches that are dicts
        with ``labels``, the loss that the network itself returns (Transformers), weighted by the
        number of labels that count.
    objective
        In place of ``loss``, a function ``(model, batch)`` of the network and a whole batch, in the
        form in which the loader yields it. It returns a tensor (n,) of one number per example; a
        pair (values, weights), whose weighted mean is taken; a number, so that the batch is one
        example; or a dict of these, ``loss`` first. Batches of a loader or a list are not divided.
        It may differentiate with respect to its inputs.
    metrics
        Further metrics: a list of names (``top5``) and per-example functions, or a dict of
        functions by name; see :func:`landscape.metrics.more_metrics`. They are computed in the same
        pass, except ``eigen_ratio`` and ``gradient_norm``, which describe the whole network and
        take many times as long (:mod:`landscape.hessian.curvature`). Pictures mark the best point
        of a metric that declares which way is better: by an attribute, ``margin.higher_is_better =
        True``, or as ``Metric(margin, "margin", "logits", higher_is_better=True)`` of
        :mod:`landscape.metrics`, in its place.
    measures
        Functions ``model -> number`` (or dict of numbers) of the whole network by name, called at
        every point; they have no standard error.
    noise
        ``fixed``: random numbers (dropout, a sampled latent) are allowed and the same for a batch
        at every point; the global generators stay untouched. None refuses them.
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
        If the labels do not fit the network's outputs, the data do not fit the network, or the
        loss is not deterministic, raises, or reads the weights of ``model`` itself, of which a copy
        is measured.

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

    @own_context()
    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        loss: str | PerExample | Metric | None = None,
        objective: OwnFunction | None = None,
        metrics: Mapping[str, PerExample | Metric] | Sequence[str | PerExample | Metric] = (),
        measures: Mapping[str, Measure] | None = None,
        noise: str | None = None,
        parameters: Choice | None = None,
        device: str = "auto",
        attributes: Mapping[str, Attribute] | None = None,
    ) -> None:
        check_is_module(model)
        check_noise(noise)
        self.device = choose_device(device)
        self.whole_network = whole_network_in(metrics)
        self.model = unwrapped_copy(model).eval()
        check_parameters(self.model)
        self.moved = chosen(self.model, parameters)
        self.chooses = parameters is not None
        self.filters: Filters = filters_of(self.model)
        self.wide_directions = False  # in the precision of the weights, however large they are
        for p in self.model.parameters():
            p.requires_grad_(False)
        self.origin: Params = parameters_of(self.model, self.moved.names)
        self.model.to(self.device)
        self.dtype = next(p.dtype for p in self.model.parameters() if movable(p))
        splits, fixed = splits_in(data), noise is not None
        outputs = metrics_for("cross_entropy" if loss is None else loss) | more_metrics(metrics)
        pairs = None if objective is not None else _pairs(splits, labels=loss is None)
        own, original = objective, unwrapped(model)
        if pairs is not None:
            whole = OutputObjective(outputs, noise=fixed)
            named = getattr(outputs["loss"].function, "__name__", "function")
            self.loss = loss if isinstance(loss, str) else named
            return_tensor(self.model)
            held = {name: one.to(self.device) for name, one in pairs.items()}
            tried = try_outputs(whole, self.model, original, held, self.dtype, self.loss)
        else:
            check_alone(objective, loss, metrics)
            trees = {name: trees_from(one).to(self.device) for name, one in splits.items()}
            own = own or model_loss(self.model, next(iter(trees.values())).head(4), self.dtype)
            self.loss = name_of(own)
            wanted = OwnObjective(own, self.loss, noise=fixed)
            tried = try_own(wanted, self.model, original, trees, self.dtype)
        self.objective: Objective = tried.objective
        self.splits: dict[str, Split] = tried.splits
        self.measures = Measures(measures or {}, fixed)
        self.measured = self.measures.tried(self.model, unwrapped(model))
        by_name([*self.quantities.values(), *self.measured.values()])
        seen = {"objective": own} if own else {n: m.function for n, m in self.metrics.items()}
        found = self._facts(tried.output, seen_by({**seen, **(measures or {})}, self.model))
        self.attributes = {**found, **(attributes or {})}
        if is_large(self.origin):
            share_memory(self.model, original)
            self.origin = parameters_of(self.model, self.moved.names)
            return_freed_memory()

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
        return quantities_of(self.objective, self.splits)

    def is_per_example(self, name: str) -> bool:
        """Whether a metric has a value per example, rather than one for a batch."""
        form = form_of(self.objective, name)
        return form is None or not form.per_batch

    def has_stderr(self, split: str, name: str) -> bool:
        """Whether a metric has a standard error: not if its only example is a single batch."""
        return has_stderr(self.objective, self.splits[split], name)

    def population(self, split: str, name: str, drawn: int) -> float:
        """The number that standard errors refer to, of ``drawn`` values of a metric.

        Infinite where a batch is the example: the same examples in other batches have another
        mean.
        """
        if is_per_batch(self.objective, name):
            return math.inf
        examples = self.splits[split]
        if drawn == len(examples):
            return examples.population
        return drawn * examples.population / len(examples)  # a value of several examples

    def with_splits(self, splits: Mapping[str, Split]) -> Problem:
        """The same problem on other examples of the same kind, on the same device."""
        other = copy.copy(self)
        other.splits = dict(splits)
        return other

    def to(self, device: str) -> Problem:
        """The same problem on another device.

        Raises
        ------
        InputError
            If there is no such device.
        """
        other = copy.copy(self)
        other.device = choose_device(device)
        other.model = copy.deepcopy(self.model).to(other.device)
        other.splits = {name: split.to(other.device) for name, split in self.splits.items()}
        other.attributes = {**self.attributes, "device": other.device.type}
        return other

    def with_state(
        self, state: Mapping[str, Tensor], where: str = "a state of another network"
    ) -> Problem:
        """The same problem with other parameters and buffers of the same network.

        Constant parameters keep their values; the state may lack them. ``where`` starts the message
        of an error.

        Raises
        ------
        InputError
            Naming the first entry that is missing, unexpected or of another shape.
        """
        other = copy.copy(self)
        other.model = copy.deepcopy(self.model)
        load_state(other.model, {**state, **self.constants}, where)
        other.origin = parameters_of(other.model, self.moved.names)
        other.attributes = {**self.attributes, "weights_sha256": fingerprint_of(other.model)}
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

    @property
    def directions_in(self) -> torch.dtype | None:
        """The precision of random directions, if not that of the weights."""
        return None if self.wide_directions else narrower(self.origin)

    def with_wide_directions(self) -> Problem:
        """The same problem with directions in the precision of the weights."""
        other = copy.copy(self)
        other.wide_directions = True
        return other

    def moving_all(self) -> Problem:
        """The same problem with all parameters moved."""
        other = copy.copy(self)
        other.moved = chosen(self.model, ALL)
        other.origin = parameters_of(self.model, other.moved.names)
        facts = {k: v for k, v in self.attributes.items() if k not in self.moved.attributes}
        other.attributes = {**facts, **other.moved.attributes}
        return other

    def check_unchanged(self) -> None:
        """Raise an InputError if the weights of a large network, which are the user's own, have
        changed since it was given."""
        if is_large(self.origin):
            check_unchanged(self.model, str(self.attributes["weights_sha256"]))

    @property
    def constants(self) -> dict[str, Tensor]:
        """The parameters that do not move, by all their names in the state of the network."""
        named = dict(self.model.named_parameters(remove_duplicate=False))
        constant = {id(named[name]) for name in self.moved.constant}
        return {name: p.detach() for name, p in named.items() if id(p) in constant}

    def _facts(
        self, output: Tensor | None, seen: tuple[str, Sequence[str]]
    ) -> dict[str, Attribute]:
        facts: dict[str, Attribute] = {
            "model": type(self.model).__name__,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            **self.moved.attributes,
            "weights_sha256": fingerprint_of(self.model),
            "loss": self.loss,
            "metrics": ", ".join(self.metrics),
            "device": self.device.type,
            "dtype": str(self.dtype).removeprefix("torch."),
            "bn_statistics": "stored",
        }
        class_dim = self.metrics["loss"].class_dim
        if class_dim is not None and output is not None:
            facts["classes"] = output.shape[class_dim]
        if self.objective.noise:
            facts["noise"] = "fixed"
        if self.measured:
            facts["measures"] = ", ".join(self.measured)
        sha256, missed = seen
        if sha256:
            facts["seen_sha256"] = sha256
        for split, examples in self.splits.items():
            facts[self.prefixed(split, "examples")] = len(examples)
            facts[self.prefixed(split, "population")] = examples.population
            facts[self.prefixed(split, "data_sha256")] = examples.sha256()
            facts["data"] = examples.source
            facts["preprocess"] = str(examples.preprocess)
            missed = [*missed, *getattr(examples, "not_hashed", ())]
        if missed:
            facts["not_hashed"] = ", ".join(dict.fromkeys(missed))[:1000]
        facts["split"] = "+".join(name for name in self.splits if name) or "given"
        return facts


def _pairs(splits: Mapping[str, Any], labels: bool) -> dict[str, Examples | Stream] | None:
    """Splits as pairs; None if they are mappings with labels, and these are allowed."""
    try:
        return {name: pairs_from(one) for name, one in splits.items()}
    except NotAPair as error:
        if labels and has_labels(error.item):
            return None
        raise
