"""Align another solution of the same problem by permuting its channels."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from landscape.alignment.graph import tied_channels
from landscape.alignment.matching import match_weights
from landscape.alignment.permutation import permute
from landscape.data import Batch
from landscape.device import own_context
from landscape.errors import InputError
from landscape.params import Params, check_same_shape, norm
from landscape.problem import Problem
from landscape.surface import Attribute

TOLERANCE = 1e-5
_CHECKED = 64  # examples


@dataclass(frozen=True)
class Alignment:
    """The result of an alignment.

    Attributes
    ----------
    groups, channels
        Numbers of permutable groups of channels, and of channels in them.
    moved
        The number of channels that changed position.
    distance_before, distance_after
        ‖A − B‖ over all parameters.
    output_difference
        The largest change of an output of B, relative to the largest output, in float64.
    """

    groups: int
    channels: int
    moved: int
    distance_before: float
    distance_after: float
    output_difference: float

    @property
    def attributes(self) -> dict[str, Attribute]:
        """The result as attributes of an axis."""
        return {
            "alignment": "weight matching",
            "distance_before_alignment": self.distance_before,
            "distance_after_alignment": self.distance_after,
        }

    def __str__(self) -> str:
        return (
            f"{self.moved:,} of {self.channels:,} channels moved in {self.groups} groups, ‖A−B‖ "
            f"{self.distance_before:.4g} → {self.distance_after:.4g}, outputs of B equal to "
            f"{self.output_difference:.1g}"
        )


@own_context()
def align(
    problem: Problem, state: Mapping[str, Tensor], *, seed: int = 0, progress: bool = False
) -> tuple[dict[str, Tensor], Alignment]:
    """Permute the channels of B so that its parameters come close to those of A.

    Weight matching (:mod:`landscape.alignment.matching`); the function that B computes does not
    change, which is checked on examples of the problem.

    Parameters
    ----------
    problem
        Its network is A.
    state
        Parameters and buffers of B, a network of the same architecture.
    seed
        For the order of the groups.

    Returns
    -------
    tuple
        The state dict of B with permuted channels, and the result.

    Raises
    ------
    InputError
        If B has another architecture, ``torch.fx`` cannot trace the network, no channels can be
        permuted, or its outputs change by more than 1e-5 of the largest output. Channels of
        constant parameters keep their order.
    """
    a = problem.origin
    b = {name: state[name].detach().cpu() for name in a if name in state}
    check_same_shape(b, a, "weights to align")
    _check_buffers(problem.model, state)
    if not all(bool(p.isfinite().all()) for p in (*a.values(), *b.values())):
        raise InputError(
            "weights to align: some are not finite; expected weights of trained networks"
        )
    batch, constant = _batch(problem), set(problem.constants)
    model = copy.deepcopy(problem.model).cpu().double()
    groups = tied_channels(model, lambda network: problem.objective.outputs(network, batch[:2]))
    groups = [group for group in groups if not constant & {name for name, _ in group.places}]
    if not groups:
        raise InputError(
            "no channels of the network can be permuted: the rules of landscape.alignment cover "
            "none of its layers, or their parameters are constant; compare the networks without "
            "alignment"
        )
    permutations = match_weights(a, b, groups, seed=seed, progress=progress)
    aligned = permute(state, groups, permutations)
    difference = _change(
        model, lambda network: problem.objective.outputs(network, batch), state, aligned
    )
    if not difference <= TOLERANCE:
        raise InputError(
            f"permuting the channels changed outputs by {difference:.2g} of the largest output, "
            f"expected at most {TOLERANCE:g} (rounding): the network's traced graph is incomplete; "
            "compare the networks without alignment"
        )
    moved = sum(int((p != range(len(p))).sum()) for p in permutations)
    return aligned, Alignment(
        groups=len(groups),
        channels=sum(group.size for group in groups),
        moved=moved,
        distance_before=_distance(a, b),
        distance_after=_distance(a, {name: aligned[name].cpu() for name in a}),
        output_difference=difference,
    )


def _check_buffers(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    own = model.state_dict()
    for name in own:
        if name not in state and not name.endswith("num_batches_tracked"):
            raise InputError(f"weights to align: no buffer {name!r}; expected a whole state dict")
    extra = [name for name in state if name not in own]
    if extra:
        raise InputError(f"weights to align: {extra[0]!r} is not in the network's state dict")


def _batch(problem: Problem) -> Batch:
    """Real examples in float64, so that rounding does not hide a change."""
    examples = next(iter(problem.splits.values())).head(_CHECKED)
    return examples.to(torch.device("cpu")).batch(torch.float64)


def _change(
    model: nn.Module,
    run: Callable[[nn.Module], Tensor],
    before: Mapping[str, Tensor],
    after: Mapping[str, Tensor],
) -> float:
    outputs = []
    for state in (before, after):
        model.load_state_dict(dict(state), strict=False)
        with torch.no_grad():
            outputs.append(run(model))
    size = float(outputs[0].abs().max())
    change = float((outputs[0] - outputs[1]).abs().max())
    return change / size if size > 0 else (0.0 if change == 0 else math.inf)


def _distance(a: Params, b: Params) -> float:
    return norm({name: a[name].double() - b[name].double() for name in a})
