"""``python -m landscape.merge``: merge parts of a surface sampled on several machines."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from landscape import commandline
from landscape.atomic import may_overwrite
from landscape.distributed.parts import check_complete, merged
from landscape.errors import InputError
from landscape.lock import only_writer
from landscape.store import open_surface, save_surface
from landscape.summary import describe
from landscape.surface import Surface

DESCRIPTION = """Merge the parts of a surface written by --shard i/n of landscape.sample.

Values at points that several parts contain must agree (to 1e-6). The parts are kept."""

EXAMPLE = """  python -m landscape.merge out.h5.part-1of2 out.h5.part-2of2 -o out.h5

where the parts come from:
  python -m landscape.sample --weights net.pt --data digits --shard 1/2 -o out.h5
  python -m landscape.sample --weights net.pt --data digits --shard 2/2 -o out.h5"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def merge(parts: Sequence[str | Path], output: str | Path) -> Surface:
    """Merge parts into one surface file.

    Parameters
    ----------
    parts
        Surface files of one run, which together contain all points.
    output
        The file to write. If it exists, it must be of the same run and is merged too.

    Raises
    ------
    InputError
        If a part cannot be read, parts are of different runs or disagree, or a point is missing.
        Nothing is written then.
    """
    output = Path(output)
    with only_writer(output):
        kept = output.exists() and not may_overwrite()
        names = dict.fromkeys([*([str(output)] if kept else []), *map(str, parts)])
        surface = merged({name: open_surface(name) for name in names})
        check_complete(surface, f"{len(names)} files do not make a complete surface")
        save_surface(surface, output)
    return surface


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    if options.output is None:
        raise InputError("no output file: give one, as in -o out.h5")
    surface = merge(options.parts, options.output)
    print(f"{options.output}, from {len(set(options.parts))} parts: {describe(surface)}")


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("merge", DESCRIPTION, EXAMPLE)
    parser.add_argument("parts", nargs="+", metavar="PART", help="surface files of one run")
    parser.add_argument("-o", "--output", metavar="FILE", help="merged surface file")
    commandline.add_overwrite(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
