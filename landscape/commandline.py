"""What all command lines share: help that shows its defaults, and errors without a traceback."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence

from landscape.errors import InputError

EXIT_USAGE = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT


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


def run(command: Callable[[Sequence[str] | None], None], argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status: 0, 2 for bad input, 130 for Ctrl-C."""
    try:
        command(argv)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("interrupted: what was computed is saved; the same command goes on", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0
