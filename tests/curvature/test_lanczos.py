"""Eigenpairs, against known spectra and SciPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

import landscape.hessian.lanczos
from landscape.errors import InputError
from landscape.hessian import HessianOperator, eigenpairs, verified
from tests.curvature.matrices import Dense, quadratic, rotated

SPECTRA: dict[str, tuple[list[float], int, int]] = {
    "spread": (np.linspace(-1, 10, 120).tolist(), 3, 2),
    "repeated above": ([5.0, 5.0, 5.0, 1.0, 0.5, -2.0] + [0.1] * 30, 4, 1),
    "repeated below": ([7.0, 1.0] + [0.0] * 20 + [-2.0, -2.0, -3.0, -3.0], 1, 4),
    "outliers": ([100.0, 99.9, 20.0, *np.linspace(-1, 1, 150).tolist()], 3, 1),
    "two close copies": ([4.0, 4.0, *np.linspace(-1, 3.9, 100).tolist()], 2, 1),
    "identity": ([1.0] * 40, 2, 1),
    "nothing": ([0.0] * 30, 2, 2),
    "negative": (np.linspace(-9, -1, 50).tolist(), 2, 2),
    "all of three": ([3.0, -1.0, -1.0], 3, 3),
    "one": ([2.0], 1, 1),
    "only above": (np.linspace(-1, 2, 60).tolist(), 3, 0),
    "only below": (np.linspace(-1, 2, 60).tolist(), 0, 3),
}


def ends(spectrum: Sequence[float], top: int, bottom: int) -> list[float]:
    ordered = sorted(spectrum)
    return [*ordered[::-1][:top], *ordered[:bottom]]


@pytest.mark.parametrize("name", SPECTRA)
def test_a_known_spectrum(name: str) -> None:
    spectrum, top, bottom = SPECTRA[name]
    matrix = Dense(rotated(spectrum))
    found = eigenpairs(matrix, top, bottom, tolerance=1e-8)
    assert found.ranks == (*range(1, top + 1), *range(-1, -bottom - 1, -1))
    assert np.allclose(found.values, ends(spectrum, top, bottom), rtol=0, atol=1e-6)
    assert found.products == matrix.taken
    size = max(map(abs, spectrum))
    assert found.modulus == pytest.approx(size, rel=1e-6)
    for value, vector, residual in zip(found.values, found.vectors, found.residuals, strict=True):
        misfit = float((matrix.entries @ vector - float(value) * vector).norm())
        assert misfit <= (float(residual) + 1e-12) * size
        assert float(vector.norm()) == pytest.approx(1)
        assert float(vector[vector.abs().argmax()]) > 0
    assert found.residuals.max() <= 1e-7
    checked = verified(matrix, found)
    assert np.allclose(checked.residuals, found.residuals, atol=1e-8)
    assert checked.products == found.products + top + bottom


def test_spectrum_of_a_quadratic_loss() -> None:
    spectrum = [6.0, 6.0, 2.0, 1.0, 0.3, 0.0, -0.4, -0.4, -3.0]
    operator = HessianOperator(quadratic(rotated(spectrum)), batch_size=3)
    found = eigenpairs(operator, 3, 3, tolerance=1e-8)
    assert np.allclose(found.values, ends(spectrum, 3, 3), rtol=0, atol=1e-6)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-5])
def test_the_residual_is_correct_and_within_the_tolerance(tolerance: float) -> None:
    entries = rotated([50.0, 20.0, *np.linspace(-3, 5, 300).tolist()])
    found = eigenpairs(Dense(entries), 2, 1, tolerance=tolerance)
    images = found.vectors @ entries
    for k, value in enumerate(found.values):
        misfit = float((images[k] - float(value) * found.vectors[k]).norm())
        assert misfit / 50 == pytest.approx(float(found.residuals[k]), rel=1e-3, abs=1e-12)
    assert found.residuals.max() <= tolerance


def test_little_memory_costs_products_not_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    spectrum = np.linspace(-1, 10, 200).tolist()
    whole = Dense(rotated(spectrum))
    eigenpairs(whole, 2, 1, tolerance=1e-8)
    monkeypatch.setattr(landscape.hessian.lanczos, "MEMORY", 25 * 200 * 8)
    small = Dense(rotated(spectrum))
    found = eigenpairs(small, 2, 1, tolerance=1e-8)
    assert np.allclose(found.values, ends(spectrum, 2, 1), rtol=0, atol=1e-6)
    assert whole.taken < small.taken < 3 * whole.taken


def test_no_more_products_than_scipy() -> None:
    """Both ends from one Krylov space, against ARPACK at the same tolerance."""
    matrix = Dense(rotated([60.0, 30.0, *np.linspace(-6, 4, 400).tolist()]))
    eigenpairs(matrix, tolerance=1e-4)
    ours, matrix.taken = matrix.taken, 0
    operator = LinearOperator(
        (matrix.size, matrix.size),
        matvec=lambda v: matrix.product(torch.from_numpy(v.ravel())).numpy(),
        dtype=np.float64,
    )
    start = np.random.default_rng(0).normal(size=matrix.size)
    eigsh(operator, k=2, which="BE", tol=1e-4, v0=start)
    assert ours <= matrix.taken


def test_a_good_start_saves_products_and_hides_no_eigenvalue() -> None:
    spectrum = [60.0, 30.0, *np.linspace(-6, 4, 400).tolist()]
    matrix = Dense(rotated(spectrum))
    cold = eigenpairs(matrix, tolerance=1e-6)
    noise = torch.randn(402, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    warm = eigenpairs(matrix, tolerance=1e-6, start=cold.vectors.sum(dim=0) + noise * 1e-4)
    assert warm.products < cold.products
    assert np.allclose(warm.values, [60, -6], rtol=0, atol=1e-6)
    # Eigenvectors of neither end: the space is invariant at once, which must not end the search.
    inner = torch.linalg.eigh(matrix.entries).eigenvectors[:, 100:102].sum(dim=1)
    misled = eigenpairs(matrix, tolerance=1e-6, start=inner)
    assert np.allclose(misled.values, [60, -6], rtol=0, atol=1e-3)


def test_seeds() -> None:
    entries = rotated(np.linspace(-1, 10, 120).tolist())
    one, same, other = (eigenpairs(Dense(entries), seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one.vectors, same.vectors)
    assert not torch.equal(one.vectors, other.vectors)
    assert np.allclose(one.values, other.values, rtol=1e-4)


def test_products_are_limited_and_residuals_reported() -> None:
    matrix = Dense(rotated(np.linspace(-1, 10, 300).tolist()))
    found = eigenpairs(matrix, 2, 1, tolerance=1e-12, most_products=20)
    assert matrix.taken < 40
    assert found.residuals.max() > 1e-12


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_products_that_are_not_finite(value: float) -> None:
    matrix = Dense(torch.full((5, 5), value, dtype=torch.float64))
    found = eigenpairs(matrix, 2, 1)
    assert np.isnan(found.values).all()
    assert np.isnan(found.residuals).all()
    assert matrix.taken == 1


@pytest.mark.parametrize(
    ("top", "bottom", "words"),
    [
        (4, 1, "the 4 largest.*at most 3"),
        (1, 4, "the 4 most negative.*at most 3"),
        (-1, 1, "the -1 largest"),
        (0, 0, "no eigenvalue"),
    ],
)
def test_numbers_out_of_range(top: int, bottom: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        eigenpairs(Dense(rotated([1.0, 2.0, 3.0])), top, bottom)
