"""``python -m landscape.convert``: files of tomgoldstein/loss-landscape to ours and back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from landscape import commandline
from landscape.atomic import replacing
from landscape.errors import InputError, unknown_choice
from landscape.examples import located
from landscape.hdf5 import reading
from landscape.legacy import is_legacy, lost_in_legacy, save_legacy
from landscape.store import open_surface, save_surface

LAYOUTS = ("legacy", "landscape")
_EXPECTED = "surface or direction file of landscape or of tomgoldstein/loss-landscape"

DESCRIPTION = """Write a surface or direction file in the other layout: that of
tomgoldstein/loss-landscape (legacy) or ours (landscape).

Their layout has no place for what a surface came from (network, data, directions, precision,
versions), nor for standard errors: keep our file too."""

EXAMPLE = """  python -m landscape.convert theirs.h5 ours.h5
  python -m landscape.convert ours.h5 theirs.h5 --to legacy"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("convert", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("source", metavar="IN.h5", help="surface or direction file, or example:NAME")
    add("target", metavar="OUT.h5", help="the file to write")
    add("--to", metavar="LAYOUT", help=f"{' or '.join(LAYOUTS)} (default: the one IN.h5 is not in)")
    return parser


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    print("\n".join(convert(options.source, options.target, options.to)))


def convert(source: str | Path, target: str | Path, to: str | None = None) -> list[str]:
    """Write a surface or direction file in the other layout.

    Parameters
    ----------
    source, target
        Two different files; ``source`` may be ``example:NAME``.
    to
        ``legacy``, ``landscape``, or None for the layout that the source is not in.

    Returns
    -------
    What was written, and what of the source is not in it, a line each.

    Raises
    ------
    InputError
        If the source is neither kind of file, is in the layout asked for already, or holds what
        the layout cannot; or if the target cannot be written or is the source.
    """
    if to is not None and to not in LAYOUTS:
        raise unknown_choice("layout", to, LAYOUTS)
    source, target = located(source), Path(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target} is the file to convert; choose another name to write to")
    layout, directions = _layout_of(source)
    other = LAYOUTS[1 - LAYOUTS.index(layout)]
    if to == layout:
        raise InputError(f"{source} is in the layout {layout} already; expected --to {other}")
    lines = (_directions if directions else _surface)(source, target, other)
    return [f"wrote {target}, layout {other}", *lines]


def _layout_of(path: Path) -> tuple[str, bool]:
    """The layout of a file, and whether it holds directions (or else, as far as known, a surface).

    Their direction files and ours hold the same; only in ours the directions say what they are.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; expected a surface or direction file")
    with reading(path, _EXPECTED, largest=None) as file:
        if "xdirection" in file:
            return ("landscape" if file["xdirection"].attrs else "legacy"), True
        return ("legacy" if is_legacy(file) else "landscape"), False


def _surface(source: Path, target: Path, layout: str) -> list[str]:
    surface = open_surface(source)
    if layout == "landscape":
        save_surface(surface, target)
        return [f"not in {source.name}, hence not known: network, data, directions"]
    save_legacy(surface, target)
    lost = ["network, data, directions, precision, versions", *lost_in_legacy(surface)]
    lines = [f"only in {source.name}: {', '.join(lost)}"]
    odd = sum(int((~np.isfinite(surface[n]) & surface.done).sum()) for n in surface.quantities)
    if odd:
        lines.append(f"{odd} values are NaN or infinite, which their scripts do not expect")
    return lines


def _directions(source: Path, target: Path, layout: str) -> list[str]:
    """The same arrays under the same numbers; names and facts as far as the layout has them."""
    with (
        reading(source, _EXPECTED, largest=None) as old,
        replacing(target) as temporary,
        h5py.File(temporary, "w") as new,
    ):
        for axis in old:
            old.copy(old[axis], new, axis, without_attrs=layout == "legacy")
            if layout == "landscape":
                new[axis].attrs["source"] = "tomgoldstein/loss-landscape"
    if layout == "landscape":
        return [f"not in {source.name}, hence not known: names of parameters, seed, normalization"]
    return [f"only in {source.name}: names of parameters, seed, normalization"]


if __name__ == "__main__":
    sys.exit(main())
