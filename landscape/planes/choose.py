"""Resolve the kind of a plane: ``random``, ``pca:RUN``, ``between:A,B``, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from landscape.build import requested_problem
from landscape.checkpoint import fitted, read_state
from landscape.curve import read_curve
from landscape.deprecated import renamed
from landscape.directions import Direction, DirectionMaker, make_directions
from landscape.errors import InputError, argument
from landscape.params import Params
from landscape.planes.ascent import ascent_directions
from landscape.planes.curve import curve_plane
from landscape.planes.hessian import hessian_directions
from landscape.planes.inputs import input_plane
from landscape.planes.run_files import checkpoints_in
from landscape.planes.runs import key_of, names_of, read_runs
from landscape.planes.solutions import aligned_plane, between_plane, is_network_of
from landscape.planes.spanned import Spanned
from landscape.planes.trajectories import pca_plane
from landscape.problem import Problem

DIRECTION_KINDS = (
    "random",
    "pca:RUN[,RUN…]",
    "between:A,B[,C]",
    "aligned:A,B[,C]",
    "curve:CURVE.pt",
    "hessian[:TOP,BOTTOM]",
    "ascent[:adaptive]",
    "input:gradient,random",
    "FILE.h5",
    "package.module:function",
)
"""Kinds that :func:`span` accepts as text."""

_INPUT = "input"
_AUTO_RANGE = "auto:25"
"""Along sharp directions the loss rises within a fraction of the length of a random direction."""

Kind = str | DirectionMaker | Sequence[Params | Direction] | Spanned


@renamed(normalization="norm", ignored="ignore")
def span(
    problem: Problem,
    kind: Kind = "random",
    axes: int = 2,
    *,
    norm: str | None = None,
    ignore: str | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Spanned:
    """The line (``axes=1``) or plane (2) of the given kind through a problem's network.

    Parameters
    ----------
    kind
        - ``random``, a direction file, ``package.module:function``, a function, or directions:
          see :func:`landscape.directions.make_directions`;
        - ``pca:RUN``, or several runs separated by commas: principal components of the checkpoints
          (of a folder or a pattern: see :func:`landscape.planes.run_files.checkpoints_in`);
        - ``between:A,B`` or ``between:A,B,C``: checkpoints of solutions, A that of the problem;
        - ``aligned:A,B`` or ``aligned:A,B,C``: the same, with the channels of the others permuted
          to match those of A (see :mod:`landscape.alignment`);
        - ``curve:CURVE``: the plane of a curve trained by landscape.connect;
        - ``hessian``, ``hessian:top,bottom``, ``hessian:1,2``, …: eigenvectors of the Hessian;
        - ``ascent`` or ``ascent:adaptive``: the direction of steepest ascent, and a random one;
        - ``input:gradient,random``: offsets of the inputs (see :mod:`landscape.planes.inputs`);
        - a result of this function.
    norm, ignore
        See :mod:`landscape.directions.normalize`; None is ``filter`` and ``biasbn``. Eigenvectors
        and the ascent direction have the length of random ones. Not accepted by the kinds that are
        differences of weights (``pca``, ``between``, ``aligned``, ``curve``).
    seed
        Seed of random directions.
    progress
        Whether to show a progress bar for eigenvectors.

    Raises
    ------
    InputError
        For an unknown kind, an option that the kind does not accept, or a checkpoint of another
        network.
    """
    if isinstance(kind, Spanned):
        if len(kind.directions) != axes:
            raise InputError(f"{len(kind.directions)} directions given for {axes} axes")
        return kind
    word, _, rest = kind.partition(":") if isinstance(kind, str) else ("", "", "")
    if not is_normalized(kind):
        for option, value in (("norm", norm), ("ignore", ignore)):
            if value is not None:
                raise InputError(
                    f"{argument('directions', kind)}: these directions are not normalized; leave "
                    f"out {argument(option, value)}"
                )
        if moves_inputs(kind):
            return input_plane(problem, rest, axes, seed)
        return _WEIGHT_DIFFERENCES[word](problem, rest, axes)
    norm = "filter" if norm is None else norm
    ignore = "biasbn" if ignore is None else ignore
    if word in _RANDOM_LENGTH:
        how = {"norm": norm, "ignore": ignore, "seed": seed}
        return _RANDOM_LENGTH[word](problem, rest, axes, progress, **how)
    origin, filters = problem.origin, problem.filters
    return Spanned(
        make_directions(
            origin,
            axes,
            kind=kind,
            norm=norm,
            ignore=ignore,
            seed=seed,
            filters=filters,
            dtype=problem.directions_in,
            state=tuple(problem.model.state_dict()),
        )
    )


def axes_of(kind: str) -> int:
    """Default number of axes of a kind."""
    if moves_inputs(kind):
        return len(kind.split(","))
    return 1 if kind.startswith(("between:", "aligned:")) and len(paths_in(kind)) == 2 else 2


def is_normalized(kind: Kind) -> bool:
    """Whether ``norm``, ``ignore`` and ``filters`` have a meaning for directions of this kind."""
    word = kind.partition(":")[0] if isinstance(kind, str) else ""
    return word not in (*_WEIGHT_DIFFERENCES, _INPUT)


def moves_inputs(kind: Kind) -> bool:
    """Whether directions of this kind move inputs in place of weights."""
    return isinstance(kind, str) and kind.partition(":")[0] == _INPUT


def is_drawn(kind: Kind) -> bool:
    """Whether the directions of weights depend on the seed."""
    if not isinstance(kind, str):
        return callable(kind)
    known = kind.partition(":")[0] in (*_WEIGHT_DIFFERENCES, *_RANDOM_LENGTH, _INPUT)
    return not known and Path(kind).suffix not in (".h5", ".hdf5")


def weights_of(kind: str) -> Path | None:
    """The checkpoint of the network that a plane goes through, if its kind names one.

    The last checkpoint of the (first) run of ``pca:RUN``, A of ``between:A,B`` or ``aligned:A,B``,
    and the file of ``curve:CURVE``, from which :func:`problem_for` takes the start point.
    """
    paths = paths_in(kind)
    if not paths:
        return None
    return checkpoints_in(paths[0]).files[-1] if kind.startswith("pca:") else paths[0]


def problem_for(kind: Kind, **options: Any) -> Problem:
    """Build the problem whose network a plane of this kind goes through.

    The options are those of :func:`landscape.build_problem`, or ``problem`` for that of a user's
    function (:func:`landscape.build.own_problem`). ``weights`` defaults to the checkpoint that the
    kind names, as in ``between:A,B``; for a curve, to its start point.
    """
    if not isinstance(kind, str):
        return requested_problem(**options)
    named = weights_of(kind)
    if named is not None:
        options.setdefault("weights", named)
    problem = requested_problem(**options)
    if kind.startswith("curve:") and options["weights"] == named:
        return problem.with_state(read_curve(paths_in(kind)[0]).a)
    return problem


def paths_in(kind: str) -> list[Path]:
    """The checkpoints or folders that a kind names, as in ``between:A,B``."""
    word, _, rest = kind.partition(":")
    return [Path(p) for p in rest.split(",") if p] if word in _WEIGHT_DIFFERENCES else []


def _pca(problem: Problem, rest: str, axes: int) -> Spanned:
    folders = paths_in(f"pca:{rest}")
    if not folders:
        raise InputError(
            f"{argument('directions', 'pca')}: expected a training run, as in pca:runs/resnet20"
        )
    return pca_plane(problem, read_runs(folders, key_of(problem)), axes)


def _between(problem: Problem, rest: str, axes: int) -> Spanned:
    files, states = _solutions(problem, f"between:{rest}", axes)
    return between_plane(problem, states, names_of(files))


def _aligned(problem: Problem, rest: str, axes: int) -> Spanned:
    files, states = _solutions(problem, f"aligned:{rest}", axes)
    return aligned_plane(problem, states, names_of(files))


def _solutions(
    problem: Problem, kind: str, axes: int
) -> tuple[list[Path], list[Mapping[str, Tensor]]]:
    """The named files, and the state dicts of all but the first."""
    files = paths_in(kind)
    if len(files) != axes + 1:
        raise InputError(
            f"{argument('directions', kind)}: {len(files)} checkpoints for {axes} "
            f"ax{'is' if axes == 1 else 'es'}; expected two for a line, three for a plane"
        )
    key, own = key_of(problem), problem.model.state_dict()
    first, *others = [
        fitted(read_state(file, key), own, where=f"checkpoint {file}") for file in files
    ]
    if not is_network_of(problem, first, f"checkpoint {files[0]}"):
        raise InputError(
            f"{argument('directions', kind)}: the weights of the network differ from "
            f"{files[0]}, the origin of the plane; give {argument('weights', files[0])}"
        )
    return files, others


def _curve(problem: Problem, rest: str, axes: int) -> Spanned:
    files = paths_in(f"curve:{rest}")
    if len(files) != 1 or axes != 2:
        raise InputError(
            f"{argument('directions', f'curve:{rest}')}: expected the file of one curve, and two "
            "axes"
        )
    return curve_plane(problem, read_curve(files[0]))


def _hessian(problem: Problem, rest: str, axes: int, progress: bool, **how: Any) -> Spanned:
    which = rest or ("top" if axes == 1 else "top,bottom")
    if len(which.split(",")) != axes:
        raise InputError(
            f"{argument('directions', f'hessian:{which}')} on {axes} "
            f"ax{'is' if axes == 1 else 'es'}: expected one eigenvector for each, as in "
            "hessian:top,bottom"
        )
    made = hessian_directions(problem, which, progress=progress, **how)
    return Spanned(made, ranges=[_AUTO_RANGE] * axes)


def _ascent(problem: Problem, rest: str, axes: int, progress: bool, **how: Any) -> Spanned:
    if rest not in ("", "adaptive"):
        raise InputError(
            f"{argument('directions', f'ascent:{rest}')}: expected ascent or ascent:adaptive"
        )
    made = ascent_directions(problem, axes, adaptive=rest == "adaptive", **how)
    return Spanned(made, ranges=[_AUTO_RANGE] * axes)


_WEIGHT_DIFFERENCES: dict[str, Callable[[Problem, str, int], Spanned]] = {
    "pca": _pca,
    "between": _between,
    "aligned": _aligned,
    "curve": _curve,
}
"""Kinds whose directions are differences of weights; called with the text after the colon."""

_RANDOM_LENGTH: dict[str, Callable[..., Spanned]] = {
    "hessian": _hessian,
    "ascent": _ascent,
}
"""Kinds with the length of a random direction; also called with norm, ignore, seed and progress."""
