"""Ctrl-C finishes the current point first; a second one quits immediately."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def finishing_points() -> Iterator[Callable[[], bool]]:
    """Defer the first SIGINT: the yielded function then returns True.

    The second raises ``KeyboardInterrupt``. A handler installed by the caller stays in effect, and
    nothing changes outside the main thread.
    """
    requested = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        print("\nfinishing the current point; Ctrl-C again quits now", file=sys.stderr)

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield requested.is_set
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield requested.is_set
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
