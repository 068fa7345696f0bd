"""landscaper's part of ``topology_study.py``, run by a Python that has landscaper 1.3.1.

Reads JSON from stdin: ``noisy``, square grids of losses, and ``small``, such grids with two lists
of persistences. Prints JSON: the number of ``minima`` of each noisy grid, and of each small one its
pairs and the bottleneck distance of its lists.
"""

from __future__ import annotations

import json
import sys

import numpy as np
from landscaper import LossLandscape
from landscaper.tda import bottleneck_distance


def landscape_of(losses):
    """The grid, on [−1, 1]²."""
    values = np.array(losses)
    axis = np.linspace(-1, 1, len(values))
    return LossLandscape(values, [axis, axis])


def leaves(tree):
    """The edge of each minimum of a merge tree: the point where it first meets another."""
    return {low: high for low, high in tree.edges if low in tree.leaves}


def pairs(losses, before, after):
    """Minima, persistences of all but the deepest, where each first meets another, SMAD."""
    own = landscape_of(losses)
    tree = own.get_sublevel_tree()
    flat, met = own.loss.ravel(), leaves(tree)
    lowest = int(flat.argmin())
    persistence = own.get_persistence()
    finite = sorted(float(persistence[m]) for m in met if m != lowest)
    alone = len(met) < 2
    released = float(own.smad())
    own.contour_tree = tree  # as in the versions after 1.3.1
    return {
        "minima": sorted(float(flat[m]) for m in met),
        "persistences": finite,
        "meets": [] if alone else sorted(float(flat[s]) for s in met.values()),
        "smad": released,
        "smad of the merge tree": 0.0 if alone else float(own.smad()),
        "bottleneck": bottleneck_distance(before, after),
    }


def main():
    """Answer."""
    given = json.load(sys.stdin)
    minima = [len(leaves(landscape_of(g).get_sublevel_tree())) for g in given["noisy"]]
    small = [pairs(*case) for case in given["small"]]
    print(json.dumps({"minima": minima, "small": small}))


if __name__ == "__main__":
    main()
