"""The trace and the spectral density, against known spectra."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from landscape.errors import InputError
from landscape.hessian import HessianOperator, estimate_trace, spectral_density
from landscape.hessian.symmetric import signs
from tests.curvature.matrices import Dense, quadratic, rotated

OUTLIERS = [100.0, 50.0, -30.0, *np.linspace(-1, 2, 120).tolist()]


def test_the_error_covers() -> None:
    """The share of 200 estimates within two standard errors is that of Student's t."""
    entries = rotated(OUTLIERS)
    true = float(np.sum(OUTLIERS))
    found = [estimate_trace(Dense(entries), 30, seed=seed) for seed in range(200)]
    z = np.array([(trace.value - true) / trace.stderr for trace in found])
    assert 0.88 <= np.mean(np.abs(z) < 2) <= 0.98  # t with 9 degrees of freedom: 0.923
    values = np.array([trace.value for trace in found])
    assert abs(values.mean() - true) < 3 * values.std() / math.sqrt(200)  # no bias
    spread = math.sqrt(np.mean([trace.stderr**2 for trace in found]))
    assert spread == pytest.approx(values.std(), rel=0.2)


def test_outliers_are_summed_exactly() -> None:
    """Plain Hutchinson with as many products has error √(2‖H‖²/n), mostly due to the outliers."""
    matrix = Dense(rotated(OUTLIERS))
    found = estimate_trace(matrix, 30)
    assert found.products == matrix.taken == 30
    generator = torch.Generator().manual_seed(0)
    samples = []
    for _ in range(30):
        noise = signs(matrix, generator)
        samples.append(float(noise @ matrix.entries @ noise))
    assert found.stderr < np.std(samples, ddof=1) / math.sqrt(30) / 3


@pytest.mark.parametrize("spectrum", [[3.0], [1.0, -2.0, 5.0], [0.0] * 20])
def test_small_and_empty_matrices_are_exact(spectrum: list[float]) -> None:
    found = estimate_trace(Dense(rotated(spectrum)), 60)
    assert found.value == pytest.approx(sum(spectrum), abs=1e-12)
    assert found.stderr == pytest.approx(0, abs=1e-12)


def test_the_trace_of_a_quadratic_loss() -> None:
    spectrum = np.linspace(-1, 3, 30).tolist()
    found = estimate_trace(HessianOperator(quadratic(rotated(spectrum)), batch_size=4), 90)
    assert found.value == pytest.approx(sum(spectrum), abs=1e-9)


def test_results_depend_only_on_the_seed() -> None:
    matrix = Dense(rotated(OUTLIERS))
    assert estimate_trace(matrix, seed=1) == estimate_trace(matrix, seed=1)
    assert estimate_trace(matrix, seed=1) != estimate_trace(matrix, seed=2)


def test_a_trace_that_does_not_exist() -> None:
    found = estimate_trace(Dense(torch.full((4, 4), math.nan, dtype=torch.float64)), 6)
    assert math.isnan(found.value)
    assert math.isnan(found.stderr)
    with pytest.raises(InputError, match="5 products: expected at least 6"):
        estimate_trace(Dense(rotated(OUTLIERS)), 5)


SPECTRA = {
    "outliers": OUTLIERS,
    "one value": [2.0] * 30,
    "nothing": [0.0] * 30,
    "spread": np.linspace(-3, 5, 200).tolist(),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("steps", [40, 500])
def test_moments_of_the_density(name: str, steps: int) -> None:
    """On a diagonal matrix the first two moments of the quadrature are exact for random signs."""
    spectrum = np.array(SPECTRA[name])
    matrix = Dense(torch.diag(torch.tensor(spectrum)))
    surface = spectral_density(matrix, starts=2, steps=steps, points=4001)
    x, density = surface.x, surface["density"]
    width = float(surface.attributes["gaussian_width"])
    step = x[1] - x[0]
    assert step < width
    mean = np.average(x, weights=density)
    variance = np.average((x - mean) ** 2, weights=density)
    assert np.sum(density) * step == pytest.approx(1, abs=1e-5)
    assert mean == pytest.approx(spectrum.mean(), abs=1e-4 * max(1, np.abs(spectrum).max()))
    assert variance == pytest.approx(spectrum.var() + width**2, rel=1e-3)
    assert surface.attributes["products"] == matrix.taken


def test_the_density_is_the_smoothed_spectrum() -> None:
    """With as many steps as eigenvalues, averaged over starts, against the sum of Gaussians."""
    spectrum = np.linspace(-3, 5, 25)
    matrix = Dense(rotated(spectrum.tolist()))
    surface = spectral_density(matrix, starts=40, steps=25, width=0.5)
    z = (surface.x[:, None] - spectrum) / 0.5
    expected = np.exp(-(z**2) / 2).sum(axis=1) / (25 * 0.5 * math.sqrt(2 * math.pi))
    off = np.abs(surface["density"] - expected)
    assert np.mean(off <= 3 * surface["density_stderr"] + 1e-12) > 0.95
    assert surface["density_stderr"].max() < 0.15 * expected.max()


def test_the_density_is_a_function_of_the_eigenvalue() -> None:
    surface = spectral_density(Dense(rotated(OUTLIERS)), starts=2, steps=30, width=0.3, points=100)
    assert surface.y is None
    assert surface.main_quantity == "density"
    assert surface.axes["x"]["kind"] == "eigenvalue"
    assert surface.attributes["gaussian_width"] == 0.3
    assert surface.x[0] == pytest.approx(-30 - 5 * 0.3, rel=1e-6)
    assert surface.x[-1] == pytest.approx(100 + 5 * 0.3, rel=1e-6)
    assert surface.complete


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"starts": 1}, "1 starts"),
        ({"steps": 0}, "0 steps"),
        ({"points": 1}, "1 points"),
        ({"width": 0.0}, "width 0"),
        ({"width": math.nan}, "width nan"),
    ],
)
def test_invalid_density_options(options: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        spectral_density(Dense(rotated([1.0, 2.0])), **options)  # type: ignore[arg-type]


def test_a_density_that_does_not_exist() -> None:
    with pytest.raises(InputError, match="not finite"):
        spectral_density(Dense(torch.full((4, 4), math.inf, dtype=torch.float64)))
