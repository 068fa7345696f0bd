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
from typing import Any

from landscape.errors import Argument, InputError
from landscape.memory import keep_freed_memory

EXIT_USAGE = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM
EXIT_BROKEN_PIPE = 128 + 13  # SIGPIPE, which not every system has

OPTIONS = {
    "folder": "-o",
    "levels": "--settings levels=",
    "path": "-o",
    "x": "--x=",
    "y": "--y=",
}
"""Options that are not named as the argument in Python is. After ``=`` a value may begin with -."""


def option(argument: Argument) -> str:
    """An argument of a message as the command lines spell it.

    >>> option(Argument("batch_size", "0", "0")), option(Argument("x", "'-1:1:5'", "-1:1:5"))
    ('--batch-size 0', '--x=-1:1:5')
    """
    name = OPTIONS.get(argument.name, f"--{argument.name.replace('_', '-')}")
    if not argument.text:
        return name.removesuffix("=")
    return f"{name}{argument.text}" if name.endswith("=") else f"{name} {argument.text}"


RENAMED = {"--set": "--settings", "--trajectory": "--trajectories"}
"""Options by their earlier names, which keep working with a warning."""


class _Parser(argparse.ArgumentParser):
    """Takes the earlier names of its options too."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args([self._present(word) for word in words], namespace)

    def _present(self, word: str) -> str:
        name, equals, value = word.partition("=")
        new = RENAMED.get(name)
        if new is None or new not in self._option_string_actions:
            return word
        print(f"warning: {name} is deprecated: it is now called {new}", file=sys.stderr)
        return f"{new}{equals}{value}"


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the examples as they were written and folds everything else at 96 columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=96)


def parser(module: str, description: str, example: str) -> argparse.ArgumentParser:
    """A parser for ``python -m landscape.MODULE`` whose help ends with an example."""
    return _Parser(
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
        print(f"error: {error.spelled(option)}", file=sys.stderr)
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
