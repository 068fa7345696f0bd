"""``python -m landscape.experiments NAME``: experiments on skip connections."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from landscape import commandline
from landscape.errors import InputError
from landscape.experiments.names import ABOUT, experiment

DESCRIPTION = """Run an experiment on skip connections: train, measure and plot.

{experiments}

Writes to a folder: results.h5 (all numbers, readable by xarray), figures, findings.txt (a summary
computed from the numbers), and the trained networks. Run the same command to resume an interrupted
experiment."""

EXAMPLE = """  python -m landscape.experiments degradation
  python -m landscape.experiments variants --size paper --data cifar10:cifar-10-batches-py"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(
        _command,
        argv,
        when_interrupted="complete epochs and points are saved; run the same command to resume",
        again="run the same command to resume",
    )


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    chosen = experiment(options.name)
    folder = Path(options.output or f"landscape-{chosen.name}")
    outcome = chosen.run(
        folder,
        size=options.size,
        data=options.data,
        seeds=_seeds(options.seeds),
        device=options.device,
    )
    (folder / "findings.txt").write_text("\n".join(outcome.findings) + "\n", encoding="utf-8")
    print("wrote")
    for path in (outcome.results, *outcome.figures, folder / "findings.txt"):
        print(f"  {path}")
    print("findings")
    for sentence in outcome.findings:
        print(f"  {sentence}")


def _seeds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        seeds = tuple(int(part) for part in text.split(","))
    except ValueError:
        seeds = ()
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise InputError(
            f"--seeds {text!r}: expected different whole numbers of at least 0, separated by "
            "commas, as in --seeds 0,1,2"
        )
    return seeds


def _parser() -> argparse.ArgumentParser:
    experiments = "\n".join(f"  {name:12} {about}" for name, about in ABOUT.items())
    parser = commandline.parser("experiments", DESCRIPTION.format(experiments=experiments), EXAMPLE)
    add = parser.add_argument
    add("name", metavar="NAME", help=", ".join(ABOUT))
    add(
        "--size",
        default="small",
        metavar="SIZE",
        help="small (minutes on two cores) or paper (the papers' settings, on a GPU) (small)",
    )
    add("--data", metavar="SOURCE", help="as in landscape.sample (small: digits; paper: required)")
    add(
        "--seeds", metavar="LIST", help="seeds of the trainings, as in 0,1,2 (the experiment's own)"
    )
    add("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, cuda:N, mps (auto)")
    add("-o", "--output", metavar="FOLDER", help="(landscape-NAME)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
