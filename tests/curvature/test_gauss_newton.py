"""Gauss-Newton and Fisher matrices, against dense ones in float64 and curvlinops."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from landscape.data import Stream
from landscape.errors import InputError
from landscape.hessian import (
    MATRICES,
    CurvatureOperator,
    EmpiricalFisherOperator,
    FisherOperator,
    GaussNewtonOperator,
    HessianOperator,
    eigenpairs,
)
from landscape.problem import Problem
from tests.cases import CASES, Case, case_id
from tests.curvature.matrices import quadratic, rotated, tiny
from tests.curvature.test_operator import OnceOnly, dense, written_out


def jacobian(problem: Problem, function: Any) -> tuple[Tensor, Tensor]:
    """By the weights (all parameters) of ``function(outputs, targets)``, and the outputs."""
    model = copy.deepcopy(problem.model)
    inputs, targets = next(iter(problem.splits[""].batches(torch.float64, 1000))).content
    weights = dict(model.named_parameters())
    sizes = [p.numel() for p in weights.values()]

    def outputs(vector: Tensor) -> Tensor:
        parts = vector.split(sizes)
        named = {n: v.reshape(p.shape) for (n, p), v in zip(weights.items(), parts, strict=True)}
        found: Tensor = function(torch.func.functional_call(model, named, (inputs,)), targets)
        return found

    at = torch.cat([p.detach().flatten() for p in weights.values()])
    return torch.func.jacrev(outputs)(at), outputs(at)


def of_outputs(outputs: Tensor, targets: Tensor) -> Tensor:
    return outputs


@pytest.mark.parametrize("batch_size", [3, 4, 100])
@pytest.mark.parametrize("operator", [GaussNewtonOperator, FisherOperator])
def test_cross_entropy(operator: type[CurvatureOperator], batch_size: int) -> None:
    """Jᵀ (diag p − ppᵀ) J, which is both."""
    problem = tiny()
    j, z = jacobian(problem, of_outputs)
    p = z.softmax(1)
    h = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    expected = torch.einsum("nak,nab,nbl->kl", j, h, j) / len(z)
    found = dense(operator(problem, ignore="none", batch_size=batch_size))
    assert torch.allclose(found, expected, rtol=0, atol=1e-14)
    assert not torch.allclose(found, written_out(problem, "", "none")[1], atol=1e-3)


def test_the_fisher_information_is_the_mean_over_labels_that_the_network_draws() -> None:
    """Its definition: E ggᵀ under the predicted distribution."""
    problem = tiny()
    expected = torch.zeros(31, 31, dtype=torch.float64)
    j, z = jacobian(problem, of_outputs)
    p = z.softmax(1)
    for label in range(3):
        slopes = torch.einsum("na,nak->nk", p - F.one_hot(torch.tensor(label), 3), j)
        expected += torch.einsum("n,nk,nl->kl", p[:, label], slopes, slopes) / len(z)
    assert torch.allclose(dense(FisherOperator(problem, ignore="none")), expected, atol=1e-14)


@pytest.mark.parametrize("batch_size", [3, 100])
def test_empirical_fisher(batch_size: int) -> None:
    problem = tiny()
    slopes, _ = jacobian(problem, lambda z, t: F.cross_entropy(z, t, reduction="none"))
    found = dense(EmpiricalFisherOperator(problem, ignore="none", batch_size=batch_size))
    assert torch.allclose(found, slopes.T @ slopes / len(slopes), rtol=0, atol=1e-14)


def test_squared_error() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    data = (torch.randn(9, 3).double(), torch.randn(9, 2).double())
    problem = Problem(model, data, loss="mse", device="cpu")
    j, _ = jacobian(problem, of_outputs)
    expected = torch.einsum("nak,nal->kl", j, j) / 9  # 2 over the 2 outputs
    found = dense(GaussNewtonOperator(problem, ignore="none", batch_size=4))
    assert torch.allclose(found, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [("hessian", "Hessian"), ("gauss-newton", "GGN"), ("empirical-fisher", "EF")],
)
def test_curvlinops_agrees(name: str, theirs: str) -> None:
    curvlinops = pytest.importorskip("curvlinops")
    problem = tiny()
    model = copy.deepcopy(problem.model)
    for p in model.parameters():
        p.requires_grad_(True)
    batch = next(iter(problem.splits[""].batches(torch.float64, 1000))).content
    of_theirs = getattr(curvlinops, f"{theirs}LinearOperator")(
        model, nn.CrossEntropyLoss(), list(model.parameters()), [batch]
    )
    expected = of_theirs @ torch.eye(31, dtype=torch.float64)
    assert torch.allclose(dense(MATRICES[name](problem, ignore="none")), expected, atol=1e-12)


def test_weighted_examples() -> None:
    """Each with its weight, which differ between batches."""
    torch.manual_seed(0)
    inputs, weights = torch.randn(7, 3).double(), torch.arange(7.0).double()

    def objective(model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        return (model(batch[0])[:, 0] - 1) ** 2, batch[1]

    model = nn.Linear(3, 1).double()
    problem = Problem(model, (inputs, weights), objective=objective, device="cpu")
    with torch.no_grad():
        slopes = 2 * (model(inputs) - 1) * inputs
    expected = (weights[:, None] * slopes).T @ slopes / weights.sum()
    found = dense(EmpiricalFisherOperator(problem, batch_size=2))
    assert torch.allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", MATRICES)
def test_layers_are_the_diagonal_blocks(name: str) -> None:
    operator = MATRICES[name](tiny(), ignore="none", batch_size=4)
    whole, layers = dense(operator), operator.layers()
    assert {layer: block.size for layer, block in layers.items()} == {"0": 16, "3": 15}
    assert torch.allclose(dense(layers["0"]), whole[:16, :16], atol=1e-14)
    assert torch.allclose(dense(layers["3"]), whole[16:, 16:], atol=1e-14)


def test_a_layer_without_a_module_has_the_name_of_its_parameter() -> None:
    assert list(HessianOperator(quadratic(rotated([1.0, 2.0]))).layers()) == ["weight"]


def test_mini_batches_of_an_epoch_have_the_mean_of_all() -> None:
    operator = GaussNewtonOperator(tiny(), ignore="none")
    parts = operator.mini_batches(11, 1)
    assert [part.examples for part in parts] == [1] * 11
    mean = torch.stack([dense(part) for part in parts]).mean(dim=0)
    assert torch.allclose(mean, dense(operator), atol=1e-14)
    assert operator.examples == 11


def test_mini_batches_are_drawn_epoch_by_epoch() -> None:
    operator = EmpiricalFisherOperator(tiny())
    first, second, third, fourth = operator.mini_batches(4, 5, seed=3)
    same = operator.mini_batches(2, 5, seed=3)
    assert torch.equal(dense(first), dense(same[0]))
    assert torch.equal(dense(second), dense(same[1]))
    assert not torch.equal(dense(first), dense(third))
    assert fourth.examples == 5


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_every_kind_of_network(case: Case) -> None:
    """Symmetric, and without negative curvature; the empirical one against its definition."""
    problem = case.make()
    split = list(problem.splits)[-1]
    problem.model.double()
    problem.dtype = torch.float64
    problem.origin = {n: p.double() for n, p in problem.origin.items()}
    generator = torch.Generator().manual_seed(5)
    empirical = EmpiricalFisherOperator(problem, split, ignore="none", batch_size=5)
    v, w = torch.randn(2, empirical.size, generator=generator, dtype=torch.float64)
    slopes = [one.gradient() for one in empirical.mini_batches(empirical.examples, 1)]
    expected = torch.stack([g * (g @ v) for g in slopes]).mean(dim=0)
    found = empirical.product(v)
    assert float((found - expected).norm()) < 1e-9 * float(expected.norm())
    matrix = GaussNewtonOperator(problem, split, ignore="none", batch_size=5)
    image = matrix.product(v)
    assert float(v @ image) > 0
    assert float(w @ image) == pytest.approx(float(v @ matrix.product(w)), rel=1e-6)


def test_an_objective_of_a_batch_is_one_clear_error() -> None:
    def objective(model: nn.Module, batch: Any) -> Tensor:
        return model(batch[0]).square().mean()

    problem = Problem(nn.Linear(3, 2), (torch.randn(6, 3),), objective=objective, device="cpu")
    with pytest.raises(InputError, match=r"Gauss-Newton .* needs a loss of the network's outputs"):
        GaussNewtonOperator(problem)
    with pytest.raises(InputError, match=r"empirical Fisher .* a number per example"):
        EmpiricalFisherOperator(problem)


def test_the_fisher_information_of_an_unknown_likelihood_is_refused() -> None:
    problem = Problem(nn.Linear(3, 2), (torch.randn(6, 3), torch.randn(6, 2)), loss="mse")
    with pytest.raises(InputError, match=r"'mse' is none of cross_entropy.*matrix='gauss-newton'"):
        FisherOperator(problem)


@pytest.mark.parametrize(("count", "size"), [(0, 4), (2, 0), (1, 12), (10**12, 1)])
def test_mini_batches_that_do_not_exist(count: int, size: int) -> None:
    with pytest.raises(InputError, match=f"{count} mini-batches of {size} examples.*1 to 11"):
        HessianOperator(tiny()).mini_batches(count, size)


def test_mini_batches_of_a_stream_are_refused() -> None:
    problem = tiny()
    held = problem.splits[""].head(11)
    loader = DataLoader(TensorDataset(held.inputs, held.targets), batch_size=4)
    streamed = problem.with_splits({"": Stream(loader)})
    with pytest.raises(InputError, match="examples in memory"):
        HessianOperator(streamed).mini_batches(2, 3)


def test_what_is_differentiable_only_once_is_named() -> None:
    class Once(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = OnceOnly.apply(super().forward(x))
            return out

    data = (torch.randn(4, 3), torch.randint(0, 3, (4,)))
    problem = Problem(Once(3, 3), data, device="cpu")
    for operator in (GaussNewtonOperator, EmpiricalFisherOperator):
        with pytest.raises(InputError, match="only once"):
            operator(problem).product(torch.ones(9))


def test_a_linear_loss_has_no_gauss_newton_matrix_to_speak_of() -> None:
    problem = Problem(
        nn.Linear(2, 1),
        (torch.randn(5, 2), torch.zeros(5)),
        loss=lambda output, target: output[:, 0] - target,
        device="cpu",
    )
    assert GaussNewtonOperator(problem).product(torch.ones(2)).tolist() == [0, 0]


def test_eigenvalues_are_those_of_the_dense_matrix() -> None:
    operator = GaussNewtonOperator(tiny(), ignore="none")
    spectrum = np.linalg.eigvalsh(dense(operator).numpy())
    assert eigenpairs(operator, 3, 0).values == pytest.approx(spectrum[::-1][:3], rel=1e-6)
