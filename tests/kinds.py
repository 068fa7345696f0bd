"""Synthetic surfaces with every kind of axis, as the samplers store them."""

from __future__ import annotations

import numpy as np

from landscape.grid import Grid
from landscape.surface import Quantity, Surface, Trajectory

FACTS = {"model": "resnet56", "shortcuts": "none", "data": "digits", "classes": 10}
FACTS |= {"train_examples": 300, "train_population": 1437}


def surface_of(values, axes, kinds, **facts):
    """One or more quantities on a grid; units by name."""
    units = {k: "nats" if "loss" in k else "1" for k in values}
    quantities = {k: Quantity(k.replace("_", " "), units[k]) for k in values}
    done = np.ones(next(iter(values.values())).shape, bool)
    grid = Grid(*axes)
    facts = {**FACTS, **facts}
    return Surface(grid, quantities, values, done, facts, dict(zip("xy", kinds, strict=False)))


def pca_axis(component, share):
    facts = {"kind": "pca", "component": component, "explained_variance": share}
    return {**facts, "checkpoints": 21, "normalization": "none"}


def path_off_plane(turn=0.0, steps=21):
    """A run that begins off the plane and ends on it, at the origin."""
    t = np.linspace(0, 1, steps)
    x, y = 6 * (1 - t) ** 2, 3 * np.sin(3 * t + turn) * (1 - t)
    plane_loss = bowl(x, y)
    distance = 2.5 * (1 - t)
    loss = plane_loss / (1 + 0.6 * distance**2)
    return Trajectory(x, y, loss, plane_loss, distance, 10.0 * np.arange(steps))


def bowl(x, y):
    return 0.02 + 0.08 * x**2 + 0.3 * y**2


def pca_plane(**facts):
    x, y = np.linspace(-1, 7, 25), np.linspace(-2.5, 2.5, 21)
    values = {"train_loss": bowl(x[None], y[:, None])}
    values["train_accuracy"] = np.exp(-values["train_loss"])
    axes = [pca_axis(1, 0.834), pca_axis(2, 0.0912)]
    surface = surface_of(values, (x, y), axes, **facts)
    surface.trajectories["SGD"] = path_off_plane()
    return surface


def between_axis(end, start="runs/seed0.pt"):
    return {"kind": "between", "start": start, "end": end, "normalization": "none"}


def between_plane(**facts):
    x, y = np.linspace(-0.5, 1.5, 25), np.linspace(-0.5, 1.5, 25)
    u, v = x[None], y[:, None]
    places = [(0, 0), (1, 0), (0, 1)]
    far = np.min([(u - a) ** 2 + (v - b) ** 2 for a, b in places], axis=0)
    kinds = [between_axis("runs/seed1.pt"), between_axis("runs/seed2.pt")]
    facts = {"bn_statistics": "re-estimated", "barrier": 1.234, **facts}
    return surface_of({"train_loss": 0.01 + 6 * far}, (x, y), kinds, **facts)


def between_line(**facts):
    x = np.linspace(-0.5, 1.5, 25)
    loss = (
        0.01 + 3 * np.sin(np.pi * np.clip(x, 0, 1)) ** 2 + 8 * np.maximum(np.abs(x - 0.5) - 0.5, 0)
    )
    values = {"train_loss": loss, "train_accuracy": np.exp(-loss)}
    ends = {"loss_at_start": 0.01, "loss_at_end": 0.02}
    facts = {"bn_statistics": "interpolated", "barrier": 2.987, **ends, **facts}
    return surface_of(values, (x,), [between_axis("runs/seed1.pt")], **facts)


def hessian_plane(quantity="train_loss", **facts):
    x = np.linspace(-1, 1, 21)
    u, v = x[None], x[:, None]
    values = {
        "train_loss": 0.05 + 6.15 * u**2 - 0.02 * v**2,
        "train_eigen_ratio": 0.02 + 0.5 * u**2 + 0.1 * v**2,
        "train_lambda_max": 12.3 + 30 * u**2 + 0 * v,
        "train_lambda_min": 3 * v - 1.5 + 0 * u,
        "train_gradient_norm": 10 ** (2 * u**2 + v),
        "train_top5": np.exp(-0.3 * (u**2 + v**2)),
    }
    kinds = [
        {"kind": "hessian eigenvector", "which": which, "eigenvalue": value, "residual": 1e-5}
        | {"normalization": "length of random"}
        for which, value in (("top", 12.3), ("bottom", -0.0412))
    ]
    return surface_of(values, (x, x), kinds, **facts)


def ascent_plane():
    x = np.linspace(-1, 1, 15)
    kinds = [
        {"kind": "adaptive gradient ascent", "normalization": "length of random"},
        {"kind": "random gaussian", "normalization": "filter", "ignore": "biasbn", "seed": 1},
    ]
    return surface_of({"train_loss": 0.1 + x[None] ** 2 + 0.1 * x[:, None] ** 2}, (x, x), kinds)


def curve_plane():
    x = np.linspace(-0.5, 1.5, 21)
    facts = {"kind": "curve", "start": "a.pt", "end": "b.pt", "normalization": "none"}
    loss = 0.05 + 4 * (x[:, None] - 2 * x[None] * (1 - x[None])) ** 2
    return surface_of({"train_loss": loss}, (x, x), [facts, dict(facts)])


def density_line():
    x = np.linspace(-3, 14, 200)
    density = 0.9 * np.exp(-0.5 * (x / 0.3) ** 2) + 0.01 * np.exp(-0.5 * ((x - 12.3) / 0.3) ** 2)
    surface = surface_of({"density": density}, (x,), [{"kind": "eigenvalue"}])
    words = "density of the Hessian's eigenvalues, smoothed by a Gaussian of width 0.3"
    surface.quantities["density"] = Quantity(words, "1")
    return surface


def repeated(draws=3, plane=False):
    """A mean over draws, its quantiles, and each draw with its standard error."""
    x = np.linspace(-1, 1, 15)
    far = x[None] ** 2 + 0.5 * x[:, None] ** 2 if plane else x**2
    values = {}
    for base, function in (
        ("loss", lambda r: 0.05 + r * far),
        ("accuracy", lambda r: np.exp(-r * far)),
    ):
        each = [function(1.0 + k) for k in range(draws)]
        values[f"train_{base}"] = np.mean(each, axis=0)
        for q in (5, 25, 75, 95):
            values[f"train_{base}_q{q:02d}"] = np.quantile(each, q / 100, axis=0)
        for k, one in enumerate(each, start=1):
            values[f"train_{base}_draw{k}"] = one
            values[f"train_{base}_draw{k}_stderr"] = 0.01 + 0 * one
    kind = {"kind": "random gaussian", "normalization": "filter", "ignore": "biasbn", "seed": 0}
    axes = (x, x) if plane else (x,)
    return surface_of(values, axes, [dict(kind) for _ in axes], repeats=draws)


ALL = {
    "pca": pca_plane,
    "between": between_plane,
    "line": between_line,
    "hessian": hessian_plane,
    "ascent": ascent_plane,
    "curve": curve_plane,
    "density": density_line,
    "draws": repeated,
    "draws_plane": lambda: repeated(plane=True),
}
