"""Find the groups of channels that can be permuted without changing the network's function."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from contextlib import redirect_stderr
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp, TensorMetadata

from landscape.alignment.channels import Axis, Ties, Value
from landscape.alignment.functions import FUNCTIONS, WITHOUT_VALUES, Call, name_of
from landscape.alignment.modules import MODULES
from landscape.alignment.permutation import Group
from landscape.alignment.rules import UnknownOperation
from landscape.errors import InputError, one_line
from landscape.problem import Network
from landscape.tracing import symbolic_trace


def tied_channels(model: nn.Module, run: Callable[[Network], object]) -> list[Group]:
    """Find the groups of channels that can be permuted without changing the function.

    Inputs and outputs of the network keep their order. An operation without a rule freezes all
    channels of its inputs and parameters, so the result is always exact.

    Parameters
    ----------
    model
        In evaluation mode, traceable by ``torch.fx``; it is not modified.
    run
        Calls a network with a few examples, to record the shapes of activations.

    Raises
    ------
    InputError
        If the network cannot be traced, or its graph does not take the examples.
    """
    model = copy.deepcopy(model).eval()
    try:
        traced = symbolic_trace(model)
        with torch.no_grad(), redirect_stderr(io.StringIO()):  # it also prints its errors
            run(ShapeProp(traced).propagate)
    except Exception as error:  # tracing can raise any error
        raise InputError(
            f"{type(model).__name__} cannot be traced by torch.fx ({one_line(error)}), so its tied "
            "channels are unknown: compare the networks without alignment"
        ) from error
    ties, values = Ties(), dict[fx.Node, Value | None]()
    stored = {id(tensor): tensor for _, tensor in _named(model)}
    for node in traced.graph.nodes:
        values[node] = _Step(ties, node, traced, stored, values).result()
        found = values[node]
        if found is not None:
            ties.see(found)
    return _groups(ties, model)


class _Step:
    """A node of the graph: applies its rule, or freezes everything it touches."""

    def __init__(
        self,
        ties: Ties,
        node: fx.Node,
        root: fx.GraphModule,
        stored: dict[int, Tensor],
        values: dict[fx.Node, Value | None],
    ) -> None:
        self.ties, self.node, self.root, self.stored = ties, node, root, stored
        self.inputs = [values[other] for other in node.all_input_nodes]
        self.values = values
        meta = node.meta.get("tensor_meta")
        self.shape = tuple(meta.shape) if isinstance(meta, TensorMetadata) else None

    def result(self) -> Value | None:
        """Shape and axes of the node's result; None if it is not a tensor."""
        node = self.node
        if node.op == "get_attr":
            return self._attribute(str(node.target))
        try:
            if node.op == "call_module":
                return self._checked(self._module())
            if node.op in ("call_function", "call_method"):
                return self._function()
        except UnknownOperation:
            pass
        return self._frozen()

    def _attribute(self, name: str) -> Value | None:
        tensor: Any = self.root
        for part in name.split("."):
            tensor = getattr(tensor, part)
        if not isinstance(tensor, Tensor):
            return None
        if id(tensor) in self.stored:
            return self.ties.value_of(tensor)
        return Value(tuple(tensor.shape), (None,) * tensor.ndim)

    def _module(self) -> tuple[Axis | None, ...]:
        module = self.root.get_submodule(str(self.node.target))
        rule = MODULES.get(type(module))
        hooked = module._forward_hooks or module._forward_pre_hooks
        value = self.inputs[0] if self.inputs else None
        try:
            if rule is None or hooked or self.shape is None or value is None:
                raise UnknownOperation
            return rule(self.ties, module, value, self.shape)
        except UnknownOperation:
            for tensor in (*module.parameters(), *module.buffers()):
                self.ties.freeze_tensor(tensor)
            raise

    def _function(self) -> Value | None:
        name = name_of(self.node)
        if self.shape is None:
            if name in WITHOUT_VALUES or not any(self.inputs):
                return None
            raise UnknownOperation
        rule = FUNCTIONS.get(name)
        if rule is None:
            raise UnknownOperation
        known: Callable[[fx.Node], Any] = self.values.__getitem__
        args = fx.node.map_arg(self.node.args, known)
        kwargs = fx.node.map_arg(self.node.kwargs, known)
        return self._checked(rule(Call(self.ties, args, kwargs, self.shape, name)))

    def _checked(self, axes: tuple[Axis | None, ...]) -> Value:
        shape = self.shape
        assert shape is not None
        fits = len(axes) == len(shape) and all(
            axis is None or len(axis) == size for axis, size in zip(axes, shape, strict=True)
        )
        if not fits:  # a use that the rule does not cover
            self.ties.freeze(*axes)
            raise UnknownOperation
        return Value(shape, axes)

    def _frozen(self) -> Value | None:
        for value in self.inputs:
            self.ties.freeze(*(value.axes if value is not None else ()))
        return None if self.shape is None else Value(self.shape, (None,) * len(self.shape))


def _named(model: nn.Module) -> list[tuple[str, Tensor]]:
    """Parameters and buffers with all their names."""
    parameters = model.named_parameters(remove_duplicate=False)
    return [*parameters, *model.named_buffers(remove_duplicate=False)]


def _groups(ties: Ties, model: nn.Module) -> list[Group]:
    tensors: dict[int, tuple[Tensor, list[str]]] = {}
    for name, tensor in _named(model):
        tensors.setdefault(id(tensor), (tensor, []))[1].append(name)
    where: dict[int, list[tuple[str, int, list[int]]]] = {}
    for tensor, names in tensors.values():
        for dim, axis in ties.axes_of(tensor).items():
            positions: dict[int, list[int]] = {}
            for position, channel in enumerate(axis.tolist()):
                positions.setdefault(channel, []).append(position)
            for channel, found in positions.items():
                where.setdefault(channel, []).extend((name, dim, found) for name in names)
    groups = []
    for channels in ties.classes():
        if channels[0] in where:
            places: dict[tuple[str, int], list[list[int]]] = {}
            for channel in channels:
                for name, dim, found in where[channel]:
                    places.setdefault((name, dim), []).append(found)
            group = Group(len(channels), {key: np.array(found) for key, found in places.items()})
            groups.append(group)
    return groups
