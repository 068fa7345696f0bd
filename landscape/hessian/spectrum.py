"""The outermost eigenvalues and the trace of a matrix, of its layers, and of mini-batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from landscape.hessian.lanczos import Eigenpairs, eigenpairs, verified
from landscape.hessian.over_examples import CurvatureOperator
from landscape.hessian.progress import shown
from landscape.hessian.trace import Trace, estimate_trace


@dataclass(frozen=True)
class Wanted:
    """What is computed of a matrix.

    ``top``, ``bottom``: number of eigenvalues of each end, fewer of a smaller matrix. ``samples``:
    products for the trace. ``tolerance``: see :func:`landscape.hessian.eigenpairs`.
    """

    top: int
    bottom: int
    samples: int
    seed: int
    tolerance: float = 1e-4


@dataclass(frozen=True)
class Spectrum:
    """What was found of a matrix of ``size`` rows, and of the blocks of its layers."""

    size: int
    pairs: Eigenpairs
    trace: Trace
    layers: Mapping[str, Spectrum] = field(default_factory=dict)

    def numbers(self) -> dict[str, Any]:
        """Eigenvalues by rank (1 the largest, -1 the most negative), and the trace, for JSON."""
        columns = (self.pairs.ranks, self.pairs.values.tolist(), self.pairs.residuals.tolist())
        eigenvalues = [
            {"rank": int(rank), "value": value, "residual": residual}
            for rank, value, residual in zip(*columns, strict=True)
        ]
        found: dict[str, Any] = {"eigenvalues": eigenvalues}
        found |= {"trace": self.trace.value, "trace_stderr": self.trace.stderr}
        if self.layers:
            found["layers"] = {
                name: {"parameters": layer.size, **layer.numbers()}
                for name, layer in self.layers.items()
            }
        return found


def spectrum(operator: CurvatureOperator, wanted: Wanted, *, progress: bool = True) -> Spectrum:
    """The eigenvalues and the trace of one matrix."""
    ends = (min(end, operator.size) for end in (wanted.top, wanted.bottom))
    with shown(operator, "eigenvalues", progress=progress) as matrix:
        found = eigenpairs(matrix, *ends, tolerance=wanted.tolerance, seed=wanted.seed)
        pairs = verified(matrix, found)
    if not np.isfinite(pairs.values).all():
        return Spectrum(operator.size, pairs, Trace(np.nan, np.nan, 0))
    with shown(operator, "trace", wanted.samples, progress=progress) as matrix:
        trace = estimate_trace(matrix, wanted.samples, seed=wanted.seed)
    return Spectrum(operator.size, pairs, trace)


def of_layers(
    operator: CurvatureOperator, wanted: Wanted, *, progress: bool
) -> dict[str, Spectrum]:
    """The spectra of the diagonal blocks of the layers, by name."""
    layers = operator.layers()
    return {
        name: spectrum(layers[name], wanted, progress=False)
        for name in tqdm(layers, desc="layers", disable=not progress)
    }


def of_mini_batches(
    parts: Sequence[CurvatureOperator], wanted: Wanted, *, layers: bool, progress: bool
) -> list[Spectrum]:
    """The spectra of mini-batches, with those of their layers if requested."""
    found = []
    for part in tqdm(parts, desc="mini-batches", disable=not progress):
        own = spectrum(part, wanted, progress=False)
        blocks = of_layers(part, wanted, progress=False) if layers else {}
        found.append(Spectrum(own.size, own.pairs, own.trace, blocks))
    return found
