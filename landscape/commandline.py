"""What all command lines share: help that shows its defaults, and errors without a traceback."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from landscape.errors import InputError
from landscape.memory import keep_freed_memory

EXIT_USAGE = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM
EXIT_BROKEN_PIPE = 128 + 13  # SIGPIPE, which not every system has


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the examples as they were written and folds everything else at 96 columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=96)


def parser(module: str, description: str, example: str) -> argparse.ArgumentParser:
    """A parser for ``python -m landscape.MODULE`` whose help ends with an example."""
    return argparse.ArgumentParser(
        prog=f"python -m landscape.{module}",
        description=description,
        epilog=f"example:\n{example}",
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )


class Terminated(KeyboardInterrupt):
    """SIGTERM, as a scheduler sends it: what is computed is saved on the way out."""


@contextmanager
def _terminated_by_exception() -> Iterator[None]:
    """SIGTERM as an exception, where this program's main thread runs the command."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(
    command: Callable[[Sequence[str] | None], None],
    argv: Sequence[str] | None = None,
    *,
    when_interrupted: str = "nothing was written",
) -> int:
    """Run a command line and return its exit status.

    0 when done, 2 for bad input and where files fail, 130 after Ctrl-C, 143 after SIGTERM.
    ``when_interrupted`` tells the user what has become of the work and how it goes on. The
    process keeps the memory that it frees (:mod:`landscape.memory`).
    """
    keep_freed_memory()
    try:
        with _terminated_by_exception():
            command(argv)
            sys.stdout.flush()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except Terminated:
        print(f"terminated: {when_interrupted}", file=sys.stderr)
        return EXIT_TERMINATED
    except KeyboardInterrupt:
        print(f"interrupted: {when_interrupted}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has had enough. What is left to be flushed at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except OSError as error:
        # What no reader or writer has put into words of its own: names too long, disks that fail.
        named = f"{str(error.filename)[:200]}: " if error.filename is not None else ""
        print(
            f"error: {named}{error.strerror or error}; expected files and folders that can be "
            "read and written: check the name and the disk",
            file=sys.stderr,
        )
        return EXIT_USAGE
    return 0
