"""A gallery of every built-in kind of network, with and without shortcuts, on one page.

Each network is trained briefly by ``landscape.train`` and sampled by ``landscape.sample``, and
``landscape.render`` makes ``gallery.html`` and ``gallery.pdf``. Commands are printed as they run;
existing files are reused. The data are those of every installation; DenseNet-121 does not work
with images of 8×8 pixels and is included only with ``--images``.

    python scripts/make_gallery.py -o runs/gallery
    python scripts/make_gallery.py -o runs/gallery --images cifar10:cifar-10-batches-py
    python scripts/make_gallery.py -o runs/gallery --only resnet56,unet --epochs 25
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import landscape.render.__main__
import landscape.sample
import landscape.train
from landscape.models.named import family_called


@dataclass(frozen=True)
class Row:
    """A network of the gallery, with its options."""

    model: str
    settings: str = ""
    data: str | None = "digits"
    """None: the images given on the command line."""
    without_parameters: str = ""
    """The kind of shortcuts to show, if the network's default kind has parameters."""
    learning: str = "--lr 0.05 --batch-size 64 --weight-decay 1e-4"


ROWS = (
    Row("resnet20", without_parameters="identity"),
    Row("resnet56", without_parameters="identity"),
    Row("resnet110", without_parameters="identity"),
    Row("resnet18"),
    Row("resnet34"),
    Row("resnet50"),
    Row("highway20"),
    Row("densenet40", "growth=15"),
    # Without shortcuts gradients grow until SGD gives NaN; Adam does not depend on their scale.
    Row("densenet121", data=None, learning="--optimizer adam --lr 0.001 --batch-size 64"),
    Row("unet", "levels=3,channels=12", "scenes"),
    Row("vgg9", "channels=20"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, sample and plot; returns the exit status of the first command that fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", default="runs/gallery", metavar="FOLDER")
    parser.add_argument("--only", metavar="NAME,…", help=", ".join(row.model for row in ROWS))
    parser.add_argument("--images", metavar="SOURCE", help="images of at least 32×32 pixels")
    parser.add_argument("--train-limit", type=int, default=1000, help="images to train on (1000)")
    parser.add_argument("--epochs", type=int, default=8, help="epochs of each training (8)")
    parser.add_argument("--points", type=int, default=21, help="points along each axis (21)")
    parser.add_argument("--limit", type=int, default=100, help="examples per point (100)")
    options = parser.parse_args(argv)
    wanted = options.only.split(",") if options.only else [row.model for row in ROWS]
    if unknown := set(wanted) - {row.model for row in ROWS}:
        known = ", ".join(row.model for row in ROWS)
        parser.error(f"--only {','.join(sorted(unknown))}: expected names among {known}")
    folder, surfaces = Path(options.output), []
    for row in (row for row in ROWS if row.model in wanted):
        data = row.data or options.images
        if data is None:
            print(f"{row.model} is left out: it needs --images SOURCE")
            continue
        for kind in kinds_of(row):
            name = f"{row.model}-{kind}"
            network = ["--model", row.model, "--shortcuts", kind, "--data", data]
            network += ["--settings", row.settings] if row.settings else []
            trained, surface = folder / name / "final.pt", folder / f"{name}.h5"
            if not trained.exists():
                training = [*network, *row.learning.split(), "--epochs", str(options.epochs)]
                training += [] if row.data else ["--limit", str(options.train_limit)]
                training += ["--resume"] if (folder / name / "last.pt").exists() else []
                if status := ran(
                    "train", landscape.train.main, [*training, "-o", str(folder / name)]
                ):
                    return status
            grid = [f"--x=-1:1:{options.points}", f"--y=-1:1:{options.points}"]
            sampling = [*network, "--weights", str(trained), *grid, "--limit", str(options.limit)]
            if status := ran("sample", landscape.sample.main, [*sampling, "-o", str(surface)]):
                return status
            surfaces.append(str(surface))
    title = f"{len(surfaces)} surfaces: shortcuts, and none"
    # Deep networks without shortcuts reach 10²⁷; on that scale all others look flat.
    look = [*surfaces, "--clip", "1000"]
    page = [*look, "--style", "gallery", "--title", title, "-o", str(folder / "gallery.html")]
    figure = [*look, "--style", "contour", "--columns", "4", "--width", "13"]
    figure += ["-o", str(folder / "gallery.pdf")]
    return ran("render", landscape.render.__main__.main, page) or ran(
        "render", landscape.render.__main__.main, figure
    )


def kinds_of(row: Row) -> tuple[str, ...]:
    """The kinds of shortcuts to show: one, and none."""
    kinds = family_called(row.model).shortcuts
    return tuple(dict.fromkeys([row.without_parameters or kinds[0], "none"]))


def ran(command: str, main: Callable[[Sequence[str]], int], arguments: list[str]) -> int:
    """Print a command and run it here."""
    print(f"+ python -m landscape.{command} {shlex.join(arguments)}", flush=True)
    return main(arguments)


if __name__ == "__main__":
    sys.exit(main())
