"""What can be measured of the network as a whole, beside means of per-example numbers.

Here are names, words and units; how it is measured is in :mod:`landscape.hessian.curvature`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Derived:
    """A quantity that is made of derivatives of the loss; ``units`` is None for those of the loss.

    Attributes
    ----------
    long_name
        What it is called before ``over 1,000 train examples``.
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
"""By the name that it is asked for with, the quantities that a surface then holds."""


def whole_network_in(asked: Mapping[str, Any] | Sequence[Any]) -> tuple[str, ...]:
    """Those of the metrics asked for that are of the network as a whole, each once."""
    names = [one for one in asked if isinstance(one, str) and one in WHOLE_NETWORK]
    return () if isinstance(asked, Mapping) else tuple(dict.fromkeys(names))
