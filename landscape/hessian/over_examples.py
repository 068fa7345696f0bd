"""A curvature matrix over a whole data set, as a linear operator.

Products are computed batch by batch. A batch of n of N examples has weight n/N (or its share of the
weights, for an objective with weights), so the result does not depend on how the examples are split
into batches.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from landscape.data import Batch, Batches, in_memory
from landscape.deprecated import renamed
from landscape.device import tensor_float_32
from landscape.directions import IGNORED
from landscape.errors import InputError, argument, check_choice, one_line, unknown_choice
from landscape.params import Params
from landscape.problem import Column, Problem

BATCH_SIZES = {"cpu": 128, "mps": 128, "cuda": 1024}
"""Examples per batch by kind of device."""

_MOST_MINI_BATCHES = 100_000

Weighted = tuple[float, Sequence[Tensor]]
"""The weight of a batch in a mean, and its derivative by each parameter (none for weight 0)."""


class CurvatureOperator(ABC):
    """A symmetric matrix of the loss of one split, over the parameters that directions change.

    The network is in evaluation mode (stored batch-norm statistics, no dropout) and computes in its
    own precision. It is a copy: the problem is not modified.

    Parameters
    ----------
    problem
        Network, examples and loss.
    split
        Name of the split; None is the first.
    ignore
        ``biasbn`` leaves out parameters with fewer than two dimensions (biases, γ and β of
        normalization layers) and other scales of channels, ``none`` includes all that move.
    batch_size
        Examples per batch, by default 128, and 1024 on a CUDA GPU; half of it, again and again,
        where memory runs out. A stream has its own batches.

    Raises
    ------
    InputError
        If a name is unknown, or all parameters are left out.

    Notes
    -----
    Vectors are flat, on the problem's device, in float64 for a network in float64 and otherwise in
    float32; entries are in the order of ``model.parameters()``. Sums over batches are in float64
    (float32 on Apple MPS).
    """

    name: ClassVar[str]
    """In labels: ``Hessian``, ``Gauss-Newton``, …"""

    @renamed(ignored="ignore")
    def __init__(
        self,
        problem: Problem,
        split: str | None = None,
        *,
        ignore: str = "biasbn",
        batch_size: int | None = None,
    ) -> None:
        check_choice("parameters to ignore", ignore, IGNORED)
        if split is not None and split not in problem.splits:
            raise unknown_choice("split", split, problem.splits)
        self.split = next(iter(problem.splits)) if split is None else split
        self.device = problem.device
        wide = any(p.dtype == torch.float64 for p in problem.origin.values())
        self.dtype = torch.float64 if wide else torch.float32
        self._problem, self._examples = problem, problem.splits[self.split]
        self._batch_size = batch_size or BATCH_SIZES[self.device.type]
        self._model = _differentiable(problem.model)
        held = dict(problem.model.named_parameters())
        own = list(self._model.parameters())  # the same order, even if the network is wrapped
        self._all = dict(zip(held, own, strict=True))
        left_out = problem.filters.left_out
        moved = {name: self._all[name] for name in problem.origin}
        self._moved = {n: p for n, p in moved.items() if not left_out(n, p, ignore)}
        if not self._moved:
            raise InputError(
                f"{argument('ignore', ignore)} leaves out every parameter that moves: none has "
                f"more than one dimension; choose {argument('ignore', 'none')}"
            )
        for p in self._moved.values():
            p.requires_grad_(True)
        self._checked = False

    @property
    def words(self) -> str:
        """In a sentence: ``Gauss-Newton matrix``."""
        return self.name if self.name == "Hessian" else f"{self.name} matrix"

    @property
    def _sizes(self) -> list[int]:
        return [p.numel() for p in self._moved.values()]

    @property
    def size(self) -> int:
        """Number of parameters included."""
        return sum(self._sizes)

    @property
    def choice(self) -> str:
        """The choice of parameters in words, such as `` (lora_*)``; empty if all move."""
        words = self._problem.moved.words
        return f" ({words})" if words else ""

    @property
    def examples(self) -> int:
        """Number of examples used by a product."""
        return len(self._examples)

    def move_to(self, point: Mapping[str, Tensor]) -> None:
        """Set parameters by name; initially they are those of the problem's network."""
        with torch.no_grad():
            for name, value in point.items():
                self._all[name].copy_(value)

    def flat(self, direction: Mapping[str, Tensor]) -> Tensor:
        """The entries of the included parameters as one vector, shape (size,)."""
        parts = [direction[name].to(self.device, self.dtype).flatten() for name in self._moved]
        return torch.cat(parts)

    def named(self, vector: Tensor) -> Params:
        """A vector as a direction on the CPU, zero in the parameters left out."""
        parts = dict(zip(self._moved, vector.detach().cpu().split(self._sizes), strict=True))
        return {
            name: parts[name].reshape(p.shape) if name in parts else torch.zeros(p.shape).double()
            for name, p in self._problem.origin.items()
        }

    @abstractmethod
    def product(self, vector: Tensor) -> Tensor:
        """The matrix times a vector, shape (size,). NaN and infinity are passed through."""

    def layers(self) -> dict[str, Self]:
        """The diagonal blocks of the layers, by the names of their modules.

        They share the network of this operator, so that :meth:`move_to` moves all.
        """
        groups: dict[str, dict[str, Tensor]] = {}
        for name, p in self._moved.items():
            groups.setdefault(name.rpartition(".")[0] or name, {})[name] = p
        return {layer: self._with(_moved=moved) for layer, moved in groups.items()}

    def mini_batches(self, count: int, size: int, *, seed: int = 0) -> list[Self]:
        """The same matrix of single mini-batches, drawn as in training: epoch by epoch, shuffled.

        Parameters
        ----------
        count, size
            Number of mini-batches, and of examples in each.

        Raises
        ------
        InputError
            If a number is out of range, or single examples cannot be chosen (streams, given
            batches).
        """
        if not (1 <= count <= _MOST_MINI_BATCHES and 1 <= size <= self.examples):
            raise InputError(
                f"{count} mini-batches of {size} examples: expected 1 to {_MOST_MINI_BATCHES:,}, "
                f"of 1 to {self.examples:,} examples"
            )
        examples = in_memory(self._examples)
        if isinstance(examples, Batches):
            raise InputError(
                "mini-batches: these examples are in batches that cannot be divided; give tensors "
                "or a Dataset and an objective that returns a number per example"
            )
        generator = torch.Generator().manual_seed(seed)
        epochs = math.ceil(count / (self.examples // size))
        chosen = [
            part
            for _ in range(epochs)
            for part in torch.randperm(self.examples, generator=generator).split(size)
            if len(part) == size
        ]
        return [self._with(_examples=examples[one.to(examples.device)]) for one in chosen[:count]]

    def _with(self, **parts: Any) -> Self:
        """The operator with some of its attributes replaced."""
        other = copy.copy(self)
        vars(other).update(parts)
        return other

    def gradient(self) -> Tensor:
        """The gradient of the mean loss, shape (size,)."""
        moved = list(self._moved.values())

        def first(batch: Batch) -> Weighted:
            column = self._loss(batch)
            if not column.weight:
                return 0.0, []
            return column.weight, torch.autograd.grad(column.mean(), moved, materialize_grads=True)

        return self._mean(first)

    def _parts(self, vector: Tensor) -> list[Tensor]:
        """A vector in the shapes of the parameters."""
        return [
            part.reshape(p.shape).to(self.device, p.dtype)
            for part, p in zip(vector.split(self._sizes), self._moved.values(), strict=True)
        ]

    def _loss(self, batch: Batch) -> Column:
        """The losses of a batch, which can be differentiated."""
        column = self._problem.objective.loss_column(self._model, batch)
        check_differentiable(column.values)
        return column

    def _change(
        self, outputs: Tensor, moved: Sequence[Tensor], direction: Sequence[Tensor]
    ) -> Tensor:
        """J times a direction: the derivative of Jᵀu, which is linear in u, by u."""
        u = torch.zeros_like(outputs, requires_grad=True)
        found = torch.autograd.grad(outputs, moved, u, create_graph=True, allow_unused=True)
        pairs = [(g, v) for g, v in zip(found, direction, strict=True) if g is not None]
        gradients, vectors = zip(*pairs, strict=True)
        self._check_twice(gradients)
        (change,) = torch.autograd.grad(gradients, u, vectors, materialize_grads=True)
        return change

    def _check_twice(self, gradients: Sequence[Tensor]) -> None:
        if not self._checked:
            _check_twice_differentiable(gradients)
            self._checked = True

    def _mean(self, derivative: Callable[[Batch], Weighted]) -> Tensor:
        """The mean over the examples of the derivative of a batch, given with its weight."""
        while True:
            try:
                return self._mean_at_once(derivative)
            except torch.OutOfMemoryError:
                if self._batch_size == 1 or self.device.type == "cpu":
                    raise
            self._batch_size //= 2

    def _mean_at_once(self, derivative: Callable[[Batch], Weighted]) -> Tensor:
        wide = torch.float32 if self.device.type == "mps" else torch.float64
        total, whole = torch.zeros(self.size, dtype=wide, device=self.device), 0.0
        with _differentiating():
            for batch in self._examples.batches(self._problem.dtype, self._batch_size):
                weight, parts = derivative(batch)
                if weight:
                    flat = torch.cat([part.detach().flatten().to(wide) for part in parts])
                    total.add_(flat, alpha=weight)
                    whole += weight
        return (total / whole).to(self.dtype)


def check_differentiable(values: Tensor) -> None:
    """Raise an InputError if values do not depend on the parameters in a way autograd knows."""
    if not values.requires_grad:
        raise InputError(
            "the loss has no derivative with respect to the network's parameters: curvature and "
            "gradients need a loss that is differentiable by autograd"
        )


def _differentiable(model: nn.Module) -> nn.Module:
    """A copy; of a compiled network the original, as compiled code has first derivatives only."""
    model = copy.deepcopy(model)
    original = getattr(model, "_orig_mod", model)
    return original if isinstance(original, nn.Module) else model


def _check_twice_differentiable(gradients: Sequence[Tensor]) -> None:
    """Raise for an operation that is differentiable only once: torch would omit its contribution.

    torch puts the error into a node without a path to the parameters, so it is never raised.
    """
    pending = [g.grad_fn for g in gradients]
    seen = set(pending)
    while pending:
        node = pending.pop()
        if node is None:
            continue
        if node.name().endswith("Error"):
            raise InputError(
                "an operation of the network is differentiable only once "
                "(once_differentiable); curvature needs a second derivative of every operation"
            )
        following = [after for after, _ in node.next_functions if after not in seen]
        seen.update(following)
        pending.extend(following)


@contextmanager
def _differentiating() -> Iterator[None]:
    """Enable second derivatives in full precision; raise if an operation has none."""
    plain_attention = sdpa_kernel(SDPBackend.MATH)  # fused attention has first derivatives only
    with torch.inference_mode(False), torch.enable_grad(), tensor_float_32(False), plain_attention:
        try:
            yield
        except RuntimeError as error:
            if "not implemented" not in str(error):
                raise
            raise InputError(
                f"an operation of the network has no second derivative ({one_line(error)}); "
                "curvature needs a second derivative of every operation"
            ) from error
