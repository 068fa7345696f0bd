r"""The topology of made-up surfaces, known beforehand, found by this package and by landscaper.

    python scripts/topology_study.py
    python scripts/topology_study.py --landscaper env/bin/python -o study.json

``noise``: surfaces of 1 to 6 wells with independent noise, a third of the depth of the shallowest
well; the share of them whose number of basins is found. ``values``: random grids of a few points,
on which both programs count the same pairs: the largest difference of persistences, of the losses
at which basins first meet, of SMAD, and of the bottleneck distance of the persistences from those
of the grid before. landscaper 1.3.1 takes SMAD from the contour tree, in which minima also end
where hills part; its formula on its merge tree (``smad of the merge tree``) is the one here.

landscaper 1.3.1 needs a Python of its own (``--landscaper``). It counts as neighbours only points
that share an edge of a cell. The same tree is found here on a grid twice as fine, whose new points
have the larger loss of the two on either side, and are holes in the middle of cells. Its trees hold
losses in single precision and its persistences have six digits, so these losses are whole numbers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landscape import Grid, Surface
from landscape.measures import bottleneck_distance, persistence, smad, topology_of
from landscape.surface import Quantity

KINDS = ("bowls", "gaussian wells")
PEER = Path(__file__).with_name("topology_peer.py")


@dataclass(frozen=True, eq=False)
class Case:
    """A noisy surface, the number of its wells and the standard error of its losses."""

    surface: Surface
    wells: int
    noise: float


def noisy(count: int, points: int = 51, seed: int = 0) -> Iterator[Case]:
    """Surfaces on [−1, 1]² with as many wells as stated; the noise is depth / 3.

    The depth is that of the shallowest basin of the surface without noise; of a single well, its
    own.
    """
    generator = np.random.default_rng(seed)
    for number in range(count):
        wells = 1 + number % 6
        losses = _wells(KINDS[number // 6 % 2], wells, points, generator)
        exact = topology_of(_surface(losses), shallowest=None)
        flat = losses.ravel()
        depths = [flat[b.saddle] - flat[b.floor] for b in exact.branches if b.saddle is not None]
        deepest = sorted(depths, reverse=True)[: wells - 1]
        noise = (min(deepest) if deepest else 1.0) / 3
        losses = 1 + losses + generator.normal(0, noise, losses.shape)
        yield Case(_surface(losses, noise), wells, noise)


def _wells(kind: str, wells: int, points: int, generator: np.random.Generator) -> Any:
    """Losses of shape (points, points) whose basins are at least half a unit apart."""
    axis = np.linspace(-1, 1, points)
    x, y = np.meshgrid(axis, axis)
    while True:
        centres = generator.uniform(-0.75, 0.75, (wells, 2))
        apart = np.linalg.norm(centres[:, None] - centres, axis=-1) + 9 * np.eye(wells)
        if apart.min() > 0.5:
            break
    floors = generator.uniform(0, 0.3, wells)
    squares = [(x - a) ** 2 + (y - b) ** 2 for a, b in centres]
    if kind == "bowls":
        return np.min([f + 4 * r for f, r in zip(floors, squares, strict=True)], axis=0)
    pits = [(1 - f) * np.exp(-r / 0.08) for f, r in zip(floors, squares, strict=True)]
    return 1 + 0.3 * (x**2 + y**2) - np.max(pits, axis=0)


def _surface(losses: Any, noise: float | None = None) -> Surface:
    axis = np.linspace(-1, 1, losses.shape[0])
    values = {"loss": losses}
    if noise is not None:
        values["loss_stderr"] = np.full(losses.shape, noise)
    quantities = {name: Quantity(name, "nats") for name in values}
    return Surface(Grid(axis, axis), quantities, values, np.ones(losses.shape, bool))


def small(count: int, seed: int = 1) -> Iterator[Any]:
    """Grids of 5×5 to 9×9 different whole losses; the largest in a corner."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        n = int(generator.integers(5, 10))
        losses = 1.0 + generator.permutation(n * n)
        losses[0], losses[losses.argmax()] = losses.max(), losses[0]
        yield losses.reshape(n, n)


