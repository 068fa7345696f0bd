"""JSON with wrong numbers, names and types: headers of safetensors, and indices of weights."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

_NUMBERS = (-1, 0, 1, 2**31, 2**53, 2**70, 0.5)
_WRONG = (*_NUMBERS, None, "", "../x", "F64", "BOOL", [], {}, [2**40, 2**40])


def changed_header(path: Path, rng: random.Random) -> None:
    """Rewrite the file with one value of its JSON changed, or removed."""
    raw = path.read_bytes()
    if path.suffix == ".json":
        path.write_bytes(_changed(raw, rng))
        return
    (length,) = struct.unpack("<Q", raw[:8])
    header = _changed(raw[8 : 8 + length], rng)
    said = rng.choice([len(header)] * 4 + [0, len(header) - 1, 2**27, 2**63])
    path.write_bytes(struct.pack("<Q", said) + header + raw[8 + length :])


def _changed(raw: bytes, rng: random.Random) -> bytes:
    value = json.loads(raw)
    places: list[tuple[Any, Any]] = []

    def walk(inner: Any) -> None:
        keys: Any = inner if isinstance(inner, dict) else range(len(inner))
        for key in keys:
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                walk(inner[key])

    walk(value)
    inner, key = rng.choice(places)
    if rng.random() < 0.2:
        del inner[key]
    elif rng.random() < 0.3:
        inner[key] = rng.choice([outer[k] for outer, k in places])
    else:
        inner[key] = rng.choice(_WRONG)
    try:
        return json.dumps(value).encode()
    except ValueError:  # a value that contains itself
        return raw
