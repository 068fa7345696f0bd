"""Surfaces with known numbers, as files: bowls and corrugated bowls of a network with a name."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from landscape.grid import Grid
from landscape.store import save_surface
from landscape.surface import Quantity, Surface

AXIS = {"kind": "random gaussian", "normalization": "filter", "ignore": "biasbn", "seed": 0}
FACTS = {"data": "digits", "classes": 10, "loss": "cross_entropy", "bn_statistics": "stored"}
FACTS |= {"train_examples": 500, "train_population": 1437, "train_data_sha256": "0" * 64}


def bowl(
    curvature: float,
    start: float = 0.05,
    *,
    ripple: float = 0.0,
    model: str = "resnet20",
    shortcuts: str = "identity",
    title: str | None = None,
    n: int = 21,
    **facts: str | int | float,
) -> Surface:
    """start + curvature · r² on −1…1, with ripples that leave the axes as they are."""
    x = np.linspace(-1, 1, n)
    u, v = x[None], x[:, None]
    loss = start + curvature * (u**2 + v**2) + ripple * np.sin(2 * math.pi * u * v) ** 2
    values = {
        "train_loss": loss,
        "train_loss_stderr": np.full(loss.shape, 1e-4),
        "train_accuracy": np.clip(np.exp(-loss), 0.1, 1.0),
        "train_accuracy_stderr": np.full(loss.shape, 0.01),
        "train_count": np.full(loss.shape, 500.0),
    }
    quantities = {
        name: Quantity(name.replace("_", " "), "nats" if "loss" in name else "1") for name in values
    }
    own = {"title": title} if title is not None else {}
    attributes = {**FACTS, "model": model, "shortcuts": shortcuts, "parameters": 272474, **own}
    done = np.ones(loss.shape, bool)
    axes = {"x": dict(AXIS), "y": dict(AXIS)}
    return Surface(Grid(x, x), quantities, values, done, {**attributes, **facts}, axes)


def spoilt(surface: Surface, value: float, *points: tuple[int, int]) -> Surface:
    """The same with another loss at some points, at all where none is named."""
    where = tuple(zip(*points, strict=True)) if points else slice(None)
    surface.values["train_loss"][where] = value
    return surface


def unfinished(surface: Surface, rows: int) -> Surface:
    """The same with its last rows still to be computed."""
    surface.done[-rows:] = False
    for values in surface.values.values():
        values[-rows:] = math.nan
    return surface


def written(folder: Path, surfaces: list[Surface]) -> list[Path]:
    """A file for each, in order."""
    paths = [folder / f"surface{number:02d}.h5" for number, _ in enumerate(surfaces)]
    for surface, path in zip(surfaces, paths, strict=True):
        save_surface(surface, path)
    return paths
