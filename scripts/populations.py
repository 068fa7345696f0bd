"""Made-up losses of N examples at the points of a plane: what a tolerance has to cope with.

Neighbouring points share nearly all of what makes an example hard or easy, opposite corners little
of it. Around the centre the mean loss is 0.2 (times the constant of a population) and rises with
the square of the distance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from landscape.grid import FloatArray, IntArray

Draw = Callable[[], FloatArray]
"""Standard normal numbers, shape (points, N)."""


def fields(rng: np.random.Generator, points: FloatArray, size: int) -> Draw:
    """Draws fields over the plane, one for each example: correlation cos d at the distance d."""
    r = np.hypot(*points.T)
    along = points / np.maximum(r, 1e-9)[:, None]

    def draw() -> FloatArray:
        middle, x, y = rng.normal(size=(3, size))
        return np.outer(np.cos(r), middle) + np.sin(r)[:, None] * (along @ np.stack([x, y]))

    return draw


def exponential(normal: Draw) -> FloatArray:
    """Half the square of two normal numbers."""
    return (normal() ** 2 + normal() ** 2) / 2


def _rare(rng: np.random.Generator, size: int, one_in: int) -> FloatArray:
    chosen = np.zeros(size)
    chosen[rng.choice(size, max(1, size // one_in), replace=False)] = 1.0
    return chosen


def _near(points: FloatArray, where: tuple[float, float], width: float) -> FloatArray:
    squares = ((points - np.array(where)) ** 2).sum(axis=1, keepdims=True)
    return np.exp(-squares / width**2)


def population(
    name: str, points: FloatArray, size: int, seed: int
) -> tuple[FloatArray, IntArray | None]:
    """Losses, shape (points, N), and classes of the examples, shape (N,), or None."""
    rng = np.random.default_rng([seed, 77])
    size = {"few": (80, 150, 300)[seed % 3]}.get(name, size)
    normal, labels = fields(rng, points, size), rng.integers(0, 10, size)
    scale = 0.2 + (points**2).sum(axis=1, keepdims=True)

    def nearly_equal() -> FloatArray:
        return np.exp(0.1 * normal())

    match name:
        case "exponential":
            losses = exponential(normal)
        case "log-normal":
            losses = np.exp(2 * normal() - 2)
        case "pareto":
            losses = np.exp(exponential(normal) / 1.5) / 3
        case "1 in 100":
            losses = (1 + 49 * _rare(rng, size, 100)) * nearly_equal()
        case "1 in 1,000":
            losses = (1 + 49 * _rare(rng, size, 1000)) * nearly_equal()
        case "1 in 1,000, noisy":
            losses = (1 + 49 * _rare(rng, size, 1000)) * exponential(normal)
        case "1 in 1,000 at the centre":
            rare = _near(points, (0, 0), 0.5) * _rare(rng, size, 1000)
            losses = (1 + 49 * rare) * nearly_equal()
        case "1 in 1,000 elsewhere":
            rare = _near(points, (0.5, 0.25), 0.4) * _rare(rng, size, 1000)
            losses = (1 + 49 * rare) * nearly_equal()
        case "imbalanced":
            rare = _rare(rng, size, 1000)
            labels = np.where(rare > 0, 10, labels)
            losses = (1 + 49 * rare) * np.exp(0.5 * normal())
        case "bernoulli":
            return (normal() > 2.5758).astype(np.float64), labels
        case "classes":
            losses = (1 + 0.2 * labels) * np.exp(0.2 * normal())
        case "few":
            losses = (1 + 49 * _rare(rng, size, 60)) * nearly_equal()
        case "duplicates":
            losses = np.repeat(exponential(fields(rng, points, 50)), size // 50, axis=1)
            return scale * losses, np.repeat(rng.integers(0, 10, 50), size // 50)
        case "sorted":
            losses = exponential(normal)
            losses = losses[:, np.argsort(losses[len(points) // 2])]
        case "without classes":
            return scale * np.exp(normal()), None
        case _:
            raise KeyError(name)
    return scale * losses, labels


POPULATIONS = {
    "exponential": "exponential",
    "log-normal": "log-normal, σ = 2",
    "pareto": "Pareto, 1.5",
    "1 in 100": "1 in 100 at 50 times the others",
    "1 in 1,000": "1 in 1,000 at 50 times",
    "1 in 1,000, noisy": "the same, the others exponential",
    "1 in 1,000 at the centre": "1 in 1,000 at 50 times around the centre only",
    "1 in 1,000 elsewhere": "the same around (0.5, 0.25) only",
    "imbalanced": "one class of 1 in 1,000 at 50 times",
    "bernoulli": "0 or 1, ½% of 1",
    "classes": "ten classes",
    "few": "80 to 300 examples, 1 in 60 at 50 times",
    "duplicates": "50 examples, many copies of each",
    "sorted": "exponential, sorted",
    "without classes": "log-normal, σ = 1, no classes",
}
"""Words for each."""
