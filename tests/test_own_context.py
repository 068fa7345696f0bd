"""A run takes nothing of its surroundings, and leaves them alone: threads, autocast, defaults."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import landscape
from landscape.device import tensor_float_32
from landscape.models.named import build_network
from landscape.surface import Surface
from landscape.tracing import symbolic_trace


def convolutions() -> nn.Module:
    return build_network("resnet8", in_channels=1, classes=3).model.eval()


def problem(seed: int = 0, **options: Any) -> landscape.Problem:
    torch.manual_seed(seed)
    data = torch.randn(8, 1, 8, 8), torch.arange(8) % 3
    return landscape.Problem(convolutions(), {"train": data}, device="cpu", **options)


def sampled(made: landscape.Problem, **options: Any) -> Surface:
    return landscape.sample_surface(made, "-1:1:5", None, progress=False, **options)


def in_threads(*work: Callable[[], Any]) -> list[Any]:
    """The results of functions that run at once; raises what they raise."""
    found: list[Any] = [None] * len(work)

    def run(k: int) -> None:
        try:
            found[k] = work[k]()
        except BaseException as error:
            found[k] = error

    threads = [threading.Thread(target=run, args=[k]) for k in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return found


def test_two_runs_in_threads() -> None:
    alone = [sampled(problem(seed), tune=True)["train_loss"] for seed in range(3)]
    for _ in range(2):
        made = [problem(seed) for seed in range(3)]
        found = in_threads(*(lambda one=one: sampled(one, tune=True) for one in made))
        for one, values in zip(found, alone, strict=True):
            np.testing.assert_allclose(one["train_loss"], values, rtol=1e-4)


def test_a_network_serves_while_others_are_traced() -> None:
    served, inputs = convolutions(), torch.randn(2, 1, 8, 8)
    with torch.inference_mode():
        right = served(inputs)
    ended = threading.Event()

    def serve() -> int:
        calls = 0
        while not ended.is_set() or not calls:
            with torch.inference_mode():
                assert torch.equal(served(inputs), right)
            calls += 1
        return calls

    def trace() -> None:
        try:
            for _ in range(20):
                assert len(symbolic_trace(convolutions()).graph.nodes) > 20
        finally:
            ended.set()

    calls, _ = in_threads(serve, trace)
    assert calls > 3


def test_flags_come_back_from_threads_that_overlap() -> None:
    flags = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [flag.allow_tf32 for flag in flags]
    first, second = tensor_float_32(False), tensor_float_32(False)
    for change in (lambda flag: None, lambda flag: setattr(flag, "allow_tf32", True)):
        for flag in flags:
            change(flag)
        usual = [flag.allow_tf32 for flag in flags]
        first, second = tensor_float_32(False), tensor_float_32(False)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert [flag.allow_tf32 for flag in flags] == [False, False]
        second.__exit__(None, None, None)
        assert [flag.allow_tf32 for flag in flags] == usual
    with tensor_float_32(True):
        with tensor_float_32(False):
            assert not flags[0].allow_tf32
        assert flags[0].allow_tf32
    for flag, value in zip(flags, before, strict=True):
        flag.allow_tf32 = value


@contextmanager
def default_device(name: str) -> Iterator[None]:
    torch.set_default_device(name)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def default_type(dtype: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SURROUNDINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "nothing": nullcontext,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "meta": lambda: default_device("meta"),
    "meta as a context": lambda: torch.device("meta"),
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
    "float64": lambda: default_type(torch.float64),
}


def steep(model: nn.Module, batch: Any) -> Tensor:
    """A loss with a derivative with respect to its inputs."""
    x = batch[0].clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(x).square().sum(), x)
    return slope.flatten(1).square().sum(1)


@pytest.mark.parametrize("objective", [None, steep])
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_values_do_not_depend_on_surroundings(name: str, objective: Any) -> None:
    torch.manual_seed(0)
    inputs, targets, network = torch.randn(8, 1, 8, 8), torch.arange(8) % 3, convolutions()

    def found() -> Surface:
        own = {"objective": objective} if objective else {}
        made = landscape.Problem(network, (inputs, targets), device="cpu", **own)
        return sampled(made, tune=False)

    usual = found()
    with SURROUNDINGS[name]():
        again = found()
    assert again["loss"].tobytes() == usual["loss"].tobytes()


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_derivatives_do_not_depend_on_surroundings(name: str) -> None:
    torch.manual_seed(0)
    data = torch.randn(8, 4), torch.arange(8) % 3
    network = nn.Linear(4, 3)

    def found() -> list[float]:
        made = landscape.Problem(network, data, device="cpu", metrics=["gradient_norm"])
        return sampled(made, tune=False)["gradient_norm"].tolist()

    usual = found()
    with SURROUNDINGS[name]():
        assert found() == pytest.approx(usual, rel=1e-5)
