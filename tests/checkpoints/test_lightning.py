"""Checkpoints of Lightning, by its own Trainer: hyperparameters, names, and a run of them."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from landscape.checkpoint import read_checkpoint
from landscape.planes.run_files import checkpoints_in
from landscape.problem import Problem
from landscape.run import sample_surface
from landscape.summary import plane_words

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import lightning
    from lightning.pytorch.callbacks import ModelCheckpoint

EPOCHS = 12


class Module(lightning.LightningModule):
    """With hyperparameters of types that only Lightning's own reader makes."""

    def __init__(self, args: argparse.Namespace, where: Path, rate: Any) -> None:
        super().__init__()
        self.save_hyperparameters()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
        self.criterion = nn.CrossEntropyLoss(weight=torch.ones(3))
        self.states: list[dict[str, Tensor]] = []

    def training_step(self, batch: Any, _: int) -> Tensor:
        return self.criterion(self.net(batch[0]), batch[1])

    def validation_step(self, batch: Any, _: int) -> None:
        # Falls, then rises: the order of the losses is not that of the epochs.
        self.log("val_loss", 1.0 + abs(self.current_epoch - 5) / 10)

    def on_train_epoch_end(self) -> None:
        self.states.append({n: t.clone() for n, t in self.net.state_dict().items()})

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=self.hparams.args.lr)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Module]:
    folder = tmp_path_factory.mktemp("lightning")
    module = Module(argparse.Namespace(lr=0.5, data=Path("data")), folder, np.float64(0.1))
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(40, 4, generator=generator)
    data = torch.utils.data.TensorDataset(inputs, inputs[:, :3].argmax(1))
    loader = torch.utils.data.DataLoader(data, batch_size=10)
    kept = ModelCheckpoint(folder / "run", "{epoch}-{val_loss:.2f}", save_top_k=-1, save_last=True)
    best = ModelCheckpoint(folder / "run", "best", monitor="val_loss")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lightning.Trainer(
            max_epochs=EPOCHS,
            accelerator="cpu",
            callbacks=[kept, best],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(module, loader, loader)
    return folder / "run", module


def test_hyperparameters_of_other_types_are_passed_over(trained: tuple[Path, Module]) -> None:
    folder, module = trained
    found = read_checkpoint(folder / "last.ckpt")
    assert found.epoch == EPOCHS - 1
    for name, tensor in module.state_dict().items():
        assert torch.equal(found.state[name], tensor), name


def test_epochs_are_in_the_order_of_training(trained: tuple[Path, Module]) -> None:
    found = checkpoints_in(trained[0])
    assert found.steps == list(range(EPOCHS))
    assert [file.name.split("-")[0] for file in found.files] == [
        f"epoch={k}" for k in range(EPOCHS)
    ]
    assert found.left_out == ["best.ckpt", "last.ckpt"]


def test_the_path_of_the_network_within_the_module(trained: tuple[Path, Module]) -> None:
    """The origin is the last epoch, and each loss is that of its epoch."""
    folder, module = trained
    data = torch.randn(20, 4), torch.randint(0, 3, (20,))
    problem = Problem(module.net, data, device="cpu")
    surface = sample_surface(problem, "auto:3", directions=f"pca:{folder}", progress=False)
    path = surface.trajectories["run"]
    assert path.loss is not None
    losses = [
        nn.functional.cross_entropy(
            torch.func.functional_call(module.net.cpu(), state, data[0]).double(), data[1]
        ).item()
        for state in module.states
    ]
    np.testing.assert_allclose(path.loss, losses, rtol=1e-5)
    assert [path.x[-1], path.y[-1]] == pytest.approx([0, 0], abs=1e-6)
    assert "left out of the path of run: best.ckpt, last.ckpt" in plane_words(surface)
