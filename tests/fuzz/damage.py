"""Random damage of bytes, as on a disk or in transfer."""

from __future__ import annotations

import random
from collections.abc import Callable

Damage = Callable[[bytes, random.Random], bytes]


def _span(raw: bytes, rng: random.Random, most: int = 600) -> tuple[int, int]:
    start = rng.randrange(len(raw))
    return start, min(len(raw), start + rng.randint(1, most))


def truncated(raw: bytes, rng: random.Random) -> bytes:
    """Only the beginning, often most of the file, as after an interrupted copy."""
    return raw[: rng.choice([rng.randrange(len(raw)), len(raw) - rng.randint(1, 64)])]


def one_bit(raw: bytes, rng: random.Random) -> bytes:
    """One bit flipped."""
    return _flipped(raw, rng, 1)


def bits(raw: bytes, rng: random.Random) -> bytes:
    """Up to 40 bits flipped."""
    return _flipped(raw, rng, rng.randint(2, 40))


def _flipped(raw: bytes, rng: random.Random, count: int) -> bytes:
    found = bytearray(raw)
    for _ in range(count):
        # Half of them near the beginning, where formats keep essential fields.
        place = rng.randrange(len(raw) if rng.random() < 0.5 else min(len(raw), 4096))
        found[place] ^= 1 << rng.randrange(8)
    return bytes(found)


def zeroed(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of zeros, as from a block that was never written."""
    start, stop = _span(raw, rng)
    return raw[:start] + bytes(stop - start) + raw[stop:]


def noise(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of random bytes."""
    start, stop = _span(raw, rng, 64)
    return raw[:start] + rng.randbytes(stop - start) + raw[stop:]


def largest_numbers(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of ones, which makes sizes and counts maximal."""
    start, stop = _span(raw, rng, 8)
    return raw[:start] + b"\xff" * (stop - start) + raw[stop:]


def left_out(raw: bytes, rng: random.Random) -> bytes:
    """A stretch removed."""
    start, stop = _span(raw, rng)
    return raw[:start] + raw[stop:]


def twice(raw: bytes, rng: random.Random) -> bytes:
    """A stretch duplicated."""
    start, stop = _span(raw, rng)
    return raw[:stop] + raw[start:]


def swapped(raw: bytes, rng: random.Random) -> bytes:
    """Two blocks swapped."""
    size = min(512, len(raw) // 2)
    a, b = sorted(rng.randrange(max(1, len(raw) // size)) * size for _ in range(2))
    found = bytearray(raw)
    found[a : a + size], found[b : b + size] = raw[b : b + size], raw[a : a + size]
    return bytes(found)


def begun_otherwise(raw: bytes, rng: random.Random) -> bytes:
    """The beginning of another kind of file, or an empty file."""
    begins = [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x80\x02", b"\x1f\x8b\x08", b"<html>"]
    chosen = rng.choice(begins)
    return chosen if rng.random() < 0.3 else chosen + raw[len(chosen) :]


DAMAGES: tuple[Damage, ...] = (
    truncated,
    one_bit,
    bits,
    zeroed,
    noise,
    largest_numbers,
    left_out,
    twice,
    swapped,
    begun_otherwise,
)
