"""Upper limits on network sizes; anything beyond is taken for a typo."""

from __future__ import annotations

from landscape.errors import InputError

LARGEST = {
    "width": 64,
    "growth": 1024,
    "channels": 4096,
    "in_channels": 4096,
    "classes": 100_000,
}


def check_sizes(name: str, **sizes: int) -> None:
    """Refuse sizes of the network ``name`` below one or above ``LARGEST``.

    Raises
    ------
    InputError
        Naming the first such size.
    """
    for what, size in sizes.items():
        if not 1 <= size <= LARGEST[what]:
            raise InputError(
                f"{name}: {what} is {size}; expected at least 1 and at most {LARGEST[what]:,}"
            )
