"""The recorder keeps what a path needs: the right weights, to the error that it states."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import landscape
from landscape.checkpoint import read_checkpoint
from landscape.differences import differences, restored
from landscape.errors import InputError

X = torch.linspace(-2, 2, 96).reshape(24, 4)
Y = torch.arange(24) % 3


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))


def train(
    model: nn.Module, recorder: landscape.Recorder, steps: range, lr: float = 0.1
) -> dict[int, nn.Module]:
    """A training loop of the user's; copies of the network at every step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    kept = {}
    for step in steps:
        kept[step] = copy.deepcopy(model)
        recorder.record(model, step)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
    kept[steps.stop] = copy.deepcopy(model)
    recorder.finish(model, steps.stop)
    return kept


def loss(model: nn.Module) -> float:
    return nn.functional.cross_entropy(model.double().eval()(X.double()), Y).item()


def allowed(true: Tensor, first: Tensor) -> Tensor:
    """The stated error of a difference, and the rounding of the sum in single precision."""
    change = (true.double() - first.double()).abs()
    return 2**-11 * change + 2**-24 * change.max() + 2**-23 * true.double().abs()


def test_weights_between_are_known_to_the_stated_error(tmp_path: Path) -> None:
    kept = train(network(), landscape.Recorder(tmp_path, every=3), range(10))
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["final.pt", *(f"step_{k:06d}.pt" for k in (0, 3, 6, 9))]
    first = kept[0].state_dict()
    for step in (0, 3, 6, 9):
        found = read_checkpoint(tmp_path / f"step_{step:06d}.pt").state
        for name, true in kept[step].state_dict().items():
            assert found[name].dtype == true.dtype
            if true.is_floating_point():
                error = (found[name].double() - true.double()).abs()
                assert bool((error <= allowed(true, first[name])).all()), (step, name)
            else:
                assert torch.equal(found[name], true)
    exact = read_checkpoint(tmp_path / "final.pt").state
    assert all(torch.equal(exact[name], true) for name, true in kept[10].state_dict().items())


def test_the_path_is_that_of_whole_checkpoints(tmp_path: Path) -> None:
    model = network()
    kept = train(model, landscape.Recorder(tmp_path / "mine", every=2), range(11))
    (tmp_path / "whole").mkdir()
    for step in (0, 2, 4, 6, 8, 10, 11):
        torch.save(kept[step].state_dict(), tmp_path / "whole" / f"step_{step:06d}.pt")
    problem = landscape.Problem(model, (X, Y), device="cpu")
    grid: dict[str, Any] = {"x": "0:1:2", "y": "0:1:2", "progress": False, "tune": "off"}
    paths = [
        landscape.sample_surface(problem, directions=f"pca:{tmp_path / name}", **grid).trajectories[
            name
        ]
        for name in ("mine", "whole")
    ]
    one, other = paths
    np.testing.assert_array_equal(one.step, [0, 2, 4, 6, 8, 10, 11])
    scale = np.abs(other.x).max()
    np.testing.assert_allclose(one.x, other.x, atol=5e-4 * scale)
    np.testing.assert_allclose(one.y, other.y, atol=5e-4 * scale)
    np.testing.assert_allclose(one.loss, [loss(kept[k]) for k in one.step], rtol=1e-4)


def test_a_network_that_hardly_moves(tmp_path: Path) -> None:
    """float16 would round the weights by 10⁴ times more than they move."""
    model = network()
    recorder = landscape.Recorder(tmp_path)
    first = copy.deepcopy(model)
    recorder.record(model, 0)
    with torch.no_grad():
        model[0].weight += 1e-7 * torch.randn(6, 4)
    recorder.record(model, 1)
    found = read_checkpoint(tmp_path / "step_000001.pt").state["0.weight"]
    torch.testing.assert_close(
        found - first[0].weight, (model[0].weight - first[0].weight).detach(), rtol=0, atol=3e-8
    )
    assert not torch.equal(found, first[0].weight)


def test_parameters_that_are_not_trained_are_not_kept(tmp_path: Path) -> None:
    model = network()
    model[0].requires_grad_(False)
    kept = train(model, landscape.Recorder(tmp_path / "mine", every=2), range(5))
    for file in (tmp_path / "mine").iterdir():
        assert not [name for name in read_checkpoint(file).state if name.startswith("0.")]
    problem = landscape.Problem(model, (X, Y), device="cpu")
    surface = landscape.sample_surface(
        problem,
        "0:1:2",
        "0:1:2",
        directions=f"pca:{tmp_path / 'mine'}",
        progress=False,
        tune="off",
    )
    path = surface.trajectories["mine"]
    np.testing.assert_array_equal(path.step, [0, 2, 4, 5])
    np.testing.assert_allclose(path.loss, [loss(kept[k]) for k in (0, 2, 4, 5)], rtol=1e-4)


