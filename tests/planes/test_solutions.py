"""Lines and planes between solutions, with each treatment of the running statistics."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.planes import between_plane
from landscape.planes.runs import names_of
from landscape.problem import Problem
from landscape.render.words.captions import full
from landscape.render.words.quantity_words import shown
from landscape.run import sample_surface
from landscape.store import open_surface
from landscape.summary import plane_words
from landscape.surface import Surface
from tests.planes.material import network, problem

STATES = [network(seed).state_dict() for seed in (1, 2)]


def loss_of(model: nn.Module) -> float:
    data = problem().splits["train"]
    with torch.no_grad():
        output = model.double()(data.inputs.double())  # type: ignore[union-attr]
    return float(F.cross_entropy(output, data.targets))  # type: ignore[union-attr]


def at(share: float, statistics: str) -> nn.Module:
    """The network at a fraction of the line from A to B, in float64, from its state dict."""
    a, b = network(0).double().state_dict(), network(1).double().state_dict()
    model = network(0).double()
    state = {}
    for name, tensor in a.items():
        follows = statistics == "interpolate" or "running" not in name
        moves = tensor.is_floating_point() and follows
        state[name] = tensor + share * (b[name] - tensor) if moves else tensor
        if name.endswith("running_var"):
            state[name] = torch.where(state[name] < 0, torch.nan, state[name])
    model.load_state_dict(state)
    if statistics == "reestimate":
        averages(model, [problem().splits["train"].inputs.double()])  # type: ignore[union-attr]
    return model.eval()


def averages(model: nn.Module, batches: list[Tensor]) -> None:
    """Statistics by hand: mean and variance of each layer's input, averaged over batches."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    seen: dict[int, list[tuple[int, Tensor, Tensor]]] = {id(m): [] for m in norms}

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0].transpose(0, 1).flatten(1)
        seen[id(module)].append((len(given[0]), x.mean(dim=1), x.var(dim=1, unbiased=True)))

    hooks = [m.register_forward_pre_hook(note) for m in norms]
    working = model.eval()
    for m in norms:
        m.train()
        m.momentum = 0.0
    with torch.no_grad():
        for batch in batches:
            working(batch)
    for hook, m in zip(hooks, norms, strict=True):
        hook.remove()
        whole = sum(n for n, _, _ in seen[id(m)])
        assert m.running_mean is not None
        assert m.running_var is not None
        m.running_mean.copy_(sum(n * mean for n, mean, _ in seen[id(m)]) / whole)
        m.running_var.copy_(sum(n * var for n, _, var in seen[id(m)]) / whole)


@pytest.mark.parametrize("tune", [False, True])
@pytest.mark.parametrize("bn", ["stored", "interpolate", "reestimate"])
def test_losses_along_the_line_are_those_of_networks_built_by_hand(bn: str, tune: bool) -> None:
    here = problem()
    line = between_plane(here, STATES[:1])
    before = copy.deepcopy(here.model.state_dict())
    surface = sample_surface(
        here, "-0.5:1.5:9", None, directions=line, bn=bn, tune=tune, progress=False
    )
    expected = [loss_of(at(share, bn)) for share in surface.x]
    np.testing.assert_allclose(surface["train_loss"], expected, rtol=2e-5)
    words = {"stored": "stored", "interpolate": "interpolated", "reestimate": "re-estimated"}
    assert surface.attributes["bn_statistics"] == words[bn]
    for name, tensor in here.model.state_dict().items():
        assert torch.equal(tensor, before[name])  # the user's network is not modified
    ends = loss_of(network(0)), loss_of(network(1))
    inside = (surface.x >= 0) & (surface.x <= 1)
    t = surface.x[inside]
    above = np.array(expected)[inside] - (1 - t) * ends[0] - t * ends[1]
    assert surface.attributes["barrier"] == pytest.approx(above.max(), rel=1e-4, abs=1e-6)


def test_an_extrapolated_variance_below_0_is_no_network(tmp_path: Path) -> None:
    """Its variance is 1 − 0.9 x: negative beyond x = 1.1, where a clamped one gave 15,625."""
    first, second = (nn.Sequential(nn.BatchNorm1d(1, affine=True)) for _ in range(2))
    second[0].running_var.fill_(0.1)  # type: ignore[operator, union-attr]
    with torch.no_grad():
        second[0].weight.fill_(1.5)  # type: ignore[union-attr, operator]
    data = (torch.randn(8, 1), torch.zeros(8, 1))
    here = Problem(first, data, loss="mse", device="cpu")
    surface = sample_surface(
        here,
        np.array([0.0, 1.0, 1.05, 1.5, 2.0]),
        None,
        directions=between_plane(here, [second.state_dict()]),
        bn="interpolate",
        path=tmp_path / "s.h5",
        progress=False,
    )
    assert np.isnan(surface["loss"]).tolist() == [False, False, False, True, True]
    assert surface.attributes["negative_variances"] == 2
    found = open_surface(tmp_path / "s.h5")
    assert "Undefined at 2 of 5 points" in full(found, shown(found, "loss"))
    assert "at 2 of 5 points an interpolated batch-norm variance is negative" in "".join(
        plane_words(found)
    )


def test_three_solutions_lie_at_the_corners_of_their_plane() -> None:
    plane = between_plane(problem(), STATES, ("a.pt", "b.pt", "c.pt"))
    surface = sample_surface(
        problem(), "0:1:2", "0:1:2", directions=plane, bn="interpolate", progress=False
    )
    found = surface["train_loss"]
    corners = [found[0, 0], found[0, 1], found[1, 0]]
    np.testing.assert_allclose(corners, [loss_of(network(k)) for k in (0, 1, 2)], rtol=1e-5)
    assert [surface.axes[a]["end"] for a in ("x", "y")] == ["b.pt", "c.pt"]


