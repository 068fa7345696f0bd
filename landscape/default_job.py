"""The default job: ResNet-56 with and without shortcuts on real digits, from nothing to pictures.

Everything happens in one folder. What is there already is used again: trained weights, complete
surfaces, the points of an interrupted one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from landscape.build import build_problem, load_splits
from landscape.device import choose_device
from landscape.directions import make_directions
from landscape.grid import parse_range
from landscape.history import read_history
from landscape.models.named import Network, build_network
from landscape.render import save
from landscape.run import sample_surface
from landscape.summary import describe
from landscape.surface import Surface
from landscape.training import FINAL, HISTORY, LAST, TrainingSettings, train_network

FOLDER = "landscape-digits"
VARIANTS = {"projection": "ResNet-56 with shortcuts", "none": "ResNet-56 without shortcuts"}
SETTINGS = TrainingSettings(epochs=25, lr=0.1, batch_size=128, schedule="onecycle")
PICTURES = {"contour.png": "contour", "surface.png": "surface", "explore.html": None}


@dataclass(frozen=True)
class DefaultJob:
    """What the job wrote: surfaces by kind of shortcuts, files, and test errors."""

    surfaces: dict[str, Surface]
    files: list[Path]
    test_errors: dict[str, float]

    def report(self) -> list[str]:
        """What was written where, and what it shows."""
        lines = ["", "wrote"]
        lines += [f"  {path}" for path in self.files]
        lines.append("what it shows")
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
    """Train both networks on digits, sample both surfaces along the same kind of plane, draw them.

    Parameters
    ----------
    folder
        Where weights, surfaces and pictures go; made if it is not there.
    x, y
        The grid of both surfaces.
    limit
        Training digits behind each value (of 1,437).
    seed
        Of the random directions.
    """
    # What cannot work is found before minutes of training.
    axes = parse_range(x, "x"), parse_range(y, "y")
    make_directions({}, seed=seed)
    load_splits("digits", limit=limit)
    choose_device(device)
    folder = Path(folder)
    surfaces: dict[str, Surface] = {}
    test_errors: dict[str, float] = {}
    files = []
    for kind, title in VARIANTS.items():
        weights = _trained(kind, folder, device, progress)
        test_errors[kind] = read_history(weights.with_name(HISTORY)).columns["test_error"][-1]
        path = folder / f"resnet56-{kind}.h5"
        problem = build_problem(
            "resnet56", weights=weights, shortcuts=kind, data="digits", limit=limit, device=device
        )
        surfaces[kind] = sample_surface(
            problem, *axes, path=path, seed=seed, title=title, progress=progress
        )
        files += [weights, path]
    drawn = list(surfaces.values())
    files += [save(drawn, folder / picture, style) for picture, style in PICTURES.items()]
    return DefaultJob(surfaces, files, test_errors)


def _trained(kind: str, folder: Path, device: str, progress: bool) -> Path:
    """The checkpoint of one variant, trained now if it is not there."""
    place = folder / f"train-{kind}"
    if not (place / FINAL).exists():
        data = load_splits("digits", "both")

        def make_network() -> Network:
            return build_network("resnet56", shortcuts=kind, in_channels=1, classes=10)

        train_network(
            make_network,
            data,
            place,
            SETTINGS,
            device=device,
            resume=(place / LAST).exists(),
            title=VARIANTS[kind],
            progress=progress,
        )
    return place / FINAL
