"""How large the parts of a network may be: what is beyond is a slip of the hand."""

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
    """Refuse a size of the network ``name`` that is below one, or beyond ``LARGEST``.

    Raises
    ------
    InputError
        Naming the first that is.
    """
    for what, size in sizes.items():
        if not 1 <= size <= LARGEST[what]:
            raise InputError(
                f"{name}: {what} is {size}; expected at least 1 and at most {LARGEST[what]:,}"
            )
