"""Graphs of networks by ``torch.fx``, which no other thread notices.

While ``torch.fx`` traces, it replaces the calls of all modules of the process. Here those of other
threads, such as a network that serves its users, are passed on as they are, and only one thread
traces at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import fx, nn

_LOCK = threading.RLock()


class OwnThread(fx.Tracer):
    """Traces calls of its own thread only."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self._thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self._thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def symbolic_trace(network: nn.Module, tracer: type[OwnThread] = OwnThread) -> fx.GraphModule:
    """The network as a graph, as ``torch.fx.symbolic_trace`` returns it, with its errors."""
    with _LOCK:
        own = tracer()
        graph = own.trace(network)
        return fx.GraphModule(own.root, graph, type(network).__name__)
