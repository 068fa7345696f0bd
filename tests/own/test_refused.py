"""What cannot be measured is refused when the problem is created, in one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from landscape import InputError, Problem, Stream, sample_surface
from landscape.curve import train_curve
from landscape.data import Rows
from landscape.hessian import HessianOperator
from landscape.run.origin import warn_about_origin
from tests.own.cases import CASES
from tests.own.test_values import problem_of

X = torch.randn(24, 3, generator=torch.Generator().manual_seed(0))
Y = torch.arange(24) % 2


def network() -> nn.Linear:
    torch.manual_seed(1)
    return nn.Linear(3, 2)


def losses(model: nn.Module, batch: Any) -> Tensor:
    return F.cross_entropy(model(batch[0]), batch[1], reduction="none")


RETURNS: dict[str, tuple[Callable[[nn.Module, Any], Any], str]] = {
    "text": (lambda m, b: "a", "objective is a str: expected a number"),
    "nothing": (lambda m, b: None, "objective is a NoneType"),
    "matrix": (lambda m, b: m(b[0]), r"objective is a tensor \(4, 2\)"),
    "no loss": (lambda m, b: {"other": 1.0}, "a dict with 'other': expected an entry 'loss'"),
    "shapes": (lambda m, b: (losses(m, b), 1.0), r"a tuple of a tensor \(4,\), a float"),
    "name": (lambda m, b: {"loss": 1.0, "a_stderr": 1.0}, "an entry 'a_stderr'"),
    "weights": (lambda m, b: (losses(m, b), -losses(m, b).exp()), "weights that are negative"),
    "raises": (lambda m, b: b["x"], "the objective raised TypeError.*a tuple with 0 "),
    "batch": (
        lambda m, b: losses(m, b) * m(b[0]).mean(),
        "of an example depends on the others in its batch",
    ),
}


@pytest.mark.parametrize("name", RETURNS)
def test_what_an_objective_returns(name: str) -> None:
    objective, told = RETURNS[name]
    with pytest.raises(InputError, match=told.replace("objective is", "the objective is")):
        Problem(network(), (X, Y), objective=objective, device="cpu")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"objective": losses, "loss": "mse"}, "loss and objective: both say what to measure"),
        ({"objective": losses, "metrics": ["accuracy"]}, "metrics with objective"),
        ({"objective": 3}, "objective is a int; expected a function"),
    ],
)
def test_what_is_given(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Problem(network(), (X, Y), device="cpu", **given)


def test_the_hessian_beside_an_objective() -> None:
    problem = Problem(network(), (X, Y), objective=losses, metrics=["gradient_norm"], device="cpu")
    plain = Problem(network(), (X, Y), metrics=["gradient_norm"], device="cpu")
    one, other = (sample_surface(p, "0:1:3", None, progress=False) for p in (problem, plain))
    np.testing.assert_allclose(one["gradient_norm"], other["gradient_norm"], rtol=1e-5)


def test_forms_that_change_are_refused() -> None:
    def changing(model: nn.Module, x: Tensor) -> Any:
        found = model(x).square().sum(1)
        return found if len(x) > 2 else found.mean()

    problem = Problem(network(), [X[:4], X[4:6]], objective=changing, device="cpu")
    with pytest.raises(InputError, match="a number as 'loss' for batch 1, but a number per exam"):
        sample_surface(problem, "-1:1:3", None, progress=False)


@pytest.mark.parametrize("model", [lambda x: x, "resnet", nn.Linear, np.eye(2), None])
def test_other_things_than_modules(model: Any) -> None:
    with pytest.raises(InputError, match=r"expected a torch.nn.Module"):
        Problem(model, (X, Y), device="cpu")


def test_a_penalty_on_the_original_weights() -> None:
    """4.57 at −1, say, where 9.08 is right: it does not follow the copy."""
    model = network()

    def penalized(output: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(output, target, reduction="none") + model.weight.square().sum()

    with pytest.raises(InputError, match="reads parameter 'weight' of the network itself"):
        Problem(model, (X, Y), loss=penalized, device="cpu")
    with pytest.raises(InputError, match="reads parameter 'weight'"):
        Problem(model, (X, Y), objective=lambda m, b: losses(model, b), device="cpu")

    def hidden(m: nn.Module, batch: Any) -> Tensor:
        with torch.no_grad():
            return losses(m, batch) + model.weight.data[0, 0].item()

    with pytest.raises(InputError, match="reads parameter 'weight'"):
        Problem(model, (X, Y), objective=hidden, device="cpu")


def test_the_original_may_be_asked_for_its_device() -> None:
    model = network()

    def objective(m: nn.Module, batch: Any) -> Tensor:
        like = next(model.parameters())
        assert like.shape == (2, 3)
        return losses(m, [batch[0].to(like.device, like.dtype), batch[1]])

    Problem(model, (X, Y), objective=objective, device="cpu")


def test_a_penalty_on_the_measured_weights() -> None:
    model, start = network().double(), network().double().weight.detach().clone()

    def penalized(m: nn.Linear, batch: Any) -> Tensor:
        return losses(m, batch) + (m.weight - start).square().sum()

    problem = Problem(model, (X, Y), objective=penalized, device="cpu")
    plain = Problem(model, (X, Y), device="cpu")
    found = sample_surface(problem, [-1.0, 0.0, 2.0], None, progress=False)
    without = sample_surface(plain, [-1.0, 0.0, 2.0], None, progress=False)
    extra = found["loss"] - without["loss"]
    assert extra[1] == 0
    assert extra[2] == pytest.approx(4 * extra[0], rel=1e-9)
    assert extra[0] > 0.1


def test_a_loss_that_raises() -> None:
    def broken(output: Tensor, target: Tensor) -> Tensor:
        raise KeyError("nothing")

    with pytest.raises(InputError, match="the loss raised KeyError: 'nothing'"):
        Problem(network(), (X, Y), loss=broken, device="cpu")


@pytest.mark.parametrize("name", ["contrastive", "pinn", "gpt2"])
def test_batches_cannot_be_divided(name: str) -> None:
    problem = problem_of(CASES[name]())
    with pytest.raises(InputError, match="tolerance"):
        sample_surface(problem, "-1:1:3", None, tolerance="5%", progress=False)
    state = problem.model.state_dict()
    with pytest.raises(InputError, match=r"a curve is trained on batches.*cannot be divided"):
        train_curve(problem, state, state, "curve.pt", progress=False)
    surface = sample_surface(problem, "-0.1:0.1:3", None, progress=False, batch_size=3)
    assert np.isfinite(surface["loss"]).all()


def test_tf32_needs_a_network_of_outputs() -> None:
    problem = Problem(network(), (X, Y), objective=losses, device="cpu")
    with pytest.raises(InputError, match="tf32"):
        sample_surface(problem, "-1:1:3", None, precision="tf32", progress=False)
    short = sample_surface(problem, "-1:1:3", None, precision="bfloat16", progress=False)
    whole = sample_surface(problem, "-1:1:3", None, progress=False)
    np.testing.assert_allclose(short["loss"], whole["loss"], rtol=0.03)
    assert not np.array_equal(short["loss"], whole["loss"])


def test_data_of_another_form_without_an_objective() -> None:
    rows = [{"x": X[k], "y": Y[k]} for k in range(24)]
    for data in (DataLoader(rows, batch_size=4), rows, Stream(DataLoader(rows, batch_size=4))):  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"expected a pair|not pairs.*objective"):
            Problem(network(), data, device="cpu")


def test_labels_without_a_loss() -> None:
    class Silent(nn.Linear):
        def forward(self, x: Tensor, labels: Tensor) -> Tensor:  # type: ignore[override]
            return super().forward(x)

    data = {"x": X, "labels": Y}
    with pytest.raises(InputError, match=r"without a loss.*objective"):
        Problem(Silent(3, 2), data, device="cpu")
    with pytest.raises(InputError, match="does not take batches that are dicts with x, labels"):
        Problem(network(), data, device="cpu")


def test_probabilities_are_noticed() -> None:
    model = nn.Sequential(network(), nn.Softmax(dim=1))
    with pytest.warns(UserWarning, match="outputs are probabilities"):
        Problem(model, (X, Y), device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Problem(network(), (X, Y), device="cpu")


def test_nan_at_the_origin_is_said() -> None:
    broken = X.clone()
    broken[9] = torch.nan
    problem = Problem(network(), (broken, Y), device="cpu")
    with pytest.warns(UserWarning, match="at the origin, over the examples is nan"):
        sample_surface(problem, "-1:1:3", None, progress=False)


def test_the_place_of_zero_channels_is_suspected() -> None:
    model = network()
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    facts = {"shortcuts": "identity", "zero_channels": "centred"}
    problem = Problem(model, (X, Y), device="cpu", attributes=facts)
    with pytest.warns(UserWarning, match="no better than guessing .* try zero_channels=behind"):
        warn_about_origin(problem, 128)


def test_no_better_than_guessing_is_said(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    problem = Problem(model, {"train": (X, Y)}, device="cpu")
    with pytest.warns(UserWarning, match="train examples is 0.6931, no better than guessing"):
        sample_surface(problem, "-1:1:3", None, path=tmp_path / "a.h5", norm="none", progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_surface(problem, "-1:1:3", None, path=tmp_path / "a.h5", norm="none", progress=False)


def test_ids_packed_into_floats() -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(400, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.table(x[:, 0].long())

    packed = torch.arange(290.0, 314.0)[:, None]
    with pytest.warns(UserWarning, match="whole numbers as floats, which bfloat16 rounds"):
        Problem(Packed().bfloat16(), (packed, Y), device="cpu")
    problem = Problem(Packed(), (packed, Y), device="cpu")
    with pytest.warns(UserWarning, match="which bfloat16 rounds"):
        sample_surface(problem, "-1:1:3", None, precision="bfloat16", progress=False)


def test_a_loss_without_a_derivative() -> None:
    problem = Problem(network(), (X, Y), objective=lambda m, b: losses(m, b).detach(), device="cpu")
    with pytest.raises(InputError, match="no derivative"):
        HessianOperator(problem).gradient()


def test_rows_need_a_common_length() -> None:
    with pytest.raises(InputError, match="common first dimension"):
        Rows({"x": X, "y": Y[:3]})
    with pytest.raises(InputError, match="24 examples out of a population of 5"):
        Rows({"x": X}, population=5)
