"""Ways in which bytes are damaged on a disk or on the way, by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable

Damage = Callable[[bytes, random.Random], bytes]


def _span(raw: bytes, rng: random.Random, most: int = 600) -> tuple[int, int]:
    start = rng.randrange(len(raw))
    return start, min(len(raw), start + rng.randint(1, most))


def truncated(raw: bytes, rng: random.Random) -> bytes:
    """The beginning alone; often most of it, as of an interrupted copy."""
    return raw[: rng.choice([rng.randrange(len(raw)), len(raw) - rng.randint(1, 64)])]


def one_bit(raw: bytes, rng: random.Random) -> bytes:
    """One bit is another."""
    return _flipped(raw, rng, 1)


def bits(raw: bytes, rng: random.Random) -> bytes:
    """Up to 40 bits are others."""
    return _flipped(raw, rng, rng.randint(2, 40))


def _flipped(raw: bytes, rng: random.Random, count: int) -> bytes:
    found = bytearray(raw)
    for _ in range(count):
        # Half of them near the beginning, where formats keep what all else hangs on.
        place = rng.randrange(len(raw) if rng.random() < 0.5 else min(len(raw), 4096))
        found[place] ^= 1 << rng.randrange(8)
    return bytes(found)


def zeroed(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of zeros, as of a block that never reached the disk."""
    start, stop = _span(raw, rng)
    return raw[:start] + bytes(stop - start) + raw[stop:]


def noise(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of something else."""
    start, stop = _span(raw, rng, 64)
    return raw[:start] + rng.randbytes(stop - start) + raw[stop:]


def largest_numbers(raw: bytes, rng: random.Random) -> bytes:
    """A stretch of ones: sizes and counts become as large as they can."""
    start, stop = _span(raw, rng, 8)
    return raw[:start] + b"\xff" * (stop - start) + raw[stop:]


def left_out(raw: bytes, rng: random.Random) -> bytes:
    """A stretch is missing, and what follows has moved."""
    start, stop = _span(raw, rng)
    return raw[:start] + raw[stop:]


def twice(raw: bytes, rng: random.Random) -> bytes:
    """A stretch stands there twice."""
    start, stop = _span(raw, rng)
    return raw[:stop] + raw[start:]


def swapped(raw: bytes, rng: random.Random) -> bytes:
    """Two blocks in each other's place."""
    size = min(512, len(raw) // 2)
    a, b = sorted(rng.randrange(max(1, len(raw) // size)) * size for _ in range(2))
    found = bytearray(raw)
    found[a : a + size], found[b : b + size] = raw[b : b + size], raw[a : a + size]
    return bytes(found)


def begun_otherwise(raw: bytes, rng: random.Random) -> bytes:
    """The beginning of another kind of file, or nothing at all."""
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
