"""Ctrl-C once: the point in hand is finished; twice: at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def finishing_points() -> Iterator[Callable[[], bool]]:
    """While this lasts, the first SIGINT only makes the given function say so.

    The second one is a ``KeyboardInterrupt`` wherever the program then is. A handler of the
    caller's own stays in charge, as does any in a program that runs this outside its main thread.
    """
    asked = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        print("\nthe point in hand is finished; Ctrl-C again leaves at once", file=sys.stderr)

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield asked.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
