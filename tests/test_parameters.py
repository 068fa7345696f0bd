"""A choice of parameters, against dense derivatives in float64 over those chosen only."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

import landscape
import landscape.connect
import landscape.curvature
import landscape.info
import landscape.sample
from landscape.checkpoint import save_checkpoint
from landscape.curve import train_curve
from landscape.directions import make_directions
from landscape.errors import InputError
from landscape.hessian import HessianOperator, eigenpairs
from landscape.models.named import build_network
from landscape.planes import between_plane, pca_plane, span
from landscape.planes.runs import Run
from landscape.render.words.captions import measured
from landscape.render.words.quantity_words import shown
from landscape.training import TrainingSettings

X = torch.randn(24, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = torch.randint(0, 3, (24,), generator=torch.Generator().manual_seed(1))


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    layers = nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 4), nn.Linear(4, 3)
    model = nn.Sequential(*layers).double()
    model(X)  # running statistics
    return model.eval()


def frozen(seed: int = 0) -> nn.Module:
    """Only the last layer is trained."""
    model = network(seed)
    model[:4].requires_grad_(False)
    return model


def problem_of(model: nn.Module, **options: Any) -> landscape.Problem:
    return landscape.Problem(model, (X, Y), device="cpu", **options)


def dense(model: nn.Module, names: list[str]) -> tuple[Tensor, Tensor]:
    """Gradient and Hessian of the mean loss over the named parameters, all others constant."""
    held = {name: p.detach() for name, p in model.named_parameters()}
    sizes = [held[name].numel() for name in names]

    def loss(flat: Tensor) -> Tensor:
        moved = {
            name: part.view(held[name].shape)
            for name, part in zip(names, flat.split(sizes), strict=True)
        }
        output = functional_call(model, {**held, **moved}, (X,))
        return nn.functional.cross_entropy(output, Y)

    flat = torch.cat([held[name].flatten() for name in names])
    return torch.func.grad(loss)(flat), torch.func.hessian(loss)(flat)


CHOICES: dict[str, tuple[Any, list[str]]] = {
    "trainable": ("trainable", ["4.weight", "4.bias"]),
    "by default": (None, ["4.weight", "4.bias"]),
    "a pattern": ("3.*", ["3.weight", "3.bias"]),
    "patterns": (["0.*", "4.weight"], ["0.weight", "0.bias", "4.weight"]),
    "a function": (lambda name, p: p.ndim == 1 and name > "1.w", ["1.weight", "3.bias", "4.bias"]),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_derivatives_are_those_of_the_chosen_parameters(choice: str) -> None:
    given, names = CHOICES[choice]
    model = frozen()
    problem = problem_of(model, parameters=given)
    assert list(problem.origin) == names
    gradient, hessian = dense(model, names)
    operator = HessianOperator(problem, ignore="none")
    assert operator.size == len(gradient)
    torch.testing.assert_close(operator.gradient(), gradient)
    found = eigenpairs(operator, 1, 1, tolerance=1e-9)
    assert found.value(1) == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-6)


@pytest.mark.parametrize("tune", [False, True])
def test_a_point_moves_the_chosen_parameters_only(tune: bool) -> None:
    """With a constant layer, γ or β before or in a batch normalization that is folded."""
    for given in ("0.*", "1.*", "0.weight", "4.*", ["0.bias", "1.weight"]):
        model = network()
        problem = problem_of(model, parameters=given)
        options = {"norm": "layer", "ignore": "none", "progress": False}
        found = landscape.sample_surface(problem, "-0.5:1:4", None, tune=tune, **options)
        (made,) = make_directions(problem.origin, 1, norm="layer", ignore="none")
        for k, x in enumerate(np.linspace(-0.5, 1, 4)):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                for name, p in moved.named_parameters():
                    if name in made.vector:
                        p += x * made.vector[name]
            wanted = nn.functional.cross_entropy(moved(X), Y).detach()
            assert found["loss"][k] == pytest.approx(float(wanted), rel=1e-12)


def test_the_file_says_what_moves(tmp_path: Path) -> None:
    path = tmp_path / "some.h5"
    surface = landscape.sample_surface(
        problem_of(frozen()), "-1:1:3", "-1:1:3", path=path, progress=False
    )
    assert surface.attributes["moved"] == "trainable"
    assert (surface.attributes["moved_parameters"], surface.attributes["parameters"]) == (15, 91)
    words = measured(surface, shown(surface, "loss"))
    assert "Only the parameters trainable moved: 15 of 91" in words
    assert any("moved_parameters" in line for line in landscape.info.report(surface))
    same = problem_of(frozen(), parameters=["4.*"])  # the same set in other words
    landscape.sample_surface(same, "-1:1:3", "-1:1:3", path=path, progress=False)
    with pytest.raises(InputError, match="moved_parameters: the file has 15"):
        landscape.sample_surface(
            problem_of(frozen(), parameters="all"), "-1:1:3", "-1:1:3", path=path, progress=False
        )
    everything = landscape.sample_surface(problem_of(network()), "-1:1:2", None, progress=False)
    assert not [name for name in everything.attributes if name.startswith("moved")]


def test_a_file_of_before_goes_on_moving_everything(tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    options = {"x": "-1:1:3", "y": "-1:1:3", "tune": False, "progress": False}
    old = landscape.sample_surface(problem_of(frozen(), parameters="all"), **options)
    wanted = old["loss"].copy()
    old.done[1:] = False
    landscape.save_surface(old, path)
    found = landscape.sample_surface(problem_of(frozen()), **options, path=path)
    assert (found["loss"] == wanted).all()


def test_distances_paths_and_lines_hold_the_rest_constant() -> None:
    problem = problem_of(network(), parameters="4.*")
    others = [network(seed).state_dict() for seed in range(1, 5)]
    run = Run("run", list("abcd"), [0, 1, 2, 3], lambda k: others[k])
    spanned = pca_plane(problem, [run])
    assert {name for d in spanned.directions for name in d.vector} == {"4.weight", "4.bias"}
    plane = spanned.plane(problem.origin)
    _, distance = plane.project({n: others[0][n] for n in problem.origin})
    offset = torch.cat([(others[0][n] - problem.origin[n]).flatten() for n in problem.origin])
    inside = torch.stack(
        [torch.cat([d.vector[n].flatten() for n in problem.origin]) for d in spanned.directions]
    )
    assert distance == pytest.approx(float((offset - inside.T @ (inside @ offset)).norm()))
    line = between_plane(problem, others[:1])
    at_one = line.plane(problem.origin).at([1.0])
    torch.testing.assert_close(at_one["4.weight"], others[0]["4.weight"])
    end = problem.with_state(others[0]).model.state_dict()
    assert torch.equal(end["0.weight"], problem.model.state_dict()["0.weight"])
    assert torch.equal(end["1.running_mean"], others[0]["1.running_mean"])
    adapter = {n: t for n, t in others[0].items() if n not in problem.constants}
    assert "0.weight" not in adapter
    problem.with_state(adapter)  # without the constant ones, as adapters are saved


def test_a_curve_trains_the_chosen_parameters(tmp_path: Path) -> None:
    a, b = network(), network()
    torch.manual_seed(5)
    nn.init.normal_(b[4].weight)
    problem = problem_of(a, parameters="4.*")
    settings = TrainingSettings(epochs=1, batch_size=8)
    curve = train_curve(
        problem, a.state_dict(), b.state_dict(), tmp_path / "c.pt", settings, progress=False
    )
    torch.testing.assert_close(curve.control["0.weight"], a.state_dict()["0.weight"])
    assert not torch.equal(curve.control["4.weight"], a.state_dict()["4.weight"])
    with pytest.raises(InputError, match=r"differ in '0\.weight', which is constant"):
        train_curve(
            problem, a.state_dict(), network(7).state_dict(), tmp_path / "d.pt", progress=False
        )


def fresh_lora() -> nn.Module:
    from peft import LoraConfig, get_peft_model
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "intermediate_size": 12, "num_attention_heads": 2}
    config = BertConfig(vocab_size=20, num_hidden_layers=1, num_labels=3, **sizes)
    model = BertForSequenceClassification(config)
    return get_peft_model(model, LoraConfig(target_modules=["query", "value"], r=2))


TOKENS = torch.randint(0, 20, (6, 4), generator=torch.Generator().manual_seed(0))


def test_adapters_of_a_real_model() -> None:
    model = fresh_lora().double()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.normal_(generator=torch.Generator().manual_seed(1))
    problem = landscape.Problem(model, (TOKENS, Y[:6]), device="cpu")
    assert len(problem.origin) == 4
    assert all("lora_" in name for name in problem.origin)
    assert problem.origin.keys() == problem_of_tokens(model, "lora_*").origin.keys()
    names = list(problem.origin)
    loss = nn.functional.cross_entropy(model.eval()(TOKENS).logits, Y[:6])
    wanted = torch.autograd.grad(loss, [model.get_parameter(name) for name in names])
    found = HessianOperator(problem).gradient()
    torch.testing.assert_close(found, torch.cat([g.flatten() for g in wanted]))
    (made,) = span(problem, axes=1).directions
    for name, d in made.vector.items():
        torch.testing.assert_close(d.norm(dim=1), problem.origin[name].norm(dim=1))


def problem_of_tokens(model: nn.Module, which: str) -> landscape.Problem:
    return landscape.Problem(model, (TOKENS, Y[:6]), parameters=which, device="cpu")


def test_a_direction_without_length_is_an_error() -> None:
    fresh = fresh_lora()
    with pytest.raises(InputError, match=r"length 0.*all weights that move are zero"):
        span(problem_of_tokens(fresh, "lora_B.*"))
    with pytest.warns(UserWarning, match=r"2 of 4 parameters are zero, the first .*lora_B"):
        span(problem_of_tokens(fresh, "lora_*"))
    zero = nn.Linear(5, 3).double()
    nn.init.zeros_(zero.weight)
    with pytest.raises(InputError, match="length 0, so the surface would be flat"):
        landscape.sample_surface(problem_of(zero), "-1:1:3", None, progress=False)
    assert span(problem_of(zero), norm="none").directions
    with pytest.raises(InputError, match="leaves out every parameter that moves"):
        span(problem_of(network(), parameters="1.*"))
    nothing = {name: torch.zeros_like(p) for name, p in problem_of(network()).origin.items()}
    with pytest.raises(InputError, match="give one that is not zero"):
        span(problem_of(network()), [nothing], axes=1)


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ("lora_*", r"'lora_\*' matches none of the 8 parameters"),
        (3, "parameters=3: expected trainable, all"),
        ([], "expected trainable, all"),
        (lambda name, p: False, "no parameter is chosen"),
        (lambda name: True, "raised an error"),
    ],
)
def test_choices_that_choose_nothing(choice: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        problem_of(network(), parameters=choice)


def test_all_frozen_is_all() -> None:
    model = network().requires_grad_(False)
    assert len(problem_of(model).origin) == 8
    with pytest.raises(InputError, match="0 of them trainable"):
        problem_of(model, parameters="trainable")


class OfKeras(nn.Module):
    """Parameters as a Keras network has them: statistics, and the state of a generator."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(5, 3, dtype=torch.float64))
        self.moving_variance = nn.Parameter(torch.ones(3).double(), requires_grad=False)
        self.seed = nn.Parameter(torch.tensor([1, 2], dtype=torch.int32), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (x @ self.kernel) / self.moving_variance.sqrt()
        return out


def test_statistics_and_integers_never_move() -> None:
    for choice in (None, "all", "trainable", "*"):
        assert list(problem_of(OfKeras(), parameters=choice).origin) == ["kernel"]
    frozen_too = OfKeras().requires_grad_(False)
    assert list(problem_of(frozen_too).origin) == ["kernel"]


def test_the_command_lines_take_a_choice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    built = build_network("resnet8", in_channels=1, classes=10)
    weights = str(tmp_path / "net.pt")
    save_checkpoint(Path(weights), built.model, {"name": built.name, **built.settings})
    common = ["--weights", weights, "--data", "digits", "--limit", "20", "--parameters", "linear.*"]
    more = ["--ignore", "none", "--trace-samples", "6"]
    assert landscape.curvature.main([*common, *more]) == 0
    assert "650 parameters (linear.*)" in capsys.readouterr().out
    out = tmp_path / "line.h5"
    assert landscape.sample.main([*common, "--x=-1:1:2", "--tune", "off", "-o", str(out)]) == 0
    assert landscape.open_surface(out).attributes["moved_parameters"] == 650
    assert landscape.sample.main([*common[:-1], "nosuch", "--x=-1:1:2", "-o", str(out)]) == 2
    assert "--parameters nosuch: 'nosuch' matches none" in capsys.readouterr().err
    chosen = landscape.connect._parser().parse_args(["a.pt", "b.pt", "--parameters", "linear.*"])
    assert chosen.parameters == "linear.*"
