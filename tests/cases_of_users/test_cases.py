"""A gallery of real cases: few lines of the user's, and a loop in float64 for each."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

import landscape
import tests.models_of_others  # noqa: F401  prepares the import of transformers
from landscape.hessian import HessianOperator, eigenpairs
from tests.cases_of_users.case import Case

WHERE = {
    "language": ["GPT-2", "Llama", "BERT", "ViT", "LoRA"],
    "images": ["U-Net", "VAE", "contrastive"],
    "physics": ["Burgers", "DeepXDE"],
    "others": ["GCN", "recommender", "CTC", "CartPole", "Lightning", "Keras"],
}
ALL = [(file, name) for file, names in WHERE.items() for name in names]
ONCE_ONLY = ["CTC"]  # torch differentiates this loss once


def case_of(file: str, name: str) -> Case:
    return importlib.import_module(f"tests.cases_of_users.{file}").CASES[name]  # type: ignore[no-any-return]


def user(case: Case) -> tuple[nn.Module, Any]:
    model, data = case.given()
    return (model if case.single else model.double()), data


def moved(model: nn.Module, direction: Mapping[str, Tensor], x: float) -> nn.Module:
    """A copy in float64, moved along a direction by hand."""
    model = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name in direction:
                p += x * direction[name].double()
    return model


def directions_in(path: Path) -> dict[str, Tensor]:
    with h5py.File(path) as file:
        entries = [(e.attrs["name"], e[()]) for e in file["xdirection"].values()]
    return {name: torch.tensor(value) for name, value in entries}


def largest_eigenvalue(loss: Tensor, parameters: list[Tensor]) -> float:
    """Of the Hessian, by ARPACK."""
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    sizes = [p.numel() for p in parameters]

    def product(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        parts = torch.tensor(vector.ravel()).split(sizes)
        vectors = [v.view(p.shape) for v, p in zip(parts, parameters, strict=True)]
        found = torch.autograd.grad(
            gradients, parameters, vectors, retain_graph=True, allow_unused=True
        )
        whole = [
            torch.zeros_like(p) if f is None else f for f, p in zip(found, parameters, strict=True)
        ]
        return torch.cat([f.flatten() for f in whole]).numpy()

    n = sum(sizes)
    operator = LinearOperator((n, n), matvec=product, dtype=np.float64)
    return float(eigsh(operator, k=1, which="LA", v0=np.ones(n), return_eigenvectors=False)[0])


def test_every_case_is_here() -> None:
    files = Path(__file__).parent.glob("*.py")
    assert {f.stem for f in files} == {*WHERE, "__init__", "case", Path(__file__).stem}
    for file, names in WHERE.items():
        module = importlib.import_module(f"tests.cases_of_users.{file}")
        assert list(module.CASES) == names
    assert len(ALL) == 16


@pytest.mark.parametrize(("file", "name"), ALL)
def test_eight_lines_give_what_a_plain_loop_gives(file: str, name: str, tmp_path: Path) -> None:
    case = case_of(file, name)
    written = inspect.getsource(case.lines).splitlines()[1:]
    assert len([line for line in written if line.strip()]) + 1 <= 8  # and the following
    model, data = user(case)
    problem = case.lines(model, data)
    surface = landscape.sample_surface(
        problem, "-1:1:3", None, save_directions=tmp_path / "d.h5", progress=False, tune="off"
    )
    direction = directions_in(tmp_path / "d.h5")
    assert set(direction) == set(problem.origin)
    tolerance = 1e-5 if case.single else 1e-6
    for k, x in enumerate((-1.0, 0.0, 1.0)):
        with torch.no_grad():
            wanted = case.naive(moved(model, direction, x), data)
        for term, value in wanted.items():
            assert surface[term][k] == pytest.approx(float(value), rel=tolerance), (term, x)
    means = [q for q in problem.quantities if not q.endswith(("_stderr", "count"))]
    assert {*means, *problem.measured} == set(wanted)


@pytest.mark.parametrize(("file", "name"), [one for one in ALL if one[1] not in ONCE_ONLY])
def test_the_sharpest_direction_is_that_of_autograd(file: str, name: str) -> None:
    case = case_of(file, name)
    model, data = user(case)
    problem = case.lines(model, data)
    found = eigenpairs(HessianOperator(problem), tolerance=1e-8, most_products=400).value(1)
    own = moved(model, {}, 0.0)
    chosen = [p for n, p in own.named_parameters() if n in problem.origin and p.ndim > 1]
    with sdpa_kernel(SDPBackend.MATH):
        wanted = largest_eigenvalue(next(iter(case.naive(own, data).values())), chosen)
    assert found == pytest.approx(wanted, rel=1e-4 if case.single else 1e-6)
