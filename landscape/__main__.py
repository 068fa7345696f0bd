"""``landscape --help``: the list of the commands."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from landscape.commandline import run
from landscape.starting import answer_ctrl_c
from landscape.version import __version__

COMMANDS = {
    "sample": "sample the loss on a plane around trained weights; without arguments, a demo",
    "merge": "merge parts of a surface sampled on several machines",
    "train": "train a network, with checkpoints and a history",
    "connect": "train a low-loss curve between two networks and print the barriers",
    "render": "draw surfaces: figures, pages, meshes, movies",
    "weights": "histograms of the weights of networks, side by side",
    "live": "show surfaces in the browser while they are computed",
    "curvature": "eigenvalues, trace and spectral density of the Hessian",
    "info": "describe a surface file",
    "compare": "compare measures of surfaces and interpret the differences",
    "convert": "convert files from and to tomgoldstein/loss-landscape",
    "experiments": "experiments on skip connections: train, measure, draw, summarize",
}

USAGE = "usage: landscape COMMAND … (the same as python -m landscape.COMMAND …)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command given by the first argument; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        return run(_list_commands, words)
    if words[0] == "--version":
        print(f"landscape {__version__}")
        return 0
    if words[0] not in COMMANDS:
        known = ", ".join(COMMANDS)
        print(f"error: unknown command {words[0]!r}: expected one of {known}", file=sys.stderr)
        return 2
    if os.getcwd() not in sys.path:
        # Unlike python -m, the console script does not search the current folder for modules.
        sys.path.append(os.getcwd())
    answer_ctrl_c()
    room = words[0] in ("render", "experiments")
    home = f"landscape.{words[0]}.__main__" if room else f"landscape.{words[0]}"
    status: int = importlib.import_module(home).main(words[1:])
    return status


def _list_commands(words: Sequence[str] | None) -> None:
    print(USAGE, "", "commands:", sep="\n")
    for name, what in COMMANDS.items():
        print(f"  {name:<11} {what}")
    print("\nexample:\n  landscape sample --help")


if __name__ == "__main__":
    sys.exit(main())