def with_edges(losses: Any) -> Surface:
    """The surface on which neighbours are points that share an edge: see the head of this file."""
    n = losses.shape[0]
    fine = np.full((2 * n - 1, 2 * n - 1), np.nan)
    fine[::2, ::2] = losses
    fine[1::2, ::2] = np.maximum(losses[1:], losses[:-1])
    fine[::2, 1::2] = np.maximum(losses[:, 1:], losses[:, :-1])
    return _surface(fine)


def ours(losses: Any, before: Any) -> dict[str, Any]:
    """What ``topology_peer.py`` returns, by this package."""
    surface = with_edges(losses)
    tree = topology_of(surface, shallowest=None)
    flat = tree.found.values.ravel()
    pairs = [p for p in persistence(surface, shallowest=None) if p.dimension == 0]
    finite = [p.persistence for p in pairs if p.died is not None]
    found = {
        "minima": sorted(p.birth for p in pairs),
        "persistences": sorted(finite),
        "meets": sorted(float(flat[s]) for s in tree.first_saddles().values()),
        "smad": smad(surface, shallowest=None).plain.value,
    }
    found["smad of the merge tree"] = found["smad"]
    lines = [_births_at_zero(p) for p in (before, finite)]
    found["bottleneck"] = bottleneck_distance(*lines, shallowest=None).value
    return found


def _births_at_zero(persistences: Any) -> Surface:
    """A line whose basins but the deepest have these persistences, all born at a loss of 0."""
    walls = np.sort(persistences)
    losses = np.zeros(2 * len(walls) + 1)
    losses[1::2] = walls
    losses[0] = -1.0  # the deepest
    grid = Grid(np.arange(float(losses.size)))
    done = np.ones(losses.size, bool)
    return Surface(grid, {"loss": Quantity("loss", "nats")}, {"loss": losses}, done)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--surfaces", type=int, default=50)
    parser.add_argument("--points", type=int, default=51, help="along each axis")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--landscaper", metavar="PYTHON", help="of an environment that has it")
    parser.add_argument("-o", "--output", help="JSON")
    options = parser.parse_args()
    cases = list(noisy(options.surfaces, options.points, options.seed))
    grids = list(small(options.surfaces))
    found = [len(topology_of(case.surface).kept) for case in cases]
    raw = [len(topology_of(case.surface).branches) for case in cases]
    wells = [case.wells for case in cases]
    rows: dict[str, Any] = {"wells": wells, "found": found, "dips": raw}
    befores: list[list[float]] = [[]]
    own = []
    for losses in grids:
        own.append(ours(losses, befores[-1]))
        befores.append(own[-1]["persistences"])
    right = sum(a == b for a, b in zip(wells, found, strict=True))
    print(f"noise: the number of basins is right at {right} of {len(wells)}")
    if options.landscaper:
        sent = [
            [losses.tolist(), before, found_["persistences"]]
            for losses, before, found_ in zip(grids, befores, own, strict=False)
        ]
        peer = _peer(options.landscaper, cases, sent)
        rows |= {"found_by_landscaper": peer["minima"]}
        right = sum(a == b for a, b in zip(wells, peer["minima"], strict=True))
        print(f"noise, landscaper: right at {right}; minima, median {np.median(peer['minima']):g}")
        for name in own[0]:
            pairs = [
                (np.array(a[name]), np.array(b[name]))
                for a, b in zip(own, peer["small"], strict=True)
            ]
            alike = [float(np.abs(a - b).max(initial=0)) for a, b in pairs if a.shape == b.shape]
            equal = sum(off <= 1e-9 for off in alike)
            print(f"values, {name}: equal to 1e-9 on {equal} of {len(pairs)} grids")
            rows[name] = alike
    if options.output:
        Path(options.output).write_text(json.dumps(rows, indent=1))


def _peer(python: str, cases: list[Case], small_: list[Any]) -> dict[str, Any]:
    noisy_ = [case.surface["loss"].tolist() for case in cases]
    sent = json.dumps({"noisy": noisy_, "small": small_})
    done = subprocess.run(
        [python, str(PEER)], input=sent, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
