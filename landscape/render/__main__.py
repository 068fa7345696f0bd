"""``python -m landscape.render``: draw saved surfaces."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from landscape.commandline import parser, run
from landscape.render.choice import STYLES
from landscape.render.media import MEDIA, save
from landscape.render.opened import opened
from landscape.render.scale import SCALES


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return run(_render, argv)


def _parser() -> argparse.ArgumentParser:
    p = parser(
        "render",
        "Draw one or more saved surfaces side by side on one scale.",
        "  python -m landscape.render resnet56.h5 resnet56_noshort.h5 -o compare.html\n"
        "  python -m landscape.render resnet56.h5 -o contour.pdf --levels 0.1,1,10",
    )
    p.add_argument("surfaces", nargs="+", metavar="SURFACE.h5", help="saved surfaces")
    known = " ".join(MEDIA)
    p.add_argument("-o", "--output", required=True, metavar="FILE", help=f"one of {known}")
    p.add_argument("--style", choices=STYLES, help="default: what suits surfaces and file")
    p.add_argument("--quantity", metavar="NAME", help="default: the first loss in the file")
    p.add_argument("--scale", choices=SCALES, help="default: log for a loss, linear otherwise")
    p.add_argument(
        "--clip",
        metavar="VALUE",
        help="auto, none, or the largest value drawn (default: auto)",
    )
    p.add_argument(
        "--levels", type=_levels, metavar="N|A,B,…", help="how many lines or ticks, or their values"
    )
    p.add_argument("--cmap", metavar="NAME", help="colour map (default: viridis)")
    p.add_argument("--title", metavar="TEXT", help="in place of the network's name, or over all")
    p.add_argument("--dpi", type=float, metavar="N", help="dots per inch of a .png (default: 300)")
    return p


def _levels(text: str) -> int | list[float]:
    try:
        return [float(part) for part in text.split(",")] if "," in text else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a whole number nor numbers with commas between them"
        ) from None


def _render(argv: Sequence[str] | None) -> None:
    given = vars(_parser().parse_args(argv))
    paths, output, style = given.pop("surfaces"), given.pop("output"), given.pop("style")
    options = {name: value for name, value in given.items() if value is not None}
    written = save([opened(path) for path in paths], output, style, **options)
    print(f"wrote {written}")


if __name__ == "__main__":
    sys.exit(main())
