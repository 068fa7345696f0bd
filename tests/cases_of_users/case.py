"""What a case of the gallery consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from landscape import Problem


@dataclass(frozen=True)
class Case:
    """A network and data of a library, with a loop in float64 that knows nothing of ours.

    Attributes
    ----------
    given
        The user's network and data.
    lines
        All that the user writes to make a problem of them.
    naive
        Every quantity of the problem, from a network in float64 by plain loops. ``loss`` can be
        differentiated twice.
    single
        Whether the library computes in single precision only.
    """

    given: Callable[[], tuple[nn.Module, Any]]
    lines: Callable[[Any, Any], Problem]
    naive: Callable[[Any, Any], dict[str, Tensor]]
    single: bool = False
