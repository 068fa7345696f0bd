"""Two ResNets trained on digits from two seeds: the barrier under each treatment."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.alignment import align
from landscape.build import build_problem
from landscape.checkpoint import read_checkpoint
from landscape.curve import STATISTICS, line_point, losses_along
from landscape.data import load_splits
from landscape.evaluate.in_memory import mean_loss
from landscape.measures.barrier import barrier
from landscape.models.named import build_network
from landscape.training import TrainingSettings, train_network


@pytest.mark.long
def test_reestimation_is_the_lowest_and_alignment_lowers_it(tmp_path: Path) -> None:
    data = load_splits("digits", "both")
    for seed in (0, 1):
        train_network(
            lambda: build_network("resnet8", width=2, in_channels=1),
            data,
            tmp_path / str(seed),
            TrainingSettings(epochs=8, seed=seed),
            device="cpu",
            progress=False,
        )
    problem = build_problem(weights=tmp_path / "0/final.pt", data="digits", device="cpu")
    a, b = (read_checkpoint(tmp_path / f"{seed}/final.pt").state for seed in (0, 1))
    aligned, report = align(problem, b)
    assert report.distance_after < report.distance_before
    inputs, _ = data["train"].head(500).batch(problem.dtype).content
    outputs = []
    for state in (b, aligned):
        model = copy.deepcopy(problem.model)
        model.load_state_dict(state)
        with torch.no_grad():
            outputs.append(model(inputs))
    size = float(outputs[0].abs().max())
    torch.testing.assert_close(outputs[1], outputs[0], rtol=0, atol=1e-5 * size)

    t, ends = (
        np.linspace(0, 1, 11),
        (mean_loss(problem.with_state(a)), mean_loss(problem.with_state(b))),
    )
    heights = {
        (how, name): barrier(
            t, losses_along(problem, lambda t, o=other: line_point(a, o, t), t, how), ends
        ).height
        for how in STATISTICS
        for name, other in (("as it is", b), ("aligned", aligned))
    }
    for name in ("as it is", "aligned"):
        assert min(STATISTICS, key=lambda how, n=name: heights[how, n]) == "re-estimated"
    assert heights["re-estimated", "aligned"] < 0.8 * heights["re-estimated", "as it is"]
