"""Filters where they are: what an output channel depends on is one filter, found by autograd."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

import landscape
from landscape.directions import NORMALIZATIONS, make_directions, normalize
from landscape.directions.filters import Filters, Place, filters_of
from landscape.errors import InputError
from landscape.hessian import HessianOperator
from landscape.params import parameters_of


def conv1d() -> nn.Module:
    from transformers.pytorch_utils import Conv1D

    return Conv1D(6, 4)


# A module, an example for it, and the axis of its output that runs over channels.
CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "Linear": (lambda: nn.Linear(4, 3), (4,), -1),
    "Conv2d in groups": (lambda: nn.Conv2d(4, 6, 3, groups=2), (4, 5, 5), 1),
    "Conv1D of GPT-2": (conv1d, (3, 4), -1),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 3, 2), (4, 3, 3), 1),
    "ConvTranspose2d in groups": (lambda: nn.ConvTranspose2d(4, 6, 2, groups=2), (4, 3, 3), 1),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 4), (2, 5), 1),
    "spectral_norm": (
        lambda: nn.utils.parametrizations.spectral_norm(nn.ConvTranspose1d(2, 3, 4)),
        (2, 5),
        1,
    ),
    "pruned": (lambda: prune.identity(nn.ConvTranspose1d(2, 3, 4), "weight"), (2, 5), 1),
}
TENSOR = {"spectral_norm": "parametrizations.weight.original", "pruned": "weight_orig"}


def masks_of_channels(module: nn.Module, weight: Tensor, shape: tuple[int, ...], axis: int):
    """Per output channel, the entries of the weight that it depends on."""
    inputs = torch.rand((7, *shape), generator=torch.Generator().manual_seed(5)) + 0.5
    outputs = module(inputs)
    for channel in range(outputs.shape[axis]):
        total = outputs.select(axis, channel).sum()
        (gradient,) = torch.autograd.grad(total, weight, retain_graph=True)
        yield gradient != 0


@pytest.mark.parametrize("name", CASES)
def test_each_channel_of_a_direction_has_the_norm_of_the_weights(name: str) -> None:
    make, shape, axis = CASES[name]
    torch.manual_seed(0)
    module = make().eval()
    params = parameters_of(module)
    (made,) = make_directions(params, 1, filters=filters_of(module))
    key = TENSOR.get(name, "weight")
    weight = dict(module.named_parameters())[key]
    # With a norm of the whole weight every entry has a share in every channel.
    plain = make()
    if name == "spectral_norm":
        plain = nn.ConvTranspose1d(2, 3, 4)
    own = plain.get_parameter("weight_orig" if name == "pruned" else "weight")
    direction, count = made.vector[key], 0
    for mask in masks_of_channels(plain, own, shape, axis):
        assert direction[mask].norm() == pytest.approx(float(weight.detach()[mask].norm()))
        count += int(mask.sum())
    assert count == weight.numel()  # the filters are a partition


def test_embeddings_are_taken_by_row_and_split_norms_agree_with_plain_ones() -> None:
    torch.manual_seed(0)
    embedding = nn.Embedding(7, 3)
    (made,) = make_directions(parameters_of(embedding), 1, filters=filters_of(embedding))
    torch.testing.assert_close(
        made.vector["weight"].norm(dim=1), embedding.weight.detach().norm(dim=1)
    )
    w, d = torch.randn(5, 4, 3, 2), torch.randn(5, 4, 3, 2)
    for how in NORMALIZATIONS:
        for place, back in [
            (Place((-1,)), (3, 0, 1, 2)),
            (Place((2,)), (2, 0, 1, 3)),
            (Place((1, 3)), (1, 3, 0, 2)),
        ]:
            found = normalize({"w": d}, {"w": w}, how, Filters({"w": place}))["w"].permute(back)
            one, own = (t.permute(back).flatten(0, len(place.axes) - 1) for t in (d, w))
            plain = normalize({"w": one}, {"w": own}, how)["w"]
            torch.testing.assert_close(found.flatten(0, len(place.axes) - 1), plain)


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: nn.MultiheadAttention(4, 2), {"in_proj_weight": 3}),
        (lambda: nn.LSTM(3, 4), {"weight_ih_l0": 4, "weight_hh_l0": 4, "bias_ih_l0": 4}),
        (lambda: nn.GRUCell(3, 4), {"weight_ih": 3, "weight_hh": 3}),
    ],
    ids=["attention", "LSTM", "GRU"],
)
@pytest.mark.parametrize("how", ["layer", "dlayer", "filter"])
def test_stacked_matrices_are_normalized_apart(make, parts: dict[str, int], how: str) -> None:
    torch.manual_seed(0)
    module = make()
    params = {
        name: p * torch.linspace(1, 9, len(p)).view(-1, *[1] * (p.ndim - 1)) + 0.1
        for name, p in parameters_of(module).items()
    }
    (made,) = make_directions(params, 1, norm=how, ignore="none", filters=filters_of(module))
    for name, count in parts.items():
        for d, w in zip(made.vector[name].chunk(count), params[name].chunk(count), strict=True):
            wanted = 1.0 if how == "dlayer" else float(w.norm())
            assert float(d.norm()) == pytest.approx(wanted, rel=1e-5)


class Scaled(nn.Module):
    """Scales of channels as ConvNeXt has them, and a normalization over two axes."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.rand(3, 1, 1))
        self.norm = nn.LayerNorm((4, 5))
        self.token = nn.Parameter(torch.rand(1, 1, 4))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (self.norm(x) * self.gamma + self.token.transpose(1, 2)).mean(dim=-1)[:, :, 0]
        return out


