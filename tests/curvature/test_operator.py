"""The Hessian operator, against explicit Hessians."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader, TensorDataset

from landscape.data import Stream
from landscape.directions import IGNORED
from landscape.errors import InputError
from landscape.hessian import HessianOperator, eigenpairs
from landscape.problem import Problem
from tests.cases import CASES, Case, case_id, resnet
from tests.curvature.matrices import quadratic, rotated, tiny


def dense(operator: HessianOperator) -> Tensor:
    columns = torch.eye(operator.size, dtype=operator.dtype)
    return torch.stack([operator.product(column) for column in columns])


def written_out(problem: Problem, split: str, ignore: str) -> tuple[Tensor, Tensor]:
    """Gradient and Hessian by torch.func in float64, of all examples at once."""
    model = copy.deepcopy(problem.model).double()
    buffers = dict(model.named_buffers())
    weights = {n: p.double() for n, p in problem.origin.items()}
    moved = [n for n, p in weights.items() if ignore == "none" or p.ndim > 1]
    examples = problem.splits[split]
    inputs = examples.preprocess(examples.head(len(examples)).inputs, torch.float64)
    targets = examples.head(len(examples)).targets

    def loss(vector: Tensor) -> Tensor:
        parts = vector.split([weights[n].numel() for n in moved])
        named = {n: v.reshape(weights[n].shape) for n, v in zip(moved, parts, strict=True)}
        output = torch.func.functional_call(model, {**weights, **named, **buffers}, (inputs,))
        return problem.metrics["loss"].function(output, targets).mean()

    at = torch.cat([weights[n].flatten() for n in moved])
    with sdpa_kernel(SDPBackend.MATH):
        return torch.func.grad(loss)(at), torch.func.hessian(loss)(at)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 100])
def test_a_quadratic_gives_its_matrix_for_any_batch_size(batch_size: int) -> None:
    matrix = rotated([3.0, 3.0, 1.0, 0.0, -0.5, -2.0])
    operator = HessianOperator(quadratic(matrix), batch_size=batch_size)
    assert torch.allclose(dense(operator), matrix, rtol=0, atol=1e-12)
    weights = torch.linspace(-1, 1, 6, dtype=torch.float64)
    assert torch.allclose(operator.gradient(), matrix @ weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ignore", IGNORED)
@pytest.mark.parametrize("batch_size", [4, 11])
def test_a_network_in_float64(ignore: str, batch_size: int) -> None:
    problem = tiny()
    operator = HessianOperator(problem, ignore=ignore, batch_size=batch_size)
    gradient, hessian = written_out(problem, "", ignore)
    assert operator.size == (24 if ignore == "biasbn" else 31)
    assert torch.allclose(dense(operator), hessian, rtol=0, atol=1e-13)
    assert torch.allclose(operator.gradient(), gradient, rtol=0, atol=1e-14)


def test_any_point_and_back() -> None:
    problem = tiny()
    operator = HessianOperator(problem)
    before = dense(operator)
    operator.move_to({name: 2 * p for name, p in problem.origin.items()})
    moved = Problem(copy.deepcopy(problem.model), problem.splits[""], device="cpu")
    with torch.no_grad():
        for p in moved.model.parameters():
            p.mul_(2)
    moved.origin = {name: 2 * p for name, p in problem.origin.items()}
    assert torch.allclose(dense(operator), written_out(moved, "", "biasbn")[1], atol=1e-13)
    assert not torch.allclose(dense(operator), before, atol=1e-3)
    operator.move_to(problem.origin)
    assert torch.equal(dense(operator), before)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_products_and_gradients_of_every_kind_of_network(case: Case) -> None:
    """Tied weights, dropout, buffers, tokens, several splits: by finite differences."""
    problem = case.make()
    split = list(problem.splits)[-1]
    problem.model.double()
    problem.dtype = torch.float64
    problem.origin = {n: p.double() for n, p in problem.origin.items()}
    operator = HessianOperator(problem, split, ignore="none", batch_size=5)
    generator = torch.Generator().manual_seed(5)
    v = torch.randn(operator.size, generator=generator, dtype=torch.float64)
    v /= v.norm()
    product, step = operator.product(v), 1e-6
    sides = []
    for sign in (1, -1):
        shift = operator.named(v)
        operator.move_to({n: p + sign * step * shift[n] for n, p in problem.origin.items()})
        sides.append(operator.gradient())
    expected = (sides[0] - sides[1]) / (2 * step)
    assert product.norm() > 1e-4
    # A ReLU that changes sign within the step makes a finite difference that is no derivative.
    assert float((product - expected).norm() / product.norm()) < 2e-2


def test_the_problem_is_not_modified() -> None:
    problem = tiny()
    before = {n: t.clone() for n, t in problem.model.state_dict().items()}
    operator = HessianOperator(problem)
    operator.move_to({name: p + 1 for name, p in problem.origin.items()})
    operator.product(torch.ones(operator.size, dtype=torch.float64))
    after = problem.model.state_dict()
    assert all(torch.equal(before[n], after[n]) for n in before)
    assert not any(p.requires_grad or p.grad is not None for p in problem.model.parameters())


def test_vectors_have_names() -> None:
    operator = HessianOperator(tiny())
    vector = torch.arange(operator.size, dtype=torch.float64)
    named = operator.named(vector)
    assert list(named) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    assert not named["0.bias"].any()
    assert named["0.weight"][1].tolist() == [3, 4, 5]
    assert torch.equal(operator.flat(named), vector)


def test_a_stream_equals_data_in_memory() -> None:
    problem = tiny()
    held = problem.splits[""].head(11)
    loader = DataLoader(TensorDataset(held.inputs, held.targets), batch_size=4)
    streamed = problem.with_splits({"": Stream(loader)})
    v = torch.ones(24, dtype=torch.float64)
    assert torch.allclose(
        HessianOperator(streamed).product(v), HessianOperator(problem).product(v), atol=1e-14
    )


class Attention(nn.Module):
    """torch's fused attention has no second derivative; its plain form has."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(4, 12)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.project(x).unflatten(2, (3, 1, 4)).permute(2, 0, 3, 1, 4)
        out: Tensor = F.scaled_dot_product_attention(q, k, v)
        return out.flatten(1)


