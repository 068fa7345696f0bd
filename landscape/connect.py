"""``python -m landscape.connect``: train a curve of low loss between two trained networks."""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landscape import commandline
from landscape.alignment import align
from landscape.build import requested_problem
from landscape.checkpoint import Checkpoint, load_weights, read_checkpoint
from landscape.curve import State, line_point, train_curve
from landscape.curve.barriers import STATISTICS, has_statistics, losses_along
from landscape.errors import InputError
from landscape.evaluate.in_memory import mean_loss
from landscape.measures.barrier import barrier
from landscape.models.named import FORMS, is_own_network, settings_among
from landscape.models.option_a import with_place
from landscape.options import (
    add_key,
    add_parameters,
    add_problem,
    add_training,
    add_variant,
    training_in,
)
from landscape.outputs import check_outputs
from landscape.planes.runs import names_of
from landscape.problem import Problem
from landscape.summary import origin_words
from landscape.training import TrainingSettings

DESCRIPTION = """Train a Bézier curve of low loss between two networks of the same architecture.

Prints the barrier on the straight line and on the curve, for each treatment of batch-norm
statistics: the largest excess of the loss over the linear interpolation between the losses of the
two networks. The file is a checkpoint of the control point that also contains both end points."""

EXAMPLE = """  python -m landscape.connect runs/a/final.pt runs/b/final.pt --align -o curve.pt
  python -m landscape.sample --weights runs/a/final.pt --directions curve:curve.pt"""

_EPOCHS, _LR, _POINTS = 10, 0.05, 21
_OF_A_NETWORK = ("problem", "model", "key", "shortcuts", "width", "settings")
_OF_THE_PROBLEM = (*_OF_A_NETWORK, "data", "preprocess", "limit", "parameters", "device")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(
        _command,
        argv,
        again="run the same command to resume",
    )


def _command(argv: Sequence[str] | None) -> None:
    options = _parser().parse_args(argv)
    if not 3 <= options.points <= 10_001:
        raise InputError(f"--points {options.points}: expected at least 3 and at most 10,001")
    settings = training_in(options)
    given = {name: getattr(options, name) for name in _OF_THE_PROBLEM}
    check_outputs({"output": options.output}, [options.a, options.b, *given.values()])
    problem = requested_problem(
        weights=options.a, **{name: value for name, value in given.items() if value is not None}
    )
    a = {name: tensor.cpu() for name, tensor in problem.model.state_dict().items()}
    b = _other(problem, read_checkpoint(options.b, options.key), options.a)
    paths: dict[str, Callable[[float], State]] = {"line": _line(a, b)}
    first_lines = origin_words(problem.attributes)
    if options.align:
        b, report = align(problem, b, seed=options.seed, progress=True)
        first_lines.append(f"alignment: {report}")
        paths["aligned line"] = _line(a, b)
    first, second = names_of([Path(options.a), Path(options.b)])
    curve = train_curve(
        problem,
        a,
        b,
        options.output,
        settings,
        names=(first, second),
        network=_network(problem, options.a),
        facts={"aligned": bool(options.align)},
        begun=lambda: print("\n".join(first_lines), flush=True),
    )
    paths["curve"] = curve.at
    ends = mean_loss(problem), mean_loss(problem.with_state(b))
    print("\n".join(_table(problem, paths, ends, options.points)))
    print(f"{options.output}: the curve from {curve.names[0]} to {curve.names[1]}")


def _other(problem: Problem, checkpoint: Checkpoint, first: str) -> State:
    """The state of the second network, which must have the same architecture."""
    for key, value in with_place(checkpoint.settings).items():
        if problem.attributes.get(key, value) != value:
            raise InputError(
                f"checkpoint {checkpoint.path} is of a network with {key} {value}, but {first} of "
                f"one with {key} {problem.attributes[key]}; expected the same architecture"
            )
    model = copy.deepcopy(problem.model).cpu()
    load_weights(model, checkpoint, f"the network of {first}")
    return dict(model.state_dict())


def _line(a: State, b: State) -> Callable[[float], State]:
    return lambda t: line_point(a, b, t)


def _network(problem: Problem, first: str) -> dict[str, Any]:
    """The description of the network for a checkpoint; for a user's own, that of the first end."""
    name = str(problem.attributes["model"])
    if "problem" in problem.attributes or is_own_network(name):
        settings = read_checkpoint(first).settings
        return dict(settings) if "name" in settings else {}
    return {"name": name, **settings_among(name, problem.attributes)}


def _table(
    problem: Problem,
    paths: dict[str, Callable[[float], State]],
    ends: tuple[float, float],
    points: int,
) -> list[str]:
    """Barriers: a row for each treatment of the statistics, a column for each path."""
    t = np.linspace(0, 1, points)
    rows = list(STATISTICS) if has_statistics(problem) else ["stored"]
    lines = [
        f"loss of A {ends[0]:.4g}, of B {ends[1]:.4g}; barriers above the line between them, at t "
        f"= 0, {t[1]:.3g} … 1:",
        "".join([f"{'statistics':<14}", *(f"{name:>22}" for name in paths)]),
    ]
    for row in rows:
        cells = []
        for name, path in paths.items():
            losses = losses_along(problem, path, t, row, progress=True, title=f"{name}, {row}")
            found = barrier(t, losses, ends)
            cells.append(f"{f'{found.height:.4g} at t = {found.t:.3g}':>22}")
        lines.append("".join([f"{row:<14}", *cells]))
    if len(rows) == 1:
        lines.append("(the network has no batch-norm statistics)")
    return lines


def _parser() -> argparse.ArgumentParser:
    default = TrainingSettings(epochs=_EPOCHS, lr=_LR)
    parser = commandline.parser("connect", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("a", metavar="A.pt", help="checkpoint of a trained network")
    add("b", metavar="B.pt", help="checkpoint of another one of the same architecture")
    add_problem(parser)
    add("--model", metavar="NAME", help=f"{', '.join(FORMS)} (default: inferred from A.pt)")
    add_key(parser)
    add_variant(parser, "inferred from A.pt")
    add_parameters(parser)
    add("--data", metavar="SOURCE", help="as in landscape.sample (digits)")
    add("--preprocess", metavar="HOW", help="as in landscape.sample (the source's own)")
    add("--limit", type=int, metavar="N", help="a fixed random subset of N training examples")
    add("--align", action="store_true", help="first permute the channels of B to match A")
    add_training(parser, default)
    add(
        "--points",
        type=int,
        default=_POINTS,
        metavar="N",
        help=f"points from 0 to 1 where the loss is evaluated ({_POINTS})",
    )
    add("--device", metavar="NAME", help="auto, cpu, cuda, cuda:N, mps (auto)")
    commandline.add_overwrite(parser)
    add(
        "-o", "--output", default="curve.pt", metavar="FILE", help="resumed if it exists (curve.pt)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
