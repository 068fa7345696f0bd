"""Curvature quantities at grid points, from derivatives of the mean loss.

They are not means of per-example values, so they are computed after an evaluation:
:meth:`WholeNetwork.added` adds them to its stream of values.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from landscape.deprecated import renamed
from landscape.errors import check_choice
from landscape.grid import FloatArray
from landscape.hessian import HessianOperator, eigenpairs
from landscape.metrics import WHOLE_NETWORK
from landscape.plane import Plane
from landscape.problem import Problem
from landscape.quantity import Quantity, by_name

MEMORY = 2**30
"""Bytes of eigenvectors kept as starting vectors for later points."""

_TOLERANCE = 1e-3
_MOST_PRODUCTS = 300
_NOISE = 1.0
"""Norm of the random part of a warm start: it contains directions that are new at a point, and
costs no products on the networks measured."""


class Measurement(ABC):
    """A quantity: created for a run, then called at each position of the operator."""

    def __init__(self, operator: HessianOperator) -> None:
        self._operator = operator
        self.products = 0

    @abstractmethod
    def __call__(self, place: FloatArray) -> dict[str, float]: ...


class GradientNorm(Measurement):
    """‖∇L‖ of the mean loss."""

    def __call__(self, place: FloatArray) -> dict[str, float]:
        length = float(self._operator.gradient().norm())
        return {"gradient_norm": length if math.isfinite(length) else math.nan}


class EigenRatio(Measurement):
    """Largest and most negative eigenvalue of the Hessian, and the modulus of their ratio.

    The ratio is that of Li et al. 2018, figure 7: near 0 the loss is almost convex. Each value is
    within 1e-3 of the larger modulus of an eigenvalue; where the two outermost eigenvalues are
    nearly equal it may be the second. Lanczos starts from the eigenvectors of the nearest point
    this run has computed, so an interrupted run may differ from an uninterrupted one by as much.
    """

    def __init__(self, operator: HessianOperator) -> None:
        super().__init__(operator)
        each = 2 * operator.size * torch.finfo(operator.dtype).bits // 8
        self._most = max(1, MEMORY // each)
        self._known: list[tuple[FloatArray, Tensor]] = []

    def __call__(self, place: FloatArray) -> dict[str, float]:
        found = eigenpairs(
            self._operator,
            tolerance=_TOLERANCE,
            start=self._start(place),
            most_products=_MOST_PRODUCTS,
        )
        self.products += found.products
        low, high = found.value(-1), found.value(1)
        if math.isfinite(high):
            self._known = [*self._known[-self._most + 1 :], (place, found.vectors)]
        ratio = abs(low / high) if high != 0 else math.nan
        return {"eigen_ratio": ratio, "lambda_max": high, "lambda_min": low}

    def _start(self, place: FloatArray) -> Tensor | None:
        if not self._known:
            return None
        _, vectors = min(self._known, key=lambda known: float(np.linalg.norm(known[0] - place)))
        generator = torch.Generator(device="cpu").manual_seed(0)
        noise = torch.randn(vectors.shape[1], generator=generator).to(vectors)
        length: Tensor = noise.norm()
        return vectors.sum(dim=0) + noise * (_NOISE / length)


_MEASUREMENTS: dict[str, type[Measurement]] = {
    "eigen_ratio": EigenRatio,
    "gradient_norm": GradientNorm,
}
"""Implementations of :data:`landscape.metrics.WHOLE_NETWORK`."""


class WholeNetwork:
    """Curvature quantities of a problem's first split at the points of a plane.

    ``problem``: provides the loss, with the stored batch-norm statistics. ``names``: keys of
    :data:`landscape.metrics.WHOLE_NETWORK`. ``ignore``: ``biasbn`` or ``none``: parameters to leave
    out, as for directions. Raises an InputError for an unknown name.
    """

    @renamed(ignored="ignore")
    def __init__(self, problem: Problem, names: Sequence[str], *, ignore: str = "biasbn") -> None:
        for name in names:
            check_choice("metric of the whole network", name, WHOLE_NETWORK)
        self._problem = problem
        self._operator = HessianOperator(problem, ignore=ignore)
        self._ignore = ignore
        self._names = tuple(dict.fromkeys(names))
        self._measurements = [_MEASUREMENTS[name](self._operator) for name in self._names]

    @property
    def products(self) -> int:
        """Number of Hessian-vector products so far."""
        return sum(measurement.products for measurement in self._measurements)

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The added quantities, by name: ``train_eigen_ratio``, …"""
        split = self._operator.split
        over = f"over {self._operator.examples:,} {split or 'given'} examples"
        moved = "" if self._ignore == "none" else ", without biases and normalization layers"
        moved = f"{self._operator.choice}{moved}"
        loss = self._problem.metrics["loss"].units
        return by_name(
            Quantity(
                f"{one.long_name} {over}{moved}",
                loss if one.units is None else one.units,
                split=split,
                base=name,
            )
            for requested in self._names
            for name, one in WHOLE_NETWORK[requested].items()
        )

    def added(
        self,
        plane: Plane,
        points: FloatArray,
        measured: Iterable[tuple[int, dict[str, float]]],
    ) -> Iterator[tuple[int, dict[str, float]]]:
        """Add the curvature quantities to the values of an evaluation.

        They are NaN where the loss or one of its derivatives is not finite.

        ``measured``: the evaluation: pairs of an index into ``points`` and the values there.
        """
        prefixed, split = self._problem.prefixed, self._operator.split
        lengths = np.array(plane.norms)
        for index, values in measured:
            place = points[index] * lengths
            found = dict.fromkeys(self.quantities, math.nan)
            if math.isfinite(values[prefixed(split, "loss")]):
                self._operator.move_to(plane.at(points[index]))
                for measurement in self._measurements:
                    new = measurement(place)
                    found.update({prefixed(split, name): v for name, v in new.items()})
            yield index, {**values, **found}