with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    NORMED = {
        "parametrized": nn.utils.parametrizations.weight_norm(nn.Linear(6, 5)),
        "by a hook": nn.utils.weight_norm(nn.Linear(6, 5)),
    }


@pytest.mark.parametrize("how", NORMED)
def test_weight_norm_keeps_the_length_of_every_row(how: str) -> None:
    """g is a scale like γ: moved by its own noise, rows had norm 0 or 2 at x = ±1."""
    x, y = torch.randn(9, 6), torch.randint(0, 5, (9,))
    NORMED[how](x)  # by a hook, the weight now has a history that cannot be copied
    problem = landscape.Problem(NORMED[how], (x, y), device="cpu")
    _, g, v = problem.origin  # after the bias
    (made,) = make_directions(problem.origin, 1, filters=problem.filters)
    assert not made.vector[g].any()
    torch.testing.assert_close(made.vector[v].norm(dim=1), problem.origin[v].norm(dim=1))
    assert made.attributes["filters"] == "g of weight_norm as a scale (1)"
    assert HessianOperator(problem).size == problem.origin[v].numel()


def test_scales_of_channels_stay_with_the_normalization() -> None:
    model = Scaled()
    (made,) = make_directions(parameters_of(model), 1, filters=filters_of(model))
    still = [name for name, d in made.vector.items() if not d.any()]
    assert still == ["gamma", "norm.weight", "norm.bias"]
    (made,) = make_directions(parameters_of(model), 1, filters=filters_of(model), ignore="none")
    assert made.vector["gamma"].norm() == pytest.approx(float(model.gamma.detach().norm()))


def test_rules_of_the_user_go_before() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    params = parameters_of(model)
    (made,) = make_directions(params, 1, filters=filters_of(model, "0.weight=-1,1.*=whole"))
    for column in range(4):
        ours, own = made.vector["0.weight"][:, column], params["0.weight"][:, column]
        assert ours.norm() == pytest.approx(float(own.norm()))
    assert made.vector["1.weight"].norm() == pytest.approx(float(params["1.weight"].norm()))
    transposed = nn.ConvTranspose1d(3, 2, 5)
    assert filters_of(transposed, "first").of("weight") == Place()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("0.weight=2", r"shape \(3, 4\), without axis 2"),
        ("nosuch=0", "no parameter is called 'nosuch'"),
        ("0.weight", "is not a rule"),
        ("0.weight=last", "is not a rule"),
    ],
)
def test_rules_that_fit_nothing(given: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        filters_of(nn.Sequential(nn.Linear(4, 3)), given)


def transposed_problem() -> landscape.Problem:
    torch.manual_seed(0)
    model = nn.Sequential(nn.ConvTranspose1d(2, 3, 2), nn.Flatten(), nn.Linear(12, 3))
    return landscape.Problem(model, (torch.randn(8, 2, 3), torch.randint(0, 3, (8,))), device="cpu")


def test_a_file_of_before_goes_on_by_its_rule(tmp_path: Path) -> None:
    problem, path = transposed_problem(), tmp_path / "old.h5"
    options = {"x": "-1:1:3", "y": "-1:1:3", "tune": False, "progress": False}
    old = landscape.sample_surface(problem, **options, filters="first")
    new = landscape.sample_surface(problem, **options)
    assert "filters" not in old.axes["x"]  # as files of before have it
    assert new.axes["x"]["filters"] == "second axis of transposed convolutions (1)"
    assert abs(old["loss"] - new["loss"]).max() > 1e-3
    wanted = old["loss"].copy()
    old.done[1:] = False
    old["loss"][1:] = float("nan")
    landscape.save_surface(old, path)
    found = landscape.sample_surface(problem, **options, path=path)
    assert (found["loss"] == wanted).all()
    chosen = landscape.sample_surface(problem.with_filters("0.*=whole"), **options)
    assert chosen.axes["x"]["filters"].startswith("0.*=whole")
    with pytest.raises(InputError, match="x axis filters"):
        landscape.sample_surface(problem, **options, path=path, filters={"0.weight": -1})


def test_filters_of_differences_of_weights_are_refused() -> None:
    with pytest.raises(InputError, match="not normalized"):
        landscape.sample_surface(transposed_problem(), directions="pca:runs", filters="first")
