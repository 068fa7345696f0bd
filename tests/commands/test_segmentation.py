"""A U-Net on scenes from the command line: training, sampling, plotting and errors."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
import torch

import landscape.render.__main__
import landscape.sample
import landscape.train
from landscape.checkpoint import save_checkpoint
from landscape.models.unet import SHORTCUTS, UNet
from landscape.store import open_surface
from landscape.training.history import read_history
from tests.commands.calls import Bad, bad, check_refused

SCENES = ["--data", "scenes", "--limit", "4", "--x=0"]
DIGITS = ["--data", "digits", "--limit", "4", "--x=0"]
UNET = ["--model", "unet", "--settings", "levels=2,channels=2"]


@pytest.fixture(scope="module", autouse=True)
def networks(material: Path) -> None:
    """Two untrained networks with other numbers of classes and levels, in the working folder."""
    for name, settings in [("unet", {"classes": 11}), ("unet5", {"classes": 5})]:
        torch.manual_seed(0)
        model = UNet("none", levels=2, channels=2, in_channels=1, **settings)
        said = {"name": "unet", "shortcuts": "none", "levels": 2, "channels": 2}
        save_checkpoint(material / f"{name}.pt", model, said)


@pytest.mark.parametrize("shortcuts", SHORTCUTS)
def test_training_sampling_and_plotting(
    folder: Path, capsys: pytest.CaptureFixture[str], shortcuts: str
) -> None:
    run = f"unet-{shortcuts}"
    train = [*UNET, "--shortcuts", shortcuts, "--data", "scenes", "--limit", "12"]
    assert landscape.train.main([*train, "--epochs", "2", "-o", run]) == 0
    *_, trained, proposed = capsys.readouterr().out.splitlines()
    assert "pixel error" in trained
    assert "IoU 0." in trained
    words = shlex.split(proposed)[5:]
    assert words[:4] == ["--weights", f"{run}/final.pt", "--data", "scenes"]
    sample = [*words, "--limit", "12", "--x=-1:1:3", "--y=-1:1:3"]
    assert landscape.sample.main([*sample, "--split", "both", "--metrics", "dice_loss"]) == 0

    surface = open_surface(f"{run}/surface.h5")
    assert surface.complete
    said = {"model": "unet", "shortcuts": shortcuts, "loss": "pixel_loss", "classes": 11}
    assert surface.attributes.items() >= {**said, "levels": 2, "channels": 2}.items()
    assert surface.attributes["metrics"] == "loss, accuracy, iou, dice_loss"
    assert surface.quantities["test_iou"].long_name.startswith("intersection over union over 12")
    assert surface.quantities["train_loss"].units == "nats"
    history = read_history(f"{run}/history.h5").columns
    for split in ("train", "test"):
        for name in ("loss", "iou"):
            at_the_end = history[f"{split}_{name}"][-1]
            assert surface[f"{split}_{name}"][1, 1] == pytest.approx(at_the_end, abs=1e-4)
        right = 1 - history[f"{split}_error"][-1]
        assert surface[f"{split}_accuracy"][1, 1] == pytest.approx(right, abs=1e-4)
        for name in ("loss", "accuracy", "iou", "dice_loss"):
            assert np.isfinite(surface[f"{split}_{name}"]).all()

    picture = f"{run}/iou.png"
    draw = [f"{run}/surface.h5", "--style", "heatmap", "--quantity", "test_iou", "-o", picture]
    assert landscape.render.__main__.main(draw) == 0
    assert Path(picture).stat().st_size > 5000


def test_another_loss(folder: Path) -> None:
    sample = ["--weights", "unet.pt", *SCENES, "--tune", "off"]
    for loss, metrics in [("dice_loss", "loss, iou"), ("cross_entropy", "loss, accuracy")]:
        output = f"{loss}.h5"
        assert landscape.sample.main([*sample, "--loss", loss, "-o", output]) == 0
        assert open_surface(output).attributes["metrics"] == metrics


def test_data_with_labels_keep_their_loss(folder: Path) -> None:
    assert open_surface("mine.h5").attributes["loss"] == "cross_entropy"


REFUSED = [
    bad("train", [*UNET, "--data", "digits"], "one prediction per pixel", "resnet20"),
    bad("train", "--model unet --data digits", "8 x 8 pixels", "2^4 = 16", "--settings levels=3"),
    bad(
        "train",
        "--model unet --settings levels=6,channels=1 --data scenes",
        "32 x 32",
        "2^6 = 64",
        "levels=5",
    ),
    bad("train", "--model resnet8 --data scenes", "scenes: pixel_loss", "these are masks", "unet"),
    bad(
        "train", [*UNET, "--settings", "classes=5", "--data", "scenes"], "from 0 to 10", "5 outputs"
    ),
    bad("train", [*UNET, "--shortcuts", "add"], "'add'", "concatenate, none"),
    bad("train", "--model unet --width 2 --data scenes", "'width'", "levels, channels"),
    bad("train", [*UNET, "--data", "scenes:3"], "scenes:3", "expected scenes without a path"),
    bad("train", [*UNET, "--data", "scene"], "'scene'", "did you mean 'scenes'?"),
    bad("sample", ["--weights", "unet.pt", *DIGITS], "one prediction per pixel", "data with masks"),
    bad("sample", ["--weights", "projection.pt", *SCENES], "pixel_loss", "these are masks", "unet"),
    bad("sample", ["--weights", "unet5.pt", *SCENES], "labels run from 0 to 10", "5 outputs"),
    bad("sample", ["--weights", "unet.pt", *SCENES, "--loss", "mse"], "mse", "cross_entropy"),
    bad("sample", ["--weights", "unet.pt", *SCENES, "--loss", "token_loss"], "token_loss"),
    bad(
        "sample",
        ["--weights", "unet.pt", *SCENES, "--settings", "levels=3"],
        "levels 3",
        "levels 2",
    ),
    bad(
        "sample",
        ["--weights", "unet.pt", *SCENES, "--shortcuts", "concatenate"],
        "shortcuts concatenate",
        "shortcuts none",
    ),
    *[
        bad("sample", ["--weights", "projection.pt", *DIGITS, *how], "of every pixel", "accuracy")
        for how in (["--loss", "pixel_loss"], ["--loss", "dice_loss"], ["--metrics", "iou"])
    ],
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)
