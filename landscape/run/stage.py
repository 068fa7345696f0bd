"""A line for each step before the first point that takes long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

PATIENCE_S = 10.0
"""A shorter step is not mentioned."""


@contextmanager
def stage(words: str, *, progress: bool = True) -> Iterator[None]:
    """Print ``words`` to stderr if what is done here takes longer than a few seconds."""
    if not progress:
        yield
        return
    # Written by tqdm, since a bar may be on the line already.
    later = threading.Timer(PATIENCE_S, lambda: tqdm.write(f"{words} …", file=sys.stderr))
    later.daemon = True
    later.start()
    try:
        yield
    finally:
        later.cancel()
