"""Make the figures of the documentation, from small networks and shipped surfaces.

    python scripts/docs_pictures.py
    python scripts/docs_pictures.py spike stripes

Without names it makes all of them, in about two minutes, in docs/pictures/.
"""

from __future__ import annotations

import copy
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

import landscape
from landscape.render import contour, filled_contour, heatmap, side_by_side

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
COLOURS = ("#3b528b", "#d95f02", "#21918c", "#7a0177")

Network = nn.Sequential
images, labels = load_digits(return_X_y=True)
TRAIN = (torch.tensor(images[:1437] / 16, dtype=torch.float32), torch.tensor(labels[:1437]))


def network(hidden: Sequence[int] = (32, 32), seed: int = 0) -> Network:
    torch.manual_seed(seed)
    widths = [64, *hidden]
    layers: list[nn.Module] = []
    for before, after in zip(widths, hidden, strict=False):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 10))


def trained(
    hidden: Sequence[int] = (32, 32),
    seed: int = 0,
    steps: int = 300,
    weight_decay: float = 1e-3,
    folder: Path | None = None,
) -> Network:
    """A small network after some steps of Adam; every 20th step is saved in the folder."""
    model = network(hidden, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0)
    for step in range(steps + 1):
        if folder and step % 20 == 0:
            torch.save(model.state_dict(), folder / f"epoch_{step:04d}.pt")
        batch = torch.randint(len(TRAIN[0]), (128,))
        loss = nn.functional.cross_entropy(model(TRAIN[0][batch]), TRAIN[1][batch])
        decay = sum(p.pow(2).sum() for p in model.parameters())
        optimizer.zero_grad()
        (loss + weight_decay * decay).backward()
        optimizer.step()
    return model


def sampled(model: nn.Module, data: Any = TRAIN, **options: Any) -> landscape.Surface:
    problem = landscape.Problem(model, data, device="cpu")
    return landscape.sample_surface(problem, progress=False, tune=False, **options)


def line(axes: Any, surface: landscape.Surface, colour: str, label: str, **look: Any) -> None:
    axes.plot(surface.x, surface[surface.main_quantity], color=colour, label=label, **look)


def panels(*titles: str, height: float = 2.8) -> tuple[Figure, Any]:
    figure, axes = plt.subplots(
        1, len(titles), figsize=(3.5 * len(titles), height), layout="constrained", squeeze=False
    )
    for each, title in zip(axes[0], titles, strict=True):
        each.set_title(title, fontsize=9)
    return figure, axes[0]


def plane(axes: Any, surface: landscape.Surface, draw: Any = contour, **look: Any) -> None:
    """Plot a plane into axes that already have a title, without a caption."""
    title = axes.get_title()
    draw(surface, ax=axes, caption="none", **look)
    axes.set_title(title, fontsize=9)
    axes.set_box_aspect(1)


def label_lines(axes: Any) -> None:
    for each in axes:
        each.set(xlabel="position along the direction", ylabel="loss (nats)")
        each.legend(frameon=False, fontsize=8)


def scale_invariance() -> Figure:
    """One function, two sets of weights: unnormalized directions make one of them look sharp."""
    model, same = trained(), trained()
    with torch.no_grad():
        for layer, factor in ((same[0], 3.0), (same[2], 1 / 3)):
            layer.weight *= factor
        same[0].bias *= 3
    figure, axes = panels("directions as drawn (none)", "filter normalization")
    for each, how in zip(axes, ("none", "filter"), strict=True):
        width = 0.3 if how == "none" else 1
        for net, colour, label, style in (
            (model, COLOURS[0], "as trained", "-"),
            (same, COLOURS[1], "rescaled, same function", "--"),
        ):
            surface = sampled(net, x=f"{-width}:{width}:41", y=None, norm=how)
            line(each, surface, colour, label, linestyle=style)
    label_lines(axes)
    return figure


def draws() -> Figure:
    """Twenty random lines through one network, their mean and spread."""
    surface = landscape.open_surface("example:digits_draws")
    figure, axes = panels("20 random directions, one network", height=3.0)
    for k in range(1, 21):
        axes[0].plot(surface.x, surface[f"train_loss_draw{k}"], color="#999999", lw=0.7)
    line(axes[0], surface, COLOURS[0], "mean of 20", lw=2)
    axes[0].plot([], [], color="#999999", lw=0.7, label="one draw each")
    axes[0].set_yscale("log")
    label_lines(axes)
    return figure


