"""A working folder with valid and invalid files of all kinds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import nn

import landscape.sample
import landscape.train
from landscape.checkpoint import save_checkpoint
from landscape.grid import Grid
from landscape.models import CifarResNet
from landscape.store import save_surface
from landscape.surface import Quantity, Surface
from tests.commands.calls import SAMPLE, TRAIN

USERS_MODULE = """
import functools

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

def margin(output, target):
    first, second = output.topk(2, dim=1).values.T
    return first - second

half_margin = functools.partial(lambda share, o, t: share * margin(o, t), 0.5)

def random(output, target):
    return torch.rand(len(output))

def compiled():
    return torch.compile(nn.DataParallel(good()))

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
    """Four images of CIFAR's shape: complete, and in typical broken states."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(4)
    np.savez("cifar.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    whole = Path("cifar.npz").read_bytes()
    Path("cut.npz").write_bytes(whole[: len(whole) // 2])
    Path("half").mkdir()
    Path("half/data_batch_1.bin").write_bytes(bytes(3073))


def make_material() -> None:
    """Fill the current folder, from which ``users.py`` can be imported."""
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
