"""Every command line: bad input ends with status 2, one message, and nothing touched."""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import landscape.__main__
import landscape.info
import landscape.live
import landscape.render.__main__
import landscape.sample
import landscape.train
from landscape.build import load_splits
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.commandline import run
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.history import read_history
from landscape.models import CifarResNet
from landscape.store import open_surface, save_surface
from landscape.surface import Quantity, Surface

ROOT = Path(__file__).parent.parent

MAIN: dict[str, Callable[[list[str]], int]] = {
    "sample": landscape.sample.main,
    "train": landscape.train.main,
    "info": landscape.info.main,
    "live": landscape.live.main,
    "render": landscape.render.__main__.main,
    "landscape": landscape.__main__.main,
}

USERS_MODULE = """
import torch
from torch import nn

number = 3

def good():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

def few_classes():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 5))

def nothing():
    return None

def failing():
    raise RuntimeError("out of\\nideas")

def asserting():
    assert not "reached"

def needs(something):
    return something

def mean_loss(output, target):
    return nn.functional.cross_entropy(output, target)

def failing_loss(output, target):
    raise KeyError("weights")

def failing_direction(params, generator):
    return 1 / 0
"""


SLOW_MODULE = """
import time
from torch import nn

class Slow(nn.Sequential):
    def forward(self, x):
        time.sleep(0.04)
        return super().forward(x)

def slow():
    import torch
    torch.manual_seed(0)
    return Slow(nn.Flatten(), nn.Linear(64, 10))
"""


class RunsCode:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch it-ran",)


def write_checkpoint(name: str, shortcuts: str, classes: int = 10) -> None:
    torch.manual_seed(0)
    model = CifarResNet(8, shortcuts, in_channels=1, classes=classes)
    save_checkpoint(Path(name), model, {"name": "resnet8", "shortcuts": shortcuts})


def small_surface() -> Surface:
    surface = Surface(Grid(np.linspace(-1, 1, 3), np.linspace(-1, 1, 2)), {"loss": Quantity("l")})
    for index in range(6):
        surface.record(index, {"loss": 1.0 + index})
    return surface


def write_data() -> None:
    """Four images of CIFAR's shape, whole and in states that data sets are found in."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(4)
    np.savez("cifar.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    whole = Path("cifar.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[: len(whole) // 2])
    Path("half").mkdir()
    Path("half/data_batch_1.bin").write_bytes(bytes(3073))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working folder with files of all kinds, good and bad; the current folder meanwhile."""
    before, place = Path.cwd(), tmp_path_factory.mktemp("work")
    os.chdir(place)
    sys.path.insert(0, str(place))
    Path("users.py").write_text(USERS_MODULE)
    Path("slow.py").write_text(SLOW_MODULE)
    Path("broken.py").write_text("def f(:\n")
    Path("raising.py").write_text("import sys\nsys.exit(7)\n")
    write_checkpoint("projection.pt", "projection")
    write_checkpoint("none.pt", "none")
    write_checkpoint("five.pt", "projection", classes=5)
    torch.save(CifarResNet(8, "none", in_channels=1).state_dict(), "unsaid.pt")
    torch.save(nn.Linear(3, 3).state_dict(), "other.pt")
    torch.save(RunsCode(), "evil.pt")
    Path("cut.pt").write_bytes(Path("projection.pt").read_bytes()[:2000])
    Path("text.txt").write_text("hello\n" * 20)
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    with h5py.File("other.h5", "w") as file:
        file["something"] = [1, 2]
    save_surface(small_surface(), "surface.h5")
    Path("cut.h5").write_bytes(Path("surface.h5").read_bytes()[:1500])
    for name, attribute, value in [
        ("schema", "schema", "abc"),
        ("bare", "quantities", ""),
        ("sessions", "sessions", "not JSON"),
        ("sitting", "sessions", "3"),
    ]:
        save_surface(small_surface(), f"{name}.h5")
        with h5py.File(f"{name}.h5", "r+") as file:
            file.attrs[attribute] = value
    write_data()
    assert landscape.sample.main([*SAMPLE, "-o", "mine.h5"]) == 0
    assert landscape.train.main([*TRAIN, "-o", "run"]) == 0
    yield place
    sys.path.remove(str(place))
    os.chdir(before)


