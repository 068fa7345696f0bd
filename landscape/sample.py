"""``python -m landscape.sample``: measure the loss on a plane around trained weights.

Without a network it runs the default job: see :mod:`landscape.default_job`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from landscape import commandline
from landscape.build import build_problem
from landscape.default_job import run_default_job
from landscape.directions import IGNORED, NORMALIZATIONS, save_directions
from landscape.distributed.environment import this_process
from landscape.distributed.launch import sample_distributed
from landscape.distributed.parts import part_of_shard
from landscape.errors import InputError, unknown_choice
from landscape.evaluate import Settings
from landscape.hessian.curvature import WHOLE_NETWORK
from landscape.live import shown_meanwhile
from landscape.metrics import METRICS, names_in
from landscape.options import add_data, add_device, add_network
from landscape.planes import DIRECTION_KINDS, Kind, Spanned, span
from landscape.planes.choose import at_start, axes_of, weights_of
from landscape.run import sample_surface
from landscape.run.recheck import parse_share
from landscape.run.shard import WHOLE, Shard
from landscape.summary import describe, plane_words
from landscape.surface import Surface

DESCRIPTION = """Measure loss and accuracy on a grid of a plane (or line) around trained weights.

Without --model and --weights it does the default job: both ResNet-56, with and without shortcuts,
are trained on scikit-learn's digits (once), sampled and drawn, into the folder given by -o."""

EXAMPLE = """  python -m landscape.sample
  python -m landscape.sample --weights resnet56.t7 --data cifar10:cifar-10-batches-py \\
      --limit 1000 --x=-1:1:51 --y=-1:1:51 -o resnet56.h5
  python -m landscape.sample --directions pca:runs/resnet20 --data digits -o path.h5
  python -m landscape.sample --directions between:a.pt,b.pt --bn reestimate -o between.h5
  torchrun --standalone --nproc-per-node=2 -m landscape.sample --weights net.pt -o net.h5"""