def off_plane() -> Figure:
    """A training path, with losses of checkpoints and of their projections onto the plane."""
    surface = landscape.open_surface("example:digits_path")
    figure, axes = panels("the path in its plane", "own loss; dashed: in the plane", height=3.1)
    plane(axes[0], surface)
    for (name, path), colour in zip(surface.trajectories.items(), COLOURS, strict=False):
        axes[1].plot(path.step, path.loss, color=colour, label=name)
        axes[1].plot(path.step, path.plane_loss, color=colour, ls="--")
    axes[1].set(xlabel="epoch", ylabel="loss (nats)", yscale="log")
    axes[1].legend(frameon=False, fontsize=8)
    return figure


def projections() -> Figure:
    """The same path in a random plane and in that of its principal components."""
    with tempfile.TemporaryDirectory() as folder:
        model = trained(folder=Path(folder))
        random = sampled(model, x="-1:1:21", y="-1:1:21", trajectories=[folder])
        pca = sampled(model, x="auto:21", directions=f"pca:{folder}")
    figure, axes = panels("a random plane", "its PCA plane", height=3.1)
    plane(axes[0], random)
    plane(axes[1], pca)
    return figure


def batch_norm() -> Figure:
    """Between two solutions, with statistics of the first and re-estimated at each point."""
    figure, axes = panels("from one network to another", height=3.0)
    for name, colour, label in (
        ("digits_between_stored", COLOURS[1], "statistics of the first network"),
        ("digits_between", COLOURS[0], "statistics re-estimated at each point"),
    ):
        line(axes[0], landscape.open_surface(f"example:{name}"), colour, label)
    axes[0].set_yscale("log")
    label_lines(axes)
    return figure


def one_scale() -> Figure:
    """Two surfaces on separate scales and on a common one."""
    both = [landscape.open_surface(f"example:resnet56{end}") for end in ("", "_noshort")]
    figure, axes = plt.subplots(2, 2, figsize=(7, 5.4), layout="constrained")
    for row, scale in zip(axes, (None, (0.01, 70.0)), strict=True):
        for each, surface, name in zip(row, both, ("with", "without"), strict=True):
            each.set_title(f"{name} shortcuts, {'common scale' if scale else 'own scale'}")
            plane(each, surface, filled_contour, norm_range=scale)
    return figure


def spike() -> Figure:
    """A corner that dominates the colour scale; a logarithmic one shows the rest."""
    surface = landscape.open_surface("example:resnet56_noshort")
    figure, axes = panels("linear, nothing clipped", "logarithmic, clipped", height=3.1)
    plane(axes[0], surface, scale="linear", clip="none")
    plane(axes[1], surface)
    return figure


def ragged() -> Figure:
    """A different small batch at every point, and one fixed subset with its standard error."""
    model = trained()
    pick = np.random.default_rng(0)
    small = []
    for _ in range(61):
        rows = pick.choice(len(TRAIN[0]), 48, replace=False)
        small.append(sampled(model, (TRAIN[0][rows], TRAIN[1][rows]), x="-1:1:61", y=None)["loss"])
    figure, axes = panels("48 examples, new ones at every point", "48 fixed examples, and all")
    whole = sampled(model, x="-1:1:61", y=None)
    rows = pick.choice(len(TRAIN[0]), 48, replace=False)
    fixed = sampled(model, (TRAIN[0][rows], TRAIN[1][rows]), x="-1:1:61", y=None)
    axes[0].plot(
        whole.x, [small[k][k] for k in range(61)], color=COLOURS[1], label="one batch per point"
    )
    band = np.std(small, axis=0)
    axes[1].fill_between(
        whole.x, fixed["loss"] - band, fixed["loss"] + band, color=COLOURS[1], alpha=0.2, lw=0
    )
    line(axes[1], fixed, COLOURS[1], "48 examples ± standard error")
    line(axes[1], whole, COLOURS[0], "all 1,437")
    label_lines(axes)
    return figure


def flat_sheet() -> Figure:
    """Weights that were not loaded, a range that is too small, and the correct plane."""
    figure, axes = panels("weights not loaded", "range of ±0.02", "range of ±1", height=2.8)
    model = trained()
    for each, net, width in zip(axes, (network(), model, model), ("1", "0.02", "1"), strict=True):
        surface = sampled(net, x=f"-{width}:{width}:21", y=f"-{width}:{width}:21")
        plane(each, surface, norm_range=(1e-3, 10.0))
    return figure