SAMPLE = ["--weights", "projection.pt", "--limit", "5", "--x=-1:1:2", "--y=-1:1:2"]
TRAIN = ["--model", "resnet8", "--limit", "8", "--epochs", "1"]
USERS = ["--model", "users:good", "--limit", "5", "--x=-1:1:2"]


@dataclass(frozen=True)
class Bad:
    """A command line that cannot work, and what its message must say."""

    command: str
    arguments: list[str]
    words: list[str]

    def __str__(self) -> str:
        return " ".join([self.command, *self.arguments])


def bad(command: str, arguments: str | list[str], *words: str) -> Bad:
    listed = arguments.split() if isinstance(arguments, str) else arguments
    return Bad(command, listed, list(words))


NETWORK = [
    bad("sample", "--model vgg9 --weights projection.pt", "'vgg9'", "resnet56", "module:function"),
    bad("sample", "--model resnet9 --weights projection.pt", "depth 9", "depth 8"),
    bad("sample", "--model resnet20 --weights projection.pt", "depth 20", "depth 8 (resnet8)"),
    bad("sample", "--model resnet56", "no weights", "--weights CHECKPOINT"),
    bad("sample", "--weights missing.pt", "missing.pt does not exist", "torch.save"),
    bad("sample", "--weights half", "half is a folder"),
    bad("sample", "--weights cut.pt", "cut.pt (2,000 bytes)", "truncated", "download"),
    bad("sample", "--weights picture.png", "no file of torch.save", "PNG"),
    bad("sample", "--weights surface.h5", "no file of torch.save", "HDF"),
    bad("sample", "--weights evil.pt", "posix.system", "not opened", "save the weights"),
    bad("sample", "--weights other.pt", "no network known here", "module:function"),
    bad("sample", "--weights unsaid.pt", "--shortcuts identity or --shortcuts none"),
    bad("sample", "--weights unsaid.pt --shortcuts projection", "does not fit", "shortcut.0"),
    bad("sample", "--weights projection.pt --shortcuts none", "shortcuts none", "projection"),
    bad("sample", "--weights none.pt --shortcuts identity", "shortcuts identity", "none"),
    bad("sample", "--weights none.pt --shortcuts skip", "'skip'", "projection, identity, none"),
    bad("sample", "--weights projection.pt --width 2", "width 2", "width 1"),
    bad("sample", "--weights projection.pt --width two", "--width", "'two'"),
    bad("sample", "--model users:good --weights projection.pt", "does not fit users:good"),
    bad("sample", "--model users:good --width 2", "--width", "users:good is your own"),
    bad("sample", "--model nowhere:f", "nowhere:f", "No module named", "module:function"),
    bad("sample", "--model users:absent", "'absent' of users is not there", "function"),
    bad("sample", "--model users:number", "is a int", "expected a function"),
    bad("sample", "--model :f", "cannot import ''", "package.module:function"),
    bad("sample", "--model .users:f", "cannot import '.users'"),
    bad("sample", "--model broken:f", "cannot import 'broken'", "SyntaxError", "line 1"),
    bad("sample", "--model raising:f", "cannot import 'raising'", "SystemExit", "7"),
    bad("sample", "--model users:nothing", "users:nothing() gave NoneType", "torch.nn.Module"),
    bad("sample", "--model users:failing", "RuntimeError: out of ideas", "line 18 of users.py"),
    bad("sample", "--model users:asserting", "AssertionError", "line 21 of users.py"),
    bad("sample", "--model users:needs", "users:needs failed", "TypeError", "something"),
    bad("train", "--model vgg9", "'vgg9'", "resnet56"),
    bad("train", "--model resnet57", "resnet57", "6n+2", "56 and 62"),
    bad("train", "--model resnet8 --shortcuts skip", "'skip'", "projection, identity, none"),
    bad("train", "--model resnet8 --width 0", "width is 0", "at least 1"),
    bad("train", "--model users:good --shortcuts none", "--shortcuts", "users:good is your own"),
    bad("train", "--model users:failing", "RuntimeError: out of ideas", "users.py"),
    bad("train", "--model users:nothing", "gave NoneType", "torch.nn.Module"),
]