def test_half_the_size(tmp_path: Path) -> None:
    model = nn.Linear(300, 300)
    recorder = landscape.Recorder(tmp_path)
    recorder.record(model, 0)
    with torch.no_grad():
        model.weight += torch.randn(300, 300)
    recorder.record(model, 1)
    sizes = [(tmp_path / f"step_{k:06d}.pt").stat().st_size for k in (0, 1)]
    assert sizes[1] < 0.52 * sizes[0]


@pytest.mark.parametrize("value", [1e38, -1e30, 1e-30, float("inf"), float("nan")])
def test_values_of_any_size(value: float) -> None:
    first = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}
    state = {"w": torch.tensor([value, 2.0]), "n": torch.tensor(4)}
    content = {"first": "a.pt", **differences(state, first)}
    found = restored(content, Path("b.pt"), lambda path: first)
    torch.testing.assert_close(found["w"], state["w"], rtol=5e-4, atol=5e-4, equal_nan=True)
    assert found["n"] == 4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_networks_in_other_precisions(tmp_path: Path, dtype: torch.dtype) -> None:
    model = nn.Linear(4, 3).to(dtype)
    recorder = landscape.Recorder(tmp_path)
    recorder.record(model, 0)
    with torch.no_grad():
        model.weight += 0.1 * torch.randn(3, 4).to(dtype)
    recorder.record(model, 1)
    found = read_checkpoint(tmp_path / "step_000001.pt").state["weight"]
    assert found.dtype == dtype
    torch.testing.assert_close(found, model.weight.detach(), rtol=1e-2, atol=1e-3)


def test_names_are_those_of_the_network_inside_wrappers(tmp_path: Path) -> None:
    model = network()
    landscape.Recorder(tmp_path).record(nn.DataParallel(model), 0)
    found = read_checkpoint(tmp_path / "step_000000.pt").state
    assert list(found) == list(model.state_dict())


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    model = network()
    recorder = landscape.Recorder(tmp_path)
    for step in (0, 1, 2):
        recorder.record(model, step)
    with torch.no_grad():
        model[0].weight += 1
    landscape.Recorder(tmp_path).record(model, 3)
    found = read_checkpoint(tmp_path / "step_000003.pt").state
    torch.testing.assert_close(found["0.weight"], model[0].weight.detach(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("last", [3, "final"])
def test_another_run_in_the_same_folder_is_refused(tmp_path: Path, last: Any) -> None:
    train(network(), landscape.Recorder(tmp_path), range(4))
    if last != "final":
        (tmp_path / "final.pt").unlink()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    recorder = landscape.Recorder(tmp_path)
    with pytest.raises(InputError, match="contains a run up to step 3, and this is step 0"):
        recorder.record(network(1), 0)
    with pytest.raises(InputError, match="give another folder"):
        recorder.finish(network(1), 0)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="every=0: expected a number of steps from 1 on"):
        landscape.Recorder(tmp_path, every=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to folder"):
        landscape.Recorder(tmp_path / "file").record(network(), 0)


def damaged(tmp_path: Path, **changes: Any) -> Path:
    content = {"first": "first.pt", "differences": {}, "scales": {}, "whole": {}, **changes}
    torch.save({"w": torch.ones(2)}, tmp_path / "first.pt")
    torch.save(nn.Linear(2, 2), tmp_path / "object.pt")
    torch.save(content, tmp_path / "b.pt")
    return tmp_path / "b.pt"


HALF = torch.ones(2).half()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"first": "gone.pt"}, "gone.pt does not exist"),
        ({"first": "../first.pt"}, "is damaged"),
        ({"first": 3}, "is damaged"),
        ({"differences": [1]}, "is damaged"),
        ({"first": "b.pt"}, "b.pt"),
        ({"differences": {"v": HALF}, "scales": {"v": 1.0}}, "'v' does not fit first.pt"),
        ({"differences": {"w": HALF[:1]}, "scales": {"w": 1.0}}, "'w' does not fit first.pt"),
        ({"differences": {"w": HALF}}, "'w' does not fit first.pt"),
        ({"differences": {"w": 1.0}, "scales": {"w": 1.0}}, "'w' does not fit first.pt"),
        ({"whole": {"w": "text"}}, "is damaged"),
        ({"first": "object.pt"}, "checkpoint .*object.pt contains more than tensors"),
    ],
)
def test_damaged_files(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_checkpoint(damaged(tmp_path, **changes))
