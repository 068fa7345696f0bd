"""Training: the same bits again, resumed or not; schedules and steps against formulas."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.build import load_splits
from landscape.checkpoint import read_checkpoint
from landscape.data import Examples
from landscape.errors import InputError
from landscape.history import History, read_history
from landscape.models.named import Network, build_network
from landscape.schedules import SCHEDULES
from landscape.training import TrainingSettings, evaluate_examples, train_network

SETTINGS = TrainingSettings(epochs=3, lr=0.1, batch_size=16, seed=3)
COLUMNS = ["train_loss", "train_error", "test_loss", "test_error", "lr"]


@pytest.fixture(scope="module")
def digits() -> dict[str, Examples]:
    return load_splits("digits", "both", limit=40)


def resnet8() -> Network:
    return build_network("resnet8", in_channels=1, classes=10)


def train(
    data: dict[str, Examples],
    folder: Path,
    settings: TrainingSettings = SETTINGS,
    make_network: Callable[[], Network] = resnet8,
    **options: Any,
) -> History:
    return train_network(
        make_network, data, folder, settings, device="cpu", progress=False, **options
    )


def weights(path: Path) -> dict[str, Tensor]:
    return read_checkpoint(path).state


def assert_same(a: dict[str, Tensor], b: dict[str, Tensor]) -> None:
    assert list(a) == list(b)
    for name in a:
        assert torch.equal(a[name], b[name]), name


@pytest.fixture(scope="module")
def whole(digits: dict[str, Examples], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run from beginning to end, with its weights after every epoch."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(digits, folder, replace(SETTINGS, checkpoint_every=1))
    return folder


# The same again


def test_same_seed_same_bits(digits: dict[str, Examples], whole: Path, tmp_path: Path) -> None:
    torch.manual_seed(99)  # whatever the generator of the caller holds
    train(digits, tmp_path / "a", replace(SETTINGS, checkpoint_every=1))
    for name in ("epoch_0000.pt", "epoch_0001.pt", "final.pt"):
        assert_same(weights(tmp_path / "a" / name), weights(whole / name))
    assert read_history(tmp_path / "a/history.h5") == read_history(whole / "history.h5")


def test_another_seed_another_network(
    digits: dict[str, Examples], whole: Path, tmp_path: Path
) -> None:
    train(digits, tmp_path / "a", replace(SETTINGS, epochs=1, seed=4))
    for name in ("epoch_0000.pt", "final.pt"):
        a, b = weights(tmp_path / "a" / name), weights(whole / name)
        assert not torch.equal(a["conv1.weight"], b["conv1.weight"])


def test_another_seed_another_order(digits: dict[str, Examples], tmp_path: Path) -> None:
    def from_zero() -> Network:
        network = linear()
        for p in network.model.parameters():
            nn.init.zeros_(p)
        return network

    for seed in (0, 1):
        train(digits, tmp_path / str(seed), replace(SETTINGS, epochs=1, seed=seed), from_zero)
    a, b = (weights(tmp_path / seed / "final.pt")["1.weight"] for seed in "01")
    assert not torch.allclose(a, b, rtol=1e-6)


def test_the_callers_random_numbers_are_untouched(
    digits: dict[str, Examples], tmp_path: Path
) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    train(digits, tmp_path / "a", replace(SETTINGS, epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)


# Interrupted


class Interrupting:
    """A network whose forward pass is interrupted once, as by Ctrl-C, at the k-th training step."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self) -> Network:
        network = resnet8()
        network.model.register_forward_pre_hook(self.hook)
        return network

    def hook(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if module.training and torch.is_grad_enabled():
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("step", [1, 3, 5, 9])  # of 3 steps an epoch
def test_interrupted_and_resumed_is_uninterrupted(
    digits: dict[str, Examples], tmp_path: Path, step: int, schedule: str
) -> None:
    settings = replace(SETTINGS, schedule=schedule)
    expected = train(digits, tmp_path / "whole", settings)
    folder = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        train(digits, folder, settings, Interrupting(step))
    complete = (step - 1) // 3
    assert (folder / "last.pt").exists() == (complete > 0)
    assert not (folder / "final.pt").exists()
    if complete:
        assert len(read_history(folder / "history.h5")) == complete
    history = train(digits, folder, settings, resume=True)
    assert history.columns == expected.columns
    assert_same(weights(folder / "final.pt"), weights(tmp_path / "whole/final.pt"))


def test_interrupted_twice_with_dropout(digits: dict[str, Examples], tmp_path: Path) -> None:
    def perceptron() -> Network:
        layers = [nn.Flatten(), nn.Linear(64, 16), nn.Dropout(0.5), nn.Linear(16, 10)]
        return Network(nn.Sequential(*layers), "perceptron", {})

    def interrupting(step: int) -> Callable[[], Network]:
        def make() -> Network:
            network = perceptron()
            network.model.register_forward_pre_hook(Interrupting(step).hook)
            return network

        return make

    train(digits, tmp_path / "whole", make_network=perceptron)
    for step in (5, 2):
        with pytest.raises(KeyboardInterrupt):
            train(digits, tmp_path / "parts", make_network=interrupting(step), resume=True)
    train(digits, tmp_path / "parts", make_network=perceptron, resume=True)
    assert_same(weights(tmp_path / "parts/final.pt"), weights(tmp_path / "whole/final.pt"))


@pytest.mark.parametrize("name", ["last.pt", "final.pt", "history.h5"])
def test_interrupted_before_a_file_is_written(
    digits: dict[str, Examples], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the last thing written was, the run goes on to the same end."""
    settings = replace(SETTINGS, epochs=1)
    train(digits, tmp_path / "whole", settings)

    def replacing(source: Any, target: Any) -> None:
        if Path(target).name == name:
            raise KeyboardInterrupt
        move(source, target)

    move = os.replace
    monkeypatch.setattr(os, "replace", replacing)
    with pytest.raises(KeyboardInterrupt):
        train(digits, tmp_path / "parts", settings)
    monkeypatch.undo()
    assert not (tmp_path / "parts" / name).exists()
    train(digits, tmp_path / "parts", settings, resume=True)
    assert_same(weights(tmp_path / "parts/final.pt"), weights(tmp_path / "whole/final.pt"))
    assert len(read_history(tmp_path / "parts/history.h5")) == 1


# What is in the folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("every", "epochs"), [(0, []), (1, [1, 2, 3, 4, 5]), (2, [2, 4]), (5, [5]), (9, [])]
)
def test_which_files_are_left(
    digits: dict[str, Examples], tmp_path: Path, every: int, epochs: list[int]
) -> None:
    small = {name: examples.subset(8) for name, examples in digits.items()}
    train(small, tmp_path / "run", replace(SETTINGS, epochs=5, checkpoint_every=every))
    expected = {"epoch_0000.pt", "final.pt", "last.pt", "history.h5"}
    expected |= {f"epoch_{k:04d}.pt" for k in epochs}
    assert set(contents(tmp_path / "run")) == expected


def test_a_finished_run_is_left_alone(digits: dict[str, Examples], whole: Path) -> None:
    before = contents(whole)
    settings = replace(SETTINGS, checkpoint_every=1)
    history = train(digits, whole, settings, resume=True)
    assert history == read_history(whole / "history.h5")
    with pytest.raises(InputError, match=r"already holds a training run.*--resume"):
        train(digits, whole, settings)
    assert contents(whole) == before


def test_trained_weights_are_not_overwritten(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, replace(SETTINGS, epochs=1))
    (tmp_path / "last.pt").unlink()
    before = contents(tmp_path)
    for resume, words in [(False, "already holds a training run"), (True, "no last.pt to go on")]:
        with pytest.raises(InputError, match=words):
            train(digits, tmp_path, replace(SETTINGS, epochs=1), resume=resume)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 4}, ["epochs 3", "asked for 4"]),
        ({"lr": 0.2}, ["lr 0.1", "asked for 0.2"]),
        ({"momentum": 0.5}, ["momentum 0.9", "0.5"]),
        ({"weight_decay": 0.0}, ["weight_decay 0.0005", "0.0"]),
        ({"batch_size": 8}, ["batch_size 16", "8"]),
        ({"schedule": "step"}, ["schedule onecycle", "step"]),
        ({"seed": 0}, ["seed 3", "0"]),
        ({"checkpoint_every": 0}, ["checkpoint_every 1", "0"]),
    ],
    ids=str,
)
def test_resumed_with_another_setting(
    digits: dict[str, Examples], whole: Path, change: dict[str, Any], words: list[str]
) -> None:
    before = contents(whole)
    with pytest.raises(InputError) as caught:
        train(digits, whole, replace(SETTINGS, **{"checkpoint_every": 1, **change}), resume=True)
    for word in [str(whole / "last.pt"), *words]:
        assert word in str(caught.value)
    assert contents(whole) == before


def test_resumed_with_another_network_or_other_data(
    digits: dict[str, Examples], whole: Path
) -> None:
    settings = replace(SETTINGS, checkpoint_every=1)

    def wide() -> Network:
        return build_network("resnet8", in_channels=1, width=2)

    def plain() -> Network:
        return build_network("resnet8", in_channels=1, shortcuts="none")

    fewer = {**digits, "train": digits["train"].subset(20)}
    other_test = {**digits, "test": digits["test"].subset(20)}
    moved = {name: replace(examples, source="elsewhere") for name, examples in digits.items()}
    for data, network, word in [
        (digits, wide, "width 1, asked for 2"),
        (digits, plain, "shortcuts projection, asked for none"),
        (fewer, resnet8, "data_sha256"),
        (other_test, resnet8, "test_data_sha256"),
    ]:
        with pytest.raises(InputError, match=word):
            train(data, whole, settings, network, resume=True)
    assert len(train(moved, whole, settings, resume=True)) == 3  # the same images elsewhere


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b""),
        lambda path: torch.save({"state_dict": {}}, path),
        lambda path: torch.save([1], path),
        lambda path: torch.save({"facts": 3}, path),
        lambda path: torch.save(
            {**torch.load(path), "state_dict": {"conv1.weight": torch.zeros(1)}}, path
        ),
        lambda path: torch.save({**torch.load(path), "optimizer": {}}, path),
        lambda path: torch.save(nn.Linear(1, 1), path),
    ],
    ids=["cut", "empty", "weights", "list", "no facts", "no weights", "no optimizer", "module"],
)
def test_a_damaged_last_checkpoint(
    digits: dict[str, Examples], whole: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    for name, content in contents(whole).items():
        (folder / name).write_bytes(content)
    damage(folder / "last.pt")
    before = contents(folder)
    with pytest.raises(InputError, match=r"last\.pt"):
        train(digits, folder, replace(SETTINGS, checkpoint_every=1), resume=True)
    assert contents(folder) == before


# The history


def test_history_is_that_of_the_saved_weights(digits: dict[str, Examples], whole: Path) -> None:
    history = read_history(whole / "history.h5")
    for epoch in (1, 2, 3):
        network = build_network(checkpoint=read_checkpoint(whole / f"epoch_{epoch:04d}.pt"))
        model = network.model.double().eval()
        for split, examples in digits.items():
            pixels = examples.inputs.numpy().astype(np.float64)
            inputs = torch.from_numpy((pixels / 16 - 0.3053) / 0.3760)
            with torch.no_grad():
                logits = model(inputs).numpy()
            labels = examples.targets.numpy()
            rows = np.arange(len(labels))
            losses = np.log(np.exp(logits).sum(axis=1)) - logits[rows, labels]
            loss, error = losses.mean(), (logits.argmax(axis=1) != labels).mean()
            assert history.columns[f"{split}_loss"][epoch - 1] == pytest.approx(loss, abs=1e-5)
            assert history.columns[f"{split}_error"][epoch - 1] == pytest.approx(error, abs=1e-12)


def test_history_opens_in_xarray(whole: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    history = read_history(whole / "history.h5")
    with xarray.open_dataset(whole / "history.h5", engine="h5netcdf") as data:
        assert dict(data.sizes) == {"epoch": 3}
        assert data["epoch"].values.tolist() == [1, 2, 3]
        assert set(data.data_vars) == set(COLUMNS)
        for name in COLUMNS:
            assert data[name].dims == ("epoch",)
            assert data[name].values.tolist() == history.columns[name]
        assert data["train_loss"].attrs["units"] == "nats"
        said = {**data.attrs}
    assert said["model"] == "resnet8"
    assert said["seed"] == 3
    assert said["shortcuts"] == "projection"
    assert said["preprocess"] == str(load_splits("digits")["train"].preprocess)


def test_history_comes_back_as_it_was(tmp_path: Path) -> None:
    history = History(attributes={"lr": 0.1, "epochs": 2, "model": "resnet8"})
    rows = [[0.1 + 0.2, 1 / 3, math.inf, math.nan, 1e-300], [5e-324, 0.0, -0.0, 1e308, 0.1]]
    for row in rows:
        history.append(**dict(zip(COLUMNS, row, strict=True)))
    history.save(tmp_path / "h.h5")
    again = read_history(tmp_path / "h.h5")
    assert again.attributes == history.attributes
    np.testing.assert_array_equal(
        np.array([again.columns[name] for name in COLUMNS]).T, np.array(rows)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["h.h5"]


def test_no_history(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("epoch 1")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_group("train_loss")
    for name, word in [
        ("none.h5", "does not exist"),
        ("text.h5", "is no training history"),
        ("other.h5", "is no training history"),
    ]:
        with pytest.raises(InputError, match=word):
            read_history(tmp_path / name)
    with pytest.raises(InputError, match="cannot write"):
        History().save(tmp_path / "text.h5" / "h.h5")


def test_evaluation_does_not_depend_on_the_batches(digits: dict[str, Examples]) -> None:
    torch.manual_seed(0)
    model = resnet8().model
    expected = evaluate_examples(model, digits["train"], batch_size=40)
    for batch_size in (1, 7, 39):
        found = evaluate_examples(model, digits["train"], batch_size)
        assert found == pytest.approx(expected, abs=1e-6)
    assert model.training


# Schedules and steps


def cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def one_cycle(step: int, lr: float, epochs: int, steps: int) -> float:
    """Smith and Topin's cycle: lr/25 up to lr, then down to lr/250,000, both along a cosine."""
    total = epochs * steps
    if total == 1:
        return lr
    top, end = 0.3 * total - 1, total - 1
    if step <= top:
        return cosine(lr / 25, lr, step / top)
    return cosine(lr, lr / 25e4, (step - top) / (end - top))


def tenths(step: int, lr: float, epochs: int, steps: int) -> float:
    complete = step // steps
    return lr * 0.1 ** ((complete >= epochs / 2) + (complete >= epochs * 3 / 4))


FORMULAS: dict[str, Callable[[int, float, int, int], float]] = {
    "onecycle": one_cycle,
    "step": tenths,
    "constant": lambda step, lr, epochs, steps: lr,
}


@pytest.mark.parametrize(
    ("epochs", "steps"),
    [(1, 1), (2, 1), (1, 2), (3, 1), (1, 4), (5, 1), (10, 1), (4, 3), (7, 2), (25, 12), (1, 100)],
)
@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rates(name: str, epochs: int, steps: int) -> None:
    lr = 0.3
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
    schedule = SCHEDULES[name](optimizer, epochs, steps)
    found = []
    for _ in range(epochs * steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    expected = [FORMULAS[name](k, lr, epochs, steps) for k in range(epochs * steps)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert max(found) > 0.5 * lr


def test_every_schedule_has_a_formula() -> None:
    assert set(FORMULAS) == set(SCHEDULES)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_in_the_history(digits: dict[str, Examples], tmp_path: Path, schedule: str) -> None:
    history = train(digits, tmp_path, replace(SETTINGS, epochs=4, schedule=schedule))
    expected = [FORMULAS[schedule](3 * epoch, 0.1, 4, 3) for epoch in range(4)]
    assert history.columns["lr"] == pytest.approx(expected, rel=1e-9)


def test_one_step_in_all_is_taken(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, replace(SETTINGS, epochs=1, batch_size=64))
    a, b = (weights(tmp_path / name)["linear.weight"] for name in ("epoch_0000.pt", "final.pt"))
    assert (a - b).norm() > 0.01 * a.norm()


def linear() -> Network:
    return Network(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).double(), "linear", {})


@pytest.mark.parametrize("momentum", [0.9, 0.5])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_steps_by_hand(
    digits: dict[str, Examples], tmp_path: Path, momentum: float, weight_decay: float
) -> None:
    """Three full-batch steps of a linear classifier in numpy, with the gradient in closed form."""
    settings = TrainingSettings(
        epochs=3,
        lr=0.05,
        momentum=momentum,
        weight_decay=weight_decay,
        batch_size=40,
        schedule="constant",
    )
    train(digits, tmp_path, settings, linear)
    start = weights(tmp_path / "epoch_0000.pt")
    w, b = start["1.weight"].numpy(), start["1.bias"].numpy()
    x = (digits["train"].inputs.numpy().reshape(40, 64) / 16 - 0.3053) / 0.3760
    hot = np.eye(10)[digits["train"].targets.numpy()]
    velocity = None
    for _ in range(3):
        logits = x @ w.T + b
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        gradient = [(p - hot).T @ x / 40 + weight_decay * w, (p - hot).mean(0) + weight_decay * b]
        if velocity is None:
            velocity = [g.copy() for g in gradient]
        else:
            velocity = [momentum * v + g for v, g in zip(velocity, gradient, strict=True)]
        # Nesterov: the gradient is followed by what momentum will add
        w = w - 0.05 * (gradient[0] + momentum * velocity[0])
        b = b - 0.05 * (gradient[1] + momentum * velocity[1])
    final = weights(tmp_path / "final.pt")
    np.testing.assert_allclose(final["1.weight"].numpy(), w, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(final["1.bias"].numpy(), b, rtol=1e-12, atol=1e-13)


def test_a_batch_may_be_larger_than_the_data(digits: dict[str, Examples], tmp_path: Path) -> None:
    settings = replace(SETTINGS, epochs=1, schedule="constant")
    for name, size in [("just", 40), ("more", 2**32 - 1)]:
        train(digits, tmp_path / name, replace(settings, batch_size=size), linear)
    assert_same(*[weights(tmp_path / name / "final.pt") for name in ("just", "more")])


def test_every_example_once_an_epoch(digits: dict[str, Examples], tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def watched() -> Network:
        network = linear()

        def watch(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if module.training and torch.is_grad_enabled():
                seen.append(inputs[0].detach())

        network.model.register_forward_pre_hook(watch)
        return network

    train(digits, tmp_path, replace(SETTINGS, epochs=2), watched)
    assert [len(batch) for batch in seen] == [16, 16, 8] * 2
    epochs = [torch.cat(seen[:3]), torch.cat(seen[3:])]
    assert not torch.equal(*epochs)
    expected = sorted(digits["train"].preprocess(digits["train"].inputs, torch.float64).tolist())
    for order in epochs:
        assert sorted(order.tolist()) == expected


# What cannot be trained


@pytest.mark.parametrize("lr", [1e6, 1e30])
def test_a_diverging_run(digits: dict[str, Examples], tmp_path: Path, lr: float) -> None:
    settings = replace(SETTINGS, lr=lr, schedule="constant")
    with pytest.raises(InputError) as caught:
        train(digits, tmp_path, settings)
    for word in ["training loss became", "in epoch", f"below {lr:g}", "--lr"]:
        assert word in str(caught.value)
    assert not (tmp_path / "final.pt").exists()


WRONG_SETTINGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"epochs": 0}, ["--epochs 0", "at least 1"]),
    ({"batch_size": 0}, ["--batch-size 0", "at least 1"]),
    ({"checkpoint_every": -1}, ["--checkpoint-every -1", "at least 0"]),
    ({"seed": -1}, ["--seed -1", "at least 0"]),
    ({"seed": 2**32}, ["--seed 4294967296", "at most 4294967295"]),
    ({"epochs": 2**32}, ["--epochs 4294967296", "at most 4294967295"]),
    ({"batch_size": 10**25}, ["--batch-size 1", "at most 4294967295"]),
    ({"lr": 0.0}, ["--lr 0.0", "positive"]),
    ({"lr": math.nan}, ["--lr nan", "positive"]),
    ({"lr": math.inf}, ["--lr inf", "positive"]),
    ({"momentum": 0.0}, ["--momentum 0.0", "between 0 and 1"]),
    ({"momentum": 1.0}, ["--momentum 1.0"]),
    ({"momentum": math.nan}, ["--momentum nan"]),
    ({"weight_decay": -1.0}, ["--weight-decay -1.0", "at least 0"]),
    ({"weight_decay": math.nan}, ["--weight-decay nan"]),
    ({"weight_decay": math.inf}, ["--weight-decay inf"]),
    ({"schedule": "cosine"}, ["'cosine'", "onecycle, step, constant"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG_SETTINGS, ids=str)
def test_wrong_settings(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        TrainingSettings(**settings)
    for word in words:
        assert word in str(caught.value)


def test_the_largest_seed_works(digits: dict[str, Examples], tmp_path: Path) -> None:
    train(digits, tmp_path, TrainingSettings(epochs=1, seed=2**32 - 1), linear)


def network_of(model: nn.Module) -> Callable[[], Network]:
    return lambda: Network(copy.deepcopy(model), "mine", {})


class Tuple(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(x.flatten(1)), x


class Silent(Tuple):
    def forward(self, x: Tensor) -> Any:
        assert x.ndim == 2
        return self.layer(x)


def frozen() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).requires_grad_(False)


NORMALIZED = [nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10)]

MISFITS: dict[str, tuple[Callable[[], Network], dict[str, Any], list[str]]] = {
    "fewer classes": (
        lambda: build_network("resnet8", in_channels=1, classes=5),
        {},
        ["labels run from 0 to 9", "5 outputs", "digits"],
    ),
    "other channels": (
        lambda: build_network("resnet8", in_channels=3),
        {},
        ["resnet8", "(8, 1, 8, 8)", "digits"],
    ),
    "no logits": (network_of(nn.Flatten(0)), {}, ["no parameters that take a gradient"]),
    "several outputs": (network_of(Tuple()), {}, ["logits of shape (n, classes)", "a tuple"]),
    "a bare assert": (network_of(Silent()), {}, ["mine", "AssertionError"]),
    "nothing to train": (network_of(frozen()), {}, ["mine", "no parameters"]),
    "one example in the last batch": (
        network_of(nn.Sequential(*NORMALIZED)),
        {"batch_size": 13},
        ["a batch of 1 examples", "--batch-size", "more than 1 value"],
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit(digits: dict[str, Examples], tmp_path: Path, case: str) -> None:
    make_network, change, words = MISFITS[case]
    with pytest.raises(InputError) as caught:
        train(digits, tmp_path / "run", replace(SETTINGS, **change), make_network)
    for word in words:
        assert word in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_both_splits_are_needed(digits: dict[str, Examples], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected train and test"):
        train({"train": digits["train"]}, tmp_path)


def test_a_folder_that_cannot_be_made(digits: dict[str, Examples], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match=r"cannot make the folder .*Not a directory"):
        train(digits, tmp_path / "file" / "run")


def test_fitting_leaves_no_trace(digits: dict[str, Examples], tmp_path: Path) -> None:
    """The trial batch before the work changes neither running statistics nor their counts."""
    train(digits, tmp_path, replace(SETTINGS, epochs=1))
    first = weights(tmp_path / "epoch_0000.pt")
    assert int(first["bn1.num_batches_tracked"]) == 0
    assert not first["bn1.running_mean"].any()
    assert int(weights(tmp_path / "final.pt")["bn1.num_batches_tracked"]) == 3


def test_trains_to_something(tmp_path: Path) -> None:
    """Not only the right steps: three epochs of 400 digits are learnt far better than guessing."""
    data = load_splits("digits", "both", limit=400)
    history = train(data, tmp_path, replace(SETTINGS, batch_size=32))
    assert history.columns["test_error"][-1] < 0.25
    assert history.columns["train_loss"][-1] < 0.6
