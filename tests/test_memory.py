"""Memory that a command frees is reused without new page faults."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
MANY = 500
"""Page faults of twenty new blocks of 100 MiB, even with pages of 2 MiB."""

# Blocks as large as activations, from this thread and another, written page by page and freed.
WRITING = """
import resource, sys, threading
from landscape import commandline

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def write(size, times):
    for _ in range(times):
        block = bytearray(size)
        block[::4096] = b"1" * len(range(0, size, 4096))
        del block

def count(size):
    write(size, 2)
    before = pages()
    write(size, 20)
    print(pages() - before)

def command(argv):
    count(int(argv[0]))
    other = threading.Thread(target=count, args=[int(argv[0])])
    other.start()
    other.join()

if sys.argv[1] == "as a command":
    commandline.run(command, sys.argv[2:])
else:
    command(sys.argv[2:])
"""


def pages_found(how: str, size: int, **environment: str) -> list[int]:
    """Page faults of twenty blocks, in the main thread and in another."""
    command = [sys.executable, "-c", WRITING, how, str(size)]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    said = subprocess.run(
        command, check=True, cwd=ROOT, env={**inherited, **environment}, capture_output=True
    ).stdout
    return [int(line) for line in said.split()]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.parametrize("size", [3 * MIB, 100 * MIB])
def test_command_keeps_freed_memory(size: int) -> None:
    """A plain process shows the page faults that a command avoids."""
    assert max(pages_found("as a command", size)) < MANY // 5
    if size == 100 * MIB:
        assert min(pages_found("plainly", size)) > MANY


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_allocator_settings_of_the_user_are_kept() -> None:
    size = 100 * MIB
    for setting in ({"MALLOC_ARENA_MAX": "2"}, {"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}):
        assert min(pages_found("as a command", size, **setting)) > MANY
