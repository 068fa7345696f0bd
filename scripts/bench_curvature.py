"""Benchmark of the map of the eigenvalue ratio, with and without warm starts.

Every point of a grid, in the order of a run, is computed twice: with Lanczos started from the
eigenvectors of the nearest computed point, and from random vectors. Hessian-vector products and
seconds are counted for each point, and both results are compared. With ``--scipy`` the products
that ARPACK (SciPy's eigsh) takes at the same tolerance are counted too.

    python scripts/bench_curvature.py --weights final.pt --data digits -o bench_curvature.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from tqdm import tqdm

from landscape.build import build_problem
from landscape.directions import make_directions
from landscape.evaluate import evaluate
from landscape.grid import FloatArray, Grid, coarse_to_fine, parse_range
from landscape.hessian import HessianOperator
from landscape.hessian.curvature import WholeNetwork
from landscape.plane import Plane
from landscape.problem import Problem

_TOLERANCE = 1e-3  # of the map


def one(
    problem: Problem, plane: Plane, points: FloatArray, index: int, whole: WholeNetwork
) -> dict[str, Any]:
    """Values at a point, with products and seconds."""
    values = dict(evaluate(problem, plane, points, [index]))
    before, start = whole.products, time.perf_counter()
    ((_, found),) = whole.added(plane, points, values.items())
    seconds = time.perf_counter() - start
    named = {name: found[name] for name in whole.quantities}
    return {"products": whole.products - before, "seconds": seconds, **named}


def both(
    problem: Problem, plane: Plane, grid: Grid, ignore: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Compute every point with a warm and a cold start, in turn."""
    points = grid.points()
    warm = WholeNetwork(problem, ["eigen_ratio"], ignore=ignore)
    for index in tqdm(coarse_to_fine(grid.shape).tolist(), unit="point"):
        cold = WholeNetwork(problem, ["eigen_ratio"], ignore=ignore)  # has no neighbours
        place = {"x": points[index][0], "y": points[index][1]}
        yield (
            {**place, **one(problem, plane, points, index, warm)},
            {**place, **one(problem, plane, points, index, cold)},
        )


def scipys(problem: Problem, plane: Plane, grid: Grid, ignore: str) -> list[int]:
    """Number of products of eigsh for both ends at every point."""
    operator = HessianOperator(problem, ignore=ignore)
    taken = []
    start = np.random.default_rng(0).normal(size=operator.size)
    for point in tqdm(grid.points(), unit="point", desc="scipy"):
        operator.move_to(plane.at(point))
        count = [0]

        def product(v: FloatArray, count: list[int] = count) -> FloatArray:
            count[0] += 1
            vector = torch.from_numpy(v.ravel()).to(operator.device, operator.dtype)
            found: FloatArray = operator.product(vector).double().cpu().numpy()
            return found

        shape = (operator.size, operator.size)
        matrix = LinearOperator(shape, matvec=product, dtype=np.float64)
        eigsh(matrix, k=2, which="BE", tol=_TOLERANCE, v0=start, return_eigenvectors=False)
        taken.append(count[0])
    return taken


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Totals, and means per point."""
    products = sum(row["products"] for row in rows)
    seconds = sum(row["seconds"] for row in rows)
    return {
        "products": products,
        "products_per_point": products / len(rows),
        "seconds": seconds,
        "seconds_per_point": seconds / len(rows),
    }


def environment(problem: Problem) -> dict[str, Any]:
    """Hardware and versions."""
    kind = problem.device.type
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if kind == "cuda" else kind,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weights", required=True, help="a checkpoint, such as ResNet-56's")
    parser.add_argument("--shortcuts", help="if the checkpoint does not determine them")
    parser.add_argument("--data", default="digits", help="(digits)")
    parser.add_argument("--limit", type=int, default=300, help="examples (300)")
    parser.add_argument("--x", default="-1:1:11", help="both axes (-1:1:11)")
    parser.add_argument("--ignore", default="biasbn", help="(biasbn)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the plane (0)")
    parser.add_argument("--device", default="auto", help="(auto)")
    parser.add_argument("--scipy", action="store_true", help="count ARPACK's products too")
    parser.add_argument("-o", "--output", default="bench_curvature.json")
    options = parser.parse_args()
    problem = build_problem(
        weights=options.weights,
        shortcuts=options.shortcuts,
        data=options.data,
        limit=options.limit,
        device=options.device,
    )
    directions = make_directions(problem.origin, 2, ignore=options.ignore, seed=options.seed)
    plane = Plane(problem.origin, [d.vector for d in directions])
    grid = Grid(parse_range(options.x), parse_range(options.x, "y"))
    pairs = list(both(problem, plane, grid, options.ignore))
    warm, cold = [w for w, _ in pairs], [c for _, c in pairs]
    differences = [abs(w["train_eigen_ratio"] - c["train_eigen_ratio"]) for w, c in pairs]
    result: dict[str, Any] = {
        "environment": environment(problem),
        "grid": str(grid),
        "examples": len(problem.splits["train"]),
        "warm": {**summary(warm), "points": warm},
        "cold": {**summary(cold), "points": cold},
        "largest_difference_of_the_ratio": float(np.nanmax(differences)),
    }
    for name in ("warm", "cold"):
        found = result[name]
        print(
            f"{name}: {found['products_per_point']:.1f} products and "
            f"{found['seconds_per_point']:.2f} s per point, {found['products']} products in total"
        )
    saved = 1 - result["warm"]["products"] / max(result["cold"]["products"], 1)
    print(f"the warm start saves {saved:.0%} of the products;", end=" ")
    print(f"ratios differ by at most {result['largest_difference_of_the_ratio']:.1e}")
    if options.scipy:
        result["scipy_products"] = scipys(problem, plane, grid, options.ignore)
        print(f"scipy: {np.mean(result['scipy_products']):.1f} products per point")
    Path(options.output).write_text(json.dumps(result, indent=1))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
