"""Long steps before the first point are named; short ones and silent runs are not."""

from __future__ import annotations

import time

import pytest
import torch

import landscape
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.sampler import Sampler
from landscape.run import stage as stages
from landscape.run.stage import stage
from landscape.surface import Surface


@pytest.mark.parametrize(
    ("seconds", "progress", "said"),
    [(0.3, True, "searching the range …\n"), (0.0, True, ""), (0.3, False, "")],
)
def test_a_step_is_named_if_it_takes_long(
    seconds: float,
    progress: bool,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(stages, "PATIENCE_S", 0.1)
    with stage("searching the range", progress=progress):
        time.sleep(seconds)
    time.sleep(0.2)
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("progress", [True, False])
def test_measuring_all_examples_before_a_tolerance_is_named(
    progress: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = Sampler.prepare

    def slow(self: Sampler, network: PointNetwork, surface: Surface, *, with_losses: bool) -> None:
        time.sleep(0.5)
        measured(self, network, surface, with_losses=with_losses)

    monkeypatch.setattr(Sampler, "prepare", slow)
    monkeypatch.setattr(stages, "PATIENCE_S", 0.2)
    torch.manual_seed(0)
    data = (torch.randn(200, 3), torch.randint(2, (200,)))
    problem = landscape.Problem(torch.nn.Linear(3, 2), data, device="cpu")
    landscape.sample_surface(problem, "-1:1:3", tolerance="10%", tune=False, progress=progress)
    lines = capsys.readouterr().err.replace("\r", "\n").split("\n")
    assert lines.count("measuring all examples at the trained weights …") == progress


@pytest.mark.parametrize("directions", ["random", "hessian", "ascent"])
def test_without_progress_nothing_is_printed(
    directions: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stages, "PATIENCE_S", 0.0)
    torch.manual_seed(0)
    data = (torch.randn(20, 3), torch.randint(2, (20,)))
    problem = landscape.Problem(torch.nn.Linear(3, 2), data, device="cpu")
    for progress in (True, False):
        landscape.sample_surface(problem, "auto:3", directions=directions, progress=progress)
        assert (capfd.readouterr().err != "") == progress
