"""landscape.train: errors, files and resuming."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import torch

import landscape.sample
import landscape.train
from landscape.checkpoint import read_checkpoint
from landscape.data import load_splits
from landscape.store import open_surface
from landscape.training.history import read_history
from tests.commands.calls import (
    TRAIN,
    Bad,
    bad,
    check_refused,
    interrupted,
)

NETWORK = [
    bad("train", "--model vgg16", "'vgg16'", "resnet56", "torchvision:NAME"),
    bad("train", "--model resnet57", "resnet57", "6n+2", "56 and 62"),
    bad("train", "--model resnet8 --shortcuts skip", "'skip'", "projection, identity, none"),
    bad("train", "--model resnet18 --shortcuts gate", "'gate'", "projection, identity, none"),
    bad("train", "--model resnet18 --width 2", "'width'", "channels, in_channels, classes"),
    bad("train", "--model resnet8 --settings width=0.5", "'0.5'", "a whole number"),
    bad("train", "--model resnet8 --width 0", "width is 0", "at least 1"),
    bad("train", "--model users:good --shortcuts none", "--shortcuts", "users:good is your own"),
    bad("train", "--model users:failing", "RuntimeError: out of ideas", "users.py"),
    bad("train", "--model users:nothing", "returned NoneType", "torch.nn.Module"),
]


DATA = [
    bad("train", "--model resnet8 --data digit", "'digit'", "did you mean 'digits'?"),
    bad("train", "--model resnet8 --data cifar10:gone", "gone", "no such file or folder"),
    bad("train", "--model resnet8 --data cifar10:cut.npz", "cut.npz", "not a readable .npz"),
    bad("train", "--model resnet8 --preprocess imagenet", "3 channels", "(1, 8, 8)"),
    bad("train", "--model resnet8 --limit 0", "--limit 0", "at least 1"),
    bad("train", "--model users:few_classes", "labels run from 0 to 9", "5 outputs"),
    bad("train", "--model users:good --data cifar10:cifar.npz", "(4, 3, 32, 32)", "cifar.npz"),
]


OUTPUT = [
    bad("train", [*TRAIN, "-o", "text.txt"], "text.txt", "File exists"),
    bad("train", [*TRAIN, "-o", "text.txt/run"], "text.txt/run", "Not a directory"),
    bad("train", [*TRAIN, "-o", "run"], "run already contains a training run", "--resume", "-o"),
    bad("train", [*TRAIN, "-o", "run", "--resume", "--seed", "5"], "seed 0", "requested 5"),
    bad("train", [*TRAIN, "-o", "run", "--resume", "--lr", "1"], "lr 0.1", "requested 1.0"),
]


TRAINING = [
    bad("train", [*TRAIN, "--epochs", "0"], "--epochs 0", "at least 1"),
    bad("train", [*TRAIN, "--epochs", "ten"], "--epochs", "'ten'"),
    bad("train", [*TRAIN, "--lr", "-1"], "--lr -1", "positive"),
    bad("train", [*TRAIN, "--lr", "nan"], "--lr nan", "positive"),
    bad("train", [*TRAIN, "--momentum", "1"], "--momentum 1", "between 0 and 1"),
    bad("train", [*TRAIN, "--weight-decay", "-1"], "--weight-decay -1", "at least 0"),
    bad("train", [*TRAIN, "--batch-size", "0"], "--batch-size 0", "at least 1"),
    bad("train", [*TRAIN, "--seed", "-1"], "--seed -1", "at least 0"),
    bad("train", [*TRAIN, "--checkpoint-every", "-1"], "--checkpoint-every -1", "at least 0"),
    bad("train", [*TRAIN, "--schedule", "cosine"], "'cosine'", "onecycle, step, constant"),
    bad("train", [*TRAIN, "--device", "tpu"], "'tpu'", "auto, cpu, cuda"),
    bad("train", [*TRAIN, "--device", "cuda:99"], "cuda:99", "--device cpu"),
]


@pytest.mark.parametrize("case", [*NETWORK, *DATA, *OUTPUT, *TRAINING], ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)


def test_a_diverging_training(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*TRAIN, "--lr", "1e30", "--schedule", "constant", "-o", "diverging"]
    assert landscape.train.main([*arguments, "--limit", "40", "--batch-size", "8"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: the training loss became ")
    assert "--lr" in last


def test_output_and_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", "resnet8", "--limit", "3", "--epochs", "2", "-o", "new/run"]
    assert landscape.train.main([*arguments, "--checkpoint-every", "1", "--shortcuts", "none"]) == 0
    said = capsys.readouterr().out
    assert "new/run/final.pt: train loss " in said
    assert "python -m landscape.sample --weights new/run/final.pt --data digits" in said
    checkpoint = read_checkpoint("new/run/final.pt")
    assert checkpoint.settings == {
        "name": "resnet8",
        "depth": 8,
        "shortcuts": "none",
        "width": 1,
        "in_channels": 1,
        "classes": 10,
    }
    assert len(read_history("new/run/history.h5")) == 2


def test_classes_are_counted_in_the_whole_data_set(folder: Path) -> None:
    data = load_splits("cifar10:cifar.npz", "both", limit=1)
    assert all(examples.targets.max() < 3 for examples in data.values())
    arguments = ["--model", "resnet8", "--data", "cifar10:cifar.npz", "--epochs", "1"]
    assert landscape.train.main([*arguments, "--limit", "1", "-o", "four"]) == 0
    assert read_checkpoint("four/final.pt").settings["classes"] == 4


def test_settings_of_the_network(folder: Path) -> None:
    arguments = ["--model", "resnet18", "--settings", "channels=2, classes=12", "--limit", "3"]
    assert landscape.train.main([*arguments, "--epochs", "1", "-o", "set"]) == 0
    settings = read_checkpoint("set/final.pt").settings
    assert (settings["channels"], settings["classes"], settings["in_channels"]) == (2, 12, 1)
    sample = ["--weights", "set/final.pt", "--settings", "channels=2", "--limit", "2", "--x=0"]
    assert landscape.sample.main([*sample, "-o", "set.h5"]) == 0
    assert open_surface("set.h5").attributes["channels"] == 2


def test_the_proposed_command_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert landscape.train.main([*TRAIN, "-o", "run", "--resume"]) == 0
    words = capsys.readouterr().out.splitlines()[-1].partition("landscape.sample ")[2].split()
    assert landscape.sample.main([*words, "--limit", "2", "--x=-1:1:2", "--y=-1:1:2"]) == 0
    assert open_surface("run/surface.h5").complete


def test_the_proposed_command_has_all_necessary_options(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", "users:good", "--preprocess", "0.2/0.5", "--limit", "4"]
    assert landscape.train.main([*arguments, "--epochs", "1", "-o", "with space"]) == 0
    proposed = shlex.split(capsys.readouterr().out.splitlines()[-1])[5:]
    assert landscape.sample.main([*proposed, "--limit", "4", "--x=0"]) == 0
    surface = open_surface("with space/surface.h5")
    assert surface.attributes["preprocess"] == "given: (x/16 - [0.2])/[0.5]"
    assert surface.attributes["model"] == "users:good"
    at_the_end = read_history("with space/history.h5").columns["train_loss"][-1]
    assert surface["train_loss"].item() == pytest.approx(at_the_end, abs=1e-6)


def test_ctrl_c_while_training(folder: Path) -> None:
    arguments = ["--model", "slow:slow", "--limit", "8", "--batch-size", "2", "--epochs", "4"]
    arguments += ["--device", "cpu", "-o"]
    last = interrupted(["landscape.train", *arguments, "part"], Path("part/last.pt").exists)
    epochs = len(read_history("part/history.h5"))
    saved = f"{epochs} of 4 epochs are saved in part"
    assert last == f"interrupted: {saved}; run the same command with --resume"
    assert not Path("part/final.pt").exists()
    assert landscape.train.main([*arguments, "part", "--resume"]) == 0
    assert landscape.train.main([*arguments, "whole"]) == 0
    part, whole = (read_checkpoint(f"{name}/final.pt").state for name in ("part", "whole"))
    torch.testing.assert_close(part, whole)