def holes() -> Figure:
    """Half precision overflows with unnormalized directions."""
    model = trained((64, 64, 64, 64)).half()
    data = (TRAIN[0][:300], TRAIN[1][:300])
    figure, axes = panels("float16, directions as drawn", "float32, filter normalization", height=3)
    half = sampled(model, data, x="-3:3:21", y="-3:3:21", norm="none")
    plane(axes[0], half, heatmap)
    plane(axes[1], sampled(model.float(), data, x="-1:1:21", y="-1:1:21"), heatmap)
    return figure


def off_origin() -> Figure:
    """Weight decay keeps the weights away from the minimum of the loss alone."""
    model, decay = trained(weight_decay=1e-2), 1e-2
    own, other = directions = towards(model)
    loss = sampled(
        model, x="-1:1:21", y="-1:1:21", directions=directions, norm="none", ignore="none"
    )
    total = copy.deepcopy(loss)
    for j, y in enumerate(loss.y):
        for i, x in enumerate(loss.x):
            norms = ((p + x * p + y * other[name]).pow(2).sum().item() for name, p in own.items())
            total.values["loss"][j, i] += decay * sum(norms)
    figure, axes = panels("the loss alone", "the loss with its weight decay", height=3.0)
    plane(axes[0], loss)
    plane(axes[1], total)
    return figure


def towards(model: Network) -> list[dict[str, torch.Tensor]]:
    """The weights as a direction, and a random direction of the same length."""
    own = {name: p.detach().clone() for name, p in model.named_parameters()}
    torch.manual_seed(1)
    other = {name: torch.randn_like(p) for name, p in own.items()}
    return [own, {name: p * own[name].norm() / p.norm() for name, p in other.items()}]


def stripes() -> Figure:
    """A direction without effect, two nearly parallel ones, and two proper ones."""
    model = trained()
    first, second = ({n: torch.randn_like(p) for n, p in model.named_parameters()} for _ in "xy")
    dead = {name: 0.02 * p for name, p in second.items()}
    near = {name: p + 0.15 * second[name] for name, p in first.items()}
    figure, axes = panels("y has almost no effect", "x and y nearly parallel", "proper directions")
    for each, y in zip(axes, (dead, near, second), strict=True):
        each_plane = sampled(
            model, x="-0.2:0.2:21", y="-0.2:0.2:21", directions=[first, y], norm="none"
        )
        plane(each, each_plane, norm_range=(1e-3, 10.0))
    return figure


def blank() -> Figure:
    """A colour scale that ends below all values leaves the plot blank."""
    surface = landscape.open_surface("example:variant_add_none")
    figure, axes = panels("matplotlib, levels from 0 to 0.001", "levels from the data", height=3.0)
    axes[0].contourf(surface.x, surface.y, surface["train_loss"], levels=np.linspace(0, 1e-3, 9))
    axes[0].set_box_aspect(1)
    plane(axes[1], surface)
    return figure


def not_a_bowl() -> Figure:
    """One network, three ranges."""
    surface_of = trained()
    figure, axes = panels("range of ±0.3", "range of ±1", "range of ±5", height=2.8)
    for each, width in zip(axes, ("0.3", "1", "5"), strict=True):
        plane(each, sampled(surface_of, x=f"-{width}:{width}:25", y=f"-{width}:{width}:25"))
    return figure


def topology() -> Figure:
    """How wide the basins of the two ResNets are, level by level."""
    names = ("resnet56", "resnet56_noshort")
    return side_by_side([landscape.open_surface(f"example:{name}") for name in names], "profile")


PICTURES: dict[str, Callable[[], Figure]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        scale_invariance, draws, off_plane, projections, batch_norm, one_scale, spike, ragged,
        flat_sheet, holes, off_origin, stripes, blank, not_a_bowl, topology,
    )
}  # fmt: skip


def save(figure: Figure, path: Path) -> None:
    """Save a PNG with 128 colours, a third of the size of a full-colour one."""
    figure.savefig(path, dpi=110)
    plt.close(figure)
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def main(names: Sequence[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in names or PICTURES:
        path = FOLDER / f"{name}.png"
        save(PICTURES[name](), path)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