_RUN_OPTIONS = (
    "bn",
    "repeats",
    "trajectories",
    "tolerance",
    "precision",
    "batch_size",
    "title",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(
        _command, argv, when_interrupted="what was computed is saved; the same command goes on"
    )


def _command(argv: Sequence[str] | None) -> None:
    given = {k: v for k, v in vars(_parser().parse_args(argv)).items() if v is not None}
    if {"model", "weights"} & set(given) or weights_of(given.get("directions", "")) is not None:
        _surface(given)
    elif this_process() is None:
        _default_job(given)
    else:
        raise InputError(
            "the default job is for one process: leave torchrun out, or give --model or --weights"
        )


def _surface(given: dict[str, Any]) -> None:
    x, y = given.pop("x", "default"), given.pop("y", None)
    if x.startswith("auto"):
        _check_automatic(x, y)
        y = "default"
    elif x == "default":
        if y is not None:
            raise InputError(f"--y={y} without --x: give both, or --x alone for a line")
        y = "default"
    output = Path(str(given.pop("output", "surface.h5")))
    saved_directions = given.pop("save_directions", None)
    live = given.pop("live", False)
    kind = given.pop("directions", "random")
    plane_options = {
        name: given.pop(option)
        for name, option in (("normalization", "norm"), ("ignored", "ignore"), ("seed", "seed"))
        if option in given
    }
    run_options = {name: given.pop(name) for name in _RUN_OPTIONS if name in given}
    if "verify" in given:
        run_options["verify"] = parse_share(given.pop("verify"))
    team = this_process()
    if team is not None:
        given["device"] = team.device(given.get("device", "auto"))
    shard = Shard.parse(given.pop("shard", "1/1"))
    if shard != WHOLE:
        if team is not None:
            raise InputError("--shard is for machines without a common network; leave torchrun out")
        output = part_of_shard(output, shard)
        run_options["shard"] = shard
    # Shards cannot agree on what is fastest, so they take the plain way unless told otherwise.
    tuned = _on(str(given.pop("tune", "on" if shard == WHOLE else "off")))
    if saved_directions is not None and run_options.get("repeats", 1) > 1:
        raise InputError("--save-directions keeps one pair, but --repeats asks for several")
    named = given.setdefault("weights", weights_of(kind))
    if "metrics" in given:
        names = names_in(given.pop("metrics"))
        run_options["whole_network"] = [name for name in names if name in WHOLE_NETWORK]
        given["metrics"] = [name for name in names if name not in WHOLE_NETWORK]
    problem = build_problem(given.pop("model", None), settings=given.pop("set", None), **given)
    if named == weights_of(kind):
        problem = at_start(problem, kind)
    directions: Kind = kind
    if run_options.get("repeats", 1) == 1:
        directions = span(problem, kind, 1 if y is None else axes_of(kind), **plane_options)
        plane_options = {}
    sample = sample_surface if team is None else partial(sample_distributed, team)
    with shown_meanwhile([output]) if live and (team is None or team.rank == 0) else nullcontext():
        surface = sample(
            problem,
            x,
            y,
            path=output,
            directions=directions,
            tuned=tuned,
            **plane_options,
            **run_options,
        )
    if surface is None:
        return  # another rank has the last word
    if saved_directions is not None and isinstance(directions, Spanned):
        made = directions.directions
        vectors, facts = [d.vector for d in made], [d.attributes for d in made]
        save_directions(str(saved_directions), vectors, facts)
    print(f"{output}: {describe(surface)}")
    print(f"computed with {Settings.from_attributes(surface.attributes)}{_precision(surface)}")
    print("\n".join(plane_words(surface)), end="\n" if plane_words(surface) else "")
    if shard != WHOLE:
        return
    print(f"draw it: python -m landscape.render {output} -o {output.with_suffix('.png')}")


def _default_job(given: dict[str, Any]) -> None:
    allowed = {"x": "x", "y": "y", "limit": "limit", "seed": "seed", "device": "device"}
    folder = given.pop("output", None)
    if given.get("x", "").startswith("auto"):
        _check_automatic(given["x"], given.get("y"))
    for option in given:
        if option not in allowed:
            raise InputError(
                f"--{option.replace('_', '-')} needs a network: give --model or --weights; the "
                "default job, which runs without them, takes only --x, --y, --limit, --seed, "
                "--device and -o"
            )
    result = run_default_job(*([folder] if folder is not None else []), **given)
    print("\n".join(result.report()))


def _precision(surface: Surface) -> str:
    """What was measured of a reduced precision, if anything was."""
    error = surface.attributes.get("precision_error")
    return "" if error is None else f"; error {error:.3g} ({surface.attributes['precision_bound']})"


def _check_automatic(x: str, y: str | None) -> None:
    if y is not None:
        raise InputError(f"--x={x} is for both axes, but --y={y} came too: leave --y out")


def _on(text: str) -> bool:
    if text not in ("on", "off"):
        raise unknown_choice("value of --tune", text, ("on", "off"))
    return text == "on"


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("sample", DESCRIPTION, EXAMPLE)
    add_network(parser)
    data, whole = add_data(parser), ", ".join(WHOLE_NETWORK)
    data.add_argument(
        "--metrics",
        metavar="NAME,…",
        help=f"measured beside the loss: in the same pass {', '.join(METRICS)}, topK (as top5), "
        f"package.module:function; of the network as a whole, at length, {whole}",
    )
    plane = parser.add_argument_group("plane")
    plane.add_argument(
        "--x",
        metavar="A:B:N",
        help="N coordinates from A to B (default: -1:1:25 on both axes, or what suits the "
        "directions), or auto:N: both axes as far as the loss takes to rise to twice that of "
        "guessing",
    )
    plane.add_argument("--y", metavar="A:B:N", help="the same; --x without --y gives a line")
    plane.add_argument(
        "--directions",
        metavar="KIND",
        help=f"{', '.join(DIRECTION_KINDS)} (default: random)",
    )
    plane.add_argument(
        "--norm",
        metavar="HOW",
        help=f"of random directions: {', '.join(NORMALIZATIONS)} (default: filter)",
    )
    plane.add_argument(
        "--ignore",
        metavar="WHAT",
        help=f"{', '.join(IGNORED)}: biasbn leaves biases and normalization layers where they are "
        "(default: biasbn)",
    )
    plane.add_argument(
        "--seed", type=int, metavar="N", help="of the random directions (default: 0)"
    )
    plane.add_argument(
        "--repeats",
        type=int,
        metavar="R",
        help="R draws of random directions in one file: mean, quantiles and each (default: 1)",
    )
    plane.add_argument(
        "--bn",
        metavar="HOW",
        help="running statistics of batch normalization: stored (with the network, everywhere), "
        "interpolate (between solutions), reestimate (anew at every point) (default: stored)",
    )
    plane.add_argument(
        "--trajectory",
        dest="trajectories",
        action="append",
        metavar="RUN",
        help="a training run whose path is shown in the plane; may be given several times",
    )
    output = parser.add_argument_group("running and output")
    output.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="surface file, resumed if it is there (surface.h5); folder of the default job",
    )
    output.add_argument(
        "--save-directions", metavar="FILE", help="write the directions to an HDF5 file"
    )
    output.add_argument("--title", metavar="TEXT", help="kept in the file, shown on pictures")
    output.add_argument(
        "--live",
        action="store_const",
        const=True,
        help="serve a page on this machine that shows the surface while it fills, coarse to fine",
    )
    output.add_argument(
        "--shard",
        metavar="I/N",
        help="only the I-th of N parts of the points, into FILE.part-IofN, for machines without a "
        "common network; python -m landscape.merge puts the parts together",
    )
    output.add_argument(
        "--verify",
        metavar="PERCENT",
        help="as in 2%%: so many of the points are computed again, under torchrun by another rank, "
        "and a difference beyond rounding stops the run (default: none)",
    )
    add_device(output)
    speed = parser.add_argument_group("speed")
    speed.add_argument(
        "--tolerance",
        metavar="PERCENT[,ABSOLUTE]",
        help="as in 2%%,0.01: every point on as many examples as it needs for a standard error of "
        "its loss of 2%%, or 0.01 if that is larger (default: all examples)",
    )
    speed.add_argument(
        "--precision",
        metavar="HOW",
        help="float32: the network's own; bfloat16; tf32 (CUDA only); auto: bfloat16 where no "
        "loss, on a few points of this plane, is further off than 2%% plus 0.002 "
        "(default: float32)",
    )
    speed.add_argument(
        "--batch-size", type=int, metavar="N", help="examples a forward pass (default: tuned)"
    )
    speed.add_argument(
        "--tune",
        metavar="on|off",
        help="try memory layouts, folding of batch norm and batch sizes for a moment and take the "
        "fastest; off: plain settings, batch 128 (default: on)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
