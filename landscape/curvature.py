"""``python -m landscape.curvature``: the spectrum of the Hessian or a relative at some weights."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from landscape import commandline
from landscape.atomic import check_writable, replacing
from landscape.build import requested_problem
from landscape.directions import IGNORED
from landscape.errors import InputError, check_choice, unknown_choice
from landscape.hessian import MATRICES, CurvatureOperator, shown, spectral_density
from landscape.hessian.lanczos import check_counts
from landscape.hessian.spectrum import Spectrum, Wanted, of_layers, of_mini_batches, spectrum
from landscape.options import add_data, add_device, add_network
from landscape.outputs import check_kind, check_outputs
from landscape.problem import Problem
from landscape.render.words.numerals import with_error
from landscape.run.loop import versions
from landscape.store import open_surface, save_surface
from landscape.summary import origin_words
from landscape.surface import Surface

DESCRIPTION = """Print the largest and the most negative eigenvalues of the Hessian of the mean loss
(or of its Gauss-Newton or Fisher matrix) at trained weights, and its trace: of all parameters,
layer by layer, and of mini-batches. Write them, or the spectral density, into a file."""

EXAMPLE = """  python -m landscape.curvature --weights final.pt --data digits --top 5 -o values.json
  python -m landscape.curvature --weights resnet56.t7 --data cifar10:cifar-10-batches-py \\
      --limit 1000 --density -o density.h5
  python -m landscape.curvature --weights final.pt --matrix gauss-newton --layers \\
      --mini-batches 10 -o layers.json"""

SPLITS = ("train", "test")
_STARTS, _STEPS = 10, 80
_MINI_BATCH = 128


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _command(argv: Sequence[str] | None) -> None:
    given = {k: v for k, v in vars(_parser().parse_args(argv)).items() if v is not None}
    top, samples = given.pop("top", 1), given.pop("trace_samples", 60)
    density, output = given.pop("density", False), given.pop("output", None)
    ignore, seed = given.pop("ignore", "biasbn"), given.pop("seed", 0)
    matrix, layers = given.pop("matrix", "hessian"), given.pop("layers", False)
    count, size = given.pop("mini_batches", None), given.pop("mini_batch_size", None)
    _check(top, samples, seed, density, output, given.get("split"))
    check_choice("matrix", matrix, MATRICES)
    if count is not None and count < 1:
        raise InputError(f"--mini-batches {count}: expected at least 1")
    if size is not None and count is None:
        raise InputError(f"--mini-batch-size {size} needs their number, as in --mini-batches 10")
    check_outputs({"output": output}, given.values())
    kind, is_one = _DENSITY if density else _VALUES
    check_kind(output, kind, is_one)
    problem = requested_problem(**given)
    operator = MATRICES[matrix](problem, ignore=ignore)
    wanted = Wanted(top, int(matrix == "hessian"), samples, seed)
    check_counts(operator, top, wanted.bottom)
    size = min(_MINI_BATCH, operator.examples) if size is None else size
    parts = operator.mini_batches(count, size, seed=seed) if count else []
    if output is not None:
        check_writable(output)
    print("\n".join(origin_words(problem.attributes)), flush=True)
    whole = spectrum(operator, wanted)
    if not np.isfinite(whole.pairs.values).all():
        raise InputError(
            f"the {operator.words} of the loss is not finite at these weights, so it has no "
            "eigenvalues; is the loss itself finite?"
        )
    print("\n".join(whole_words(operator, whole, wanted)), flush=True)
    if layers:
        whole = replace(whole, layers=of_layers(operator, wanted, progress=True))
        print("\n".join(layers_words(whole.layers)), flush=True)
    found = {"matrix": matrix, **whole.numbers()}
    if parts:
        batches = of_mini_batches(parts, wanted, layers=layers, progress=True)
        print("\n".join(spread_words(batches, size)), flush=True)
        found |= {"mini_batch_size": size, "mini_batches": [one.numbers() for one in batches]}
    if output is not None and not density:
        facts = {**problem.attributes, "ignore": ignore, "seed": seed, "versions": versions()}
        with replacing(output) as place:
            place.write_text(json.dumps({**found, **facts}, indent=1) + "\n")
        print(f"{output}: eigenvalues and trace")
    elif output is not None:
        surface = _density(problem, operator, ignore, seed)
        lists = {k: json.dumps(v) for k, v in found.items() if isinstance(v, list | dict)}
        surface.attributes.update({**found, **lists})
        save_surface(surface, output)
        width, products = surface.attributes["gaussian_width"], surface.attributes["products"]
        print(f"{output}: spectral density (Gaussian width {width:.3g}; {products} products)")
        print(commandline.plot_hint(Path(output)))


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


def whole_words(operator: CurvatureOperator, found: Spectrum, wanted: Wanted) -> list[str]:
    """What was found of the whole matrix, as lines."""
    pairs, trace = found.pairs, found.trace
    name = operator.words[0].upper() + operator.words[1:]
    lines = [
        f"{name} of the mean loss over {operator.examples:,} {operator.split} examples, "
        f"{operator.size:,} parameters{operator.choice}"
    ]
    for rank, value, residual in zip(pairs.ranks, pairs.values, pairs.residuals, strict=True):
        tolerance = wanted.tolerance
        note = "" if residual <= tolerance else f", not converged to {tolerance:g}"
        lines.append(
            f"  {_place(rank):<16} {value:14.6g}   residual {residual:.1e} of |λ|max{note}"
        )
    return [
        *lines,
        f"  trace            {_beside(trace.value, trace.stderr)} (standard error)",
        f"  products         {pairs.products} for the eigenvalues, {trace.products} for the trace",
    ]


def layers_words(layers: Mapping[str, Spectrum]) -> list[str]:
    """A table of the spectra of layers, as lines."""
    width = max(len("layer"), *map(len, layers))
    ranks = next(iter(layers.values())).pairs.ranks
    shown = [rank for rank in (1, -1) if rank in ranks]
    lines = [
        f"{'layer':<{width}}  parameters"
        + "".join(f"  {_place(rank):>14}" for rank in shown)
        + "           trace"
    ]
    for name, found in layers.items():
        values = "".join(f"  {found.pairs.value(rank):14.6g}" for rank in shown)
        lines.append(
            f"{name:<{width}}  {found.size:10,}{values}  "
            f"{_beside(found.trace.value, found.trace.stderr)}"
        )
    return lines


def spread_words(batches: Sequence[Spectrum], size: int) -> list[str]:
    """The spread of the spectra over mini-batches, as lines."""
    lines = [
        f"{len(batches)} mini-batches of {size:,} examples: mean ± standard deviation (range)",
        *_spread(batches, ""),
    ]
    for name in batches[0].layers:
        lines += _spread([one.layers[name] for one in batches], f"{name}: ")
    return lines


def _spread(found: Sequence[Spectrum], of: str) -> list[str]:
    shown = [rank for rank in (1, -1) if rank in found[0].pairs.ranks]
    rows = {_place(rank): [one.pairs.value(rank) for one in found] for rank in shown}
    rows["trace"] = [one.trace.value for one in found]
    lines = []
    for name, values in rows.items():
        mean = float(np.mean(values))
        words = f"{mean:14.6g}"
        if len(values) > 1:
            spread = _beside(mean, float(np.std(values, ddof=1)))
            words = f"{spread} ({min(values):.6g} to {max(values):.6g})"
        lines.append(f"  {of + name:<16} {words}")
    return lines


def _beside(value: float, error: float) -> str:
    """A value ± its error, the value in a column of 14 characters."""
    first, *rest = with_error(value, error).split(" ± ")
    return " ± ".join([f"{first:>14}", *rest])


def _place(rank: int) -> str:
    return {1: "largest", -1: "most negative"}.get(rank, f"{_ordinal(rank)} largest")


def _ordinal(n: int) -> str:
    teens = 10 <= n % 100 <= 20
    return f"{n}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _density(problem: Problem, operator: CurvatureOperator, ignore: str, seed: int) -> Surface:
    with shown(operator, "density", _STARTS * _STEPS) as matrix:
        surface = spectral_density(
            matrix, starts=_STARTS, steps=_STEPS, seed=seed, name=operator.name
        )
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
    add("--matrix", metavar="WHICH", help=f"{', '.join(MATRICES)} (default: hessian)")
    add("--top", type=int, metavar="K", help="number of largest eigenvalues (default: 1)")
    add(
        "--trace-samples",
        type=int,
        metavar="N",
        help="matrix-vector products for the trace, at least 6 (default: 60)",
    )
    add(
        "--layers",
        action="store_const",
        const=True,
        help="also eigenvalues and trace of each layer, the diagonal blocks of the matrix",
    )
    add(
        "--mini-batches",
        type=int,
        metavar="N",
        help="also those of N mini-batches, shuffled as in training, and their spread",
    )
    add(
        "--mini-batch-size",
        type=int,
        metavar="B",
        help=f"examples in a mini-batch (default: {_MINI_BATCH})",
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
