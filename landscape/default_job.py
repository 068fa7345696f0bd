"""The default job: train, sample and plot ResNet-56 with and without shortcuts on digits.

All files are in one folder. Existing ones are reused: trained weights, complete surfaces, points
of interrupted ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from landscape.build import build_problem
from landscape.data import load_splits
from landscape.device import choose_device
from landscape.directions import make_directions
from landscape.extent import common_extent
from landscape.grid import automatic_range, parse_range
from landscape.models.named import build_network
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.render import save
from landscape.run import sample_surface
from landscape.summary import describe
from landscape.surface import Surface
from landscape.training import HISTORY, TrainingSettings
from landscape.training.history import read_history
from landscape.training.loop import train_once

FOLDER = "landscape-digits"
VARIANTS = {"projection": "ResNet-56 with shortcuts", "none": "ResNet-56 without shortcuts"}
SETTINGS = TrainingSettings(epochs=25, lr=0.1, batch_size=128, schedule="onecycle")
PICTURES = {"contour.png": "contour", "surface.png": "surface", "explore.html": None}


@dataclass(frozen=True)
class DefaultJob:
    """Results of the job: surfaces by kind of shortcuts, files, and test errors."""

    surfaces: dict[str, Surface]
    files: list[Path]
    test_errors: dict[str, float]

    def report(self) -> list[str]:
        """Lines that list the files and summarize the results."""
        lines = ["", "wrote"]
        lines += [f"  {path}" for path in self.files]
        lines.append("results")
        for kind, surface in self.surfaces.items():
            accuracy = 1.0 - self.test_errors[kind]
            lines.append(f"  {VARIANTS[kind]}: test accuracy {accuracy:.1%}; {describe(surface)}")
        return lines


def run_default_job(
    folder: str | Path = FOLDER,
    x: str = "-1:1:25",
    y: str = "-1:1:25",
    *,
    limit: int = 400,
    seed: int = 0,
    device: str = "auto",
    progress: bool = True,
) -> DefaultJob:
    """Train both networks on digits, sample both surfaces along the same kind of plane, plot them.

    Parameters
    ----------
    folder
        For weights, surfaces and figures; created if it does not exist.
    x, y
        The grid of both surfaces; ``auto:count`` for ``x`` chooses a common range of both axes
        (see :func:`landscape.extent.common_extent`).
    limit
        Number of training digits evaluated at each point (of 1,437).
    seed
        Seed of the random directions.
    """
    # Detect invalid options before minutes of training.
    automatic = x.startswith("auto")
    axes = (automatic_range(x, 1.0),) * 2 if automatic else (parse_range(x), parse_range(y, "y"))
    make_directions({}, seed=seed)
    load_splits("digits", limit=limit)
    choose_device(device)
    folder = Path(folder)
    weights = {kind: _trained(kind, folder, device, progress) for kind in VARIANTS}
    problems = {
        kind: build_problem(
            "resnet56", weights=path, shortcuts=kind, data="digits", limit=limit, device=device
        )
        for kind, path in weights.items()
    }
    if automatic:
        extent = common_extent([(p, _plane(p, seed)) for p in problems.values()])
        axes = (automatic_range(x, extent.distance),) * 2
    surfaces: dict[str, Surface] = {}
    files = []
    for kind, title in VARIANTS.items():
        path = folder / f"resnet56-{kind}.h5"
        surfaces[kind] = sample_surface(
            problems[kind], *axes, path=path, seed=seed, title=title, progress=progress
        )
        files += [weights[kind], path]
    test_errors = {
        kind: read_history(path.with_name(HISTORY)).columns["test_error"][-1]
        for kind, path in weights.items()
    }
    drawn = list(surfaces.values())
    files += [save(drawn, folder / picture, style) for picture, style in PICTURES.items()]
    return DefaultJob(surfaces, files, test_errors)


def _plane(problem: Problem, seed: int) -> Plane:
    directions = make_directions(problem.origin, seed=seed)
    return Plane(problem.origin, [d.vector for d in directions])


def _trained(kind: str, folder: Path, device: str, progress: bool) -> Path:
    """The checkpoint of one variant, trained now if it does not exist."""
    return train_once(
        partial(build_network, "resnet56", shortcuts=kind, in_channels=1, classes=10),
        load_splits("digits", "both"),
        folder / f"train-{kind}",
        SETTINGS,
        device=device,
        title=VARIANTS[kind],
        progress=progress,
    )
