"""A large network is not held twice: its copy uses the memory of the weights that were given.

Weights that move are those of a further copy, so that the user's network is never written to; but
what the user writes into it later would change the origin of a plane.
"""

from __future__ import annotations

from torch import nn

from landscape.errors import InputError
from landscape.params import fingerprint


def share_memory(model: nn.Module, original: nn.Module) -> None:
    """Let the parameters of a copy use the memory of the original's, on the same device.

    >>> import copy, torch
    >>> network = torch.nn.Linear(2, 3)
    >>> copied = copy.deepcopy(network)
    >>> share_memory(copied, network)
    >>> copied.weight.data_ptr() == network.weight.data_ptr()
    True
    """
    given = dict(original.named_parameters(remove_duplicate=False))
    for name, p in model.named_parameters():
        same = given.get(name)
        if same is not None and (same.device, same.dtype, same.shape) == (
            p.device,
            p.dtype,
            p.shape,
        ):
            p.data = same.detach()


def fingerprint_of(model: nn.Module) -> str:
    """The fingerprint of all parameters and buffers."""
    return fingerprint([*model.named_parameters(), *model.named_buffers()])


def check_unchanged(model: nn.Module, sha256: str) -> None:
    """Raise an InputError if parameters or buffers are not those of a fingerprint."""
    if fingerprint_of(model) != sha256:
        raise InputError(
            "the weights of the network have changed since the problem was made; a large network "
            "is not copied, so leave it as it is until the surface is done, or make a new Problem"
        )
