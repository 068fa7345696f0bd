"""Histograms of weights: counts against numpy's, common axes, and what is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from landscape import weights
from landscape.errors import InputError
from landscape.weights import histograms, main, norms, weights_in


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    torch.manual_seed(0)
    paths = []
    for name, scale in (("small", 1.0), ("large", 0.1)):
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 4))
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(scale)
        torch.save({"state_dict": model.state_dict()}, tmp_path / f"{name}.pt")
        paths.append(str(tmp_path / f"{name}.pt"))
    return paths


def test_bars_are_counts_of_the_weights_alone(files: list[str]) -> None:
    state = torch.load(files[0], weights_only=True)["state_dict"]
    expected = torch.cat([state["0.weight"].flatten(), state["3.weight"].flatten()]).numpy()
    found = {name: weights_in(name) for name in files}
    assert np.array_equal(found[files[0]], expected)  # no bias, no batch norm
    figure = histograms(found)
    first, second = figure.axes
    heights = [bar.get_height() for bar in first.patches]
    edges = [bar.get_x() for bar in first.patches]
    counts, same = np.histogram(expected, len(heights), (-abs(edges[0]), abs(edges[0])))
    assert heights == counts.tolist()
    assert edges == pytest.approx(same[:-1].tolist(), rel=1e-6, abs=1e-9)
    assert [bar.get_x() for bar in second.patches] == edges  # on common axes
    assert first.get_ylim() == second.get_ylim()
    assert f"norm {np.linalg.norm(expected):.4g}" in first.get_xlabel()


def test_the_command_draws_all_networks(files: list[str], tmp_path: Path) -> None:
    output = tmp_path / "weights.png"
    assert main([*files, "-o", str(output)]) == 0
    with Image.open(output) as image:
        assert image.size == (2 * 975, 720)


def test_norms_over_runs(files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {}
    for name, grows in (("a", 1.0), ("b", 2.0)):
        (tmp_path / name).mkdir()
        for epoch in range(3):
            state = {"w": torch.full((2, 2), 1 + grows * epoch), "bias": torch.ones(5)}
            torch.save(state, tmp_path / name / f"epoch_{epoch}.pt")
        expected[name] = [2 * (1 + grows * epoch) for epoch in range(3)]
    drawn: list[Any] = []
    monkeypatch.setattr(weights, "norms", lambda runs: drawn.append(runs) or norms(runs))
    folders = [str(tmp_path / name) for name in expected]
    assert main([*folders, "-o", str(tmp_path / "norms.png")]) == 0
    (runs,) = drawn
    assert {name: values for name, (_, values) in runs.items()} == expected
    lines = norms(runs).axes[0].lines
    assert [line.get_xydata().tolist() for line in lines] == [
        [[epoch, values[epoch]] for epoch in range(3)] for values in expected.values()
    ]
    assert main([*folders, files[0], "-o", str(tmp_path / "mixed.png")]) == 2


def test_what_cannot_be_counted_is_one_clear_error(files: list[str], tmp_path: Path) -> None:
    torch.save({"bias": torch.zeros(3)}, tmp_path / "bias.pt")
    with pytest.raises(InputError, match="no floating-point tensor of two or more dimensions"):
        weights_in(tmp_path / "bias.pt")
    torch.save({"weight": torch.tensor([[1.0, float("nan")]])}, tmp_path / "nan.pt")
    with pytest.raises(InputError, match="1 of 2 weights are NaN or infinite"):
        weights_in(tmp_path / "nan.pt")
    assert main([files[0], "-o", str(tmp_path / "a.txt")]) == 2
