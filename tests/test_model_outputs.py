"""Outputs, hooks and wrappers of networks."""

from __future__ import annotations

import shutil
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn
from torch.utils.data import DataLoader

from landscape.checkpoint import load_weights, read_checkpoint
from landscape.data import Stream
from landscape.directions import make_directions, save_directions
from landscape.errors import InputError
from landscape.evaluate import Settings, evaluate, evaluate_to_tolerance
from landscape.evaluate.abreast import evaluate_abreast
from landscape.evaluate.network import PointNetwork
from landscape.evaluate.stopping import Tolerance
from landscape.evaluate.streamed import evaluate_streamed
from landscape.evaluate.tuner import tune
from landscape.extent import common_extent
from landscape.grid import Grid
from landscape.models import CifarResNet
from landscape.params import unwrapped, unwrapped_copy
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.summary import describe
from landscape.surface import Surface
from tests.cases import images
from tests.models_of_others import (
    Compiled,
    causal_language_model,
    classification,
    perceptron,
    segmentation,
)
from tests.test_evaluate import POINTS, plane_of

Named = namedtuple("Named", "logits auxiliary")
First = namedtuple("First", "z auxiliary")


class Returning(nn.Module):
    """A perceptron that returns its logits z with something else, packed by ``pack``."""

    def __init__(self, pack: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.net, self.pack = perceptron(), pack

    def forward(self, x: Tensor) -> Any:
        z = self.net(x)
        return self.pack(z, z[:, :1] - 1000.0)


@pytest.mark.parametrize(
    "pack",
    [
        lambda z, other: z,
        lambda z, other: {"aux": other, "logits": z},
        lambda z, other: OrderedDict(aux=other, out=z),
        lambda z, other: Named(z, other),
        lambda z, other: Named(other, z)._replace(logits=z),
        lambda z, other: First(z, other),
        lambda z, other: (z, other),
        lambda z, other: [z],
        lambda z, other: SimpleNamespace(logits=z, hidden=other),
    ],
    ids=["tensor", "logits", "out", "named", "attribute", "first", "tuple", "list", "object"],
)
def test_logits_are_selected(pack: Callable[[Tensor, Tensor], Any]) -> None:
    plain, packed = classification(), classification(Returning(pack))
    points, settings = POINTS[:2], Settings(fold=True, in_place=True)
    directions = [{f"net.{n}": d for n, d in axis.items()} for axis in plane_of(plain).axes]
    plane = Plane(packed.origin, directions)
    for way in (Settings(), settings):
        expected = list(evaluate(plain, plane_of(plain), points, range(2), way))
        assert list(evaluate(packed, plane, points, range(2), way)) == expected


@pytest.mark.parametrize(
    ("pack", "says"),
    [
        (lambda z, other: {"x": z, "y": other}, "a dict with 'x', 'y'"),
        (lambda z, other: {}, "a dict with nothing in it"),
        (lambda z, other: ({"x": z}, other), "a tuple of dict, Tensor"),
        (lambda z, other: [], "a list of nothing"),
        (lambda z, other: None, "a NoneType"),
        (lambda z, other: SimpleNamespace(z=z), "a SimpleNamespace"),
    ],
)
def test_outputs_without_logits(pack: Callable[[Tensor, Tensor], Any], says: str) -> None:
    with pytest.raises(InputError, match=f"the network returns {says}: expected a tensor"):
        classification(Returning(pack))


def test_user_graph_returns_logits() -> None:
    """A copy of a graph loses its hooks, and the engine works on copies."""
    made = fx.symbolic_trace(Returning(lambda z, other: {"aux": other, "logits": z}).half())
    graph, plain = classification(made), classification(perceptron().half())
    plane = plane_of(plain)
    moved = Plane(graph.origin, [{f"net.{n}": d for n, d in axis.items()} for axis in plane.axes])
    for way in (Settings(), Settings(fold=True, in_place=True)):
        expected = list(evaluate(plain, plane, POINTS, range(2), way))
        assert list(evaluate(graph, moved, POINTS, range(2), way)) == expected


class WholeNumbers(nn.Linear):
    def __init__(self) -> None:
        super().__init__(6, 5)
        self.steps = nn.Parameter(torch.tensor(3), requires_grad=False)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nn.LazyLinear(5), "uninitialized parameter 'weight'"),
        (nn.ReLU, "the network has no parameters"),
        (lambda: torch.jit.trace(perceptron(), torch.zeros(1, 6)), "compiled by torch.jit"),
    ],
)
def test_networks_that_cannot_be_moved(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        classification(make())


def test_integers_among_the_parameters_are_constant() -> None:
    assert list(classification(WholeNumbers()).origin) == ["weight", "bias"]


def test_network_with_several_outputs_is_folded() -> None:
    problem = segmentation("cross_entropy")
    network = PointNetwork(problem, plane_of(problem), Settings(fold=True, in_place=True))
    assert isinstance(network._model, fx.GraphModule)
    kinds = {type(module) for module in network._model.modules()}
    assert nn.Conv2d in kinds
    assert nn.BatchNorm2d not in {type(m) for m in network._model.down.modules()}  # type: ignore[union-attr, operator]


def doubled(network: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
    return 2 * output


def shifted(network: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0] + 0.5,)


@pytest.mark.parametrize("where", ["whole", "part"])
@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_user_hooks_are_kept(where: str, register: str) -> None:
    """Tracing drops those of the network itself; every admissible setting must keep them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                          nn.Linear(144, 10))  # fmt: skip
    without = Problem(model, images(9), device="cpu")
    hook = doubled if register == "register_forward_hook" else shifted
    getattr(model if where == "whole" else model[1], register)(hook)
    problem = Problem(model, images(9), device="cpu")
    plane = plane_of(problem)
    ((_, expected),) = evaluate(problem, plane, POINTS, [1])
    ((_, other),) = evaluate(without, plane, POINTS, [1])
    assert expected["loss"] != pytest.approx(other["loss"], rel=1e-3)
    for settings in [Settings(fold=True, in_place=True, fused=True), Settings(fold=True)]:
        ((_, found),) = evaluate(problem, plane, POINTS, [1], settings)
        assert found == pytest.approx(expected, rel=1e-5)
    assert len(tune(problem, plane, POINTS[:2], Settings())) > 1


def in_passes(problem: Problem) -> Problem:
    """The same problem with streamed examples."""
    examples = problem.splits[""].head(100)
    pairs = list(zip(examples.inputs, examples.targets, strict=True))
    return problem.with_splits({"": Stream(DataLoader(pairs, batch_size=4), examples.preprocess)})


@pytest.mark.parametrize("make", [causal_language_model, lambda: segmentation("dice_loss")])
def test_every_evaluation_method_accepts_them(make: Callable[[], Problem]) -> None:
    problem = make()
    plane, indices = plane_of(problem), [2, 0, 1]
    expected = dict(evaluate(problem, plane, POINTS, indices))
    everything = Settings(fold=True, in_place=True, channels_last=True, batch_size=4)
    surface = Surface(Grid(POINTS[:1, 0], POINTS[:1, 1]), problem.quantities)
    ways = {
        "other settings": evaluate(problem, plane, POINTS, indices, everything),
        "abreast": evaluate_abreast(problem, plane, POINTS, indices, Settings(abreast=2)),
        "streamed": evaluate_streamed(in_passes(problem), plane, POINTS, indices),
        "tolerance": evaluate_to_tolerance(problem, plane, surface, Tolerance(0.01), [0]),
    }
    for name, way in ways.items():
        for index, values in way:
            assert values == pytest.approx(expected[index], rel=2e-5, abs=1e-6), name


def test_next_token_loss_matches_hugging_face() -> None:
    problem = causal_language_model()
    examples = problem.splits[""].head(100)
    found = dict(evaluate(problem, plane_of(problem), POINTS, [0]))[0]
    model = causal_language_model().model
    for hook in list(model._forward_hooks):
        del model._forward_hooks[hook]
    with torch.no_grad():
        own = [
            model(input_ids=row[None], labels=answer[None]).loss.item()
            for row, answer in zip(examples.inputs, examples.targets, strict=True)
        ]
    assert found["loss"] == pytest.approx(np.mean(own), rel=1e-6)


def test_metrics_of_half_precision_are_in_single_precision() -> None:
    seen = []

    def look(output: Tensor, target: Tensor) -> Tensor:
        seen.append(output.dtype)
        return output[:, 0]

    for dtype, expected in [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ]:
        seen.clear()
        data = (torch.randn(5, 6), torch.zeros(5))
        problem = Problem(perceptron().to(dtype), data, loss=look, device="cpu")
        sample_surface(problem, "0:1:2", None, tune=False, progress=False)
        assert problem.attributes["dtype"] == str(dtype).removeprefix("torch.")
        assert set(seen) == {expected}


WRAPPED: dict[str, Callable[[nn.Module], Any]] = {
    "data-parallel": nn.DataParallel,
    "compiled": torch.compile,
    "both": lambda model: torch.compile(nn.DataParallel(model)),
    "the other way round": lambda model: nn.DataParallel(torch.compile(model)),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_wrapped_network_has_the_names_and_reads_the_directions_of_the_plain_one(
    how: str, tmp_path: Path
) -> None:
    model = perceptron()
    wrapped = WRAPPED[how](model)
    before = dict(wrapped.named_parameters())
    plain, other = classification(model), classification(wrapped)
    assert list(other.origin) == list(plain.origin)
    assert other.attributes == plain.attributes
    made = make_directions(plain.origin, 2, seed=8)
    path = save_directions(
        tmp_path / "d.h5", [d.vector for d in made], [d.attributes for d in made]
    )
    first, second = (
        sample_surface(p, "-1:1:3", "0", directions=str(path), tune=False, progress=False)
        for p in (plain, other)
    )
    np.testing.assert_array_equal(first["loss"], second["loss"])
    assert (
        dict(wrapped.named_parameters()).keys() == before.keys()
    )  # the user's model is not modified


@pytest.mark.parametrize("how", WRAPPED)
def test_checkpoint_of_a_wrapped_network_fits_the_plain_one(how: str, tmp_path: Path) -> None:
    torch.save(WRAPPED[how](perceptron()).state_dict(), tmp_path / "w.pt")
    target = nn.Sequential(*perceptron())
    for p in target.parameters():
        nn.init.zeros_(p)
    load_weights(target, read_checkpoint(tmp_path / "w.pt"), "the plain network")
    for p, q in zip(target.parameters(), perceptron().parameters(), strict=True):
        assert torch.equal(p, q)


def test_parts_are_unwrapped_only_in_the_copy() -> None:
    model = Compiled()
    copied = unwrapped_copy(model)
    names = ["features.0.weight", "features.0.bias", "last.weight", "last.bias"]
    assert [name for name, _ in copied.named_parameters()] == names
    assert "features.module.0.weight" in dict(model.named_parameters())
    assert unwrapped(copied) is copied
    x = torch.randn(4, 6)
    torch.testing.assert_close(copied(x), unwrapped(model.last)(model.features(x)))


def test_submodule_called_module_is_not_a_wrapper(tmp_path: Path) -> None:
    model = nn.Module()
    model.module = nn.Linear(2, 2)
    assert unwrapped(model) is model
    assert [name for name, _ in unwrapped_copy(model).named_parameters()] == [
        "module.weight",
        "module.bias",
    ]


def test_guessing_level_only_for_cross_entropy() -> None:
    """The number of classes is no level for another loss, though the file has both."""

    def margin(output: Tensor, target: Tensor) -> Tensor:
        return 10.0 - output[:, 0]

    own, usual = (
        Problem(CifarResNet(8), images(9), loss=loss, device="cpu", attributes={"classes": 10})
        for loss in (margin, "cross_entropy")
    )
    said = [
        describe(sample_surface(p, "0", None, tune=False, progress=False)) for p in (own, usual)
    ]
    assert "guessing" not in said[0]
    assert "guessing" in said[1]


def test_automatic_range_of_a_language_model() -> None:
    problem = causal_language_model()
    extent = common_extent([(problem, plane_of(problem))])
    assert extent.level == pytest.approx(2 * np.log(17))


@pytest.mark.long
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.parametrize("make", [causal_language_model, lambda: segmentation("dice_loss")])
def test_compiled_by_us(make: Callable[[], Problem]) -> None:
    problem = make()
    plane = plane_of(problem)
    ((_, found),) = evaluate(problem, plane, POINTS, [1], Settings(compiled=True))
    ((_, expected),) = evaluate(problem, plane, POINTS, [1])
    assert found == pytest.approx(expected, rel=1e-4)
