"""Lightning: the loss of a module's training step at every point, and its training as a path."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import landscape
import tests.broken_torchvision  # noqa: F401
from landscape.checkpoint import read_checkpoint
from landscape.errors import InputError

lightning = pytest.importorskip("lightning")

X = torch.linspace(-2, 2, 76).reshape(19, 4)
Y = torch.arange(19) % 3


class Module(lightning.LightningModule):
    """A usual module: it logs, has a dropout and a metric of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3)
        )

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        loss = nn.functional.cross_entropy(self.layers(x), y)
        self.log("train_loss", loss, on_epoch=True, prog_bar=True)
        return {"loss": loss}

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Data(lightning.LightningDataModule):
    def setup(self, stage: str) -> None:
        self.whole = TensorDataset(X, Y)

    def train_dataloader(self) -> Any:
        return DataLoader(self.whole, batch_size=8, shuffle=True)

    def val_dataloader(self) -> Any:
        return [DataLoader(TensorDataset(X[:5], Y[:5]), batch_size=3)]


class Scaled(Data):
    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        x, y = batch
        return 2 * x, y


def module() -> Module:
    torch.manual_seed(0)
    return Module()


def naive(model: Module, direction: dict[str, Tensor] | None = None, x: float = 0.0) -> float:
    moved = copy.deepcopy(model.layers).double().eval()
    with torch.no_grad():
        for name, p in moved.named_parameters():
            p += 0 if direction is None else x * direction[f"layers.{name}"].double()
        return nn.functional.cross_entropy(moved(X.double()), Y).item()


@pytest.mark.parametrize("data", [Data(), DataLoader(TensorDataset(X, Y), batch_size=8)])
def test_the_loss_is_the_mean_over_all_examples(data: Any) -> None:
    """Batches of 8, 8 and 3, whose plain mean would be another number."""
    own = module()
    problem = landscape.from_lightning(own, data, device="cpu")
    direction = {name: 0.3 * torch.randn(p.shape) for name, p in problem.origin.items()}
    surface = landscape.sample_surface(
        problem, "-1:1:3", None, directions=[direction], progress=False, tune="off"
    )
    wanted = [naive(own, direction, x) for x in (-1.0, 0.0, 1.0)]
    np.testing.assert_allclose(surface["train_loss"], wanted, rtol=2e-6)
    assert surface.attributes["model"] == "Module"


def test_splits_and_hooks() -> None:
    own = module()
    problem = landscape.from_lightning(own, Scaled(), ("train", "val"), device="cpu")
    surface = landscape.sample_surface(problem, "0", None, progress=False, tune="off")
    plain = copy.deepcopy(own.layers).double().eval()
    for split, x, y in (("train", X, Y), ("val", X[:5], Y[:5])):
        wanted = nn.functional.cross_entropy(plain(2 * x.double()), y).item()
        assert surface[f"{split}_loss"][0] == pytest.approx(wanted, rel=2e-6)


def fit(own: Any, folder: Path, **options: Any) -> Any:
    its = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )
    its.fit(own, Data())
    return its


@pytest.mark.parametrize("accumulated", [1, 2])
def test_training_is_recorded(tmp_path: Path, accumulated: int) -> None:
    kept: dict[int, Module] = {}

    class Keep(lightning.Callback):
        def on_train_batch_start(self, trainer: Any, own: Any, batch: Any, number: int) -> None:
            kept.setdefault(trainer.global_step, copy.deepcopy(own.layers))

    own, recorder = module(), landscape.Recorder(tmp_path / "run")
    options = {"accumulate_grad_batches": accumulated}
    its = fit(own, tmp_path, callbacks=[recorder.lightning_callback(), Keep()], **options)
    steps = list(range(its.global_step + 1))
    assert len(steps) == (7 if accumulated == 1 else 5)
    for step in steps[:-1]:
        state = read_checkpoint(tmp_path / "run" / f"step_{step:06d}.pt").state
        for name, true in kept[step].named_parameters():
            torch.testing.assert_close(state[f"layers.{name}"], true.detach(), rtol=1e-3, atol=1e-4)
    final = read_checkpoint(tmp_path / "run" / "final.pt").state
    assert all(torch.equal(final[name], true) for name, true in own.state_dict().items())

    # After a training the module is attached to its trainer, which must not be copied along.
    problem = landscape.from_lightning(own, Data(), device="cpu")
    surface = landscape.sample_surface(
        problem,
        "0:1:2",
        "0:1:2",
        directions=f"pca:{tmp_path / 'run'}",
        progress=False,
        tune="off",
    )
    path = surface.trajectories["run"]
    np.testing.assert_array_equal(path.step, steps)
    assert path.loss[-1] == pytest.approx(naive(own), rel=2e-6)
    assert own.trainer is its


class ByHand(Module):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False


class Silent(Module):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        return None


class NoBatches(lightning.LightningDataModule):
    pass


@pytest.mark.parametrize(
    ("own", "data", "splits", "says"),
    [
        (ByHand, Data(), ("train",), "ByHand optimizes by hand.*objective="),
        (Silent, Data(), ("train",), "training_step of Silent returned a NoneType: expected the"),
        (Module, NoBatches(), ("train",), "NoBatches has no train_dataloader"),
        (Module, None, ("train",), "Module has no train_dataloader; give a datamodule"),
        (Module, Data(), ("test",), "Data has no test_dataloader"),
        (Module, Data(), ("valid",), r"splits=\['valid'\]: expected names among train, val, test"),
        (Module, DataLoader([1]), ("train", "val"), "with one DataLoader: give a datamodule"),
        (Module, [1, 2], ("train",), "data of type list; expected a LightningDataModule"),
    ],
)
def test_bad_input(own: Any, data: Any, splits: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        landscape.from_lightning(own(), data, splits, device="cpu")
