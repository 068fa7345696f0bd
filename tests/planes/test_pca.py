"""Principal components of checkpoints, against numpy's singular values of the dense matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.directions.pca import principal_components
from landscape.errors import InputError
from landscape.params import Params
from landscape.planes import Run, pca_plane, read_runs
from landscape.planes.run_files import checkpoints_in
from landscape.run import Request, sample_surface
from landscape.run.plan import make_plan
from landscape.store import open_surface
from tests.planes.material import flat, moved, noise, problem, save_states

ORIGIN = {n: p.double() for n, p in problem().origin.items()}


def walk(steps: int, seed: int = 0) -> list[Params]:
    """A path that ends at the origin, mostly along two directions."""
    a, b = noise(ORIGIN, seed + 1, 3.0), noise(ORIGIN, seed + 2, 1.0)
    small = [noise(ORIGIN, seed + 10 + k, 0.05) for k in range(steps)]
    t = np.linspace(1, 0, steps)
    return [
        {n: ORIGIN[n] + s * a[n] + s * (1 - s) * 4 * b[n] + s * e[n] for n in ORIGIN}
        for s, e in zip(t, small, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_components_are_the_singular_vectors(count: int) -> None:
    path = walk(7)
    found = principal_components(path, ORIGIN, count)
    dense = torch.stack([flat(p) for p in path]).numpy()
    centred = dense - dense.mean(axis=0)
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found.explained, (values**2 / (values**2).sum())[:count], rtol=1e-6)
    own = torch.stack([flat(v) for v in found.vectors]).numpy()
    np.testing.assert_allclose(own @ own.T, np.eye(count), atol=1e-9)
    for mine, theirs in zip(own, vectors, strict=False):
        np.testing.assert_allclose(mine * np.sign(mine @ theirs), theirs, atol=1e-6)


def test_coordinates_are_the_scores_relative_to_the_origin() -> None:
    path = walk(6)
    dense = torch.stack([flat(p) for p in path]).numpy()
    exact = problem()
    exact.origin = ORIGIN
    walked = Run("walk", [f"step {k}" for k in range(6)], range(6), path.__getitem__)
    plane = pca_plane(exact, [walked]).plane(ORIGIN)
    places = np.array([plane.project(p)[0] for p in path])
    _, _, vectors = np.linalg.svd(dense - dense.mean(axis=0), full_matrices=False)
    expected = (dense - flat(ORIGIN).numpy()) @ vectors[:2].T
    signs = np.sign(expected[0] * places[0])
    np.testing.assert_allclose(places, expected * signs, rtol=1e-5, atol=1e-6)
    assert places[-1] == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: walk(2), "2 checkpoints span at most 1 directions, but 2 are needed"),
        (lambda: walk(3)[:1] * 4, "span 0 directions only"),
        (
            lambda: [
                {n: ORIGIN[n] + s * p for n, p in noise(ORIGIN, 1).items()} for s in (1, 2, 3)
            ],
            "span 1 direction only",
        ),
        (
            lambda: [*walk(3), {n: p for n, p in ORIGIN.items() if n != "8.bias"}],
            "checkpoint 4 of 4: no entry for parameter '8.bias'",
        ),
    ],
)
def test_checkpoints_that_span_no_plane(make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as refused:
        principal_components(make(), ORIGIN, 2)
    assert message in str(refused.value)


def test_a_run_is_sampled_with_its_path_and_both_losses(tmp_path: Path) -> None:
    final = problem()
    state = final.model.state_dict()
    states = [moved(state, {n: p - ORIGIN[n] for n, p in params.items()}) for params in walk(5)]
    states[1]["1.running_mean"] = (
        states[1]["1.running_mean"] + 0.3
    )  # checkpoints differ in statistics
    save_states(tmp_path / "sgd", states)
    surface = sample_surface(
        final, directions=f"pca:{tmp_path / 'sgd'}", path=tmp_path / "s.h5", progress=False
    )
    path = open_surface(tmp_path / "s.h5").trajectories["sgd"]
    assert path.step is not None
    assert path.step.tolist() == [0, 1, 2, 3, 4]
    shares = [surface.axes[axis]["explained_variance"] for axis in ("x", "y")]
    assert 0.9 < sum(map(float, shares)) <= 1
    assert surface.axes["x"]["kind"] == "pca"
    # The whole path is inside the range, with a margin.
    assert surface.y is not None
    for axis, places in ((surface.x, path.x), (surface.y, path.y)):
        assert axis[0] < places.min() < places.max() < axis[-1]
    assert path.loss is not None
    assert path.plane_loss is not None
    assert path.distance is not None
    for k, state_k in enumerate(states):
        alone = sample_surface(final.with_state(state_k), "0", None, progress=False)
        assert path.loss[k] == pytest.approx(alone["train_loss"][0], rel=1e-6)
        there = sample_surface(
            final,
            [path.x[k]],
            [path.y[k]],
            directions=f"pca:{tmp_path / 'sgd'}",
            progress=False,
        )
        assert path.plane_loss[k] == pytest.approx(there["train_loss"][0, 0], rel=1e-5)
    assert abs(path.loss[1] - path.plane_loss[1]) > 1e-3  # its own statistics
    assert path.loss[-1] == pytest.approx(path.plane_loss[-1], rel=1e-6)
    np.testing.assert_allclose(path.distance[-1], 0, atol=1e-5)


@pytest.mark.parametrize(("x", "count"), [("auto:11", 11), ("auto", 25), ("auto:4", 4)])
def test_an_automatic_range_encloses_the_checkpoints(tmp_path: Path, x: str, count: int) -> None:
    """As the range by default does; as far as the loss rises would cut the path off."""
    final = problem()
    state = final.model.state_dict()
    steps = [{n: 20 * (p - ORIGIN[n]) for n, p in params.items()} for params in walk(4)]
    save_states(tmp_path / "run", [*(moved(state, s) for s in steps), state])
    usual, found = (
        make_plan(final, Request(directions=f"pca:{tmp_path / 'run'}", **ranges)).grid
        for ranges in ({}, {"x": x})
    )
    assert found.shape == (count, count)
    for name, axis in found.axes.items():
        assert axis[[0, -1]].tolist() == usual.axes[name][[0, -1]].tolist()
    line = make_plan(final, Request(x, None, directions=f"pca:{tmp_path / 'run'}")).grid
    assert line.shape == (count,)


def test_a_path_is_projected_onto_any_plane_and_added_to_a_complete_file(tmp_path: Path) -> None:
    final = problem()
    states = [
        moved(final.model.state_dict(), {n: p - ORIGIN[n] for n, p in params.items()})
        for params in walk(4)
    ]
    save_states(tmp_path / "adam", states)
    grid = {"x": "-1:1:3", "y": "-1:1:3", "path": tmp_path / "s.h5", "progress": False}
    before = sample_surface(final, **grid)
    after = sample_surface(final, **grid, trajectories=[tmp_path / "adam"])
    np.testing.assert_array_equal(after["train_loss"], before["train_loss"])
    path = open_surface(tmp_path / "s.h5").trajectories["adam"]
    assert path.distance is not None
    # A random plane is unrelated to the path: nearly all of the path is off the plane.
    whole = float(torch.linalg.vector_norm(flat(walk(4)[0]) - flat(ORIGIN)))
    assert 0.8 * whole < path.distance[0] <= whole


def test_folders_are_read_in_the_order_of_training(tmp_path: Path) -> None:
    state = problem().model.state_dict()
    for name in ("model_2.pt", "model_10.pt", "model_1.pt", "last.pt"):
        (tmp_path / "run").mkdir(exist_ok=True)
        torch.save(state, tmp_path / "run" / name)
    torch.save({"state_dict": state, "epoch": 12}, tmp_path / "run" / "final.pt")
    found = checkpoints_in(tmp_path / "run")
    names = ["model_1.pt", "model_2.pt", "model_10.pt", "final.pt"]
    assert [f.name for f in found.files] == names
    assert found.steps == [1, 2, 10, 12]
    assert found.left_out == ["last.pt"]
    torch.save({"state_dict": state, "epoch": 10}, tmp_path / "run" / "final.pt")
    files = checkpoints_in(tmp_path / "run").files  # the last epoch and the final weights are equal
    assert [f.name for f in files] == ["model_1.pt", "model_2.pt", "final.pt"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda place: place / "absent", "does not exist; expected a folder"),
        (lambda place: (place / "file").write_text("x") and place / "file", "is a file"),
        (lambda place: (place / "empty").mkdir() or place / "empty", "contains 0 checkpoints"),
    ],
)
def test_folders_that_are_no_runs(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        read_runs([make(tmp_path)])
