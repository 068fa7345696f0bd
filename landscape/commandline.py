"""Shared by all command lines: help formatting, error messages and exit status."""

from __future__ import annotations

import argparse
import contextvars
import difflib
import os
import re
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from landscape.atomic import allow_overwriting
from landscape.errors import Argument, InputError, did_you_mean
from landscape.memory import keep_freed_memory
from landscape.plain import write_what_can_be_shown

_PACKAGE = Path(__file__).parent

EXIT_USAGE = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT
EXIT_TERMINATED = 128 + signal.SIGTERM
EXIT_BROKEN_PIPE = 128 + 13  # SIGPIPE, which some systems lack

OPTIONS = {
    "folder": "-o",
    "levels": "--settings levels=",
    "path": "-o",
    "x": "--x=",
    "y": "--y=",
}
"""Options whose names differ from those in Python. After ``=`` a value may begin with -."""


def option(argument: Argument) -> str:
    """The command-line spelling of an argument in a message.

    >>> option(Argument("batch_size", "0", "0")), option(Argument("x", "'-1:1:5'", "-1:1:5"))
    ('--batch-size 0', '--x=-1:1:5')
    """
    name = OPTIONS.get(argument.name, f"--{argument.name.replace('_', '-')}")
    if not argument.text:
        return name.removesuffix("=")
    return f"{name}{argument.text}" if name.endswith("=") else f"{name} {argument.text}"


_NEGATIVE = re.compile(r"-\.?[0-9]|-inf|-nan")

RENAMED = {"--set": "--settings", "--trajectory": "--trajectories"}
"""Earlier names of options, which still work with a warning."""


class _Parser(argparse.ArgumentParser):
    """Accepts earlier names of options and values that begin with -; errors are one line."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(
            self._joined([self._present(word) for word in words]), namespace
        )

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, strange = self.parse_known_args(args, namespace)
        if strange:
            name = strange[0].partition("=")[0]
            what = "option" if name.startswith("-") else "argument"
            # Without their dashes, as -- is most of a short name.
            known = {option.lstrip("-"): option for option in self._option_string_actions}
            near = difflib.get_close_matches(name.lstrip("-"), known, n=1)
            hint = f"; did you mean {known[near[0]]}?" if near else ""
            self.error(f"unknown {what} {name}{hint}")
        return found

    def error(self, message: str) -> NoReturn:
        """Exit with one line, rather than with the usage above it."""
        self.exit(EXIT_USAGE, f"error: {message} (--help lists the options)\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            listed = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(
                action,
                f"{value!r}: expected one of {listed}{did_you_mean(str(value), action.choices)}",
            )

    def _joined(self, words: list[str]) -> list[str]:
        """``--x=-1:1:5`` for ``--x -1:1:5``, whose value looks like an option."""
        joined: list[str] = []
        for word in words:
            before = self._option_string_actions.get(joined[-1]) if joined else None
            takes_one = before is not None and before.nargs is None
            if takes_one and _NEGATIVE.match(word):
                joined[-1] += f"={word}" if joined[-1].startswith("--") else word
            else:
                joined.append(word)
        return joined

    def _present(self, word: str) -> str:
        name, equals, value = word.partition("=")
        new = RENAMED.get(name)
        if new is None or new not in self._option_string_actions:
            return word
        print(f"warning: {name} is deprecated; use {new}", file=sys.stderr)
        return f"{new}{equals}{value}"


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the format of descriptions and examples, and wraps option help at 96 columns."""

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


def add_overwrite(group: Any) -> None:
    """The option that lets outputs replace whatever is there."""
    group.add_argument(
        "--overwrite",
        action=_Overwrite,
        nargs=0,
        default=argparse.SUPPRESS,
        help="replace existing output files, also of another run or kind",
    )


class _Overwrite(argparse.Action):
    def __call__(self, *given: Any) -> None:
        allow_overwriting()


class Terminated(KeyboardInterrupt):
    """SIGTERM, as sent by a scheduler: computed points are saved before the exit."""


@contextmanager
def _terminated_by_exception() -> Iterator[None]:
    """Raise SIGTERM as an exception, if the command runs in the main thread."""
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


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings of this package in one line, without the place in its code."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Any, category: Any, filename: str, *place: Any, **more: Any) -> None:
            if issubclass(category, UserWarning) and Path(filename).is_relative_to(_PACKAGE):
                print(f"warning: {message}", file=sys.stderr)
            else:
                usual(message, category, filename, *place, **more)

        warnings.showwarning = show
        yield


def plot_hint(path: Path) -> str:
    """How to plot a surface file: a line for the shell.

    >>> plot_hint(Path("my run.h5")), plot_hint(Path("odd.png"))[-16:]
    ("plot it: python -m landscape.render 'my run.h5' -o 'my run.png'", ' -o odd.plot.png')
    """
    picture = path.with_suffix(".png")
    picture = path.with_suffix(".plot.png") if picture == path else picture
    words = ["python", "-m", "landscape.render", str(path), "-o", str(picture)]
    return f"plot it: {shlex.join(words)}"


def _open_closed_streams() -> None:
    """Discard what is written to streams that were closed by the caller, as by ``2>&-``.

    Otherwise the next file that is opened takes their place, and what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            file = os.open(os.devnull, os.O_RDWR)
            try:
                os.fstat(number)
            except OSError:
                os.dup2(file, number)
            setattr(sys, name, open(file, "r" if name == "stdin" else "w"))  # noqa: SIM115


def run(
    command: Callable[[Sequence[str] | None], None],
    argv: Sequence[str] | None = None,
    *,
    when_interrupted: str = "nothing was written",
    again: str = "",
) -> int:
    """Run a command line and return its exit status.

    0 on success, 2 for bad input and file errors, 130 after Ctrl-C, 143 after SIGTERM.
    An interrupted command says what its KeyboardInterrupt does
    (:func:`landscape.interrupted.saying`) and how to go on, ``again``; else ``when_interrupted``.
    The process keeps freed memory (:mod:`landscape.memory`).
    """
    keep_freed_memory()
    _open_closed_streams()
    write_what_can_be_shown()
    try:
        with _terminated_by_exception(), _plain_warnings():
            try:
                contextvars.copy_context().run(command, argv)
            finally:
                sys.stdout.flush()
    except InputError as error:
        print(f"error: {error.spelled(option)}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt as error:
        terminated = isinstance(error, Terminated)
        said = "; ".join(filter(None, (str(error), again))) if str(error) else when_interrupted
        print(f"{'terminated' if terminated else 'interrupted'}: {said}", file=sys.stderr)
        return EXIT_TERMINATED if terminated else EXIT_INTERRUPTED
    except MemoryError as error:
        said = f" ({error})" if str(error) else ""
        print(
            f"error: not enough memory{said}; give fewer examples or a coarser grid, or use a "
            "machine with more",
            file=sys.stderr,
        )
        return EXIT_USAGE
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe: discard what is flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except OSError as error:
        # Errors not handled by readers and writers: names that are too long, failing disks.
        named = f"{str(error.filename)[:200]}: " if error.filename is not None else ""
        print(
            f"error: {named}{error.strerror or error}; expected readable and writable files and "
            "folders: check the name and the disk",
            file=sys.stderr,
        )
        return EXIT_USAGE
    return 0
