"""``python -m landscape.render``: draw saved surfaces."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from landscape.commandline import add_overwrite, parser, run
from landscape.outputs import check_outputs
from landscape.render.contexts import CONTEXTS
from landscape.render.media import MEDIA, write
from landscape.render.movie.plan import MOVIES
from landscape.render.opened import opened
from landscape.render.resolve import GALLERY, RENDERERS
from landscape.render.scale import SCALES
from landscape.render.space.interpolate import METHODS
from landscape.render.styles import STYLES


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    return run(_render, argv)


def _parser() -> argparse.ArgumentParser:
    p = parser(
        "render",
        "Draw one or more saved surfaces side by side on one scale.",
        "  python -m landscape.render resnet56.h5 resnet56_noshort.h5 -o compare.html\n"
        "  python -m landscape.render resnet56.h5 -o contour.pdf --levels 0.1,1,10\n"
        "  python -m landscape.render resnet56.h5 -o turn.mp4 --seconds 8 --fps 30\n"
        "  python -m landscape.render r20.h5 r56.h5 r110.h5 n20.h5 n56.h5 n110.h5 -o grid.pdf \\\n"
        "      --column-titles 20,56,110 --row-titles 'shortcuts,no shortcuts'\n"
        "  python -m landscape.render */*.h5 --style gallery -o gallery.html",
    )
    add, known, styles = p.add_argument, " ".join(MEDIA), (*STYLES, GALLERY)
    chosen = f"{', '.join(styles)} (default: chosen for surfaces and file)"
    add("surfaces", nargs="+", metavar="SURFACE.h5", help="or example:NAME")
    add("-o", "--output", required=True, metavar="FILE", help=f"one of {known}")
    add_overwrite(p)
    add("--style", choices=styles, metavar="STYLE", help=chosen)
    add("--quantity", metavar="NAME", help="default: the first loss in the file")
    scale = "default: log for a loss without negative values, else linear; symlog in figures"
    add("--scale", choices=SCALES, help=scale)
    add("--clip", metavar="VALUE", help="auto, none, or the largest value drawn (default: auto)")
    count = "number of lines or ticks, or their values"
    add("--levels", type=_levels, metavar="N|A,B,…", help=count)
    both = "ends of the scale, to draw separate pictures on the same one"
    add("--range", dest="norm_range", type=_range, metavar="LOW,HIGH", help=both)
    add("--cmap", metavar="NAME", help="colour map (default: viridis; RdBu_r if signed)")
    add("--title", metavar="TEXT", help="instead of the network's name; above all panels")
    add("--width", metavar="WIDTH", help="of a figure: column (3.25), page (6.75) or inches")
    add("--columns", type=int, metavar="N", help="figures: panels side by side")
    add("--dpi", type=float, metavar="N", help="dots per inch of a .png (default: 300)")
    add("--caption", metavar="TEXT", help="below figures: short (default), full, none or a text")
    larger = "figures: everything larger for a talk or poster (default: paper)"
    add("--context", choices=CONTEXTS, help=larger)
    clear = "figures: transparent background"
    add("--transparent", action="store_true", default=None, help=clear)
    for what in ("row", "column"):
        names = f"figures: titles of {what}s, instead of panels"
        add(f"--{what}-titles", type=_names, metavar="A,B,…", help=names)
    add("--samples", action="store_true", default=None, help="maps: mark the sampled points")
    bar = "maps: bars of a distance in weight space"
    add("--scale-bar", action="store_true", default=None, help=bar)
    framed = "pages: compact inside another page; prints the frame to put there"
    add("--embed", action="store_true", default=None, help=framed)
    _add_space(p)
    _add_time(p)
    return p


def _add_space(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("3-D surfaces").add_argument
    add("--interpolate", choices=METHODS, help="between samples (default: cubic, no overshoot)")
    default = "default: pyvista for .png and movies if installed, else matplotlib"
    add("--renderer", choices=RENDERERS, help=default)
    add("--elevation", type=float, metavar="DEGREES", help="camera angle")
    add("--azimuth", type=float, metavar="DEGREES", help="camera angle")
    ratio = "meshes: height / width (default: 0.65)"
    add("--height-ratio", type=float, metavar="R", help=ratio)
    add("--width-mm", type=float, metavar="MM", help=".stl: width (default: 80)")
    add("--base-mm", type=float, metavar="MM", help=".stl: base plate (default: 3)")


def _add_time(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("movies").add_argument
    kinds = "full turn, one frame per surface, linear to log height, or paths (default: turntable)"
    add("--movie", choices=MOVIES, help=kinds)
    frames = "number of frames (default: 72; 60 for height and path)"
    add("--frames", type=int, metavar="N", help=frames)
    add(
        "--fps",
        type=float,
        metavar="N",
        help="frames per second (15; path: 10; sequence: 4)",
    )
    add("--seconds", type=float, metavar="S", help="duration, instead of frames or fps")


def _levels(text: str) -> int | list[float]:
    try:
        return [float(part) for part in text.split(",")] if "," in text else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a whole number nor comma-separated numbers"
        ) from None


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected LOW,HIGH, two numbers") from None
    return low, high


def _render(argv: Sequence[str] | None) -> None:
    given = vars(_parser().parse_args(argv))
    paths, output, style = given.pop("surfaces"), given.pop("output"), given.pop("style")
    options = {name: value for name, value in given.items() if value is not None}
    check_outputs({"output": output}, paths)
    written = write([opened(path) for path in paths], output, style, **options)
    print(f"wrote {written.path}")
    if written.caption and options.get("caption") != "full":
        print(written.caption)
    if "embed" in options:
        from landscape.render.page.embedding import frame

        print(frame(written.path))


if __name__ == "__main__":
    sys.exit(main())
