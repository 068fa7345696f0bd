"""Weight matching: the permutations of B's channels that bring its weights nearest to A's.

‖A − P(B)‖² over all parameters is smallest where ⟨A, P(B)⟩ is largest. With all groups of channels
but one fixed, this is a linear assignment problem, solved exactly; groups are visited in random
order until nothing improves.

Ainsworth, Hayase and Srinivasa, *Git Re-Basin: Merging Models modulo Permutation Symmetries*,
arXiv 2209.04836, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import linear_sum_assignment
from tqdm import tqdm

from landscape.alignment.permutation import Group, Permutation, permute
from landscape.params import Params

_GAIN = 1e-12  # of ‖A‖² or ‖B‖²: smaller gains are rounding


def match_weights(
    a: Params, b: Params, groups: Sequence[Group], *, seed: int = 0, progress: bool = False
) -> list[Permutation]:
    """One permutation for each group, for :func:`landscape.alignment.permute` to apply to B.

    The better of two local optima. One starts from B, as in the paper; the other from
    :func:`from_the_ends`, which is exact if B is a permutation of A. No order is sure to find the
    optimum (with two or more hidden layers the problem is NP-hard). A network of one hidden layer
    is a single assignment problem, solved exactly.

    Parameters
    ----------
    a, b
        Parameters of the two networks, with the same names and shapes.
    groups
        From :func:`landscape.alignment.tied_channels`.
    seed
        For the order of the groups.
    """
    a = {name: p.detach().cpu().double() for name, p in a.items()}
    b = {name: p.detach().cpu().double() for name, p in b.items()}
    best, most = [np.arange(group.size) for group in groups], _product(a, b, a)
    with tqdm(desc="aligning", unit="sweep", disable=not progress) as bar:
        for start in (list(best), from_the_ends(a, b, groups)):
            found = _descent(a, b, groups, start, seed, bar)
            reached = _product(a, permute(b, groups, found), a)
            if reached > most:
                best, most = found, reached
    return best


def from_the_ends(a: Params, b: Params, groups: Sequence[Group]) -> list[Permutation]:
    """Permutations found group by group along the graph, each from already ordered dimensions.

    A parameter counts for a group once its other dimension belongs to inputs, outputs or a group
    already matched; so a permuted copy of A, with no two equal channels, is restored exactly.
    """
    open_: dict[str, set[int]] = {}
    for k, group in enumerate(groups):
        for name, _ in group.places:
            open_.setdefault(name, set()).add(k)
    both = [{name for name, _ in g.places if _dims(g, name) > 1} for g in groups]
    found, b = [], dict(b)
    for k, group in enumerate(groups):
        known = {n for n, _ in group.places if n in a and open_[n] == {k}} - both[k]
        found.append(_assignment(a, b, group, known))
        b = permute(b, [group], found[-1:])
        for waiting in open_.values():
            waiting.discard(k)
    return found


def _dims(group: Group, name: str) -> int:
    return sum(other == name for other, _ in group.places)


def _descent(
    a: Params,
    b: Params,
    groups: Sequence[Group],
    start: Sequence[Permutation],
    seed: int,
    bar: tqdm[None],
) -> list[Permutation]:
    """Algorithm 1: groups in random order, until a whole sweep brings no gain."""
    least = _GAIN * max(_product(a, a, a), _product(b, b, b))
    generator = torch.Generator().manual_seed(seed)
    found, b = list(start), permute(b, groups, start)
    gained = True
    while gained:
        gained = False
        for k in torch.randperm(len(groups), generator=generator).tolist():
            touched = {name for name, _ in groups[k].places if name in a}
            step = _assignment(a, b, groups[k], touched)
            moved = permute({name: b[name] for name in touched}, [groups[k]], [step])
            # Where both dimensions of a parameter are in the group, the assignment treats each
            # as if the other were fixed, so the gain is verified.
            if _product(a, moved, touched) - _product(a, b, touched) > least:
                b.update(moved)
                found[k] = found[k][step]
                gained = True
        bar.update()
    return found


def _assignment(a: Params, b: Params, group: Group, names: Iterable[str]) -> Permutation:
    """The best permutation of one group for some parameters, with all others fixed."""
    likeness: npt.NDArray[np.float64] = np.zeros((group.size, group.size))
    for (name, dim), positions in group.places.items():
        if name in names:
            rows = [
                p.movedim(dim, 0)[torch.from_numpy(positions)].reshape(group.size, -1)
                for p in (a[name], b[name])
            ]
            likeness += (rows[0] @ rows[1].T).numpy()
    return np.asarray(linear_sum_assignment(likeness, maximize=True)[1])


def _product(a: Params, b: Params, names: Iterable[str]) -> float:
    return sum(float(torch.sum(a[name] * b[name])) for name in names)
