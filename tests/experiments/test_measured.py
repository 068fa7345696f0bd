"""Measures in results, of surfaces with known measures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from landscape.experiments.measured import MEASURES, add_measures, estimate_of
from landscape.experiments.results import Results, read_results
from tests.measures.made import surface_of

AXIS = np.linspace(-1, 1, 21)


def bowl(curvature: float, **facts: int):
    return surface_of(lambda x, y: 0.2 + curvature * (x**2 + y**2), AXIS, AXIS, 0.0, **facts)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    made = Results({"network": ["plain", "residual"], "depth": [20, 56]})
    nan = surface_of(lambda x, y: np.full_like(x, np.nan), AXIS, AXIS, classes=10)
    # No surface at residual-20.
    surfaces = {(0, 0): bowl(2.5, classes=10), (0, 1): bowl(0.04, classes=10), (1, 1): nan}
    add_measures(made, ("network", "depth"), surfaces)
    path = tmp_path_factory.mktemp("measured") / "results.h5"
    made.save(path)
    return read_results(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("origin_loss", 0.2),
        ("flat_radius", math.sqrt(0.1 / 2.5)),
        ("radius_of_guessing", math.sqrt((math.log(10) - 0.2) / 2.5)),
        ("convexity_share", 1.0),
        ("roughness", 0.0),
        ("basins", 1.0),
        ("second_depth", 0.0),
    ],
)
def test_a_bowl(results: Results, name: str, value: float) -> None:
    assert estimate_of(results, name, network="plain", depth=20).value == pytest.approx(value)


def test_the_share_is_that_of_the_points(results: Results) -> None:
    x, y = np.meshgrid(AXIS, AXIS)
    below = 0.2 + 2.5 * (x**2 + y**2) < math.log(10)
    found = estimate_of(results, "share_below_guessing", network="plain", depth=20)
    assert found.value == pytest.approx(below.mean())


def test_the_radius_is_a_lower_bound_if_the_plane_ends_first(results: Results) -> None:
    found = estimate_of(results, "flat_radius", network="plain", depth=56)
    assert found.at_least
    assert found.value == pytest.approx(1.0)
    assert not estimate_of(results, "flat_radius", network="plain", depth=20).at_least


@pytest.mark.parametrize("network_depth", [("residual", 20), ("residual", 56)])
def test_undefined_measures_are_nan(results: Results, network_depth: tuple[str, float]) -> None:
    network, depth = network_depth
    for name in ("origin_loss", "flat_radius", "basins", "convexity_share", "roughness"):
        assert math.isnan(results.select(name, network=network, depth=depth))


def test_without_classes_there_is_no_loss_of_guessing() -> None:
    made = Results({"depth": [20]})
    add_measures(made, ("depth",), {(0,): bowl(2.5)})
    assert math.isnan(made.select("radius_of_guessing", depth=20))
    assert made.select("basins", depth=20) == 1


def test_every_measure_has_a_description(results: Results, tmp_path: Path) -> None:
    for name, (_, long_name, units) in MEASURES.items():
        assert (results.measured[name].long_name, results.measured[name].units) == (
            long_name,
            units,
        )
        low, high = (results.measured[f"{name}_{end}"].values for end in ("low", "high"))
        middle = results.measured[name].values
        known = np.isfinite(middle)
        assert known.any()
        assert (low[known] <= middle[known]).all()
        assert (middle[known] <= high[known]).all()
