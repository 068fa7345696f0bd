"""What is chosen on a GPU: by precision, batch size and device; settings of the user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.device import tensor_float_32
from landscape.evaluate import Settings, choose, choose_settings, evaluate, tuner
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.weights import PointWeights
from landscape.grid import Grid
from landscape.hessian import HessianOperator
from landscape.problem import Problem
from tests.cases import CASES, settled
from tests.gpu.machine import Machine
from tests.gpu.test_values import POINTS, ROWS, on_cpu
from tests.test_evaluate import plane_of

GRID = Grid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 3))


def test_layouts_are_ranked_in_the_precision_of_the_run(
    gpu: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked: list[Settings] = []

    def rank(problem: Any, plane: Any, points: Any, base: Settings, *more: Any) -> list[Settings]:
        ranked.append(base)
        return [base]

    monkeypatch.setattr(choose, "tune_layouts", rank)
    problem, plane = on_cpu("perceptron-mse")
    chosen, _ = choose_settings(problem.to("cuda:1"), plane, GRID, precision="bfloat16")
    assert [base.reduced for base in ranked] == [chosen.reduced] == ["bfloat16"]


def test_layouts_are_ranked_at_a_batch_that_fills_the_device(
    gpu: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: set[int] = set()
    by_speed = tuner._by_speed

    def timed(problem: Any, trials: Any, few: Any, *more: Any) -> Any:
        sizes.update(trial.settings.batch_size for trial in trials)
        return by_speed(problem, trials[:2], few)

    monkeypatch.setattr(tuner, "_by_speed", timed)
    problem, plane = on_cpu("perceptron-mse")
    tuned = tuner.tune(problem.to("cuda:0"), plane, POINTS, Settings(batch_size=8))
    assert sizes == {41}  # all examples at once
    assert {settings.batch_size for settings in tuned} == {8}


def test_equivalent_ways_of_bfloat16_are_admissible() -> None:
    """They differ by percents, which float32's bound would refuse; a lost bias is refused."""
    problem = next(case for case in CASES if case.name == "resnet-none").make()
    plane = plane_of(problem)
    (few,) = next(iter(problem.splits.values())).batches(problem.dtype, 128)
    base = Settings(reduced="bfloat16")
    with torch.inference_mode():
        reference = tuner._Reference(problem, plane, base, POINTS[:2], few)
        way = PointNetwork(problem, plane, replace(base, fold=True, channels_last=True))
        assert reference.agrees(way)
        pairs = zip(reference.of(way), reference.outputs, strict=True)
        assert max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs) > 1e-3
        assert not reference.equal([outputs * 1.2 for outputs in reference.outputs])


def test_compiled_kernels_are_captured_and_only_full_batches_are_compiled(
    gpu: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: list[int] = []

    def compile_(model: nn.Module, **_: Any) -> Any:
        def compiled(x: Tensor) -> Tensor:
            shapes.append(len(x))
            return model(x)  # type: ignore[no-any-return]

        return compiled

    monkeypatch.setattr(torch, "compile", compile_)
    problem, plane = on_cpu("perceptron-mse")
    settings = Settings(batch_size=16, compiled=True, graphs=True)
    expected = dict(evaluate(problem, plane, POINTS, ROWS))
    found = dict(evaluate(problem.to("cuda:1"), plane, POINTS, ROWS, settings))
    for index in ROWS:
        assert found[index] == pytest.approx(expected[index], rel=1e-5)
    assert set(shapes) == {16}
    assert gpu.replays > 0
    monkeypatch.setattr(tuner, "_by_speed", lambda problem, trials, *more: trials[::-1])
    chosen = tuner.tune_compiled(problem.to("cuda:1"), plane, POINTS[:2], Settings(batch_size=16))
    assert (chosen.compiled, chosen.graphs) == (True, True)


def test_small_batches_and_cudnns_trials_are_tried(gpu: Machine) -> None:
    assert {128, 256, 384} <= set(tuner.BATCH_SIZES["cuda"])
    seen: list[bool] = []

    class Looking(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(torch.backends.cudnn.benchmark)
            return super().forward(x)

    problem = Problem(Looking(3, 2), (torch.randn(6, 3), torch.zeros(6).long()), device="cuda:0")
    seen.clear()
    tuner.tune_benchmark(problem, plane_of(problem), Settings())
    assert set(seen) == {False, True}
    assert not torch.backends.cudnn.benchmark
    stored = Settings(cudnn_benchmark=True).attributes(torch.float32)
    assert Settings.from_attributes({**stored, "dtype": "float32"}).cudnn_benchmark  # type: ignore[union-attr]
    assert "cudnn_benchmark" not in Settings().attributes(torch.float32)


def test_writing_a_point_takes_few_launches(gpu: Machine) -> None:
    launches = []
    for width in (1, 9):
        layers = [part for _ in range(width) for part in (nn.Linear(4, 4), nn.BatchNorm1d(4))]
        model = settled(nn.Sequential(*layers, nn.Linear(4, 3)))
        problem = Problem(model, (torch.randn(6, 4), torch.zeros(6).long()), device="cuda:1")
        place = plane_of(problem).to(problem.device)
        network = PointNetwork(problem, place, Settings(fold=True))
        assert isinstance(network._weights, PointWeights)
        gpu.waits.clear()
        before = gpu.launches
        network._weights.write(POINTS[1])
        launches.append(gpu.launches - before)
        assert not gpu.waits
    assert launches[0] == launches[1] < 20


def test_the_batch_of_curvature_is_the_devices(gpu: Machine) -> None:
    problem, _ = on_cpu("perceptron-mse")
    assert HessianOperator(problem)._batch_size == 128
    assert HessianOperator(problem.to("cuda:1"))._batch_size == 1024
    assert HessianOperator(problem.to("cuda:1"), batch_size=7)._batch_size == 7


@pytest.fixture(params=["general", "products", "convolutions"])
def own_precision(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A choice by torch's newer settings, after which the older ones raise."""
    backends = torch.backends
    place: Any = {
        "general": backends,
        "products": backends.cuda.matmul,
        "convolutions": backends.cudnn.conv,
    }[request.param]
    if not hasattr(place, "fp32_precision"):
        pytest.skip(f"torch {torch.__version__} has no fp32_precision")
    before = place.fp32_precision
    place.fp32_precision = "tf32"
    yield place
    place.fp32_precision = before
    backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32 = False, True


def test_the_users_newer_settings_are_kept_and_replaced_inside(own_precision: Any) -> None:
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul

    def all_of_them() -> list[str]:
        return [products.fp32_precision, cudnn.conv.fp32_precision, cudnn.rnn.fp32_precision]  # type: ignore[union-attr]

    before = all_of_them()
    for allowed, name in ((False, "ieee"), (True, "tf32")):
        with tensor_float_32(allowed):
            assert all_of_them() == [name] * 3
        assert all_of_them() == before
        assert own_precision.fp32_precision == "tf32"
