"""``python -m landscape.compare``: compare surfaces by measures. Never imports torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from landscape import commandline
from landscape.examples import PREFIX
from landscape.measures import compare_surfaces
from landscape.store import open_surface

DESCRIPTION = """Print measures of surfaces side by side, and what each difference means: flatness,
sharpness, roughness, convexity, basins. Brackets show the range given by two standard errors and
the grid spacing; values differ if their ranges do not overlap.

Each surface is compared with the first. Surfaces that differ in loss, data, kind of direction,
normalization, range or grid are measured too; rows that cannot be compared say why, and the first
lines say what can. The exit status is 0 in that case too: it is 2 only for invalid files and
options."""

EXAMPLE = """  python -m landscape.compare example:resnet56 example:resnet56_noshort
  python -m landscape.compare a.h5 b.h5 c.h5 --rise 0.5 --quantity test_loss"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _command(argv: Sequence[str] | None) -> None:
    given = vars(_parser().parse_args(argv))
    files = given.pop("files")
    options = {name: value for name, value in given.items() if value is not None}
    surfaces = [open_surface(path) for path in files]
    print(compare_surfaces(surfaces, short_names(files), **options))


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("compare", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="two or more surface files, or example:NAME")
    add("--quantity", metavar="NAME", help="the loss to compare (default: the first of each file)")
    add(
        "--rise",
        type=float,
        metavar="AMOUNT",
        help="rise of the loss at the flat radius, in its unit (default: 0.1)",
    )
    add(
        "--epsilon",
        type=float,
        metavar="E",
        help="half the side of the box used for sharpness, in coordinates (default: 0.1)",
    )
    return parser


def short_names(paths: Sequence[str]) -> list[str]:
    """Distinct names of files: without folder and suffix if possible, otherwise whole paths.

    >>> short_names(["runs/a.h5", "example:b"]), short_names(["x/a.h5", "y/a.h5"])
    (['a', 'b'], ['x/a.h5', 'y/a.h5'])
    """
    short = [path.removeprefix(PREFIX).replace("\\", "/").rpartition("/")[2] for path in paths]
    short = [name.removesuffix(".h5") or name for name in short]
    if len(set(short)) == len(short):
        return short
    if len(set(paths)) == len(paths):
        return list(paths)
    return [f"{path} ({number})" for number, path in enumerate(paths, 1)]


if __name__ == "__main__":
    sys.exit(main())
