"""Large networks: less memory, the same values; a small one is made large by a lower threshold."""

from __future__ import annotations

import copy
import gc
import importlib
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from landscape import InputError, Problem, open_surface, sample_surface
from landscape.directions import make_directions, normalize, random_direction
from landscape.evaluate import Settings, evaluate, tuner
from landscape.evaluate.network import PointNetwork
from landscape.params import dot, norm
from landscape.plane import Plane

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(40, 6, generator=GENERATOR)
Y = torch.randint(3, (40,), generator=GENERATOR)
GRID = {"x": "-1:1:3", "y": "-1:1:2", "progress": False}


def problem() -> Problem:
    torch.manual_seed(1)
    return Problem(nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3)), (X, Y), device="cpu")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.params._LARGE", 10)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landscape.params._PIECE", 7)
    module = importlib.import_module("landscape.directions.normalize")
    monkeypatch.setattr(module, "_PIECE", 7)
    monkeypatch.setattr("landscape.evaluate.weights._PIECE", 7)
    monkeypatch.setattr("landscape.evaluate.weights.LARGE", 5)


def loss_at(model: nn.Module, plane: Plane, point: tuple[float, float]) -> float:
    moved = copy.deepcopy(model).double()
    with torch.no_grad():
        for name, p in moved.named_parameters():
            x, y = (axis[name].double() for axis in plane.axes)
            p.copy_(plane.origin[name].double() + point[0] * x + point[1] * y)
        return F.cross_entropy(moved(X.double()), Y).item()


def test_directions_are_rounded_to_bfloat16_and_so_recorded(large: None, tmp_path: Path) -> None:
    found = problem()
    surface = sample_surface(found, **GRID, path=tmp_path / "s.h5")
    assert surface.axes["x"]["precision"] == "bfloat16"
    exact = make_directions(found.origin, 2, filters=found.filters)
    axes = [{n: d.bfloat16() if d.ndim > 1 else d for n, d in one.vector.items()} for one in exact]
    plane = Plane(found.origin, axes)
    expected = [[loss_at(found.model, plane, (x, y)) for x in surface.x] for y in surface.y]
    np.testing.assert_allclose(surface["loss"], expected, rtol=2e-6)
    again = sample_surface(problem(), **GRID, path=tmp_path / "s.h5")
    np.testing.assert_array_equal(again["loss"], surface["loss"])


def test_a_file_with_wide_directions_goes_on_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = tmp_path / "s.h5", sample_surface(problem(), **GRID, tune=False)
    with pytest.raises(KeyboardInterrupt):
        stop_after(2, monkeypatch, path)
    assert 0 < open_surface(path).done.sum() < whole.done.size
    monkeypatch.setattr("landscape.params._LARGE", 10)
    resumed = sample_surface(problem(), **GRID, tune=False, path=path)
    assert "precision" not in resumed.axes["x"]
    np.testing.assert_allclose(resumed["loss"], whole["loss"], rtol=1e-6)


def stop_after(points: int, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    moves = []

    def move_to(self: PointNetwork, coordinates: object) -> None:
        moves.append(coordinates)
        if len(moves) > points:
            raise KeyboardInterrupt
        usual(self, coordinates)  # type: ignore[arg-type]

    usual = PointNetwork.move_to
    with monkeypatch.context() as patch:
        patch.setattr(PointNetwork, "move_to", move_to)
        sample_surface(problem(), **GRID, tune=False, path=path)


def test_the_origin_shares_the_memory_of_the_problems_own_network(large: None) -> None:
    found = problem()
    weights = dict(found.model.named_parameters())
    assert all(p.data_ptr() == weights[name].data_ptr() for name, p in found.origin.items())
    plane = Plane(found.origin, [d.vector for d in make_directions(found.origin, 2)])
    with pytest.raises(InputError, match="give a copy"):
        plane.write([1.0, 0.0], found.model)
    before = {name: p.clone() for name, p in found.origin.items()}
    list(evaluate(found, plane, np.ones((1, 2)), [0]))
    assert all(torch.equal(p, before[name]) for name, p in found.origin.items())


def test_the_users_network_is_not_held_twice_and_not_touched(large: None) -> None:
    model = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3))
    before = copy.deepcopy(model.state_dict())
    found = Problem(model, (X, Y), device="cpu")
    own = dict(found.model.named_parameters())
    for name, p in model.named_parameters():
        assert own[name] is not p
        assert own[name].data_ptr() == p.data_ptr() == found.origin[name].data_ptr()
    surface = sample_surface(found, **GRID)
    assert all(torch.equal(p, before[name]) for name, p in model.state_dict().items())
    assert all(p.requires_grad for p in model.parameters())
    assert surface["loss"][0, 1] != surface["loss"][1, 1]
    F.cross_entropy(model(X), Y).backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    with pytest.raises(InputError, match="changed since the problem was made"):
        sample_surface(found, **GRID)
    model.load_state_dict(before)
    np.testing.assert_array_equal(sample_surface(found, **GRID)["loss"], surface["loss"])


