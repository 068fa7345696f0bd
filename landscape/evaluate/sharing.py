"""What each value of a traced network may share memory with, and what each operation may write.

An operation may be moved, or its result written over another value, only if the graph proves that
nothing else sees the difference. What is not known to return new memory may share that of all its
inputs; what is not known to leave its inputs alone may write them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from landscape.tracing import OwnThread

_NEW = {
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.neg,
    torch.add,
    torch.cat,
    torch.relu,
    F.relu,
}
_AUGMENTED = {
    operator.iadd: "__iadd__",
    operator.isub: "__isub__",
    operator.imul: "__imul__",
    operator.itruediv: "__itruediv__",
    operator.ifloordiv: "__ifloordiv__",
    operator.imod: "__imod__",
    operator.ipow: "__ipow__",
    operator.iand: "__iand__",
    operator.ior: "__ior__",
    operator.ixor: "__ixor__",
}
_KNOWN = ("torch", "_operator", "math", "builtins")


class Tracer(OwnThread):
    """Traces ``a += b`` as what it does to a tensor; torch.fx takes it for ``a = a + b``."""

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Proxy(node, self)


class _Proxy(fx.Proxy):
    pass


def _augmented(target: Any) -> Any:
    def apply(self: fx.Proxy, other: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", target, (self, other), {})

    return apply


for _target, _method in _AUGMENTED.items():
    setattr(_Proxy, _method, _augmented(_target))


class Memory:
    """Sharing and writing in one graph, in the order of its nodes.

    ``new``: whether an operation is known to return memory of its own.
    """

    def __init__(
        self, traced: fx.GraphModule, new: Callable[[fx.Node, fx.GraphModule], bool]
    ) -> None:
        self._traced = traced
        self._place: dict[fx.Node, int] = {}
        self._roots: dict[fx.Node, frozenset[fx.Node]] = {}
        self._writes: dict[fx.Node, frozenset[fx.Node]] = {}
        for place, node in enumerate(traced.graph.nodes):
            self._place[node] = place
            self._writes[node] = self._together(_written(node, traced))
            fresh = new(node, traced) or node.target in _NEW
            inputs = () if fresh and not self._writes[node] else node.all_input_nodes
            self._roots[node] = self._together(inputs) | {node}

    def _together(self, nodes: Iterable[fx.Node]) -> frozenset[fx.Node]:
        return frozenset().union(*(self._roots[node] for node in nodes))

    def replace(self, old: fx.Node, node: fx.Node, onto: fx.Node | None = None) -> None:
        """A new node takes the place of an old one, and writes into what ``onto`` returned.

        What shared memory with the old one shares it with the new one.
        """
        self._place[node] = self._place[old]
        self._roots[node] = frozenset({old, node})
        self._writes[node] = frozenset() if onto is None else self._roots[onto]

    def forget(self, node: fx.Node) -> None:
        """Remove a node that nothing reads from the graph; nothing if it is no longer there."""
        if node in self._place and not node.users:
            self._traced.graph.erase_node(node)
            del self._place[node]

    def writes_state(self) -> bool:
        """Whether an operation may write a parameter, a buffer or a constant."""
        return any(root.op == "get_attr" for roots in self._writes.values() for root in roots)

    def can_wait(self, node: fx.Node, until: fx.Node) -> bool:
        """Whether nothing between two nodes may write what the first one reads."""
        reads = self._together(node.all_input_nodes)
        first, last = self._place[node], self._place[until]
        return not any(
            first < place < last and reads & self._writes[other]
            for other, place in self._place.items()
        )

    def apart(self, one: fx.Node, other: fx.Node) -> bool:
        """Whether two values share no memory."""
        return not self._roots[one] & self._roots[other]

    def free_after(self, value: fx.Node, reader: fx.Node) -> bool:
        """Whether the memory of a value belongs to the graph, and is read last by ``reader``.

        What later operations read of the result of ``reader`` does not count.
        """
        roots, last = self._roots[value], self._place[reader]
        if any(root.op in ("placeholder", "get_attr") for root in roots):
            return False
        return not any(
            other is not reader
            and place <= last
            and roots & self._roots[other]
            and any(self._place[user] > last for user in other.users)
            for other, place in self._place.items()
        )


def _written(node: fx.Node, traced: fx.GraphModule) -> Iterable[fx.Node]:
    """The inputs that an operation may write."""
    if node.op in ("placeholder", "get_attr", "output"):
        return ()
    first = [arg for arg in node.args[:1] if isinstance(arg, fx.Node)]
    if node.op == "call_module":
        module: nn.Module = traced.get_submodule(str(node.target))
        hooks = module._forward_hooks or module._forward_pre_hooks
        if hooks or not type(module).__module__.startswith("torch.nn"):
            return node.all_input_nodes
        return node.all_input_nodes if getattr(module, "inplace", False) else ()
    if any(argument is True for argument in node.args) or node.kwargs.get("inplace"):
        return node.all_input_nodes
    name = str(node.target) if node.op == "call_method" else _name(node.target)
    if node.kwargs.get("out") is not None or not name:
        return node.all_input_nodes
    writes = node.target in _AUGMENTED or (name.endswith("_") and not name.endswith("__"))
    return (first or node.all_input_nodes) if writes else ()


def _name(function: Any) -> str:
    """The name of a function of torch or of Python, which says whether it writes; else empty."""
    home = getattr(function, "__module__", None) or "torch"  # torch's builtin functions have none
    known = home.split(".")[0] in _KNOWN
    return str(getattr(function, "__name__", "")) if known else ""