class OnceOnly(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return slope * 2 * ctx.saved_tensors[0]


def test_attention() -> None:
    torch.manual_seed(0)
    data = (torch.randn(3, 5, 4), torch.randn(3, 20))
    problem = Problem(Attention(), data, loss="mse", device="cpu")
    gradient, hessian = written_out(problem, "", "biasbn")
    operator = HessianOperator(problem, batch_size=2)
    assert torch.allclose(operator.gradient().double(), gradient, atol=1e-6)
    assert torch.allclose(dense(operator).double(), hessian, atol=1e-6)


def test_a_compiled_network_and_a_parallel_one() -> None:
    problem = tiny()
    v = torch.ones(31, dtype=torch.float64)
    expected = HessianOperator(problem, ignore="none").product(v)
    model = copy.deepcopy(problem.model)
    for wrapped in (torch.compile(model, backend="eager"), nn.DataParallel(model)):
        other = Problem(wrapped, problem.splits[""], device="cpu")
        assert torch.allclose(HessianOperator(other, ignore="none").product(v), expected)


def test_a_loss_that_is_linear_in_the_weights_has_no_curvature() -> None:
    problem = Problem(
        nn.Linear(2, 1),
        (torch.randn(5, 2), torch.zeros(5)),
        loss=lambda output, target: output[:, 0] - target,
        device="cpu",
    )
    operator = HessianOperator(problem)
    assert operator.product(torch.ones(2)).tolist() == [0, 0]
    assert operator.gradient().norm() > 0


def test_half_precision_computes_in_its_own_and_sums_in_float64() -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 2).bfloat16()
    data = (torch.randn(9, 4), torch.randint(0, 2, (9,)))
    operator = HessianOperator(Problem(model, data, device="cpu"), batch_size=2)
    assert operator.dtype == torch.float32
    wide = HessianOperator(Problem(copy.deepcopy(model).float(), data, device="cpu"))
    v = torch.ones(8)
    assert np.allclose(operator.product(v), wide.product(v), atol=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ignore": "bn"}, "'bn'"),
        ({"split": "test"}, "'test'"),
    ],
)
def test_unknown_names(options: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        HessianOperator(tiny(), **options)  # type: ignore[arg-type]


def test_networks_without_a_hessian() -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gamma = nn.Parameter(torch.ones(3))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.gamma

    data = (torch.randn(4, 3), torch.randint(0, 3, (4,)))
    with pytest.raises(InputError, match=r"more than one dimension.*ignore='none'"):
        HessianOperator(Problem(Scale(), data, device="cpu"))
    steps = Problem(
        nn.Linear(3, 3), data, loss=lambda o, t: (o.argmax(1) != t).float(), device="cpu"
    )
    with pytest.raises(InputError, match="no derivative"):
        HessianOperator(steps).gradient()


def test_an_operation_without_a_second_derivative_is_named() -> None:
    class Once(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = OnceOnly.apply(super().forward(x))
            return out

    data = (torch.randn(4, 3), torch.randint(0, 3, (4,)))
    operator = HessianOperator(Problem(Once(3, 3), data, device="cpu"))
    assert operator.gradient().norm() > 0
    with pytest.raises(InputError, match="only once"):
        operator.product(torch.ones(9))


def test_twice_the_batches_change_nothing() -> None:
    """Sums over batches would double; 37 examples do not divide into equal batches."""
    problem = resnet("projection")
    whole, halves, quarters = (
        eigenpairs(HessianOperator(problem, batch_size=size), tolerance=1e-3)
        for size in (37, 19, 10)
    )
    assert whole.value(-1) < 0 < whole.value(1)
    for parts in (halves, quarters):
        assert np.allclose(parts.values, whole.values, rtol=0, atol=1e-6 * whole.modulus)
