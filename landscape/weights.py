"""``python -m landscape.weights``: histograms of weights, or their norm over training runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landscape import commandline
from landscape.checkpoint import read_checkpoint
from landscape.checkpoint.files import file_in
from landscape.errors import InputError
from landscape.grid import FloatArray
from landscape.outputs import check_outputs
from landscape.planes.runs import read_runs
from landscape.render.media import save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

DESCRIPTION = """Draw histograms of the weights of one or more networks on common axes, or the norm
of the weights over training runs, as figure 2 of Li et al. does for small and large batches.
Biases, normalization layers and other parameters with fewer than two dimensions are left out."""

EXAMPLE = """  python -m landscape.weights small/final.pt large/final.pt -o weights.png
  python -m landscape.weights runs/small runs/large -o norms.png"""

_BINS = 80
_COLUMN, _HEIGHT = 3.25, 2.4


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    return commandline.run(_command, argv)


def _command(argv: Sequence[str] | None) -> None:
    given = vars(_parser().parse_args(argv))
    paths, output = given["weights"], given["output"]
    check_outputs({"output": output}, paths)
    runs = [path for path in paths if _is_run(path)]
    if not runs:
        figure = histograms({name: weights_in(path) for name, path in _named(paths).items()})
    elif len(runs) == len(paths):
        found = {run.name: (run.steps, run.states()) for run in read_runs(runs)}
        figure = norms(
            {
                name: (steps, [float(np.linalg.norm(_weights(*each))) for each in states])
                for name, (steps, states) in found.items()
            }
        )
    else:
        raise InputError(
            f"{runs[0]} is a training run, but {next(p for p in paths if p not in runs)} is not: "
            "expected checkpoints only, or folders of runs only"
        )
    print(f"wrote {save_figure(figure, output)}")


def _named(paths: Sequence[str]) -> dict[str, str]:
    """The shortest names that tell the files apart: their own, or their whole paths."""
    short = [Path(path).stem for path in paths]
    names = short if len(set(short)) == len(paths) else list(paths)
    return dict(zip(names, paths, strict=True))


def weights_in(path: str | Path) -> FloatArray:
    """All weights of a checkpoint that have at least two dimensions, as one array.

    Raises an InputError if there are none, or one is not finite.
    """
    return _weights(str(path), read_checkpoint(path).state)


def _is_run(path: str) -> bool:
    return Path(path).is_dir() and file_in(Path(path)) is None


def _weights(path: str, state: Mapping[str, Tensor]) -> FloatArray:
    chosen = [t for t in state.values() if t.is_floating_point() and t.ndim > 1 and t.numel()]
    if not chosen:
        raise InputError(f"{path} has no floating-point tensor of two or more dimensions")
    weights = np.concatenate([t.detach().double().flatten().numpy() for t in chosen])
    odd = int((~np.isfinite(weights)).sum())
    if odd:
        raise InputError(f"{path}: {odd:,} of {weights.size:,} weights are NaN or infinite")
    return weights


def histograms(weights: dict[str, FloatArray]) -> Figure:
    """Histograms side by side, on common axes and bins, with the norm of the weights in each.

    ``weights``: arrays by name, of any shape. The counts are on a log scale.

    >>> import numpy as np
    >>> figure = histograms({"narrow": np.linspace(-1, 1, 99), "wide": np.linspace(-2, 2, 99)})
    >>> [axes.get_title() for axes in figure.axes]
    ['narrow', 'wide']
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from landscape.render.figure.style import LOSS_COLOUR, STYLE

    most = max(float(np.abs(values).max()) for values in weights.values()) or 1.0
    edges = np.linspace(-most, most, _BINS + 1)
    with rc_context(STYLE):
        figure = Figure(figsize=(_COLUMN * len(weights), _HEIGHT), layout="constrained")
        panels = figure.subplots(1, len(weights), sharex=True, sharey=True, squeeze=False)[0]
        for axes, (name, values) in zip(panels, weights.items(), strict=True):
            axes.hist(values.ravel(), edges, color=LOSS_COLOUR, log=True)
            axes.set_title(name, parse_math=False)
            norm = float(np.linalg.norm(values))
            spread = float(np.std(values))
            axes.set_xlabel(f"weight\n{values.size:,} weights, norm {norm:.4g}, σ {spread:.2g}")
        panels[0].set_ylabel("count")
    return figure


def norms(runs: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """The norm of the weights over training, a line for each run.

    ``runs``: steps or epochs, and the norm at each, by name.

    >>> figure = norms({"small": ([0, 1], [3.0, 3.5]), "large": ([0, 1], [3.0, 3.1])})
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['small', 'large']
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from landscape.render.figure.style import STYLE

    with rc_context(STYLE):
        figure = Figure(figsize=(_COLUMN, _HEIGHT), layout="constrained")
        axes = figure.subplots()
        for name, (steps, values) in runs.items():
            axes.plot(steps, values, marker=".", label=name)
        axes.set_xlabel("epoch or step")
        axes.set_ylabel("norm of the weights")
        for text in axes.legend().get_texts():
            text.set_parse_math(False)
    return figure


def _parser() -> argparse.ArgumentParser:
    parser = commandline.parser("weights", DESCRIPTION, EXAMPLE)
    add = parser.add_argument
    add("weights", nargs="+", metavar="FILE", help="checkpoints, or folders of runs")
    add("-o", "--output", required=True, metavar="FILE", help=".png, .pdf or .svg")
    commandline.add_overwrite(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
