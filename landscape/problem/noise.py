"""Noise that is the same at every point: a generator per batch, seeded by its number."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import torch

from landscape.errors import InputError, argument

FIXED = "fixed"

BATCH = 128
"""Rows per batch where the noise is fixed: another size would give an example other noise."""

_SEED = 7919  # so that batch 0 does not repeat a user's own manual_seed(0)


def check_noise(noise: str | None) -> None:
    """Raise an InputError unless it is None or ``fixed``."""
    if noise not in (None, FIXED):
        raise InputError(
            f"{argument('noise', noise)}: expected {argument('noise', FIXED)}, the same random "
            "numbers at every point, or None"
        )


@contextmanager
def fixed_noise(number: int, device: torch.device) -> Iterator[None]:
    """Seed all generators (torch, NumPy, Python) for one batch; afterwards they are as before.

    >>> with fixed_noise(3, torch.device("cpu")):
    ...     one = torch.randn(2)
    >>> with fixed_noise(3, torch.device("cpu")):
    ...     other = torch.randn(2)
    >>> torch.equal(one, other)
    True
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    kind = device.type if device.type in ("cuda", "mps", "xpu") else "cuda"
    devices = [] if device.type == "cpu" else [device.index or 0]
    seed = _SEED + number
    try:
        with torch.random.fork_rng(devices, device_type=kind):
            torch.default_generator.manual_seed(seed)
            with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
                if devices:  # of the current device
                    getattr(torch, kind).manual_seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            random.seed(seed)
            yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
