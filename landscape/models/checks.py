"""Checks of the settings of a network; sizes beyond the limits are taken for typos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from landscape.errors import InputError, check_choice

LARGEST = {
    "width": 64,
    "growth": 1024,
    "channels": 4096,
    "in_channels": 4096,
    "classes": 100_000,
}


def check_settings(
    name: str,
    shortcuts: str,
    kinds: Sequence[str],
    sizes: Mapping[str, int],
    largest: Mapping[str, int] = LARGEST,
) -> None:
    """Refuse shortcuts of another kind, and sizes below one or above the ``largest``.

    Raises an InputError naming the first such setting of the network ``name``.
    """
    check_choice(f"kind of shortcuts of {name}", shortcuts, kinds)
    for what, size in sizes.items():
        if not 1 <= size <= largest[what]:
            raise InputError(
                f"{name}: {what} is {size}; expected at least 1 and at most {largest[what]:,}"
            )


def number_of_blocks(depth: int, name: str, kind: str, step: int, rest: int, more: str = "") -> int:
    """n of a depth ``step`` · n + ``rest``, for the network ``name`` of a ``kind``.

    Raises an InputError if there is no such n from 1, naming the nearest depths; ``more`` ends the
    message.
    """
    n = max(1, (depth - rest) // step)
    if depth != step * n + rest:
        raise InputError(
            f"{name}: the depth of a {kind} is {step}n+{rest} with n at least 1; the nearest are "
            f"{step * n + rest} and {step * (n + 1) + rest}{more}"
        )
    return n
