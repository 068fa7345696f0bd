"""Points on the straight line and on a Bézier curve between two networks."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

State = dict[str, Tensor]


def curve_point(
    a: Mapping[str, Tensor], control: Mapping[str, Tensor], b: Mapping[str, Tensor], t: float
) -> State:
    """φ(t) = (1 − t)² A + 2 t (1 − t) C + t² B, for t in [0, 1].

    Garipov et al., *Loss Surfaces, Mode Connectivity, and Fast Ensembling of DNNs*, arXiv
    1802.10026, equation 3. Applied to parameters and statistics; integer tensors (numbers of
    batches) are those of A.

    Parameters
    ----------
    a, control, b
        Tensors with equal names and shapes.
    """
    return {
        name: (1 - t) ** 2 * tensor + 2 * t * (1 - t) * control[name] + t**2 * b[name]
        if tensor.is_floating_point()
        else tensor
        for name, tensor in a.items()
    }


def line_point(a: Mapping[str, Tensor], b: Mapping[str, Tensor], t: float) -> State:
    """(1 − t) A + t B; integer tensors are those of A."""
    return {
        name: (1 - t) * tensor + t * b[name] if tensor.is_floating_point() else tensor
        for name, tensor in a.items()
    }
