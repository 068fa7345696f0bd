"""Batch-norm running statistics at the points of a plane."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from landscape.data import in_memory
from landscape.errors import InputError, argument, unknown_choice
from landscape.evaluate.batch_norm import BN_STATISTICS
from landscape.evaluate.statistics_of_norms import norms_with_statistics
from landscape.params import Params
from landscape.plane import Interpolated, Plane, Reestimated
from landscape.planes.runs import parameters_in
from landscape.planes.solutions import difference
from landscape.planes.spanned import Spanned
from landscape.problem import Problem


def moving_statistics(
    problem: Problem, spanned: Spanned, bn: str
) -> Interpolated | Reestimated | None:
    """The batch-norm statistics selected by ``bn``, on the plane of these directions.

    Parameters
    ----------
    bn
        ``stored``: those of the problem's network at every point (None is returned);
        ``interpolate``: linear between the solutions that span the plane;
        ``reestimate``: recomputed at every point from the training examples.

    Raises
    ------
    InputError
        For another value, a network without running statistics, a plane that is not spanned by
        solutions (``interpolate``), or streamed examples (``reestimate``).
    """
    if bn not in BN_STATISTICS:
        raise unknown_choice(argument("bn"), bn, BN_STATISTICS)
    if bn == "stored":
        return None
    if not norms_with_statistics(problem.model):
        raise InputError(
            f"{argument('bn', bn)}: the network has no batch normalization with running "
            "statistics; leave it out"
        )
    if bn == "reestimate":
        for examples in problem.splits.values():
            in_memory(examples)
        return Reestimated()
    if not spanned.solutions:
        raise InputError(
            f"{argument('bn', bn)}: this plane has no solutions to interpolate between; it needs "
            f"{argument('directions', 'between:A,B')} or curve:CURVE; choose "
            f"{argument('bn', 'stored')} or reestimate"
        )
    own = running_statistics(problem.model)
    return Interpolated(
        Plane(own, [_difference(state, own, k) for k, state in enumerate(spanned.solutions, 2)])
    )


def running_statistics(model: nn.Module) -> Params:
    """Running means and variances of all batch normalizations, by name, on the CPU."""
    norms = {id(norm) for norm in norms_with_statistics(model)}
    return {
        f"{name}.{buffer}" if name else buffer: getattr(module, buffer).detach().cpu().clone()
        for name, module in model.named_modules()
        if id(module) in norms
        for buffer in ("running_mean", "running_var")
    }


def _difference(state: Mapping[str, Tensor], own: Params, number: int) -> Params:
    what = f"solution {number}, running statistics"
    return difference(parameters_in(state, own, what), own)
