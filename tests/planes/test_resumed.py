"""Trajectories, barriers and gradients of a surface are complete and correct after resuming."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import landscape.sample
from landscape.errors import InputError
from landscape.planes import between_plane
from landscape.run import sample_surface
from landscape.store import open_surface
from tests.commands.material import write_checkpoint
from tests.planes.material import moved, network, noise, problem, save_states


def run_of(folder: Path, scale: float) -> Path:
    state = problem().model.state_dict()
    steps = [noise(problem().origin, seed, scale) for seed in (1, 2, 3)]
    save_states(folder, [moved(state, step) for step in steps])
    return folder


def test_a_missing_barrier_is_added_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = between_plane(problem(), [network(1).state_dict()])
    options = {"directions": line, "tune": False, "progress": False}
    kept = {**options, "path": tmp_path / "s.h5"}

    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("landscape.run.sampling.note_barrier", stopped)
        with pytest.raises(KeyboardInterrupt):
            sample_surface(problem(), "0:1:5", None, **kept)
    assert open_surface(tmp_path / "s.h5").complete
    sample_surface(problem(), "0:1:5", None, **kept)
    whole = sample_surface(problem(), "0:1:5", None, **options)
    found = open_surface(tmp_path / "s.h5").attributes["barrier"]
    assert found == pytest.approx(whole.attributes["barrier"], rel=1e-5)


def test_the_path_of_a_retrained_run_is_updated(tmp_path: Path) -> None:
    run = run_of(tmp_path / "sgd", 0.1)
    grid = {"x": "-1:1:3", "y": "-1:1:3", "path": tmp_path / "s.h5", "progress": False}
    before = sample_surface(problem(), **grid, trajectories=[run]).trajectories["sgd"]
    again = sample_surface(problem(), **grid, trajectories=[run]).trajectories["sgd"]
    np.testing.assert_array_equal(again.distance, before.distance)
    for file in run.iterdir():
        file.unlink()
    run.rmdir()
    run_of(run, 0.2)
    after = sample_surface(problem(), **grid, trajectories=[run]).trajectories["sgd"]
    assert after.distance is not None
    assert before.distance is not None
    np.testing.assert_allclose(after.distance, 2 * before.distance, rtol=1e-4)
    np.testing.assert_array_equal(
        open_surface(tmp_path / "s.h5").trajectories["sgd"].distance, after.distance
    )


def test_runs_in_folders_of_equal_names_get_distinct_names(tmp_path: Path) -> None:
    runs = [run_of(tmp_path / name / "weights", scale) for name, scale in (("a", 0.1), ("b", 0.2))]
    grid = {"x": "-1:1:3", "y": "-1:1:3", "progress": False}
    shown = sample_surface(problem(), **grid, trajectories=runs)
    assert list(shown.trajectories) == ["a", "b"]
    with pytest.raises(InputError, match="two runs are named 'weights'"):
        sample_surface(problem(), **grid, directions=f"pca:{runs[0]}", trajectories=[runs[1]])
    kind = f"pca:{runs[0]},{runs[1]}"
    spanned = sample_surface(problem(), **grid, directions=kind)
    assert list(spanned.trajectories) == ["a", "b"]


@pytest.mark.parametrize("ignored", ["none", "biasbn"])
def test_the_gradient_excludes_ignored_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignored: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_checkpoint("a.pt", "projection")
    words = ["--weights", "a.pt", "--data", "digits", "--limit", "20", "--device", "cpu"]
    words += ["--x=0", "--y=0", "--metrics", "gradient_norm", "--ignore", ignored, "-o", "s.h5"]
    assert landscape.sample.main(words) == 0
    here = landscape.build_problem(weights="a.pt", data="digits", limit=20, device="cpu")
    for p in here.model.double().parameters():
        p.requires_grad_(ignored == "none" or p.ndim > 1)
    inputs, _ = here.splits["train"].head(20).batch(torch.float64).content
    output = here.model(inputs)
    loss = torch.nn.functional.cross_entropy(output, here.splits["train"].targets)
    moved_ones = [p for p in here.model.parameters() if p.requires_grad]
    found = torch.autograd.grad(loss, moved_ones)
    expected = float(torch.cat([g.flatten() for g in found]).norm())
    assert open_surface("s.h5")["train_gradient_norm"][0, 0] == pytest.approx(expected, rel=1e-4)
