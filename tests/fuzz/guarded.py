"""Run commands in a separate process with limits on memory and time and without a network.

The process is a fork of this one, which has imported all commands. It runs one case after another;
if a case kills it, the next fork continues after that case.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

MOST_BYTES = 2 * 2**30
MOST_SECONDS = 60

_WRONG_RESULT = 99

Case = Callable[[Path], int]
"""Maps the folder of the case, which is empty and current, to the exit status."""


class WrongResult(Exception):
    """A command succeeded with a wrong result."""


@dataclass(frozen=True)
class Outcome:
    """``kind`` is ``right``, ``error`` (one clear message), or a bug; ``said`` is standard error.

    ``peak`` is the largest resident memory of the process so far in bytes, torch itself included.
    """

    kind: str
    said: str
    peak: int


def outcomes(cases: Sequence[Case], scratch: Path) -> Iterator[Outcome]:
    """The outcome of each case. Status 0 is a right result unless it raises ``WrongResult``."""
    results, next_case = scratch / "results", 0
    while next_case < len(cases):
        results.write_text("")
        sys.stdout.flush()
        sys.stderr.flush()
        process = os.fork()
        if not process:
            _take(cases[next_case:], scratch, results)
        _, ended, usage = os.wait4(process, 0)
        told = [Outcome(**json.loads(line)) for line in results.read_text().splitlines()]
        yield from told
        next_case += len(told)
        if next_case < len(cases):
            said = (scratch / "stderr").read_text(errors="replace")
            yield Outcome(_signalled(ended), said, usage.ru_maxrss * 1024)
            next_case += 1


def _signalled(ended: int) -> str:
    if not os.WIFSIGNALED(ended):
        return f"left with status {os.WEXITSTATUS(ended)}"
    number = os.WTERMSIG(ended)
    return "hang" if number == signal.SIGALRM else f"killed by {signal.Signals(number).name}"


def _take(cases: Sequence[Case], scratch: Path, results: Path) -> None:
    """Run the cases; never returns."""
    try:
        for descriptor, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(scratch / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(file, descriptor)
        # may be replaced by pytest
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"))
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), line_buffering=True)
        held = int(re.findall(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])
        limit = held * 1024 + MOST_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        socket.socket = socket.create_connection = socket.getaddrinfo = no_network  # type: ignore
        for case in cases:
            outcome = _one(case, scratch)
            with results.open("a") as file_:
                file_.write(json.dumps(asdict(outcome)) + "\n")
    finally:
        os._exit(0)


def no_network(*_: object, **__: object) -> None:
    """Replaces functions that connect to other machines."""
    raise AssertionError("a connection or name lookup")


def _one(case: Case, scratch: Path) -> Outcome:
    folder = scratch / "case"
    os.chdir(scratch)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chdir(folder)
    for name in ("stdout", "stderr"):
        os.truncate(scratch / name, 0)
    signal.alarm(MOST_SECONDS)
    status: object = 1
    try:
        status = case(folder)
    except SystemExit as stop:  # raised by argparse
        status = stop.code
    except WrongResult:
        traceback.print_exc()
        status = _WRONG_RESULT
    except BaseException:
        traceback.print_exc()
    signal.alarm(0)
    sys.stdout.flush()
    sys.stderr.flush()
    said = (scratch / "stderr").read_text(errors="replace")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Outcome(_kind(status, said), said[-3000:], peak)


def _kind(status: object, said: str) -> str:
    messages = sum(line.startswith("error: ") or ": error: " in line for line in said.splitlines())
    if status == _WRONG_RESULT:
        return "wrong result"
    if "Traceback" in said:
        return "traceback"
    if "Warning: " in said:
        return "warning"
    if status == 0 and messages == 0:
        return "right"
    if status == 2 and messages == 1 and len(said) < 5000:
        return "error"
    return f"status {status}, {messages} messages"
