"""Random directions: independent Gaussian noise with zero mean in every parameter."""

from __future__ import annotations

import numpy as np
import torch

from landscape.params import Params


def generator_for(seed: int, axis: int) -> torch.Generator:
    """The generator of an axis: a seed gives each axis an independent stream.

    On the CPU, so that a seed gives the same directions on every device.
    """
    state = np.random.SeedSequence([seed, axis]).generate_state(1, np.uint64)[0]
    return torch.Generator(device="cpu").manual_seed(int(state >> np.uint64(1)))


def random_direction(params: Params, generator: torch.Generator) -> Params:
    """Standard normal noise of the shapes of ``params``, drawn in float64.

    Buffers, such as the running statistics of batch normalization, are not parameters and are never
    displaced.
    """
    return {
        name: torch.randn(p.shape, generator=generator, dtype=torch.float64)
        for name, p in params.items()
    }
