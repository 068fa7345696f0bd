"""``python -m landscape.sample``: evaluate the loss on a plane around trained weights.

Without a network it runs the default job: see :mod:`landscape.default_job`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from landscape import commandline
from landscape.atomic import may_overwrite
from landscape.default_job import run_default_job
from landscape.distributed.environment import this_process
from landscape.distributed.launch import check_request, sample_distributed
from landscape.distributed.parts import part_of_shard, remove_left_parts
from landscape.errors import InputError
from landscape.evaluate import Settings
from landscape.live import shown_meanwhile
from landscape.metrics import METRICS, WHOLE_NETWORK, names_in
from landscape.options import add_data, add_device, add_network, add_request, request_in
from landscape.planes.choose import problem_for, weights_of
from landscape.run import Request
from landscape.run.plan import make_plan
from landscape.run.sampling import sample_planned
from landscape.run.shard import WHOLE, Shard
from landscape.run.stage import stage
from landscape.summary import beginning, describe, plane_words
from landscape.surface import Surface

OUTPUT = "surface.h5"
_NETWORK = {"problem", "model", "weights"}

DESCRIPTION = """Evaluate loss and accuracy on a grid of a plane (or line) around trained weights.

Without --model, --weights and --problem it runs the default job: ResNet-56 with and without
shortcuts is trained on scikit-learn's digits (once), sampled and plotted, into the folder given
by -o."""

EXAMPLE = """  python -m landscape.sample
  python -m landscape.sample --weights resnet56.t7 --data cifar10:cifar-10-batches-py \\
      --limit 1000 --x=-1:1:51 --y=-1:1:51 -o resnet56.h5
  python -m landscape.sample --problem mywork.py:problem --x=-1:1:51 -o mine.h5
  python -m landscape.sample --directions pca:runs/resnet20 --data digits -o path.h5
  python -m landscape.sample --directions between:a.pt,b.pt --bn reestimate -o between.h5
  torchrun --standalone --nproc-per-node=2 -m landscape.sample --weights net.pt -o net.h5"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(
        _command,
        argv,
        when_interrupted="no further point was computed",
        again="run the same command to resume",
    )


def _command(argv: Sequence[str] | None) -> None:
    given = {k: v for k, v in vars(_parser().parse_args(argv)).items() if v is not None}
    if set(given) & _NETWORK or weights_of(given.get("directions", "")) is not None:
        _surface(given)
    elif this_process() is None:
        _default_job(given)
    else:
        raise InputError(
            "the default job runs in one process: leave torchrun out, or give --problem, --model "
            "or --weights"
        )


def _surface(given: dict[str, Any]) -> None:
    live, process = given.pop("live", False), this_process()
    if process is not None:
        given["device"] = process.device(given.get("device", "auto"))
    if "metrics" in given:
        given["metrics"] = names_in(given["metrics"])
    given.setdefault("path", OUTPUT)
    request = request_in(given)
    path = Path(str(request.path))
    if process is not None:
        check_request(request)
        if may_overwrite():
            raise InputError("--overwrite is for one process: delete the output before torchrun")
    elif isinstance(request.shard, Shard) and request.shard != WHOLE:
        path = part_of_shard(path, request.shard)
        request = replace(request, path=path)
    with stage("reading the network and the data"):
        problem = problem_for(request.directions, **given)
    shows = live and (process is None or process.rank == 0)
    with shown_meanwhile([path]) if shows else nullcontext():
        surface = (
            sample_planned(make_plan(problem, request), _say)
            if process is None
            else sample_distributed(process, problem, request, _say)
        )
    if surface is None:
        return  # rank 0 reports
    if process is None:
        remove_left_parts(path, surface)
    print(f"{path}: {describe(surface)}")
    print(f"computed with {Settings.from_attributes(surface.attributes)}{_precision(surface)}")
    print("\n".join(plane_words(surface)), end="\n" if plane_words(surface) else "")
    if request.shard == WHOLE:
        print(commandline.plot_hint(path))


def _say(surface: Surface) -> None:
    """The first lines of a run."""
    print("\n".join(beginning(surface)), flush=True)


def _default_job(given: dict[str, Any]) -> None:
    folder = given.pop("path", None)
    if given.get("x", "").startswith("auto") and "y" in given:
        Request(given["x"], given["y"])  # raises
    for option in given:
        if option not in ("x", "y", "limit", "seed", "device"):
            raise InputError(
                f"--{option.replace('_', '-')} needs a network: give --problem, --model or "
                "--weights; without them the default job runs, which accepts only --x, --y, "
                "--limit, --seed, --device and -o"
            )
    result = run_default_job(*([folder] if folder is not None else []), **given)
    print("\n".join(result.report()))


def _precision(surface: Surface) -> str:
    """The measured error of a reduced precision, if any."""
    error = surface.attributes.get("precision_error")
    return "" if error is None else f"; error {error:.3g} ({surface.attributes['precision_bound']})"


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("sample", DESCRIPTION, EXAMPLE)
    add_network(parser)
    data, whole = add_data(parser), ", ".join(WHOLE_NETWORK)
    data.add_argument(
        "--metrics",
        metavar="NAME,…",
        help=f"computed in addition to the loss: in the same pass {', '.join(METRICS)}, topK (as "
        f"in top5), package.module:function; curvature, which takes far longer: {whole}",
    )
    add_request(parser.add_argument_group("plane"), "plane")
    output = parser.add_argument_group("running and output")
    add_request(output, "output")
    commandline.add_overwrite(output)
    output.add_argument(
        "--live",
        action="store_const",
        const=True,
        help="serve a local web page that shows the surface during sampling, coarse to fine",
    )
    add_device(output)
    add_request(parser.add_argument_group("speed"), "speed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
