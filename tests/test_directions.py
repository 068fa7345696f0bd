"""Random directions and all normalizations against plain numpy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape.directions import (
    NORMALIZATIONS,
    Direction,
    generator_for,
    make_directions,
    normalize,
    random_direction,
    read_directions,
    save_directions,
    without,
)
from landscape.errors import InputError
from landscape.models import CifarResNet
from landscape.params import cosine, norm, parameters_of
from landscape.planes.choose import span


def small() -> nn.Module:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Flatten(), nn.Linear(20, 4)
    )
    for p in model.parameters():
        nn.init.normal_(p, std=0.3)
    return model


def rows(array: np.ndarray) -> np.ndarray:
    """The filters of a tensor as rows; a vector is one filter."""
    return array.reshape(1, -1) if array.ndim <= 1 else array.reshape(len(array), -1)


def numpy_filter(d: np.ndarray, w: np.ndarray) -> np.ndarray:
    scale = np.linalg.norm(rows(w), axis=1) / np.linalg.norm(rows(d), axis=1)
    return (rows(d) * scale[:, None]).reshape(d.shape)


def numpy_dfilter(d: np.ndarray, w: np.ndarray) -> np.ndarray:
    return (rows(d) / np.linalg.norm(rows(d), axis=1)[:, None]).reshape(d.shape)


NUMPY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "filter": numpy_filter,
    "layer": lambda d, w: d * np.sqrt((w**2).sum()) / np.sqrt((d**2).sum()),
    "weight": lambda d, w: d * w,
    "dfilter": numpy_dfilter,
    "dlayer": lambda d, w: d / np.sqrt((d**2).sum()),
    "none": lambda d, w: d,
}


@pytest.mark.parametrize("how", sorted(set(NORMALIZATIONS) - {"model"}))
def test_normalizations_against_numpy(how: str) -> None:
    weights = {name: p.double() for name, p in parameters_of(small()).items()}
    raw = random_direction(weights, generator_for(1, 0))
    found = normalize(raw, weights, how)
    for name, w in weights.items():
        expected = NUMPY[how](raw[name].numpy(), w.numpy())
        np.testing.assert_allclose(found[name].numpy(), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("ignore", ["biasbn", "none"])
def test_the_normalization_of_the_model_is_one_factor_for_what_moves(ignore: str) -> None:
    weights = {name: p.double() for name, p in parameters_of(small()).items()}
    for axis, made in enumerate(make_directions(weights, 2, norm="model", ignore=ignore, seed=1)):
        noise = without(random_direction(weights, generator_for(1, axis)), ignore)
        moved = [name for name, d in noise.items() if d.any()]
        squares = [[(t[n] ** 2).sum() for n in moved] for t in (weights, noise)]
        factor = np.sqrt(np.sum(squares[0]) / np.sum(squares[1]))
        for name, d in noise.items():
            np.testing.assert_allclose(made.vector[name], factor * d, rtol=1e-12)
        again = normalize(noise, weights, "model")
        assert all(torch.equal(again[name], d) for name, d in made.vector.items())


def test_a_model_of_zeros_has_no_norm_to_match() -> None:
    with pytest.raises(InputError, match="all weights that move are zero"):
        make_directions({"w": torch.zeros(3, 2)}, 1, norm="model")


def test_filter_normalization_matches_the_norm_of_each_filter() -> None:
    weights = parameters_of(CifarResNet(8))
    x, y = make_directions(weights, 2, ignore="none")
    for direction in (x.vector, y.vector):
        for name, w in weights.items():
            np.testing.assert_allclose(
                np.linalg.norm(rows(direction[name].numpy()), axis=1),
                np.linalg.norm(rows(w.numpy()), axis=1),
                rtol=2e-6,
            )


def test_biases_and_batch_norm_get_independent_noise() -> None:
    """A bug of other tools: with one number per filter, |w|/|d|·d is ±w, on both axes."""
    weights = parameters_of(small())
    x, y = make_directions(weights, 2, ignore="none")
    for name in ("0.bias", "1.weight", "1.bias", "4.bias"):
        for d in (x.vector[name], y.vector[name]):
            assert (
                torch.cosine_similarity(d.flatten(), weights[name].flatten(), dim=0).abs() < 0.999
            )
            assert d.norm().item() == pytest.approx(weights[name].norm().item(), rel=1e-6)
        assert not torch.allclose(x.vector[name], y.vector[name])


def test_biasbn_does_not_move_one_dimensional_parameters() -> None:
    weights = parameters_of(CifarResNet(8))
    x, _ = make_directions(weights, 2, ignore="biasbn")
    for name, w in weights.items():
        assert bool((x.vector[name] == 0).all()) == (w.ndim <= 1), name


def test_running_statistics_are_never_displaced() -> None:
    model = CifarResNet(8)
    x, _ = make_directions(parameters_of(model), 2, ignore="none")
    assert set(x.vector) == {name for name, _ in model.named_parameters()}
    assert not any("running" in name for name in x.vector)


def test_noise_is_standard_normal() -> None:
    noise = random_direction({"w": torch.zeros(400, 500)}, generator_for(0, 0))["w"].numpy()
    n = noise.size
    assert abs(noise.mean()) < 4 / np.sqrt(n)
    assert abs(noise.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs((noise**4).mean() - 3) < 4 * np.sqrt(96 / n)  # uniform noise has 1.8


def test_seed_is_reproducible_and_axes_are_independent() -> None:
    weights = parameters_of(CifarResNet(20))
    a, b, c = (make_directions(weights, 2, seed=seed) for seed in (5, 5, 6))
    for axis in (0, 1):
        assert all(torch.equal(a[axis].vector[n], b[axis].vector[n]) for n in weights)
    vectors = [a[0].vector, a[1].vector, c[0].vector, c[1].vector]
    for i in range(4):
        for j in range(i):
            # The cosine of independent noise in d dimensions is about 1/sqrt(d).
            assert abs(cosine(vectors[i], vectors[j])) < 5 / np.sqrt(270_000)


def test_same_direction_in_any_precision() -> None:
    weights = parameters_of(small())
    double = {n: p.double() for n, p in weights.items()}
    single, exact = make_directions(weights, 1)[0], make_directions(double, 1)[0]
    for name in weights:
        assert single.vector[name].dtype == torch.float32
        assert torch.allclose(single.vector[name].double(), exact.vector[name], rtol=1e-6, atol=0)


def test_zero_filter_is_not_displaced() -> None:
    weights = {"w": torch.tensor([[0.0, 0.0], [3.0, 4.0]])}
    found = normalize(random_direction(weights, generator_for(0, 0)), weights)["w"]
    assert found[0].tolist() == [0.0, 0.0]
    assert found[1].norm().item() == pytest.approx(5.0)


def test_norm_and_cosine_against_numpy() -> None:
    weights = parameters_of(small())
    a, b = (d.vector for d in make_directions(weights, 2))
    flat = [np.concatenate([t.numpy().ravel() for t in d.values()]).astype(float) for d in (a, b)]
    assert norm(a) == pytest.approx(np.linalg.norm(flat[0]), rel=1e-12)
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine(a, b) == pytest.approx(expected, rel=1e-9)


def test_user_function_as_direction() -> None:
    def downhill(params, generator):  # type: ignore[no-untyped-def]
        return {name: torch.full_like(p, 2.0) for name, p in params.items()}

    weights = parameters_of(small())
    (found,) = make_directions(weights, 1, kind=downhill, norm="none", ignore="none")
    assert found.attributes["kind"] == "downhill"
    assert all((d == 2.0).all() for d in found.vector.values())
    with pytest.raises(InputError, match=r"'0\.bias'"):
        make_directions(weights, 1, kind=lambda p, g: {"0.weight": p["0.weight"]})


def test_saved_directions_round_trip(tmp_path: Path) -> None:
    weights = parameters_of(small())
    made = make_directions(weights, 2, seed=3)
    path = save_directions(
        tmp_path / "d.h5", [d.vector for d in made], [d.attributes for d in made]
    )
    read = make_directions(weights, 2, kind=str(path))
    for before, after in zip(made, read, strict=True):
        assert all(torch.equal(before.vector[n], after.vector[n]) for n in weights)
        assert after.attributes["normalization"] == "filter"
        assert after.attributes["seed"] == 3
    with h5py.File(path) as file:  # the authors' layout, in the order of parameters()
        assert sorted(file["ydirection"], key=int) == [str(k) for k in range(len(weights))]
        np.testing.assert_array_equal(file["xdirection/0"], made[0].vector["0.weight"])


def test_authors_directions_match_our_filter_normalization(shared: Path) -> None:
    checkpoint = torch.load(
        shared / "weights" / "li2018_resnet56.t7", map_location="cpu", weights_only=True
    )
    model = CifarResNet(56)
    weights = {name: checkpoint["state_dict"][name] for name, _ in model.named_parameters()}
    for direction in read_directions(shared / "reference/resnet56_directions.h5", weights, 2):
        again = normalize(without(direction), weights)
        for name, d in direction.items():
            np.testing.assert_allclose(again[name], d, rtol=2e-6, atol=1e-9)


@pytest.mark.parametrize("counts", [True, False])
def test_authors_directions_of_states(tmp_path: Path, counts: bool) -> None:
    """An entry for each entry of the state dict; biases and batch norm do not move."""
    model = CifarResNet(8)
    state = {n: t for n, t in model.state_dict().items() if counts or "num_batches" not in n}
    made = {n: torch.randn(t.shape) * (t.ndim > 1) for n, t in state.items()}
    with h5py.File(tmp_path / "d.h5", "w") as file:
        for index, entry in enumerate(made.values()):
            file[f"xdirection/{index}"] = entry.numpy()
    problem = landscape.Problem(model, (torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long)))
    (found,) = span(problem, str(tmp_path / "d.h5"), 1).directions
    assert list(found.vector) == [n for n, _ in model.named_parameters()]
    for name, values in found.vector.items():
        assert torch.equal(values, made[name]), name
    moved = list(made).index("layer1.0.bn1.running_var")
    with h5py.File(tmp_path / "d.h5", "a") as file:
        file[f"xdirection/{moved}"][:] = 1.0
    with pytest.raises(InputError, match=rf"entry {moved} moves 'layer1.0.bn1.running_var'.*betw"):
        span(problem, str(tmp_path / "d.h5"), 1)


def _other_network(path: Path) -> dict[str, torch.Tensor]:
    return parameters_of(CifarResNet(8, "none"))


def _other_width(path: Path) -> dict[str, torch.Tensor]:
    return parameters_of(CifarResNet(8, in_channels=1))


def _other_name(path: Path) -> dict[str, torch.Tensor]:
    return {n.replace("linear", "fc"): p for n, p in parameters_of(CifarResNet(8)).items()}


def _other_order(path: Path) -> dict[str, torch.Tensor]:
    """γ and β of a normalization, of equal shape, are swapped."""
    params = list(parameters_of(CifarResNet(8)).items())
    params[1], params[2] = params[2], params[1]
    return dict(params)


def _one_more(path: Path) -> dict[str, torch.Tensor]:
    return {**parameters_of(CifarResNet(8)), "scale": torch.ones(1)}


def _one_more_in_front(path: Path) -> dict[str, torch.Tensor]:
    return {"scale": torch.ones(1), **parameters_of(CifarResNet(8))}


def _one_less(path: Path) -> dict[str, torch.Tensor]:
    return dict(list(parameters_of(CifarResNet(8)).items())[:-1])


def _one_less_inside(path: Path) -> dict[str, torch.Tensor]:
    return {n: p for n, p in parameters_of(CifarResNet(8)).items() if n != "bn1.bias"}


def _shape_without_names(path: Path) -> dict[str, torch.Tensor]:
    """A file without names, as the authors write it."""
    _forget_names(path)
    return parameters_of(CifarResNet(8, in_channels=1))


def _less_without_names(path: Path) -> dict[str, torch.Tensor]:
    _forget_names(path)
    return _one_less(path)


def _forget_names(path: Path) -> None:
    with h5py.File(path, "a") as file:
        for axis in file.values():
            for entry in axis.values():
                del entry.attrs["name"]


def _truncated(path: Path) -> dict[str, torch.Tensor]:
    with h5py.File(path, "a") as file:
        del file["ydirection/7"]
    return parameters_of(CifarResNet(8))


def _one_axis(path: Path) -> dict[str, torch.Tensor]:
    with h5py.File(path, "a") as file:
        del file["ydirection"]
    return parameters_of(CifarResNet(8))


def _no_hdf5(path: Path) -> dict[str, torch.Tensor]:
    path.write_text("directions")
    return parameters_of(CifarResNet(8))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_other_network, r"entry 15 is 'layer2.0.shortcut.0.weight' .* parameter 15 is 'layer3.0"),
        (_other_width, r"'conv1.weight' of shape \(16, 3, 3, 3\), .* of shape \(16, 1, 3, 3\)"),
        (_other_name, r"entry \d+ is 'linear.weight' .* is 'fc.weight'"),
        (_other_order, r"entry 1 is 'bn1.weight' .* parameter 1 is 'bn1.bias'"),
        (_one_more, r"29 tensors, .* 30 parameters: no entry 29 for 'scale' of shape"),
        (_one_more_in_front, r"entry 0 is 'conv1.weight' .* parameter 0 is 'scale'"),
        (_one_less, r"29 tensors, .* 28 parameters: 1 too many, the first of them 'linear.bias'"),
        (_one_less_inside, r"entry 2 is 'bn1.bias' .* parameter 2 is 'layer1.0.conv1.weight'"),
        (_shape_without_names, r"network's parameter 0 is 'conv1.weight' of shape \(16, 1"),
        (_less_without_names, r"28 parameters: 1 too many; the directions"),
        (_truncated, r"ydirection: .* no entry 7 for 'layer1.0.bn2.weight'"),
        (_one_axis, "ydirection"),
        (_no_hdf5, "not a readable HDF5"),
    ],
)
def test_directions_of_another_network(
    tmp_path: Path, change: Callable[[Path], dict[str, torch.Tensor]], says: str
) -> None:
    made = make_directions(parameters_of(CifarResNet(8)), 2)
    path = save_directions(tmp_path / "d.h5", [d.vector for d in made], [{}, {}])
    with pytest.raises(InputError, match=says):
        make_directions(change(path), 2, kind=str(path))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"a": (2, 3)}, r"no entry for parameter 'b', shape \(4,\)"),
        ({"a": (2, 3), "c": (4,)}, "no entry for parameter 'b'"),
        ({"a": (3, 2), "b": (4,)}, r"'a' has shape \(3, 2\), but the network's is \(2, 3\)"),
        ({"a": (2, 3), "b": (4,), "c": (1,)}, "'c' is not a parameter of the network"),
    ],
)
def test_given_directions_must_fit(given: dict[str, tuple[int, ...]], says: str) -> None:
    params = {"a": torch.ones(2, 3), "b": torch.ones(4)}
    with pytest.raises(InputError, match=says):
        make_directions(params, 1, kind=[{n: torch.ones(s) for n, s in given.items()}])


def test_given_directions_are_matched_by_name() -> None:
    params = {"a": torch.ones(2), "b": torch.ones(2)}
    turned = {"b": torch.full((2,), 5.0), "a": torch.zeros(2)}
    (made,) = make_directions(params, 1, kind=[turned])
    assert list(made.vector) == ["a", "b"]
    assert made.vector["b"].tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"norm": "filtre"}, "did you mean 'filter'"),
        ({"ignore": "bn"}, "biasbn"),
        ({"kind": "radnom"}, "did you mean 'random'"),
        ({"kind": "no_such.h5"}, "does not exist"),
        ({"seed": -1}, "seed=-1"),
        ({"kind": []}, "0 directions given for 2 axes"),
        ({"kind": [Direction({}), Direction({})]}, "0.weight"),
    ],
)
def test_bad_options(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make_directions(parameters_of(small()), 2, **options)
