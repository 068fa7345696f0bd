"""A network that can be moved about a plane: weights for a point in, outputs for inputs out."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, fx, nn

from landscape.device import tensor_float_32
from landscape.evaluate.batch_norm import following
from landscape.evaluate.fold import Pair, fold_batch_norms
from landscape.evaluate.fused import available as fused_available
from landscape.evaluate.fused import fuse_convolutions
from landscape.evaluate.graphs import Replaying
from landscape.evaluate.inplace import reuse_memory
from landscape.evaluate.settings import Settings
from landscape.evaluate.weights import PointWeights
from landscape.plane import Coordinates, Plane
from landscape.problem import Problem
from landscape.problem.output import return_tensor, take_tensor


class PointNetwork:
    """A copy of a problem's network whose weights follow a point of a plane.

    Parameters
    ----------
    problem
        Whose network is copied; it stays as it is.
    plane
        On the problem's device.
    settings
        How the copy computes: what is folded and fused, memory layout, precision. Convolutions
        are fused only where this device can, whatever is asked: a file may come from another one.
    """

    def __init__(self, problem: Problem, plane: Plane, settings: Settings) -> None:
        dtype = settings.stored_as or problem.dtype
        possible = problem.device.type == "cpu" and fused_available(dtype)
        settings = replace(settings, fused=settings.fused and possible)
        self._settings = settings
        self._made_of = (problem, plane)
        self._at: Coordinates = [0.0] * len(plane.axes)
        self._plain: PointNetwork | None = None  # once an output was not finite
        self._overflows = False  # where it stands
        model: nn.Module = copy.deepcopy(problem.model)
        if settings.fold or settings.in_place or settings.fused:
            model = _traced(model) or model
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
        self._model: Callable[[Tensor], Tensor] = model
        if settings.compiled:
            self._model = torch.compile(model, dynamic=False)
        elif settings.graphs:
            self._model = Replaying(model)
        self._weights = PointWeights(plane, _tensors_by_name(model, problem.model), pairs)
        self._norms = following(plane, model, problem)
        self._at_most: int | None = None  # examples at once, once memory has run out

    def move_to(self, coordinates: Coordinates) -> None:
        """Take the weights of one point, and the running statistics that belong to it."""
        self._at, self._overflows = coordinates, False
        self._weights.write(coordinates)
        self._norms.follow(coordinates)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Outputs in the problem's own precision, whatever they were computed in.

        A batch that a GPU has not the memory for is computed in halves, which is said; later
        batches come in parts of that size at once.
        """
        while True:
            parts = inputs.split(self._at_most) if self._at_most else (inputs,)
            try:
                outputs = [self._outputs(part) for part in parts]
                return outputs[0] if len(outputs) == 1 else torch.cat(outputs)
            except torch.OutOfMemoryError:
                size = max(len(part) for part in parts)
                if size < 2:
                    raise
                self._at_most = size // 2
            if inputs.device.type == "cuda":
                torch.cuda.empty_cache()
            warnings.warn(
                f"out of memory with {size} examples at once: going on with {self._at_most}",
                stacklevel=2,
            )

    def _outputs(self, inputs: Tensor) -> Tensor:
        """Outputs of this copy or, where its rectifiers may tell on them, of the network as it was.

        See :mod:`landscape.evaluate.fused`: what is not finite on the way is kept, minus infinity
        too, so that it is seen here.
        """
        if not self._overflows:
            outputs = self._forward(inputs)
            if not self._settings.fused or bool(outputs.isfinite().all()):
                return outputs
            self._overflows = True  # other examples are likely to do so here, too
            self._ask_plainly()
        assert self._plain is not None
        return self._plain._forward(inputs)

    def _ask_plainly(self) -> None:
        if self._plain is None:
            settings = replace(self._settings, fold=False, in_place=False, fused=False)
            self._plain = PointNetwork(*self._made_of, settings)
        self._plain.move_to(self._at)

    def _forward(self, inputs: Tensor) -> Tensor:
        dtype, narrow = inputs.dtype, self._settings.stored_as
        if narrow is not None and inputs.is_floating_point():
            inputs = inputs.to(narrow)
        if self._settings.channels_last and inputs.ndim == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        with tensor_float_32(self._settings.reduced == "tf32"):
            output = self._model(inputs)
        if narrow is not None and output.is_floating_point():
            # Integer inputs (tokens) do not say what the network's precision is: float32 then.
            output = output.to(dtype if dtype.is_floating_point else torch.float32)
        return output


def _traced(model: nn.Module) -> fx.GraphModule | None:
    """The network as a graph; None where it cannot be, or would lose hooks of its user's."""
    hooks = [*model._forward_hooks.values(), *model._forward_pre_hooks.values()]
    if any(hook is not take_tensor for hook in hooks):
        return None
    try:
        traced = fx.symbolic_trace(model)
    except Exception:  # a network may refuse to be traced in any way it likes
        return None
    if hooks:  # tracing leaves those of the network itself behind
        return_tensor(traced)
    return traced


def _tensors_by_name(model: nn.Module, original: nn.Module) -> dict[str, list[Tensor]]:
    """Where each parameter goes: its tensors in ``model``, under all names that share it."""
    first_name: dict[int, str] = {}
    found: dict[str, list[Tensor]] = {}
    held = dict(model.named_parameters(remove_duplicate=False))
    for name, p in original.named_parameters(remove_duplicate=False):
        own = held.pop(name, None)
        key = first_name.setdefault(id(p), name)
        if own is not None and all(own is not other for other in found.get(key, ())):
            found.setdefault(key, []).append(own)
    for name, own in held.items():  # parameters that folding has added
        found[name] = [own]
    return found
