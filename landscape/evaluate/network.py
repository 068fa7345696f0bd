"""A network whose weights follow a point of a plane."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, fx, nn

from landscape.data import Preprocess
from landscape.device import cudnn_benchmark, tensor_float_32
from landscape.evaluate.batch_norm import statistics_update
from landscape.evaluate.compiled import Compiled
from landscape.evaluate.fold import Pair, fold_batch_norms
from landscape.evaluate.fused import available as fused_available
from landscape.evaluate.fused import fuse_convolutions
from landscape.evaluate.graphs import Replaying
from landscape.evaluate.inplace import reuse_memory
from landscape.evaluate.patterns import makes_new_memory
from landscape.evaluate.settings import Settings
from landscape.evaluate.sharing import Memory, Tracer
from landscape.evaluate.weights import PointWeights
from landscape.memory import return_freed_memory
from landscape.params import is_large
from landscape.plane import Coordinates, Plane
from landscape.problem import Problem
from landscape.problem.output import return_tensor, take_tensor
from landscape.tracing import symbolic_trace

LARGEST_WEIGHT, LARGEST_OUTPUT = 1e4, 1e6
"""Beyond these the order of operations may show: a fused ReLU leaves 10⁻²⁰ of a negative value, and
constants and sums may cancel differently. Such points are computed by the unmodified network."""


class PointNetwork:
    """A copy of a problem's network whose weights can be moved to points of a plane.

    Parameters
    ----------
    problem
        Provides the network; not modified.
    plane
        On the problem's device.
    settings
        How the copy computes: folding, fusion, memory layout, precision. Convolutions are fused
        only where this device supports it, since settings may come from a file written elsewhere.

    Attributes
    ----------
    module
        The copy itself, for an objective that uses more of it than its output.
    """

    def __init__(self, problem: Problem, plane: Plane, settings: Settings) -> None:
        dtype = settings.stored_as or problem.dtype
        possible = problem.device.type == "cpu" and fused_available(dtype)
        settings = replace(settings, fused=settings.fused and possible)
        self._settings = settings
        self._made_of = (problem, plane)
        self._at: Coordinates = [0.0] * len(plane.axes)
        self._plain: PointNetwork | None = None  # made at the first point that needs it
        # Outputs are not equal to the last bit: in another layout, sums are in another order, too.
        self._rounds = settings.fold or settings.fused or settings.channels_last
        self._too_large = self._later = False  # at the current point; whether that is asked later
        self._size = torch.zeros(())  # of weights and outputs, relative to what is too large
        if is_large(problem.origin):
            return_freed_memory()  # an earlier copy's
        model: nn.Module = copy.deepcopy(problem.model)
        if settings.fold or settings.in_place or settings.fused:
            model = traced(model) or model
        pairs: tuple[Pair, ...] = ()
        if settings.fold and plane.statistics is None:
            pairs = fold_batch_norms(model, problem.model)
        if isinstance(model, fx.GraphModule):
            if settings.fused:
                fuse_convolutions(model)
            if settings.in_place:
                reuse_memory(model)
        if settings.stored_as is not None:
            model = model.to(settings.stored_as)
        if settings.channels_last:
            model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.module: nn.Module = model
        self._model: Callable[[Tensor], Tensor] = model
        if settings.compiled:
            self._model = Compiled(model, settings.batch_size)
        self._captured: dict[Preprocess | None, Replaying] = {}
        own = _tensors_by_name(model, problem.model)
        self._weights = PointWeights(plane, own, pairs, problem.constants)
        self._norms = statistics_update(plane, model, problem)
        self._at_most: int | None = None  # examples at once, after memory ran out

    def move_to(self, coordinates: Coordinates) -> None:
        """Set the weights of one point, and the running statistics that belong to it."""
        self._at = coordinates
        self._weights.write(coordinates)
        self._norms.follow(coordinates)
        self._too_large = False
        if self._rounds:
            self._size = self._weights.largest() / LARGEST_WEIGHT
            if self._size.device.type == "cpu" and not self._size <= 1:
                self.recompute()

    def recompute(self) -> None:
        """From now on, the outputs at this point are those of the unmodified network."""
        self._too_large = True
        if self._plain is None:
            settings = replace(
                self._settings, fold=False, in_place=False, fused=False, channels_last=False
            )
            self._plain = PointNetwork(*self._made_of, settings)
        self._plain.move_to(self._at)

    @contextmanager
    def checked_later(self) -> Iterator[Callable[[], bool]]:
        """Do not wait for a GPU after each batch to see whether values are too large.

        Yields a function that says at the end whether they were, so that all batches have to be
        evaluated again, after :meth:`recompute`.
        """
        self._later = self._rounds and self._made_of[0].device.type != "cpu"
        try:
            yield lambda: self._later and not self._too_large and not bool(self._size <= 1)
        finally:
            self._later = False

    @property
    def reads_stored(self) -> bool:
        """Whether preprocessing is best left to the network, as part of its graph."""
        return self._settings.graphs

    def __call__(self, inputs: Tensor, preprocess: Preprocess | None = None) -> Tensor:
        """Outputs in the problem's own precision, regardless of how they were computed.

        ``preprocess``: applied to the inputs first, which are then as they are stored.

        A batch that does not fit into GPU memory is split in half, with a warning; later batches
        are split to that size at once.
        """
        while True:
            parts = inputs.split(self._at_most) if self._at_most else (inputs,)
            try:
                outputs = [self._outputs(part, preprocess) for part in parts]
                return outputs[0] if len(outputs) == 1 else torch.cat(outputs)
            except torch.OutOfMemoryError:
                size = max(len(part) for part in parts)
                if size < 2:
                    raise
                self._at_most = size // 2
            if inputs.device.type == "cuda":
                torch.cuda.empty_cache()
            warnings.warn(
                f"out of memory with {size} examples at once: continuing with {self._at_most}",
                stacklevel=2,
            )

    def _outputs(self, inputs: Tensor, preprocess: Preprocess | None) -> Tensor:
        """Outputs of this copy or, where values are too large, of the unmodified network.

        See :mod:`landscape.evaluate.fused`: its ReLU passes on values that are not finite, minus
        infinity included, so that they are detected here.
        """
        if not self._too_large:
            outputs = self._forward(inputs, preprocess)
            if not self._rounds:
                return outputs
            size = outputs.abs().amax() / LARGEST_OUTPUT
            if size.device.type != "cpu":
                self._size = size = torch.maximum(self._size, size.float())
            if self._later or bool(size <= 1):
                return outputs
            self.recompute()  # other examples are likely to be too large at this point, too
        assert self._plain is not None
        return self._plain._forward(inputs, preprocess)

    def _forward(self, inputs: Tensor, preprocess: Preprocess | None) -> Tensor:
        trying = cudnn_benchmark() if self._settings.cudnn_benchmark else nullcontext()
        with tensor_float_32(self._settings.reduced == "tf32"), trying:
            if not self._settings.graphs:
                return self._computed(inputs, preprocess)
            if preprocess not in self._captured:
                forward = partial(self._computed, preprocess=preprocess)
                self._captured[preprocess] = Replaying(forward, self._settings.batch_size)
            return self._captured[preprocess](inputs)

    def _computed(self, inputs: Tensor, preprocess: Preprocess | None) -> Tensor:
        if preprocess is not None:
            inputs = preprocess(inputs, self._made_of[0].dtype)
        dtype, narrow = inputs.dtype, self._settings.stored_as
        if narrow is not None and inputs.is_floating_point():
            inputs = inputs.to(narrow)
        if self._settings.channels_last and inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        output = self._model(inputs)
        if narrow is not None and output.is_floating_point():
            # Integer inputs (tokens) do not determine the network's precision: use float32.
            output = output.to(dtype if dtype.is_floating_point else torch.float32)
        return output


def traced(model: nn.Module) -> fx.GraphModule | None:
    """The network as a graph; None if it cannot be traced or writes its own parameters or buffers.

    None also for hooks of its user, which would be lost.
    """
    hooks = [*model._forward_hooks.values(), *model._forward_pre_hooks.values()]
    if any(hook is not take_tensor for hook in hooks):
        return None
    try:
        found = symbolic_trace(model, Tracer)
    except Exception:  # tracing may fail with any exception
        return None
    if Memory(found, makes_new_memory).writes_state():
        return None
    if hooks:  # tracing drops the hooks of the network itself
        return_tensor(found)
    return found


def _tensors_by_name(model: nn.Module, original: nn.Module) -> dict[str, list[Tensor]]:
    """The tensors of ``model`` for each parameter, under all names that share it."""
    first_name: dict[int, str] = {}
    found: dict[str, list[Tensor]] = {}
    held = dict(model.named_parameters(remove_duplicate=False))
    for name, p in original.named_parameters(remove_duplicate=False):
        own = held.pop(name, None)
        key = first_name.setdefault(id(p), name)
        if own is not None and all(own is not other for other in found.get(key, ())):
            found.setdefault(key, []).append(own)
    for name, own in held.items():  # parameters added by folding
        found[name] = [own]
    return found
