"""Two CUDA devices that are none: their tensors live on the CPU and obey the rules of a GPU.

Operations that mix devices raise; whatever makes the host wait is counted, and raises while a graph
is captured; work of a stream that reads or overwrites what another stream has not finished raises.
A captured graph repeats its operations on the same memory, and spoils that of other graphs in its
pool, as on a GPU. Values are those of the CPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

from tests.gpu import cuda

aten = torch.ops.aten

DEVICES = ("cuda:0", "cuda:1")

_READS = {aten._local_scalar_dense.default, aten.equal.default, aten.is_nonzero.default}
_SIZE_DEPENDS_ON_VALUES = {aten.nonzero.default, aten.masked_select.default}
_SIZE_DEPENDS_ON_VALUES |= {aten._unique2.default, aten.unique_dim.default}
_INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}
_INDEXING |= {aten._index_put_impl_.default}


class OnDevice(Tensor):
    """A tensor of a pretended device; ``held`` has its values, on the CPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor, device: torch.device) -> OnDevice:
        made: OnDevice = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=device,
        )
        made.held = held
        return made

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def data_ptr(self) -> int:
        return self.held.data_ptr()

    def __repr__(self, *_: Any, **__: Any) -> str:
        return f"OnDevice({self.held!r}, {self.device})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            copied: Tensor = self.detach().clone()
            if isinstance(self, nn.Parameter):
                copied = nn.Parameter(copied, requires_grad=self.requires_grad)
            memo[id(self)] = copied
        return memo[id(self)]  # type: ignore[no-any-return]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert Machine.running is not None, "a tensor of a pretended device, outside of it"
        return Machine.running.run(func, args, kwargs or {})


class Machine(TorchDispatchMode):
    """The devices while they are pretended, and what was counted of them.

    Attributes
    ----------
    waits
        How often the host waited for a device, by what for and where in the package.
    launches
        Operations sent to a device one by one.
    replays
        Graphs sent to a device as a whole.
    """

    running: Machine | None = None

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[tuple[str, str]] = Counter()
        self.launches = self.replays = 0
        self.driver = cuda.Driver(self)
        self._pinned: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.run(func, args, kwargs or {})

    def count_wait(self, what: str) -> None:
        """Count that the host waits; raises while a graph is captured."""
        if self.driver.capturing is not None:
            raise RuntimeError(f"operation not permitted when stream is capturing: {what}")
        frames = [f for f in traceback.extract_stack() if "/landscape/" in f.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
        self.waits[what, place] += 1
        self.driver.wait_for_all()

    def run(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """One operation, of tensors of a device or of the CPU."""
        if torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"):
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        tensors = [t for t in tree_iter((args, kwargs)) if isinstance(t, Tensor)]
        mine = [t for t in tensors if isinstance(t, OnDevice)]
        wanted = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
        if not mine and (wanted is None or wanted.type != "cuda"):
            return func(*args, **kwargs)
        others = [t for t in tensors if not isinstance(t, OnDevice)]
        to_host = wanted is not None and wanted.type == "cpu"
        self._check(func, args, kwargs, mine, others, to_host)
        place = mine[0].device if wanted is None or to_host else wanted
        device = self.driver.numbered(place)
        held_args, held_kwargs = tree_map_only(OnDevice, lambda t: t.held, (args, dict(kwargs)))
        if wanted is not None:
            held_kwargs["device"] = torch.device("cpu")
        held_kwargs.pop("pin_memory", None)
        held_kwargs.pop("non_blocking", None)
        work = Work(func, held_args, held_kwargs)
        out = work()
        if func in _READS or to_host:
            self.driver.order(device, mine, [])
            return out
        written = [t for t in tree_iter(out) if isinstance(t, Tensor)]
        if not func.is_view:
            self.launches += 1
            self.driver.order(device, [t.held for t in mine], written)
            self.driver.note(device, work, out)
        return self._wrapped(func, out, mine, device)

    def _check(
        self,
        func: Any,
        args: Any,
        kwargs: dict[str, Any],
        mine: list[OnDevice],
        others: list[Tensor],
        to_host: bool,
    ) -> None:
        """Raise for tensors that do not belong together; count what makes the host wait."""
        copies = func in (aten._to_copy.default, aten.copy_.default)
        if copies:
            if ((others or to_host) and mine) or (others and not to_host):
                self.count_wait("a copy between host and device")
            return
        if func in _INDEXING:
            indices = [t for t in args[1] if t is not None]
            if not isinstance(args[0], OnDevice):
                raise RuntimeError(f"{func}: indices on a device, the indexed tensor on the CPU")
            if any(not isinstance(t, OnDevice) for t in indices):
                self.count_wait("indices from the host")
            if any(t.dtype in (torch.bool, torch.uint8) for t in indices):
                self.count_wait("indexing by a mask")
            others = []
        devices = {t.device for t in mine} | {t.device for t in others if t.ndim}
        if len(devices) > 1:
            found = ", ".join(sorted(map(str, devices)))
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found {found} ({func})"
            )
        if func in _READS or func in _SIZE_DEPENDS_ON_VALUES:
            self.count_wait(str(func))

    def _wrapped(self, func: Any, out: Any, mine: list[OnDevice], device: torch.device) -> Any:
        own = {id(t.held): t for t in mine} if func._schema.is_mutable else {}
        # In inference mode a view of an ordinary tensor is an ordinary tensor.
        ordinary = func.is_view and any(not t.is_inference() for t in mine)
        leaving = ordinary and torch.is_inference_mode_enabled()
        with torch.inference_mode(False) if leaving else contextlib.nullcontext():
            return tree_map_only(
                Tensor, lambda t: own[id(t)] if id(t) in own else OnDevice(t, device), out
            )


@dataclass
class Work:
    """An operation on the CPU's memory, which can be repeated."""

    func: Callable[..., Any]
    args: Any
    kwargs: dict[str, Any]
    out: Any = field(default=None)

    def __call__(self) -> Any:
        self.out = self.func(*self.args, **self.kwargs)
        return self.out

    def repeat(self) -> None:
        """The same again, into the same memory."""
        again = self.func(*self.args, **self.kwargs)
        for old, new in zip(tree_iter(self.out), tree_iter(again), strict=True):
            if isinstance(old, Tensor) and old.data_ptr() != new.data_ptr():
                old.copy_(new)


@contextlib.contextmanager
def pretended(library: Path) -> Iterator[Machine]:
    """Two devices; ``library`` is two_devices.cpp compiled."""
    core = ctypes.CDLL(str(library))
    core.pretend_two_devices()
    before = torch.__future__.get_swap_module_params_on_conversion()
    lift = torch._C._only_lift_cpu_tensors()
    with contextlib.ExitStack() as stack:
        # The memory of a parameter cannot be exchanged for that of a device; the tensor can.
        torch.__future__.set_swap_module_params_on_conversion(True)
        stack.callback(torch.__future__.set_swap_module_params_on_conversion, before)
        torch._C._set_only_lift_cpu_tensors(True)
        stack.callback(torch._C._set_only_lift_cpu_tensors, lift)
        stack.enter_context(torch.autograd.set_multithreading_enabled(False))
        machine = Machine()
        for name, substitute in machine.driver.functions.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, substitute))
        stack.enter_context(mock.patch.object(Machine, "running", machine))
        yield stack.enter_context(machine)
