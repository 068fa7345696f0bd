"""What :mod:`torch.cuda` does, for the pretended devices: current device, streams and graphs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_iter

COUNT = 2


class Stream:
    """A queue of work. ``known``: how much of the work of each stream is done before its next."""

    def __init__(self, driver: Driver, device: int) -> None:
        self.device = torch.device("cuda", device)
        self.sent = 0
        self.known: dict[Stream, int] = {}
        self._driver = driver

    def wait_stream(self, other: Stream) -> None:
        self.learn({**other.known, other: other.sent})

    def learn(self, done: dict[Stream, int]) -> None:
        for stream, count in done.items():
            self.known[stream] = max(self.known.get(stream, 0), count)

    def has_waited_for(self, stream: Stream, count: int) -> bool:
        return stream is self or self.known.get(stream, 0) >= count

    def synchronize(self) -> None:
        self._driver.machine.count_wait("a stream")


class Event:
    """A place in the queue of a stream."""

    def __init__(self, driver: Driver, **_: Any) -> None:
        self._driver = driver
        self._done: dict[Stream, int] = {}

    def record(self, stream: Stream | None = None) -> None:
        stream = stream or self._driver.stream()
        self._done = {**stream.known, stream: stream.sent}

    def wait(self, stream: Stream | None = None) -> None:
        (stream or self._driver.stream()).learn(self._done)

    def synchronize(self) -> None:
        self._driver.machine.count_wait("an event")


class Graph:
    """Operations that were captured, to be sent again as a whole."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.steps: list[Any] = []
        self.device: torch.device | None = None
        self.memory_pool: object = None

    def pool(self) -> object:
        return self.memory_pool

    def replay(self) -> None:
        assert self.device is not None, "nothing was captured"
        driver = self._driver
        for other in driver.graphs:
            if other is not self and other.memory_pool is self.memory_pool:
                other.spoil()
        read = _tensors([(step.args, step.kwargs) for step in self.steps])
        written = _tensors([step.out for step in self.steps])
        driver.order(self.device, read, written)
        driver.machine.replays += 1
        for step in self.steps:
            step.repeat()

    def spoil(self) -> None:
        """Overwrite the memory of this graph's pool: whatever its operations made anew."""
        made: set[int] = set()
        given: set[int] = set()
        for step in self.steps:
            given |= {_place(t) for t in _tensors((step.args, step.kwargs))} - made
            made |= {_place(t) for t in _tensors(step.out)} - given
        for tensor in _tensors([step.out for step in self.steps]):
            if tensor.is_floating_point() and _place(tensor) in made:
                tensor.fill_(float("nan"))


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _tensors(tree: Any) -> list[Tensor]:
    return [t for t in tree_iter(tree) if isinstance(t, Tensor)]


class Driver:
    """State of all devices. ``capturing``: the stream whose work goes into a graph."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.capturing: Stream | None = None
        self.graphs: list[Graph] = []
        self._graph: Graph | None = None
        self._current = 0
        self._streams = [Stream(self, k) for k in range(COUNT)]
        self._all = list(self._streams)
        self._host: dict[Stream, int] = {}
        self._written: dict[int, tuple[Stream, int]] = {}
        self._read: dict[int, dict[Stream, int]] = {}
        self._aside: Stream | None = None  # of captures without a stream of their own: made once

    def numbered(self, device: torch.device) -> torch.device:
        """The device with its number: without one it is the current device."""
        return torch.device("cuda", self._current if device.index is None else device.index)

    def stream(self, device: Any = None) -> Stream:
        """The current stream of a device."""
        return self._streams[self._index(device)]

    def _index(self, device: Any) -> int:
        if device is None:
            return self._current
        if isinstance(device, int):
            return device
        return self.numbered(torch.device(device)).index

    def wait_for_all(self) -> None:
        """The host waits until all work is done."""
        self._host = {stream: stream.sent for stream in self._all}

    def order(
        self, device: torch.device, read: Iterable[Tensor], written: Iterable[Tensor]
    ) -> None:
        """Send work to the current stream of a device; raises for a race with another stream."""
        stream = self._streams[device.index]
        if stream is self.capturing:
            return  # nothing is done before the graph is replayed
        stream.learn(self._host)
        stream.sent += 1
        for tensor in read:
            place = tensor.untyped_storage()._cdata
            if place in self._written and not stream.has_waited_for(*self._written[place]):
                raise RuntimeError("race: a stream reads what another has not finished writing")
            self._read.setdefault(place, {})[stream] = stream.sent
        for tensor in written:
            place = tensor.untyped_storage()._cdata
            self._written[place] = (stream, stream.sent)

    def note(self, device: torch.device, work: Any, out: Any) -> None:
        """Record an operation, if the stream that it was sent to is being captured."""
        if self.capturing is not None and self._streams[device.index] is self.capturing:
            assert self._graph is not None
            self._graph.steps.append(work)

    @contextlib.contextmanager
    def device(self, device: Any) -> Iterator[None]:
        before, self._current = self._current, self._index(device)
        try:
            yield
        finally:
            self._current = before

    @contextlib.contextmanager
    def on_stream(self, stream: Stream) -> Iterator[None]:
        index = stream.device.index
        before, self._streams[index] = self._streams[index], stream
        try:
            with self.device(index):
                yield
        finally:
            self._streams[index] = before

    def new_stream(self, device: Any = None, **_: Any) -> Stream:
        made = Stream(self, self._index(device))
        self._all.append(made)
        return made

    @contextlib.contextmanager
    def graph(
        self, graph: Graph, pool: object = None, stream: Stream | None = None, **_: Any
    ) -> Iterator[None]:
        self._aside = self._aside or self.new_stream()
        chosen = stream or self._aside
        self.wait_for_all()
        graph.device, graph.memory_pool = chosen.device, pool or object()
        self.graphs.append(graph)
        with self.on_stream(chosen):
            self.capturing, self._graph = chosen, graph
            try:
                yield
            finally:
                self.capturing = self._graph = None
        graph.spoil()  # what was captured has not been computed

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The substitutes, by their names in :mod:`torch.cuda`."""
        return {
            "is_available": lambda: True,
            "is_initialized": lambda: True,
            "device_count": lambda: COUNT,
            "current_device": lambda: self._current,
            "get_device_name": lambda *_: "pretended",
            "synchronize": lambda *_: self.machine.count_wait("everything"),
            "empty_cache": lambda: None,
            "device": self.device,
            "stream": self.on_stream,
            "current_stream": self.stream,
            "Stream": self.new_stream,
            "Event": lambda **options: Event(self, **options),
            "CUDAGraph": lambda: Graph(self),
            "graph": self.graph,
            "graph_pool_handle": object,
        }