def test_by_name_from_checkpoints(tmp_path: Path) -> None:
    files = [tmp_path / f"{k}.pt" for k in range(2)]
    for k, file in enumerate(files):
        torch.save(network(k).state_dict(), file)
    kind = f"between:{files[0]},{files[1]}"
    surface = sample_surface(problem(), directions=kind, path=tmp_path / "s.h5", progress=False)
    assert surface.grid.shape == (25,)  # two solutions make a line
    assert {0.0, 1.0} <= set(surface.x)
    found = open_surface(tmp_path / "s.h5")
    assert found.attributes["barrier"] == surface.attributes["barrier"]
    assert found.axes["x"]["start"] == "0.pt"
    # The same command finds the file complete; another treatment of statistics is another run.
    sample_surface(problem(), directions=kind, path=tmp_path / "s.h5", progress=False)
    with pytest.raises(InputError, match="bn_statistics: the file has stored, this run has re-est"):
        sample_surface(
            problem(), directions=kind, bn="reestimate", path=tmp_path / "s.h5", progress=False
        )


def spread(line: Surface) -> float:
    """Of the losses; beyond the solutions they are NaN where a variance would be negative."""
    loss = line["train_loss"]
    return float(np.ptp(loss[np.isfinite(loss)]))


def test_an_aligned_permuted_copy_is_the_network_itself(tmp_path: Path) -> None:
    """Permuted channels: a solution of the same loss, far away until it is aligned."""
    state, order = network(0).state_dict(), torch.tensor([2, 0, 3, 1])
    for name, tensor in state.items():
        if name.startswith(("0.", "1.")) and tensor.ndim:
            state[name] = tensor[order]
    state["3.weight"] = state["3.weight"][:, order]
    state["8.bias"] = state["8.bias"] + 0.01  # a difference that alignment cannot remove
    torch.save(network(0).state_dict(), tmp_path / "a.pt")
    torch.save(state, tmp_path / "b.pt")
    files = f"{tmp_path / 'a.pt'},{tmp_path / 'b.pt'}"
    lines = {
        kind: sample_surface(
            problem(), directions=f"{kind}:{files}", bn="interpolate", progress=False
        )
        for kind in ("between", "aligned")
    }
    ends = {kind: line["train_loss"][(line.x == 0) | (line.x == 1)] for kind, line in lines.items()}
    np.testing.assert_allclose(ends["aligned"], ends["between"], rtol=1e-6)
    facts = lines["aligned"].axes["x"]
    length = 0.01 * 5**0.5
    assert facts["alignment"] == "weight matching"
    assert facts["distance_before_alignment"] == pytest.approx(lines["between"].axes["x"]["norm"])
    assert facts["norm"] == pytest.approx(length, rel=1e-4)
    assert spread(lines["aligned"]) < 0.02 < spread(lines["between"])


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/a/final.pt", "runs/b/final.pt"], ["a", "b"]),
        (["a/x.pt", "b/y.pt"], ["x.pt", "y.pt"]),
        (["a/x.pt", "a/y.pt", "b/x.pt"], ["a x.pt", "a y.pt", "b x.pt"]),
        (["final.pt", "b/final.pt"], ["final.pt", "b final.pt"]),
        (["1/a/x.pt", "2/a/x.pt"], ["1", "2"]),
    ],
)
def test_solutions_have_distinct_names(paths: list[str], names: list[str]) -> None:
    assert names_of([Path(path) for path in paths]) == names


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "1 solutions given"),
        ([network(0).state_dict()], "A and B have the same weights"),
        ([STATES[0], STATES[0]], "lie on one line"),
        ([{"0.weight": torch.zeros(4, 1, 3, 3)}], "solution B: no entry for parameter"),
        (
            [{**STATES[0], "8.bias": torch.zeros(7)}],
            r"solution B: parameter '8\.bias' has shape \(7,\)",
        ),
    ],
)
def test_solutions_that_span_nothing(states: list[dict[str, Tensor]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        between_plane(problem(), states)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bn": "running"}, "unknown bn 'running'"),
        ({"bn": "interpolate"}, "no solutions to interpolate between"),
        ({"bn": "reestimate", "precision": "bfloat16"}, "choose float32"),
        ({"directions": "between:absent.pt,other.pt", "y": None}, "absent.pt does not exist"),
        ({"directions": "between:a.pt,b.pt"}, "2 checkpoints for 2 axes; expected two for a line"),
        ({"directions": "pca:"}, "expected a training run"),
        ({"directions": "pca:x", "norm": "layer"}, "leave out"),
        ({"directions": "between:x,y", "ignore": "biasbn"}, "leave out"),
        ({"repeats": 0}, "expected a whole number from 1"),
        ({"repeats": 2, "directions": "pca:x"}, "every draw would be the same"),
        ({"repeats": 2, "trajectories": ["x"]}, "different coordinates in each draw"),
    ],
)
def test_incompatible_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        sample_surface(problem(), "-1:1:3", **{"y": "-1:1:3", "progress": False, **options})
    assert message in str(refused.value)


def test_a_network_without_batch_norm_has_no_statistics() -> None:
    from landscape.problem import Problem

    linear = Problem(nn.Linear(3, 2), (torch.randn(5, 3), torch.zeros(5).long()), device="cpu")
    with pytest.raises(InputError, match="has no batch normalization"):
        sample_surface(linear, bn="reestimate", progress=False)
