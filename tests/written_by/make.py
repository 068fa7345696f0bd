"""Writes a file of every kind by the version that is found first, into an archive.

    PYTHONPATH=CHECKOUT python make.py 0.1.0.zip

A surface of each row of ``CASES`` is there twice: finished, and cut short after some of its points.
``index.json`` says by which options each was asked for.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
TRAIN = ["--model", "vgg9", "--settings", "channels=1", "--data", "digits", "--limit", "60"]
TRAIN += ["--epochs", "3", "--batch-size", "20", "--device", "cpu"]
SCENES = [
    "--model",
    "unet",
    "--settings",
    "levels=1,channels=2",
    "--data",
    "scenes",
    "--limit",
    "12",
]
SCENES += ["--epochs", "2", "--batch-size", "6", "--optimizer", "adam", "--schedule", "step"]
SCENES += ["--device", "cpu"]
CONNECT = ["a/final.pt", "b/final.pt", "--limit", "40", "--epochs", "2", "--points", "3"]
CONNECT += ["--batch-size", "20", "--device", "cpu"]

OF_A = {"weights": "a/final.pt", "data": "digits", "limit": 24, "device": "cpu"}
PLANE = {"x": "-1:1:3", "y": "-1:1:3"}
PLAIN = {**PLANE, "tune": False}
MINE = {"model": "mine:network", "data": "digits", "limit": 24, "device": "cpu"}

# Of each surface the arguments of build_problem and of sample_surface.
CASES: dict[str, tuple[dict, dict]] = {
    "plane": (OF_A, {**PLANE, "title": "A plane"}),
    "untuned": (OF_A, PLAIN),
    "line": (OF_A, {"x": "-1:1:5", "y": None}),
    "auto": (OF_A, {"x": "auto:3"}),
    "layer": (OF_A, {**PLAIN, "norm": "layer", "ignore": "none", "seed": 3}),
    "weight": (OF_A, {**PLAIN, "norm": "weight"}),
    "dfilter": (OF_A, {**PLAIN, "norm": "dfilter"}),
    "dlayer": (OF_A, {**PLAIN, "norm": "dlayer"}),
    "none": (OF_A, {"x": "-0.1:0.1:3", "y": "-0.1:0.1:3", "norm": "none"}),
    "repeats": (OF_A, {**PLANE, "repeats": 3}),
    "repeated-line": (OF_A, {"x": "-1:1:5", "y": None, "repeats": 2, "tolerance": "20%"}),
    "file": (OF_A, {**PLAIN, "directions": "saved.h5"}),
    "authors-file": (OF_A, {**PLAIN, "directions": "authors_directions.h5"}),
    "function": (OF_A, {**PLAIN, "directions": "mine:straight"}),
    "pca": (OF_A, {**PLANE, "directions": "pca:a"}),
    "pca-of-two": (OF_A, {**PLAIN, "directions": "pca:a,b", "bn": "reestimate"}),
    "trajectory": (OF_A, {**PLANE, "trajectories": ["a", "b"]}),
    "between": (OF_A, {"x": "0:1:5", "directions": "between:a/final.pt,b/final.pt"}),
    "interpolate": (
        OF_A,
        {"x": "0:1:5", "directions": "between:a/final.pt,b/final.pt", "bn": "interpolate"},
    ),
    "three": (OF_A, {**PLAIN, "directions": "between:a/final.pt,b/final.pt,a/epoch_0001.pt"}),
    "aligned": (
        OF_A,
        {"x": "0:1:5", "directions": "aligned:a/final.pt,b/final.pt", "bn": "reestimate"},
    ),
    "curve": (OF_A, {**PLAIN, "directions": "curve:curve.pt", "bn": "reestimate"}),
    "hessian": (OF_A, {**PLAIN, "directions": "hessian"}),
    "hessian-line": (OF_A, {"x": "-0.1:0.1:5", "y": None, "directions": "hessian:-1"}),
    "ascent": (OF_A, {**PLANE, "directions": "ascent"}),
    "adaptive": (OF_A, {**PLAIN, "directions": "ascent:adaptive"}),
    "curvature": (
        {**OF_A, "limit": 10, "metrics": ["eigen_ratio", "gradient_norm"]},
        {"x": "-0.5:0.5:4", "y": None, "tune": False},
    ),
    "tolerance": ({**OF_A, "limit": 200}, {**PLANE, "tolerance": "10%,0.02", "batch_size": 32}),
    "bfloat16": (OF_A, {**PLAIN, "precision": "bfloat16"}),
    "auto-precision": (OF_A, {**PLANE, "precision": "auto"}),
    "blocked": (OF_A, PLANE),
    "fused": (OF_A, PLANE),
    "abreast": (OF_A, PLANE),
    "metrics": ({**OF_A, "metrics": ["top5", "mine:margin"]}, {**PLANE, "batch_size": 10}),
    "mse": ({**MINE, "loss": "mine:smooth_loss", "metrics": ["cross_entropy", "top3"]}, PLANE),
    "splits": ({**OF_A, "split": "both", "limit": 16}, PLANE),
    "npz": (
        {"weights": "mine32.pt", "data": "cifar10:images.npz", "device": "cpu"},
        {**PLANE, "seed": 2},
    ),
    "masks": (
        {"weights": "masks/final.pt", "data": "scenes", "limit": 6, "device": "cpu"},
        PLANE,
    ),
}
# Settings that a tuner may choose or not, as the processor is.
CHOSEN = {
    "blocked": {"in_place": True, "blocked": True},
    "fused": {"in_place": True, "fused": True, "fold": True, "channels_last": True},
    "abreast": {"abreast": 2},
}
DONE = 3  # points of what is cut short
NETWORKS = {
    "resnet8": ("resnet8", {}),
    "resnet8-identity": ("resnet8", {"shortcuts": "identity"}),
    "resnet8-none": ("resnet8", {"shortcuts": "none"}),
    "highway5": ("highway5", {"carry_bias": -1.0}),
    "highway5-none": ("highway5", {"shortcuts": "none"}),
    "densenet10": ("densenet10", {"growth": 2}),
    "densenet10-none": ("densenet10", {"growth": 2, "shortcuts": "none"}),
    "densenet121": ("densenet121", {"growth": 2, "channels": 2}),
    "resnet18": ("resnet18", {"channels": 2}),
    "resnet18-none": ("resnet18", {"channels": 2, "shortcuts": "none"}),
    "resnet50": ("resnet50", {"channels": 1}),
    "vgg9": ("vgg9", {"channels": 2}),
}


class Stopped(BaseException):
    """As abrupt as can be in one process."""


@contextlib.contextmanager
def stopping_after(calls: int, owner: type, name: str):
    """The method raises once it has been called so many times."""
    real, left = getattr(owner, name), [calls]

    def method(self, *arguments):
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        return real(self, *arguments)

    with mock.patch.object(owner, name, method), contextlib.suppress(Stopped):
        yield


def cut_short(surface_of, path: str) -> None:
    from landscape.surface import Surface

    with stopping_after(DONE, Surface, "record"):
        surface_of(path)


def command(main, *words: str) -> None:
    assert main(list(words)) == 0, words


def make_runs() -> None:
    import landscape.connect
    import landscape.train
    from landscape.curve import training as curve_training
    from landscape.training import loop

    train, connect = landscape.train.main, landscape.connect.main
    for name, seed in (("a", "1"), ("b", "2")):
        command(train, *TRAIN, "--checkpoint-every", "1", "--seed", seed, "-o", name)
    command(train, *SCENES, "-o", "masks")
    command(connect, *CONNECT, "-o", "curve.pt")
    with stopping_after(1, loop._Trainer, "_epoch"):
        train([*TRAIN, "--checkpoint-every", "1", "--seed", "1", "-o", "begun/a"])
    with stopping_after(1, loop._Trainer, "_epoch"):
        train([*SCENES, "-o", "begun/masks"])
    with stopping_after(1, curve_training._Trainer, "_epoch"):
        connect([*CONNECT, "-o", "begun/curve.pt"])


def few_weights(model: nn.Module) -> nn.Module:
    """Most weights are zero, which takes no room in an archive; the rest are plain fractions."""
    generator = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim > 1:
            kept = torch.rand(tensor.shape, generator=generator) < 0.05
            tensor.copy_(kept * torch.randint(-4, 5, tensor.shape, generator=generator) / 4)
        elif name.endswith("running_var"):
            tensor.fill_(0.5)
    return model


def make_networks() -> None:
    from landscape.checkpoint import save_checkpoint
    from landscape.models.named import build_network

    Path("networks").mkdir()
    for name, (model, settings) in NETWORKS.items():
        made = build_network(model, None, in_channels=3, classes=10, **settings)
        said = {"name": made.name, **made.settings}
        save_checkpoint(Path(f"networks/{name}.pt"), few_weights(made.model), said)
    made = build_network("vgg9", None, in_channels=3, classes=10, channels=1)
    torch.save(few_weights(made.model).state_dict(), "mine32.pt")


def make_inputs() -> None:
    """Weights and data that no run makes, from numbers that are random once."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (8, 3, 32, 32), dtype=np.uint8)
    images[:, :, :, 8:] = 0
    labels = np.arange(8)
    np.savez_compressed("images.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.Tanh(), nn.Linear(6, 10))
    torch.save(model.state_dict(), "mine.pt")
    torch.save({"inputs": torch.randn(24, 8, 8), "targets": torch.arange(24) % 10}, "tensors.pt")


def make_directions() -> None:
    import landscape
    from landscape.directions import save_directions
    from landscape.planes import span

    made = span(landscape.build_problem(**OF_A), "random", 2, seed=5).directions
    save_directions("saved.h5", [d.vector for d in made], [d.attributes for d in made])
    with h5py.File("authors_directions.h5", "w") as file:
        for axis, direction in zip(("xdirection", "ydirection"), made, strict=True):
            for index, value in enumerate(direction.vector.values()):
                file[f"{axis}/{index}"] = value.numpy() / 2


def finished_and_begun(name: str, surface_of: Callable[[str], object]) -> None:
    surface_of(f"finished/{name}.h5")
    cut_short(surface_of, f"begun/{name}.h5")


def make_surfaces() -> None:
    import landscape
    from landscape.evaluate import choose
    from landscape.evaluate.settings import Settings

    def sample(problem: dict, options: dict, path: str) -> None:
        made = landscape.build_problem(**problem)
        landscape.sample_surface(made, path=path, progress=False, **options)

    for folder in ("finished", "begun"):
        Path(folder).mkdir(exist_ok=True)
    for name, (problem, options) in CASES.items():
        given: Any = contextlib.nullcontext()
        if name in CHOSEN:
            settings = [Settings(**CHOSEN[name])]
            given = mock.patch.object(choose, "tune", return_value=settings)
        with given:
            finished_and_begun(name, partial(sample, problem, options))


def make_from_tensors() -> None:
    """Surfaces that only Python makes: of a user's tensors, and of a stream of them."""
    import mine

    import landscape

    def sample(data: Any, path: str) -> None:
        problem = landscape.Problem(mine.network(), data, device="cpu")
        landscape.sample_surface(problem, path=path, progress=False, **PLANE)

    finished_and_begun("tensors", partial(sample, mine.tensors()))
    finished_and_begun("stream", partial(sample, landscape.Stream(mine.loader())))


def make_shards() -> None:
    import landscape.sample

    Path("shards").mkdir()
    words = [*words_of(*CASES["untuned"])]
    for number in (1, 2):
        command(landscape.sample.main, *words, "--shard", f"{number}/2", "-o", "shards/s.h5")
    cut_short(
        lambda _: landscape.sample.main([*words, "--shard", "2/2", "-o", "begun/s.h5"]),
        "begun/s.h5",
    )


def make_others() -> None:
    import landscape.convert
    import landscape.curvature
    import landscape.sample

    command(landscape.convert.main, "finished/plane.h5", "authors.h5", "--to", "legacy")
    density = ["--weights", "a/final.pt", "--limit", "10", "--device", "cpu", "--top", "2"]
    command(landscape.curvature.main, *density, "--density", "-o", "finished/density.h5")


def words_of(problem: dict, options: dict) -> list[str]:
    """The same on a command line."""
    options = {"x": "default", **options}
    words = []
    for key, value in problem.items():
        if key != "metrics":
            words += [f"--{key}", str(value)]
    metrics = problem.get("metrics", ())
    words += ["--metrics", ",".join(metrics)] if metrics else []
    for key, value in options.items():
        if key in ("x", "y"):
            words += [f"--{key}={value}"] if value not in (None, "default") else []
        elif key == "trajectories":
            words += [word for run in value for word in ("--trajectories", run)]
        elif key == "tune":
            words += ["--tune", "off"]
        else:
            words += [f"--{key.replace('_', '-')}", str(value)]
    return words


def losses() -> dict[str, float]:
    """Of each checkpoint the loss that this version finds."""
    import landscape

    found = {}
    for name in NETWORKS:
        problem = landscape.build_problem(**of_network(name))
        surface = landscape.sample_surface(problem, "0", None, tune=False, progress=False)
        found[name] = float(surface["train_loss"][0])
    return found


def of_network(name: str) -> dict:
    return {"weights": f"networks/{name}.pt", "data": "cifar10:images.npz", "device": "cpu"}


def write_index() -> None:
    from landscape.run.loop import versions

    index = {
        "versions": versions(),
        "surfaces": {
            name: {"problem": problem, "options": options, "words": words_of(problem, options)}
            for name, (problem, options) in CASES.items()
        },
        "networks": {
            name: {"problem": of_network(name), "loss": loss} for name, loss in losses().items()
        },
        "trainings": {"a": [*TRAIN, "--checkpoint-every", "1", "--seed", "1"], "masks": SCENES},
        "curves": {"curve.pt": CONNECT},
        "shards": words_of(*CASES["untuned"]),
    }
    Path("index.json").write_text(json.dumps(index, indent=1))


def pack(archive: Path) -> None:
    """All files, with nothing in the archive that differs from one time to the next."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for file in sorted(Path().rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".lock":
                packed.writestr(zipfile.ZipInfo(str(file)), file.read_bytes(), zipfile.ZIP_LZMA)
    archive.write_bytes(content.getvalue())


def main(archive: str) -> None:
    target = Path(archive).resolve()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        sys.path.insert(0, place)
        shutil.copy(HERE / "mine.py", place)
        make_inputs()
        make_runs()
        make_networks()
        make_directions()
        make_surfaces()
        make_from_tensors()
        make_shards()
        make_others()
        write_index()
        pack(target)
        os.chdir("/")
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