DATA = [
    bad("sample", [*SAMPLE, "--data", "digit"], "'digit'", "did you mean 'digits'?"),
    bad("sample", [*SAMPLE, "--data", "digits:here"], "digits:here", "expected digits alone"),
    bad("sample", [*SAMPLE, "--data", "cifar10"], "cifar10:PATH"),
    bad("sample", [*SAMPLE, "--data", "cifar10:gone"], "gone", "no such file or folder"),
    bad("sample", [*SAMPLE, "--data", "cifar10:cut.npz"], "cut.npz", "not a readable .npz"),
    bad("sample", [*SAMPLE, "--data", "cifar10:half"], "half", "missing", "do it again"),
    bad("sample", [*SAMPLE, "--data", "cifar10:text.txt"], "text.txt", ".npz"),
    bad("sample", [*SAMPLE, "--data", "cifar.npz"], "did you mean 'cifar10:cifar.npz'?"),
    bad("sample", [*SAMPLE, "--data", "cifar10:cifar.npz"], "(3, 32, 32)", "cifar10:cifar.npz"),
    bad("sample", [*SAMPLE, "--data", "torchvision:Cats"], "'Cats'", "CIFAR10"),
    bad("sample", [*SAMPLE, "--preprocess", "cifar"], "'cifar'", "did you mean 'cifar10'?"),
    bad("sample", [*SAMPLE, "--preprocess", "cifar10"], "3 channels", "(1, 8, 8)"),
    bad("sample", [*SAMPLE, "--preprocess", "0.5/0"], "0.5/0", "positive"),
    bad("sample", [*SAMPLE, "--split", "valid"], "'valid'", "train, test, both"),
    bad("sample", [*SAMPLE, "--limit", "0"], "--limit 0", "at least 1"),
    bad("sample", [*SAMPLE, "--limit", "-5"], "--limit -5", "at least 1"),
    bad("sample", [*SAMPLE, "--limit", "many"], "--limit", "'many'"),
    bad("sample", [*SAMPLE, "--batch-size", "0"], "--batch-size 0", "at least 1"),
    bad("sample", [*SAMPLE, "--loss", "hinge"], "'hinge'", "cross_entropy, mse"),
    bad("sample", [*SAMPLE, "--loss", "mse"], "mse", "(1, 10)", "choose cross_entropy"),
    bad("sample", [*SAMPLE, "--loss", "users:mean_loss"], "(n,)", "reduction='none'"),
    bad("sample", [*SAMPLE, "--loss", "users:failing_loss"], "KeyError: 'weights'", "users.py"),
    bad("sample", [*SAMPLE, "--loss", "users:absent"], "--loss users:absent", "function"),
    bad("sample", "--weights five.pt", "labels run from 0 to 9", "5 outputs"),
    bad("sample", "--model users:few_classes", "labels run from 0 to 9", "5 outputs"),
    bad("train", "--model resnet8 --data digit", "'digit'", "did you mean 'digits'?"),
    bad("train", "--model resnet8 --data cifar10:gone", "gone", "no such file or folder"),
    bad("train", "--model resnet8 --data cifar10:cut.npz", "cut.npz", "not a readable .npz"),
    bad("train", "--model resnet8 --preprocess imagenet", "3 channels", "(1, 8, 8)"),
    bad("train", "--model resnet8 --limit 0", "--limit 0", "at least 1"),
    bad("train", "--model users:few_classes", "labels run from 0 to 9", "5 outputs"),
    bad("train", "--model users:good --data cifar10:cifar.npz", "(4, 3, 32, 32)", "cifar.npz"),
]

