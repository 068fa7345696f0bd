"""Errors name arguments: in Python syntax, or as options on the command line."""

from __future__ import annotations

import ast
import copy
import multiprocessing
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from landscape.commandline import EXIT_USAGE, option, run
from landscape.errors import InputError, MissingExtra, argument, unknown_choice

ROOT = Path(__file__).parent.parent

SPELLINGS = [
    # argument, in Python, on a command line
    (("batch_size",), "batch_size", "--batch-size"),
    (("batch_size", 0), "batch_size=0", "--batch-size 0"),
    (("lr", 0.1), "lr=0.1", "--lr 0.1"),
    (("device", "cuda"), "device='cuda'", "--device cuda"),
    (("title", "two words"), "title='two words'", "--title 'two words'"),
    (("metrics", ""), "metrics=''", "--metrics ''"),
    (("resume", True), "resume=True", "--resume"),
    (("path",), "path", "-o"),
    (("path", Path("a/b.h5")), "path='a/b.h5'", "-o a/b.h5"),
    (("x",), "x", "--x"),
    (("x", "-1:1:5"), "x='-1:1:5'", "--x=-1:1:5"),
    (("seeds", (0, 1)), "seeds=(0, 1)", "--seeds 0,1"),
    (("settings", {"width": 2, "depth": 20}), "settings={'width': 2, 'depth': 20}",
     "--settings width=2,depth=20"),
    (("trajectories", ["runs/a"]), "trajectories=['runs/a']", "--trajectories runs/a"),
]  # fmt: skip


@pytest.mark.parametrize(("named", "python", "command"), SPELLINGS, ids=[s[1] for s in SPELLINGS])
def test_arguments_in_python_and_on_the_command_line(
    named: tuple[str], python: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = InputError(f"wrong {argument(*named)}: expected another, not {argument(*named)}")
    assert str(error) == f"wrong {python}: expected another, not {python}"
    assert error.args == (str(error),)
    assert repr(error) == f"InputError({str(error)!r})"

    def command_line(_: object) -> None:
        raise error

    assert run(command_line, []) == EXIT_USAGE
    expected = f"error: wrong {command}: expected another, not {command}\n"
    assert capsys.readouterr().err == expected


def test_nested_error_keeps_its_arguments() -> None:
    inner = InputError(f"{argument('limit', 0)}: expected at least 1")
    outer = InputError(f"{argument('path', 'a.h5')} cannot be written: {inner.marked}; try again")
    assert str(outer) == "path='a.h5' cannot be written: limit=0: expected at least 1; try again"
    assert outer.spelled(option) == (
        "-o a.h5 cannot be written: --limit 0: expected at least 1; try again"
    )


def _fail(error: InputError) -> None:
    raise error


class OfTwo(InputError):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{argument('seed', 7)}: {first} and {second}")
        self.first = first


ERRORS = [
    InputError(f"{argument('seed', -1)}: expected a whole number"),
    MissingExtra("vtk", "mesh", "this picture"),
    unknown_choice(argument("bn"), "stord", ["stored", "reestimate"]),
    OfTwo("one", "two"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_survive_copying(error: InputError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is type(error)
        assert (str(other), repr(other), other.args) == (str(error), repr(error), error.args)
        assert other.spelled(option) == error.spelled(option)
        assert vars(other) == vars(error)


def test_unknown_choice_names_the_argument() -> None:
    assert str(ERRORS[2]).startswith("unknown bn 'stord': expected one of stored, reestimate")
    assert ERRORS[2].spelled(option).startswith("unknown --bn 'stord': ")


def test_errors_of_another_process_keep_their_arguments() -> None:
    """A new process has its own marks."""
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(InputError) as caught:
        pool.apply(_fail, (ERRORS[0],))
    assert str(caught.value) == "seed=-1: expected a whole number"
    assert caught.value.spelled(option) == "--seed -1: expected a whole number"
    again = InputError(f"then {caught.value.marked}")
    assert again.spelled(option) == "then --seed -1: expected a whole number"


def test_text_of_a_user_is_never_an_argument() -> None:
    """Marks made by another process, with a different secret, stay text."""
    code = "from landscape.errors import argument; print(ascii(argument('seed', 1)))"
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    forged = made.stdout.strip()[1:-1].encode().decode("unicode_escape")
    assert "seed" in forged
    assert forged != argument("seed", 1)
    error = InputError(f"no file {forged}; see {argument('seed', forged)}")
    assert error.spelled(option) == f"no file {forged}; see --seed '{forged}'"
    assert str(error).startswith(f"no file {forged}; see seed=")


def test_uncaught_error_shows_no_marks() -> None:
    code = "from landscape.errors import *; raise InputError(f\"no {argument('lr', 'x')}\")"
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert made.stderr.endswith("landscape.errors.InputError: no lr='x'\n")


def test_warnings_name_no_marked_arguments() -> None:
    """Only errors spell arguments; a warning would show the marks."""
    calls = 0
    for path in (ROOT / "landscape").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn":
                calls += 1
                assert "argument(" not in ast.unparse(node), f"{path}:{node.lineno}"
    assert calls > 5
