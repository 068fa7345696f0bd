r"""Coverage of the intervals of a tolerance on made-up populations: a table.

    python scripts/coverage_study.py --seeds 200 -o coverage.json

Every population of ``populations.py`` is sampled on 9×9 points by the code of a run: with strata by
class alone (``class``), with those by the losses where all examples are measured (``losses``), and
with losses that are predicted from coarser points (``predicted``). ``covered``: points where
the mean of all examples is within 1.96 standard errors; ``worst``: the same at the worst point;
``minimum``: at the centre. ``images``: a point, those measured in full included.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from populations import POPULATIONS, population
from tolerance_study import sampled

from landscape.evaluate import Tolerance
from landscape.grid import Grid, parse_range

AXIS = parse_range("-1:1:9")
GRID = Grid(AXIS, AXIS)


DESIGNS = ("class", "losses", "predicted")
"""Of samples, as in files of the versions so far."""


def coverage(
    name: str, tolerances: list[str], seeds: int, size: int, designs: Sequence[str] = DESIGNS
) -> list[dict[str, object]]:
    """One row for each tolerance and design."""
    points, rows = GRID.points(), {(t, d): ([], []) for t in tolerances for d in designs}
    for seed in range(seeds):
        losses, labels = population(name, points, size, seed)
        truth = losses.mean(axis=1)
        for (text, design), (hits, images) in rows.items():
            mean, stderr, count = sampled(
                losses,
                GRID,
                Tolerance.parse(text),
                labels,
                seed,
                with_losses=design != "class",
                predicted=design == "predicted",
            ).T
            # The sum of all examples depends on their order through rounding.
            hits.append(np.abs(mean - truth) <= 1.96 * stderr + 1e-9 * np.abs(truth))
            images.append(count.mean())
    return [
        {
            "population": name,
            "examples": size,
            "tolerance": text,
            "design": design,
            "covered": float(np.mean(hits)),
            "worst": float(np.mean(hits, axis=0).min()),
            "minimum": float(np.mean(hits, axis=0)[GRID.size // 2]),
            "images": float(np.mean(images)),
        }
        for (text, design), (hits, images) in rows.items()
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--tolerance", nargs="+", default=["5%,0.02", "2%,0.01"])
    parser.add_argument("--population", nargs="+", default=list(POPULATIONS))
    parser.add_argument("--design", nargs="+", default=DESIGNS, choices=DESIGNS)
    parser.add_argument("-o", "--output", help="JSON")
    options = parser.parse_args()
    rows = []
    for name in options.population:
        for row in coverage(
            name, options.tolerance, options.seeds, options.examples, options.design
        ):
            rows.append(row)
            print(
                f"{name:26} {row['tolerance']:9} {row['design']:10}"
                f"covered {row['covered']:.3f}  worst {row['worst']:.2f}  "
                f"minimum {row['minimum']:.2f}  {row['images']:6.0f} images",
                flush=True,
            )
        if options.output:
            Path(options.output).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
