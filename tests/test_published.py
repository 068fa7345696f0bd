"""The networks of Li et al. give what was measured, and what the authors' own code computes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from landscape.build import build_problem
from landscape.directions import make_directions
from landscape.evaluate import Settings, evaluate
from landscape.plane import Plane
from landscape.run import sample_surface
from landscape.store import open_surface

NETWORKS = {"resnet56": None, "resnet56_noshort": "none"}

# Measured with plain PyTorch in float32: loss, correct answers, and of how many training and test
# images. The losses hold to four digits: that far float32 goes in this deep a network, in
# whatever order its sums are taken.
AT_ORIGIN = {
    ("resnet56", "train"): (0.00084964, 4660, 4660),
    ("resnet56", "test"): (0.272371, 872, 932),
    ("resnet56_noshort", "train"): (0.136762, 4444, 4660),
    ("resnet56_noshort", "test"): (0.396927, 808, 932),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("split", ["test", pytest.param("train", marks=pytest.mark.long)])
def test_the_origin(shared: Path, network: str, split: str) -> None:
    problem = build_problem(
        weights=shared / "weights" / f"li2018_{network}.t7",
        shortcuts=NETWORKS[network],
        data=f"cifar10:{shared / 'data' / 'cifar10_subset.npz'}",
        split=split,
    )
    surface = sample_surface(problem, "0", "0", tune=False, progress=False)
    found = {name: surface[name].item() for name in surface.quantities}
    loss, correct, count = AT_ORIGIN[network, split]
    assert found[f"{split}_loss"] == pytest.approx(loss, rel=5e-5)
    assert round(found[f"{split}_accuracy"] * found[f"{split}_count"]) == correct
    assert found[f"{split}_count"] == count


PLAIN, FAST = Settings(), Settings(fold=True, in_place=True, channels_last=True)


def compare(shared: Path, network: str, indices: list[int], settings: Settings) -> None:
    """Along the authors' directions, on the authors' 1,000 examples."""
    reference = open_surface(shared / "reference" / f"{network}_7x7.h5")
    problem = build_problem(
        weights=shared / "weights" / f"li2018_{network}.t7",
        shortcuts=NETWORKS[network],
        data=f"cifar10:{shared / 'data' / 'cifar10_first1000.npz'}",
    )
    directions = make_directions(
        problem.origin, 2, kind=str(shared / "reference" / f"{network}_directions.h5")
    )
    plane = Plane(problem.origin, [d.vector for d in directions])
    with h5py.File(shared / "reference" / f"{network}_7x7.h5") as file:
        points = np.array(
            [[x, y] for y in file["ycoordinates"][()] for x in file["xcoordinates"][()]]
        )
    for index, found in evaluate(problem, plane, points, indices, settings):
        expected = reference["train_loss"].flat[index]
        assert found["train_loss"] == pytest.approx(expected, rel=1e-4), points[index]
        correct = 1000 * reference["train_accuracy"].flat[index]
        assert abs(1000 * found["train_accuracy"] - correct) <= 1.001, points[index]


CORNER, EDGE, CENTRE = 6, 17, 24


@pytest.mark.parametrize("network", NETWORKS)
def test_the_authors_surface_at_a_corner_an_edge_and_the_centre(shared: Path, network: str) -> None:
    compare(shared, network, [CORNER, EDGE, CENTRE], PLAIN)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_authors_surface_at_a_corner_in_a_faster_way(shared: Path, network: str) -> None:
    compare(shared, network, [CORNER], FAST)


@pytest.mark.long
@pytest.mark.parametrize("settings", [PLAIN, FAST], ids=str)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_authors_surface_at_every_point(shared: Path, network: str, settings: Settings) -> None:
    compare(shared, network, list(range(49)), settings)