def test_no_more_examples_at_once_than_asked_for() -> None:
    """A fault once: the loss at the origin was computed in batches of 250."""
    found, most = problem(), 0

    def hook(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        nonlocal most
        most = max(most, len(arguments[0]))

    found.model[0].register_forward_pre_hook(hook)
    sample_surface(found, **GRID, batch_size=4)
    assert most == 4


def test_a_small_network_may_be_written_into() -> None:
    found = problem()
    plane = Plane(found.origin, [d.vector for d in make_directions(found.origin, 1)])
    before = {name: p.clone() for name, p in found.origin.items()}
    plane.write([1.0], found.model)
    assert all(torch.equal(p, before[name]) for name, p in found.origin.items())


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_tuning_keeps_one_network_at_a_time(
    large: None, no_collection: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: weakref.WeakSet[PointNetwork] = weakref.WeakSet()
    most = 0

    class Counted(PointNetwork):
        def __init__(self, *arguments: object) -> None:
            nonlocal most
            super().__init__(*arguments)  # type: ignore[arg-type]
            self.module.holder = self  # a cycle, which only the collector frees
            alive.add(self)
            most = max(most, len(alive))

    monkeypatch.setattr(tuner, "PointNetwork", Counted)
    found = problem()
    plane = Plane(found.origin, [d.vector for d in make_directions(found.origin, 2)])
    layouts = tuner.tune(found, plane, np.array([[0.0, 0.0], [1.0, 1.0]]), Settings())
    tuned = tuner.tune_abreast(found, plane, tuner.tune_batch_size(found, plane, layouts))
    assert len(layouts) > 1
    assert most == 1
    assert tuned.abreast == 1


def test_points_norms_and_projections_in_pieces_are_those_of_the_whole(pieces: None) -> None:
    found = problem()
    axes = [d.vector for d in make_directions(found.origin, 2, ignore="none")]
    flat = [np.concatenate([d.double().flatten() for d in axis.values()]) for axis in axes]
    assert dot(*axes) == pytest.approx(flat[0] @ flat[1], rel=1e-12)
    assert norm(axes[0]) == pytest.approx(np.linalg.norm(flat[0]), rel=1e-12)
    plane = Plane(found.origin, axes)
    network = PointNetwork(found, plane, Settings())
    network.move_to([0.3, -0.7])
    point = plane.at([0.3, -0.7])
    moved = dict(network._model.named_parameters())  # type: ignore[attr-defined]
    assert all(torch.equal(moved[name], p) for name, p in point.items())
    outside = {name: p + 0.01 for name, p in point.items()}
    offset = np.concatenate(
        [(outside[n].double() - p.double()).flatten() for n, p in found.origin.items()]
    )
    expected, *_ = np.linalg.lstsq(np.stack(flat, axis=1), offset, rcond=None)
    coordinates, distance = plane.project(outside)
    np.testing.assert_allclose(coordinates, expected, rtol=1e-10)
    rest = offset - np.stack(flat, axis=1) @ expected
    assert distance == pytest.approx(np.linalg.norm(rest), rel=1e-10)


@pytest.mark.parametrize("how", ["filter", "dfilter", "weight", "layer", "dlayer", "none"])
def test_normalization_in_pieces(how: str, pieces: None) -> None:
    weights = {"w": torch.randn(11, 3, 2, generator=GENERATOR)}
    noise = random_direction(weights, torch.Generator().manual_seed(3))
    d, w = noise["w"].double().flatten(1).numpy(), weights["w"].double().flatten(1).numpy()
    rows, own = np.linalg.norm(d, axis=1), np.linalg.norm(w, axis=1)
    expected = {
        "filter": d * (own / rows)[:, None],
        "dfilter": d / rows[:, None],
        "weight": d * w,
        "layer": d * np.linalg.norm(w) / np.linalg.norm(d),
        "dlayer": d / np.linalg.norm(d),
        "none": d,
    }
    (found,) = normalize(noise, weights, how).values()
    np.testing.assert_allclose(found.flatten(1), expected[how], rtol=1e-6)


def test_noise_of_one_parameter_at_a_time_is_that_of_all() -> None:
    found = problem()
    generator = torch.Generator().manual_seed(5)
    apart = {n: random_direction({n: p}, generator)[n] for n, p in found.origin.items()}
    whole = random_direction(found.origin, torch.Generator().manual_seed(5))
    assert all(torch.equal(apart[name], d) for name, d in whole.items())
