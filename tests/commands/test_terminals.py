"""Terminals that show only ASCII, and readers that close the pipe."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from landscape.plain import plain
from tests.commands.calls import environment

PAIR = ["example:resnet56", "example:resnet56_noshort"]
SAYING = {
    "info": ["landscape.info", PAIR[0]],
    "compare": ["landscape.compare", *PAIR],
    "commands": ["landscape"],
    "render": ["landscape.render", "example:digits_between", "-o", "line.svg"],
}
ASCII = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("command", SAYING.values(), ids=list(SAYING))
def test_an_ascii_terminal_gets_plain_characters(tmp_path, command):
    """A fault once: a traceback of a UnicodeEncodeError."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={**environment(), **ASCII},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("ascii")
    assert "\\u" not in said
    assert len(said) > 10


def test_a_name_that_is_not_text_is_said_as_it_is(tmp_path):
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"landscape.info", b"gone\xe2\x97\x8b.h5"],
        cwd=tmp_path,
        env={**environment(), **ASCII},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"gone\xe2\x97\x8b.h5 does not exist" in done.stderr


@pytest.mark.parametrize("command", [*SAYING.values(), ["landscape.info", "--help"]], ids=str)
def test_a_closed_pipe_ends_a_command_quietly(tmp_path, command):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment(),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert done.stderr == b""
    assert done.returncode in (0, 141)  # argparse ends its own help with 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("±1.96 · 10⁻³", "+-1.96 * 10^-3"),
        ("r² ≤ √2, λ\u00a0=\u00a05 %", "r^2 <= sqrt2, lambda = 5 %"),
        ("Ünï − “c”", 'Uni - "c"'),
    ],
)
def test_plain_characters_mean_the_same(text, expected):
    assert plain(text) == expected
