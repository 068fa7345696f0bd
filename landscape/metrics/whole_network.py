"""Metrics of the whole network, other than means over examples.

Names, descriptions and units only; the computation is in :mod:`landscape.hessian.curvature`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Derived:
    """A quantity derived from derivatives of the loss; ``units`` None means the unit of the loss.

    ``long_name``: its name, to be followed by ``over 1,000 train examples``.
    """

    long_name: str
    units: str | None = None


WHOLE_NETWORK: Mapping[str, Mapping[str, Derived]] = {
    "eigen_ratio": {
        "eigen_ratio": Derived(
            "modulus of the most negative by the largest Hessian eigenvalue", "1"
        ),
        "lambda_max": Derived("largest eigenvalue of the Hessian"),
        "lambda_min": Derived("most negative eigenvalue of the Hessian"),
    },
    "gradient_norm": {"gradient_norm": Derived("norm of the gradient of the loss")},
}
"""The quantities of a surface, by the name of the metric that requests them."""


def whole_network_in(asked: Mapping[str, Any] | Sequence[Any]) -> tuple[str, ...]:
    """The requested metrics that describe the whole network, without duplicates."""
    names = [one for one in asked if isinstance(one, str) and one in WHOLE_NETWORK]
    return () if isinstance(asked, Mapping) else tuple(dict.fromkeys(names))