PLANE = [
    *[
        bad("sample", [*SAMPLE, f"--x={text}"], f"--x={text}", word, "--x=-1:1:51")
        for text, word in [
            ("1:0:5", "start is not below stop"),
            ("1:0:x", "'x' is not a whole number"),
            ("-1:1:2.5", "'2.5' is not a whole number"),
            ("-1:1:0", "0 points"),
            ("-1:1:-3", "-3 points"),
            ("0:1", "2 parts"),
            ("0:1:2:3", "4 parts"),
            ("nan:1:3", "not finite"),
            ("0:inf:3", "not finite"),
            ("-1e308:1e308:5", "too far apart"),
            ("-1:1:100000000000", "more than 1,000,000 points"),
            ("-1:1:999999999999999999999999", "more than 1,000,000 points"),
            ("-1:1:1", "two ends"),
            ("", "not numbers"),
            ("a:b:3", "not numbers"),
        ]
    ],
    bad("sample", [*SAMPLE, "--y=1:0:5"], "--y=1:0:5", "start is not below stop"),
    bad("sample", "--weights projection.pt --y=-1:1:3", "--y=-1:1:3 without --x"),
    bad("sample", [*SAMPLE, "--norm", "filters"], "'filters'", "did you mean 'filter'?"),
    bad("sample", [*SAMPLE, "--ignore", "bn"], "'bn'", "biasbn, none"),
    bad("sample", [*SAMPLE, "--seed", "-1"], "--seed -1", "at least 0"),
    bad("sample", [*SAMPLE, "--seed", str(2**64)], f"--seed {2**64}", "below 2^64"),
    bad("sample", [*SAMPLE, "--seed", "1.5"], "--seed", "'1.5'"),
    bad("sample", [*SAMPLE, "--directions", "randm"], "'randm'", "did you mean 'random'?"),
    bad("sample", [*SAMPLE, "--directions", "gone.h5"], "gone.h5 does not exist"),
    bad("sample", [*SAMPLE, "--directions", "cut.h5"], "cut.h5", "not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "--directions", "other.h5"], "no group 'xdirection'", "something"),
    bad("sample", [*SAMPLE, "--directions", "users:absent"], "--directions users:absent"),
    bad("sample", [*SAMPLE, "--directions", "users:failing_direction"], "ZeroDivisionError"),
    bad("sample", [*SAMPLE, "--device", "gpu"], "'gpu'", "auto, cpu, cuda"),
    bad("sample", [*SAMPLE, "--device", "cpu:"], "'cpu:'", "auto, cpu, cuda"),
    bad("sample", [*SAMPLE, "--device", "cuda:x"], "'cuda:x'", "cuda:N"),
    bad("sample", [*SAMPLE, "--device", "cuda:99"], "cuda:99", "CUDA devices", "--device cpu"),
    bad("sample", [*SAMPLE, "--colour", "red"], "--colour"),
    bad("sample", [*SAMPLE, "extra"], "extra"),
]

OUTPUT = [
    bad("sample", [*SAMPLE, "-o", "text.txt"], "text.txt is not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "-o", "cut.h5"], "cut.h5 is not a readable HDF5 file"),
    bad("sample", [*SAMPLE, "-o", "other.h5"], "no surface", "something"),
    bad("sample", [*SAMPLE, "-o", "surface.h5"], "another run", "grid", "-1:1:3", "-1:1:2"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--seed", "7"], "seed: the file has 0, asked for 7"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--norm", "layer"], "the file has filter", "layer"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--limit", "6"], "examples: the file has 5", "6"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--split", "test"], "train_loss", "test_loss"),
    bad("sample", [*USERS, "--y=-1:1:2", "-o", "mine.h5"], "model: the file has resnet8", "users"),
    bad("sample", "--weights projection.pt --x=auto:5 --y=-1:1:3", "both axes", "leave --y out"),
    bad("sample", "--x=auto:5 --y=-1:1:3", "both axes", "leave --y out"),
    bad("sample", "--x=auto:zero", "--x=auto:zero", "auto:count"),
    bad("sample", [*SAMPLE, "-o", "half"], "half", "is a folder"),
    bad("sample", [*SAMPLE, "-o", "gone/s.h5"], "gone/s.h5", "does not exist", "make it"),
    bad("sample", [*SAMPLE, "-o", "text.txt/s.h5"], "text.txt/s.h5", "is no folder"),
    bad("sample", [*SAMPLE, "-o", "mine.h5", "--save-directions", "gone/d.h5"], "gone/d.h5"),
    bad("sample", [*SAMPLE, "-o", "surface.h5", "--save-directions", "other.h5"], "another run"),
    bad("train", [*TRAIN, "-o", "text.txt"], "text.txt", "File exists"),
    bad("train", [*TRAIN, "-o", "text.txt/run"], "text.txt/run", "Not a directory"),
    bad("train", [*TRAIN, "-o", "run"], "run already holds a training run", "--resume", "-o"),
    bad("train", [*TRAIN, "-o", "run", "--resume", "--seed", "5"], "seed 0", "asked for 5"),
    bad("train", [*TRAIN, "-o", "run", "--resume", "--lr", "1"], "lr 0.1", "asked for 1.0"),
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

DEFAULT_JOB = [
    bad("sample", "--norm layer", "--norm needs a network", "--model or --weights"),
    bad("sample", "--data cifar10:cifar.npz", "--data needs a network", "default job"),
    bad("sample", "--save-directions d.h5", "--save-directions needs a network"),
    bad("sample", "--live", "--live needs a network", "default job"),
    bad("sample", "--batch-size 4", "--batch-size needs a network"),
    bad("sample", "--x=1:0:5", "--x=1:0:5", "start is not below stop"),
    bad("sample", "--y=0:1", "--y=0:1", "2 parts"),
    bad("sample", "--limit 0", "--limit 0", "at least 1"),
    bad("sample", "--seed -1", "--seed -1", "at least 0"),
    bad("sample", "--device gpu", "'gpu'", "auto, cpu, cuda"),
    bad("sample", "-o text.txt --limit 5", "text.txt", "Not a directory"),
]

READING = [
    bad("info", "", "FILE"),
    bad("info", "gone.h5", "gone.h5 does not exist", "surface"),
    bad("info", "half", "half is a folder"),
    bad("info", "text.txt", "text.txt is not a readable HDF5 file", "landscape"),
    bad("info", "cut.h5", "cut.h5 is not a readable HDF5 file"),
    bad("info", "other.h5", "other.h5 is an HDF5 file but no surface", "something"),
    *[
        bad(command, f"{name}.h5{rest}", f"{name}.h5 says", word, "damaged")
        for command, rest in [("info", ""), ("render", " -o out.png")]
        for name, word in [("schema", "schema 'abc'"), ("bare", "quantities none")]
    ],
    bad("info", "run/history.h5", "no surface", "epoch"),
    bad("info", "--all surface.h5", "--all"),
    bad("render", "surface.h5", "-o"),
    bad("render", "surface.h5 -o out.bmp", "out.bmp", ".png", ".html"),
    bad("render", "surface.h5 -o out", "no suffix", ".png"),
    bad("render", "gone.h5 -o out.png", "gone.h5 does not exist"),
    bad("render", "text.txt -o out.png", "text.txt is not a readable HDF5 file"),
    bad("render", "surface.h5 other.h5 -o out.png", "other.h5", "no surface"),
    bad("render", "surface.h5 -o gone/out.png", "gone/out.png"),
    bad("render", "surface.h5 -o text.txt/out.html", "text.txt/out.html"),
    bad("render", "surface.h5 -o out.png --quantity accuracy", "'accuracy'", "loss"),
    bad("render", "surface.h5 -o out.png --style pie", "pie", "contour"),
    bad("render", "surface.h5 -o out.png --style curve", "curve", "contour"),
    bad("render", "surface.h5 -o out.png --scale cubic", "cubic", "log"),
    bad("render", "surface.h5 -o out.png --levels many", "'many'", "whole number"),
    bad("render", "surface.h5 -o out.png --levels 0", "0 levels", "between"),
    bad("render", "surface.h5 -o out.png --clip high", "high"),
    bad("render", "surface.h5 -o out.png --dpi 0", "dpi 0", "between"),
    bad("render", "surface.h5 -o out.png --cmap rainbows", "rainbows"),
    bad("render", "surface.h5 -o out.html --dpi 100", "dpi", ".html"),
    bad("live", "", "FILE"),
    bad("live", "half", "half is a folder", "there or to come"),
    bad("live", "surface.h5 --port 70000", "--port 70000", "65535"),
    bad("live", "surface.h5 --port x", "--port", "'x'"),
    bad("landscape", "draw", "'draw'", "sample, train, render, live, info"),
    bad("landscape", "--all", "'--all'"),
    bad("landscape", "info gone.h5", "gone.h5 does not exist"),
    bad("landscape", "sample --model vgg9 --weights projection.pt", "'vgg9'"),
]

TABLE = [*NETWORK, *DATA, *PLANE, *OUTPUT, *TRAINING, *DEFAULT_JOB, *READING]


def everything(folder: Path) -> dict[str, bytes | None]:
    """Each file with its content, each folder, except what Python itself leaves."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if "__pycache__" not in str(path)
    }


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    before = everything(folder)
    try:
        status: object = MAIN[case.command](case.arguments)
    except SystemExit as stop:  # argparse's own way
        status = stop.code
    said = capsys.readouterr()
    assert status == 2, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err.count("error: ") == 1
    if not said.err.startswith("usage: "):
        assert said.err.startswith("error: ")
    for word in case.words:
        assert word in said.err
    assert everything(folder) == before


def test_cuda_where_there_is_none(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for command, arguments in [("sample", SAMPLE), ("train", TRAIN)]:
        assert MAIN[command]([*arguments, "--device", "cuda"]) == 2
        message = capsys.readouterr().err
        assert message.startswith("error: --device cuda: this machine has 0 CUDA devices")
        assert "--device cpu" in message


def test_a_diverging_training(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*TRAIN, "--lr", "1e30", "--schedule", "constant", "-o", "diverging"]
    assert landscape.train.main([*arguments, "--limit", "40", "--batch-size", "8"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: the training loss became ")
    assert "--lr" in last


# What works says so


def test_what_train_says_and_leaves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_the_command_that_train_proposes_works(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert landscape.train.main([*TRAIN, "-o", "run", "--resume"]) == 0
    words = capsys.readouterr().out.splitlines()[-1].partition("landscape.sample ")[2].split()
    assert landscape.sample.main([*words, "--limit", "2", "--x=-1:1:2", "--y=-1:1:2"]) == 0
    assert open_surface("run/surface.h5").complete


def test_the_proposed_command_has_all_that_matters(
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


@pytest.mark.parametrize(("name", "said"), [("sessions", "not JSON"), ("sitting", "3")])
def test_info_of_a_file_with_strange_sessions(
    folder: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert landscape.info.main([f"{name}.h5"]) == 0
    assert f"session     {said}" in capsys.readouterr().out


def test_a_model_of_the_users(folder: Path) -> None:
    assert landscape.sample.main([*USERS, "-o", "users.h5", "--seed", "3"]) == 0
    surface = open_surface("users.h5")
    assert surface.attributes["model"] == "users:good"
    assert surface.axes["x"]["seed"] == 3


@pytest.mark.parametrize(
    ("ranges", "grid"),
    [
        ([], "x=-1:1:25 y=-1:1:25"),
        (["--x=-2:1:4"], "x=-2:1:4"),
        (["--x=-2:1:4", "--y=0:1:2"], "x=-2:1:4 y=0:1:2"),
        (["--x=0.5", "--y=0:1:2"], "x=0.5:0.5:1 y=0:1:2"),
    ],
)
def test_grids(folder: Path, tmp_path: Path, ranges: list[str], grid: str) -> None:
    output = tmp_path / "s.h5"
    assert (
        landscape.sample.main(["--model", "users:good", "--limit", "2", *ranges, "-o", str(output)])
        == 0
    )
    assert str(open_surface(output).grid) == grid


def test_landscape_lists_and_hands_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        assert landscape.__main__.main(arguments) == 0
        said = capsys.readouterr().out
        for word in ["sample", "train", "render", "info", "example"]:
            assert word in said
    assert landscape.__main__.main(["info", "surface.h5"]) == 0
    assert "x=-1:1:3 y=-1:1:2" in capsys.readouterr().out


def test_the_console_script_finds_the_users_modules(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in another folder, and Python looks for modules beside the script."""
    elsewhere = [place for place in sys.path if place not in ("", str(folder))]
    monkeypatch.setattr(sys, "path", elsewhere)
    Path("only_here.py").write_text(USERS_MODULE)
    arguments = ["--model", "only_here:good", "--limit", "5", "--x=0", "-o", "only-here.h5"]
    assert landscape.__main__.main(["sample", *arguments]) == 0


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (None, 0, ""),
        (InputError("no"), 2, "error: no\n"),
        (KeyboardInterrupt(), 130, "interrupted: it goes on\n"),
    ],
)
def test_exit_statuses(
    raised: BaseException | None, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(argv: object) -> None:
        if raised is not None:
            raise raised

    assert run(command, [], when_interrupted="it goes on") == status
    assert capsys.readouterr().err == said


def test_other_errors_keep_their_traceback() -> None:
    def command(argv: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(command, [])


# In a process of its own


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("command", ["sample", "train", "render", "info", "live"])
def test_help(command: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", f"landscape.{command}", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        timeout=60,
    )
    assert result.returncode == 0
    assert result.stderr == ""
    assert f"usage: python -m landscape.{command}" in result.stdout
    assert f"example:\n  python -m landscape.{command}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert not list(tmp_path.iterdir())


READS_ONLY = """
import sys
from landscape.{command} import main
status = main(sys.argv[1:])
print([name for name in sys.modules if name.partition(".")[0] in ("torch", "sklearn")])
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("info", ["surface.h5"]),
        ("render.__main__", ["surface.h5", "-o", "no-torch.png"]),
        ("render.__main__", ["surface.h5", "-o", "no-torch.html"]),
    ],
    ids=["info", "png", "html"],
)
def test_reading_never_imports_torch(folder: Path, command: str, arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", READS_ONLY.format(command=command), *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_has_had_enough(folder: Path) -> None:
    many = " ".join(["surface.h5"] * 500)
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m landscape.info {many} | head -n 1"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert result.stdout == "surface.h5\n"
    assert result.stderr == ""


# Ctrl-C


def interrupted(arguments: list[str], ready: Callable[[], bool]) -> str:
    """Start a command, send SIGINT once ``ready``, and give what it said; status must be 130."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_ctrl_c_while_sampling(folder: Path) -> None:
    arguments = [
        "--model",
        "slow:slow",
        "--limit",
        "4",
        "--tune",
        "off",
        "--x=-1:1:50",
        "-o",
        "slow.h5",
    ]

    def under_way() -> bool:
        if not Path("slow.h5").exists():  # it appears, empty, before the first point
            return False
        time.sleep(1)
        return True

    last = interrupted(["landscape.sample", *arguments], under_way)
    assert last == "interrupted: what was computed is saved; the same command goes on"
    part = open_surface("slow.h5")
    assert 0 < part.done.sum() < 50
    assert landscape.sample.main(arguments) == 0
    surface = open_surface("slow.h5")
    assert surface.complete
    np.testing.assert_array_equal(surface["train_loss"][part.done], part["train_loss"][part.done])


def test_ctrl_c_while_training(folder: Path) -> None:
    arguments = ["--model", "slow:slow", "--limit", "8", "--batch-size", "2", "--epochs", "4"]
    arguments += ["--device", "cpu", "-o"]
    last = interrupted(["landscape.train", *arguments, "part"], Path("part/last.pt").exists)
    assert last == "interrupted: complete epochs are saved; the same command with --resume goes on"
    assert not Path("part/final.pt").exists()
    assert landscape.train.main([*arguments, "part", "--resume"]) == 0
    assert landscape.train.main([*arguments, "whole"]) == 0
    part, whole = (read_checkpoint(f"{name}/final.pt").state for name in ("part", "whole"))
    torch.testing.assert_close(part, whole)


def test_the_attack_among_the_files_is_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    torch.save(RunsCode(), content)
    content.seek(0)
    torch.load(content, weights_only=False)
    assert Path("it-ran").exists()
