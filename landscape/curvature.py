"""``python -m landscape.curvature``: the spectrum of the Hessian of the loss at trained weights."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landscape import commandline
from landscape.atomic import check_writable, replacing
from landscape.build import requested_problem
from landscape.directions import IGNORED
from landscape.errors import InputError, unknown_choice
from landscape.hessian import (
    Eigenpairs,
    HessianOperator,
    Trace,
    eigenpairs,
    estimate_trace,
    shown,
    spectral_density,
    verified,
)
from landscape.hessian.lanczos import check_counts
from landscape.options import add_data, add_device, add_network
from landscape.outputs import check_kind, check_outputs
from landscape.problem import Problem
from landscape.run.loop import versions
from landscape.store import open_surface, save_surface
from landscape.summary import origin_words
from landscape.surface import Surface

DESCRIPTION = """Print the largest and the most negative eigenvalues of the Hessian of the mean loss
at trained weights, and its trace; write them, or its spectral density, into a file."""

EXAMPLE = """  python -m landscape.curvature --weights final.pt --data digits --top 5 -o values.json
  python -m landscape.curvature --weights resnet56.t7 --data cifar10:cifar-10-batches-py \\
      --limit 1000 --density -o density.h5"""

SPLITS = ("train", "test")
_TOLERANCE = 1e-4
_STARTS, _STEPS = 10, 80


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _command(argv: Sequence[str] | None) -> None:
    given = {k: v for k, v in vars(_parser().parse_args(argv)).items() if v is not None}
    top, samples = given.pop("top", 1), given.pop("trace_samples", 60)
    density, output = given.pop("density", False), given.pop("output", None)
    ignore, seed = given.pop("ignore", "biasbn"), given.pop("seed", 0)
    _check(top, samples, seed, density, output, given.get("split"))
    check_outputs({"output": output}, given.values())
    kind, is_one = _DENSITY if density else _VALUES
    check_kind(output, kind, is_one)
    problem = requested_problem(**given)
    operator = HessianOperator(problem, ignore=ignore)
    check_counts(operator, top, 1)
    if output is not None:
        check_writable(output)
    print("\n".join(origin_words(problem.attributes)), flush=True)
    pairs, trace = _report(operator, top, samples, seed)
    found = _numbers(pairs, trace)
    if output is not None and not density:
        facts = {**problem.attributes, "ignore": ignore, "seed": seed, "versions": versions()}
        with replacing(output) as place:
            place.write_text(json.dumps({**found, **facts}, indent=1) + "\n")
        print(f"{output}: eigenvalues and trace")
    elif output is not None:
        surface = _density(problem, operator, ignore, seed)
        surface.attributes.update(found, eigenvalues=json.dumps(found["eigenvalues"]))
        save_surface(surface, output)
        width, products = surface.attributes["gaussian_width"], surface.attributes["products"]
        print(f"{output}: spectral density (Gaussian width {width:.3g}; {products} products)")
        print(commandline.plot_hint(Path(output)))


def _report(
    operator: HessianOperator, top: int, samples: int, seed: int
) -> tuple[Eigenpairs, Trace]:
    with shown(operator, "eigenvalues") as matrix:
        pairs = verified(matrix, eigenpairs(matrix, top, 1, tolerance=_TOLERANCE, seed=seed))
    if not all(math.isfinite(value) for value in pairs.values):
        raise InputError(
            "the Hessian of the loss is not finite at these weights, so it has no eigenvalues; "
            "is the loss itself finite?"
        )
    with shown(operator, "trace", samples) as matrix:
        trace = estimate_trace(matrix, samples, seed=seed)
    split = operator.split
    print(
        f"Hessian of the mean loss over {operator.examples:,} {split} examples, "
        f"{operator.size:,} parameters{operator.choice}"
    )
    print("\n".join(_lines(pairs)))
    print(f"  trace            {trace.value:14.6g} ± {trace.stderr:.2g} (standard error)")
    print(
        f"  products         {pairs.products} for the eigenvalues, {trace.products} for the trace"
    )
    return pairs, trace


def _numbers(pairs: Eigenpairs, trace: Trace) -> dict[str, Any]:
    """Eigenvalues by rank (1 the largest, -1 the most negative), and the trace."""
    columns = (pairs.ranks, pairs.values.tolist(), pairs.residuals.tolist())
    eigenvalues = [
        {"rank": int(rank), "value": value, "residual": residual}
        for rank, value, residual in zip(*columns, strict=True)
    ]
    return {"eigenvalues": eigenvalues, "trace": trace.value, "trace_stderr": trace.stderr}


def _is_density(path: Path) -> bool:
    try:
        return "gaussian_width" in open_surface(path).attributes
    except InputError:
        return False


def _is_values(path: Path) -> bool:
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return False
    return isinstance(found, dict) and "eigenvalues" in found


_DENSITY = ("a surface file of a spectral density", _is_density)
_VALUES = ("a file of eigenvalues", _is_values)


def _check(
    top: int, samples: int, seed: int, density: bool, output: object, split: str | None
) -> None:
    if top < 1:
        raise InputError(f"--top {top}: expected at least 1 eigenvalue")
    if samples < 6:
        raise InputError(f"--trace-samples {samples}: expected at least 6 products")
    if not 0 <= seed < 2**63:
        raise InputError(f"--seed {seed}: expected a whole number of at least 0 and below 2^63")
    if density and output is None:
        raise InputError("--density needs an output file, as in --density -o density.h5")
    kind = None if output is None else Path(str(output)).suffix.lower()
    if output is not None and not density and kind != ".json":
        raise InputError(
            f"-o {output}: give a file ending in .json for eigenvalues and trace, or --density too "
            "for a surface file of the spectral density"
        )
    if density and kind == ".json":
        raise InputError(
            f"--density -o {output}: a density is written into a surface file, as in -o density.h5"
        )
    if split == "both":
        raise unknown_choice("split", split, SPLITS)


def _lines(pairs: Eigenpairs) -> list[str]:
    lines = []
    for rank, value, residual in zip(pairs.ranks, pairs.values, pairs.residuals, strict=True):
        name = {1: "largest", -1: "most negative"}.get(rank, f"{_ordinal(rank)} largest")
        note = "" if residual <= _TOLERANCE else f", not converged to {_TOLERANCE:g}"
        lines.append(f"  {name:<16} {value:14.6g}   residual {residual:.1e} of |λ|max{note}")
    return lines


def _ordinal(n: int) -> str:
    teens = 10 <= n % 100 <= 20
    return f"{n}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _density(problem: Problem, operator: HessianOperator, ignore: str, seed: int) -> Surface:
    with shown(operator, "density", _STARTS * _STEPS) as matrix:
        surface = spectral_density(matrix, starts=_STARTS, steps=_STEPS, seed=seed)
    surface.attributes.update(problem.attributes, versions=versions())
    for key in ("metrics", "classes"):  # these describe a surface of losses
        surface.attributes.pop(key, None)
    surface.axes["x"]["ignore"] = ignore
    return surface


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("curvature", DESCRIPTION, EXAMPLE)
    add_network(parser)
    add_data(parser, SPLITS)
    what = parser.add_argument_group("measurements")
    add = what.add_argument
    add("--top", type=int, metavar="K", help="number of largest eigenvalues (default: 1)")
    add(
        "--trace-samples",
        type=int,
        metavar="N",
        help="Hessian-vector products for the trace, at least 6 (default: 60)",
    )
    add(
        "--density",
        action="store_const",
        const=True,
        help=f"also compute the spectral density ({_STARTS * _STEPS} products); needs -o",
    )
    add(
        "-o",
        "--output",
        metavar="FILE",
        help=".json for eigenvalues and trace; with --density, a surface file of the density",
    )
    parameters = f"{', '.join(IGNORED)}: biasbn excludes biases and normalization layers"
    commandline.add_overwrite(what)
    add("--ignore", metavar="WHAT", help=f"{parameters} (default: biasbn)")
    add("--seed", type=int, metavar="N", help="seed of all random vectors (default: 0)")
    add_device(what)
    return parser


if __name__ == "__main__":
    sys.exit(main())
