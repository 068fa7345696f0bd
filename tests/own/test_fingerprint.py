"""A file resumes only on the data that the loss sees, wherever it has them from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import landscape
from landscape import InputError, Problem, open_surface, sample_surface
from landscape.problem.seen import seen_by

X = torch.randn(20, 3, generator=torch.Generator().manual_seed(0))
INDEX, Y = torch.arange(20)[:, None], torch.arange(20) % 2


class Looking(nn.Module):
    """A network that looks its inputs up by their numbers."""

    def __init__(self, data: Tensor) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.data, self.layer = data, nn.Linear(3, 2)

    def forward(self, index: Tensor) -> Tensor:
        return self.layer(self.data[index[:, 0]])


def looking(data: Tensor) -> Problem:
    return Problem(Looking(data), (INDEX, Y), device="cpu")


def by_closure(data: Tensor) -> Problem:
    torch.manual_seed(1)
    return Problem(
        nn.Linear(3, 2),
        INDEX,
        objective=lambda m, i: nn.functional.cross_entropy(
            m(data[i[:, 0]]), Y[i[:, 0]], reduction="none"
        ),
        device="cpu",
    )


def losses(table: Any, model: nn.Module, index: Tensor) -> Tensor:
    return model(table[int(index[0, 0])][0][None]).square().sum(1).expand(len(index))


def by_dataset(data: Tensor) -> Problem:
    torch.manual_seed(1)
    table = partial(losses, TensorDataset(data))
    return Problem(nn.Linear(3, 2), [INDEX], objective=table, device="cpu")


@pytest.mark.parametrize("make", [looking, by_closure, by_dataset])
def test_other_data_behind_an_index_do_not_resume(make: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    sample_surface(make(X), "-1:1:3", None, path=path, progress=False)
    sample_surface(make(X.clone()), "-1:1:3", None, path=path, progress=False)
    with pytest.raises(InputError, match="seen_sha256"):
        sample_surface(make(X + 0.1), "-1:1:3", None, path=path, progress=False)


def test_a_file_of_before_resumes(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    surface = sample_surface(looking(X), "-1:1:3", None, progress=False)
    del surface.attributes["seen_sha256"]
    surface.done[1] = False
    landscape.save_surface(surface, path)
    again = sample_surface(looking(X), "-1:1:3", None, path=path, progress=False)
    assert again.done.all()


def test_plain_functions_see_nothing() -> None:
    problem = Problem(nn.Linear(3, 2), (X, Y), metrics=["top1"], device="cpu")
    assert "seen_sha256" not in problem.attributes
    assert "not_hashed" not in problem.attributes


def test_what_is_not_hashed_is_said(tmp_path: Path) -> None:
    class Opaque:
        pass

    data = [{"x": X, "of": Opaque()}]
    problem = Problem(
        nn.Linear(3, 1), data, objective=lambda m, b: m(b["x"])[:, 0].square(), device="cpu"
    )
    path = tmp_path / "a.h5"
    sample_surface(problem, "-1:1:3", None, path=path, progress=False)
    assert open_surface(path).attributes["not_hashed"] == "of"


def test_what_functions_see() -> None:
    def inner(weight: Tensor) -> Tensor:
        return weight * Y[0]

    def outer(output: Tensor, target: Tensor, scale: Any = np.ones(2)) -> Tensor:  # noqa: B008
        return inner(output) * scale[0]

    class Callable:
        def __init__(self, table: Tensor) -> None:
            self.table = table

        def __call__(self, output: Tensor, target: Tensor) -> Tensor:
            return output * self.table

        def method(self, output: Tensor, target: Tensor) -> Tensor:
            return output + self.table

    model = nn.Linear(1, 1)
    assert seen_by({"loss": lambda output, target: output}, model) == ("", [])
    assert seen_by({"loss": outer}, model)[0]
    one = {seen_by({"loss": Callable(t)}, model)[0] for t in (X, X.clone(), X + 1)}
    assert len(one) == 2
    assert len({seen_by({"loss": Callable(t).method}, model)[0] for t in (X, X + 1)}) == 2
    teachers = [nn.Linear(3, 2) for _ in range(2)]
    found = {seen_by({"loss": lambda o, t, m=m: m(o)}, model)[0] for m in teachers}
    assert len(found) == 2
