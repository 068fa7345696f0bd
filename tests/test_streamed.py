"""Streamed data: the values of data in memory, in few passes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from landscape.data import Preprocess, Stream
from landscape.errors import InputError
from landscape.evaluate import evaluate
from landscape.evaluate.statistics import Moments, mean_and_stderr
from landscape.evaluate.streamed import evaluate_streamed
from landscape.models import CifarResNet
from landscape.planes import between_plane
from landscape.planes.runs import Run
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.store import open_surface
from tests.cases import settled
from tests.test_evaluate import POINTS, plane_of

HALF = Preprocess(255.0, (0.5,), (0.25,), "given")


class Decoded(Dataset):  # type: ignore[type-arg]
    """Images that count how often they are decoded."""

    def __init__(self, n: int = 23, classes: int = 10) -> None:
        generator = torch.Generator().manual_seed(0)
        self.images = torch.randint(0, 256, (n, 3, 8, 8), generator=generator, dtype=torch.uint8)
        self.targets = torch.randint(0, classes, (n,), generator=generator)
        self.decoded = 0

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        self.decoded += 1
        return self.images[i], int(self.targets[i])


def streamed(data: Decoded, batch_size: int = 5) -> Problem:
    torch.manual_seed(0)
    stream = Stream(DataLoader(data, batch_size=batch_size), HALF)
    return Problem(settled(CifarResNet(8)), {"train": stream}, device="cpu")


def test_the_values_are_those_of_data_in_memory() -> None:
    data = Decoded()
    problem = streamed(data)
    plane = plane_of(problem)
    resident = problem.with_splits({"train": problem.splits["train"].head(len(data))})
    expected = dict(evaluate(resident, plane, POINTS, [3, 1, 0]))
    found = dict(evaluate_streamed(problem, plane, POINTS, [3, 1, 0]))
    assert list(found) == [3, 1, 0]
    for index, values in expected.items():
        assert found[index] == pytest.approx(values, rel=1e-5, abs=1e-9)


def test_one_pass_for_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Decoded()
    problem = streamed(data)
    assert data.decoded <= 2 * len(data)  # counted and tried
    data.decoded = 0
    monkeypatch.setattr("landscape.evaluate.streamed._AT_MOST", 4)
    points = np.linspace(-1, 1, 10)[:, None].repeat(2, axis=1)
    found = dict(evaluate_streamed(problem, plane_of(problem), points, range(10)))
    assert len(found) == 10
    assert data.decoded == 3 * len(data)  # 4 + 4 + 2 points


def test_a_surface_is_sampled_and_resumed_from_a_stream(tmp_path: Path) -> None:
    path, data = tmp_path / "s.h5", Decoded()
    surface = sample_surface(streamed(data), "-1:1:3", "-1:1:3", path=path, progress=False)
    assert (surface["train_count"] == len(data)).all()
    assert surface.complete
    again = sample_surface(streamed(data), "-1:1:3", "-1:1:3", path=path, progress=False)
    np.testing.assert_array_equal(again["train_loss"], open_surface(path)["train_loss"])
    other = Decoded()
    other.images[0, 0, 0, 0] += 1
    with pytest.raises(InputError, match="train_data_sha256"):
        sample_surface(streamed(other), "-1:1:3", "-1:1:3", path=path, progress=False)


@pytest.mark.parametrize("directions", ["random", "between"])
def test_losses_beside_the_surface_are_those_of_data_in_memory(directions: str) -> None:
    """Regression: failed when the file was created, or after all points were evaluated."""
    problem = streamed(Decoded())
    other = CifarResNet(8).state_dict()
    states = [other, problem.model.state_dict()]
    run = Run("walk", ["first", "last"], [0, 1], states.__getitem__)
    line = directions == "between"
    streaming, resident = (
        sample_surface(
            one,
            "0:1:3",
            None if line else "-1:1:2",
            directions=between_plane(one, [other]) if line else directions,
            trajectories=[run],
            progress=False,
        )
        for one in (problem, problem.with_splits({"train": problem.splits["train"].head(23)}))
    )
    paths = streaming.trajectories["walk"], resident.trajectories["walk"]
    np.testing.assert_allclose(paths[0].loss, paths[1].loss, rtol=1e-6)
    np.testing.assert_allclose(paths[0].plane_loss, paths[1].plane_loss, rtol=1e-5)
    if line:
        for name in ("barrier", "loss_at_start", "loss_at_end"):
            near = pytest.approx(resident.attributes[name], rel=1e-5, abs=1e-6)
            assert streaming.attributes[name] == near


def test_a_shuffled_loader_is_read_in_the_order_of_its_dataset() -> None:
    data = Decoded()
    a, b = (Stream(DataLoader(data, batch_size=4, shuffle=s), HALF) for s in (True, False))
    assert a.sha256() == b.sha256()


def test_the_fingerprint_does_not_depend_on_the_batches() -> None:
    one = Stream(DataLoader([(torch.zeros(2), 1), (torch.ones(2), 0)], batch_size=2))
    assert len(one) == 2
    assert one.extreme_targets.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Stream([1, 2]), "expected a DataLoader"),  # type: ignore[arg-type]
        (lambda: Stream(DataLoader([])), "no examples"),
        (
            lambda: Problem(
                nn.Linear(2, 3), Stream(DataLoader([(torch.zeros(2), 3)])), device="cpu"
            ),
            "labels run from 3 to 3",
        ),
    ],
)
def test_unusable_data(make, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=says):
        make()


@pytest.mark.parametrize("population", [1000, 4000])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_moments_merge_to_the_moments_of_everything(population: int, offset: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.exponential(size=(2, 1000)) + offset
    moments = Moments()
    for part in np.split(values, [1, 7, 400, 990], axis=1):
        moments.add(torch.from_numpy(part))
    assert moments.count == 1000
    for row, found in zip(values, moments.means_and_stderrs(population), strict=True):
        assert found == pytest.approx(mean_and_stderr(row, population), rel=1e-9)


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_moments_propagate_nan_and_infinity(odd: float) -> None:
    moments = Moments()
    moments.add(torch.tensor([[1.0, odd]]))
    moments.add(torch.tensor([[1.0, 2.0]]))
    ((mean, stderr),) = moments.means_and_stderrs(10)
    np.testing.assert_equal((mean, stderr), mean_and_stderr([1.0, odd, 1.0, 2.0], 10))
