"""The objective: the only place that applies a network to a batch, used by every loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import landscape
from landscape.data import Batch, Examples, Stream
from landscape.directions import make_directions
from landscape.evaluate import Settings, Tolerance, evaluate
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.streamed import evaluate_streamed
from landscape.hessian import HessianOperator
from landscape.metrics import Metric, metrics_for
from landscape.plane import Plane
from landscape.problem import Network, OutputObjective, Problem

ROOT = Path(landscape.__file__).parent


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs[:, 0] - targets).square()


def absolute(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs[:, 0] - targets).abs()


def data(n: int = 23) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(n, 4, generator=generator), torch.randn(n, generator=generator)


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Linear(4, 1).double()


def plane(problem: Problem) -> Plane:
    generator = torch.Generator().manual_seed(5)
    axis = {k: torch.randn(p.shape, generator=generator).to(p) for k, p in problem.origin.items()}
    return Plane(problem.origin, [axis])


@dataclass(frozen=True)
class GradientPenalty(OutputObjective):
    """‖∂output/∂input‖² of every example, by autograd."""

    needs_gradients: bool = True
    metrics: Mapping[str, Metric] = field(
        default_factory=lambda: {"loss": Metric(squared, "squared norm of the input gradient")}
    )

    def outputs(self, network: Network, batch: Batch) -> Tensor:
        inputs = batch.content[0].detach().requires_grad_()
        output = network(inputs)
        (gradient,) = torch.autograd.grad(output.sum(), inputs, create_graph=True)
        return torch.as_tensor(gradient)

    def values_of(self, outputs: Tensor, batch: Batch) -> Tensor:
        return outputs.square().sum(dim=1)[None]

    def values(self, network: Network, batch: Batch) -> Tensor:
        return self.values_of(self.outputs(network, batch), batch)

    def loss(self, network: Network, batch: Batch) -> Tensor:
        return self.values(network, batch)[0]


def test_values_match_a_plain_loop() -> None:
    model, (inputs, targets) = linear(), data()
    objective = OutputObjective({"loss": Metric(squared, "s"), "error": Metric(absolute, "a")})
    batch = Batch((inputs.double(), targets.double()))
    found = objective.values(model, batch)
    for i in range(len(batch)):
        with torch.no_grad():
            miss = float(model(inputs[i : i + 1].double())) - float(targets[i])
        assert found[:, i].tolist() == pytest.approx([miss**2, abs(miss)], rel=1e-12)


def test_loss_computes_no_other_metric() -> None:
    def refused(outputs: Tensor, targets: Tensor) -> Tensor:
        raise AssertionError("only the loss was requested")

    objective = OutputObjective({"loss": Metric(squared, "s"), "other": Metric(refused, "o")})
    inputs, targets = data()
    batch = Batch((inputs.double(), targets.double()))
    assert objective.loss(linear(), batch).shape == (23,)


@pytest.mark.parametrize("way", ["in memory", "several at once", "stream", "tolerance"])
def test_objective_that_differentiates(way: str) -> None:
    """∂(w·x + b)/∂x is w: the loss of a linear network is ‖w‖² at every point."""
    inputs, targets = data()
    pair = (inputs.double(), targets.double())
    loader = DataLoader(TensorDataset(*pair), batch_size=5)
    given = Stream(loader) if way == "stream" else pair
    problem = Problem(linear(), given, loss=squared, device="cpu")
    problem.objective = GradientPenalty()
    here, points = plane(problem), np.array([[-0.7], [0.0], [1.3]])
    if way == "tolerance":
        surface = landscape.sample_surface(
            problem, x=points[:, 0], y=None, tolerance=Tolerance(0.01, 0.0), progress=False
        )
        here = Plane(problem.origin, [make_directions(problem.origin, 1)[0].vector])
        found = dict(enumerate(surface["loss"]))
    else:
        by = {"in memory": evaluate, "several at once": evaluate_abreast}.get(
            way, evaluate_streamed
        )
        measured = by(problem, here, points, range(3), Settings(batch_size=4, abreast=2))
        found = {index: values["loss"] for index, values in measured}
    for index, point in enumerate(points):
        w = problem.origin["weight"] + point[0] * here.axes[0]["weight"]
        assert found[index] == pytest.approx(float(w.square().sum()), rel=1e-9)


def test_hessian_of_an_objective_that_differentiates() -> None:
    """The Hessian of ‖w‖² is twice the identity."""
    inputs, targets = data()
    pair = (inputs.double(), targets.double())
    problem = Problem(linear(), pair, loss=squared, device="cpu")
    problem.objective = GradientPenalty()
    operator = HessianOperator(problem, batch_size=10)
    vector = torch.arange(1.0, 5.0, dtype=torch.float64)
    torch.testing.assert_close(operator.product(vector), 2 * vector)


def test_no_gradients_are_recorded_unless_needed() -> None:
    seen = []

    def watched(outputs: Tensor, targets: Tensor) -> Tensor:
        seen.append(torch.is_inference_mode_enabled())
        return squared(outputs, targets)

    problem = Problem(linear(), data(), loss=squared, device="cpu")
    problem.objective = OutputObjective({"loss": Metric(watched, "watched")})
    list(evaluate(problem, plane(problem), np.zeros((1, 1)), [0]))
    assert seen
    assert all(seen)


@pytest.mark.parametrize("size", [1, 4, 23, 50])
def test_batches_contain_every_example_once(size: int) -> None:
    inputs, targets = data()
    examples = Examples(inputs, targets)
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=size)
    for batches in (
        examples.batches(torch.float32, size),
        examples.even_batches(torch.float32, size),
        iter(examples.batch(torch.float32).split(size)),
        Stream(loader).batches(torch.float32, 7),
    ):
        pairs = [batch.content for batch in batches]
        assert max(len(x) for x, _ in pairs) <= size
        assert torch.equal(torch.cat([x for x, _ in pairs]), inputs)
        assert torch.equal(torch.cat([y for _, y in pairs]), targets)


def test_masks_and_labels_are_distinguished() -> None:
    images, masks = torch.zeros(2, 1, 4, 4), torch.zeros(2, 4, 4, dtype=torch.int64)
    labels = torch.tensor([0, 4])
    assert Examples(images, masks).masks
    assert not Examples(images, labels).masks
    assert Examples(images, masks).labels is None
    assert Examples(images, labels[:, None].float()).labels is None
    assert (Examples(images, labels).classes, Examples(images, labels).channels) == (5, 1)


def _looks_inside(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and node.attr in ("inputs", "targets", "content"):
            of = ast.unparse(node.value)
            if of != "self":
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {of}.{node.attr}"


def test_only_data_and_objective_read_a_batch() -> None:
    names = ("objective", "own_objective", "model_loss")
    allowed = {ROOT / "problem" / f"{name}.py" for name in names}
    # Images that an experiment runs through a network without a loss.
    allowed |= {ROOT / "experiments" / "identity" / "trainings.py"}
    allowed |= {ROOT / "experiments" / "gradients" / "networks.py"}
    files = set(ROOT.rglob("*.py")) - set((ROOT / "data").rglob("*.py")) - allowed
    assert [line for path in sorted(files) for line in _looks_inside(path)] == []


def test_the_named_losses_are_objectives() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    objective = OutputObjective(metrics_for("cross_entropy"))
    found = objective.values(nn.Identity(), Batch((logits, labels)))
    torch.testing.assert_close(found[0], F.cross_entropy(logits, labels, reduction="none"))
    torch.testing.assert_close(found[1], (logits.argmax(1) == labels).float())
