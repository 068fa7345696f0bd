"""The Hessian of the mean loss and its relatives, through products: one method per file."""

from landscape.hessian.density import spectral_density
from landscape.hessian.gauss_newton import (
    MATRICES,
    EmpiricalFisherOperator,
    FisherOperator,
    GaussNewtonOperator,
)
from landscape.hessian.lanczos import Eigenpairs, eigenpairs, verified
from landscape.hessian.operator import HessianOperator
from landscape.hessian.over_examples import CurvatureOperator
from landscape.hessian.progress import shown
from landscape.hessian.symmetric import Symmetric
from landscape.hessian.trace import Trace, estimate_trace

__all__ = [
    "MATRICES",
    "CurvatureOperator",
    "Eigenpairs",
    "EmpiricalFisherOperator",
    "FisherOperator",
    "GaussNewtonOperator",
    "HessianOperator",
    "Symmetric",
    "Trace",
    "eigenpairs",
    "estimate_trace",
    "shown",
    "spectral_density",
    "verified",
]
