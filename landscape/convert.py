"""``python -m landscape.convert``: convert files of other programs, and from and to Li et al.'s."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from landscape import commandline
from landscape.atomic import replacing
from landscape.elsewhere import READERS, read_array, suffix_of
from landscape.errors import InputError, argument, unknown_choice
from landscape.examples import located
from landscape.hdf5 import reading
from landscape.legacy import is_legacy, lost_in_legacy, save_legacy
from landscape.outputs import check_kind
from landscape.store import open_surface, save_surface

LAYOUTS = ("legacy", "landscape")
_EXPECTED = "surface or direction file of landscape or of tomgoldstein/loss-landscape"

DESCRIPTION = """Convert a surface or direction file to the other layout: that of
tomgoldstein/loss-landscape (legacy) or ours (landscape); or a table (.csv, .tsv) or arrays (.npz,
.npy) of another program to ours.

The legacy layout cannot store the origin of a surface (network, data, directions, precision,
versions) or standard errors: keep our file too."""

EXAMPLE = """  python -m landscape.convert theirs.h5 ours.h5
  python -m landscape.convert ours.h5 theirs.h5 --to legacy
  python -m landscape.convert test_loss.npy ours.h5 --x=-1:1 --y=-0.5:0.5"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("convert", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("source", metavar="IN", help="surface or direction file, or example:NAME")
    add("target", metavar="OUT.h5", help="the file to write")
    commandline.add_overwrite(parser)
    add("--to", metavar="LAYOUT", help=f"{' or '.join(LAYOUTS)} (default: the other one)")
    for axis in ("x", "y"):
        add(f"--{axis}", metavar="A:B", help=f"of a .npy: first and last coordinate along {axis}")
    return parser


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    print("\n".join(convert(**{k: v for k, v in vars(options).items() if v is not None})))


def convert(
    source: str | Path,
    target: str | Path,
    to: str | None = None,
    x: str | None = None,
    y: str | None = None,
) -> list[str]:
    """Convert a surface or direction file to the other layout, or one of another program to ours.

    Parameters
    ----------
    source, target
        Two different files; ``source`` may be ``example:NAME``.
    to
        ``legacy``, ``landscape``, or None for the one that the source is not in.
    x, y
        Ranges of an array (``.npy``), as in ``-1:1`` or ``-1:1:51``; y only of a plane.

    Returns
    -------
    Lines that describe what was written, and what was lost.

    Raises
    ------
    InputError
        If the source is neither kind of file, is in the requested layout already, or contains
        values that the layout cannot represent; or if the target cannot be written or is the
        source.
    """
    if to is not None and to not in LAYOUTS:
        raise unknown_choice("layout", to, LAYOUTS)
    source, target = located(source), Path(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"{target} is the source file; choose another name for the output")
    suffix = suffix_of(source)
    bare = suffix == ".npy"
    if bare and x is None:
        raise InputError(
            f"{source} is an array without coordinates: give {argument('x')} and, for a plane, "
            f"{argument('y')}, as in {argument('x', '-1:1')}"
        )
    if not bare and (x is not None or y is not None):
        raise InputError(
            f"{source}: its coordinates are those of the file; leave {argument('x')} and "
            f"{argument('y')} out"
        )
    if bare or suffix in READERS:
        check_kind(target, "a converted file", partial(_is_converted, False))
        surface = open_surface(source) if x is None else read_array(source, x, y)
        (save_legacy if to == "legacy" else save_surface)(surface, target)
        return [f"wrote {target}, layout {to or LAYOUTS[1]}", f"from {source.name}: {surface!r}"]
    layout, directions = _layout_of(source)
    other = LAYOUTS[1 - LAYOUTS.index(layout)]
    if to == layout:
        raise InputError(
            f"{source} is already in layout {layout}; expected {argument('to', other)}"
        )
    check_kind(target, "a converted file", partial(_is_converted, directions))
    lines = (_directions if directions else _surface)(source, target, other)
    return [f"wrote {target}, layout {other}", *lines]


def _layout_of(path: Path) -> tuple[str, bool]:
    """The layout of a file, and whether it contains directions (otherwise it may be a surface).

    Direction files of both layouts contain the same arrays; only ours have attributes.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist; expected a surface or direction file")
    with reading(path, _EXPECTED, largest=None) as file:
        if "xdirection" in file:
            return ("landscape" if file["xdirection"].attrs else "legacy"), True
        return ("legacy" if is_legacy(file) else "landscape"), False


def _is_converted(directions: bool, path: Path) -> bool:
    """Whether a file is of directions, or a surface, and not the result of a run."""
    try:
        if _layout_of(path)[1] != directions:
            return False
        with reading(path, _EXPECTED, largest=None) as file:
            facts = file["xdirection"].attrs if directions else file.attrs
            return not {"kind", "weights_sha256"} & set(facts)
    except InputError:
        return False


def _surface(source: Path, target: Path, layout: str) -> list[str]:
    surface = open_surface(source)
    if layout == "landscape":
        save_surface(surface, target)
        return [f"not in {source.name}, hence unknown: network, data, directions"]
    save_legacy(surface, target)
    lost = ["network, data, directions, precision, versions", *lost_in_legacy(surface)]
    lines = [f"only in {source.name}: {', '.join(lost)}"]
    odd = sum(int((~np.isfinite(surface[n]) & surface.done).sum()) for n in surface.quantities)
    if odd:
        lines.append(f"{odd} values are NaN or infinite, which the legacy scripts do not expect")
    return lines


def _directions(source: Path, target: Path, layout: str) -> list[str]:
    """Copy the arrays, with attributes where the layout has them."""
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
        return [f"not in {source.name}, hence unknown: names of parameters, seed, normalization"]
    return [f"only in {source.name}: names of parameters, seed, normalization"]


if __name__ == "__main__":
    sys.exit(main())
