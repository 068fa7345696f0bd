"""Shared by all commands: help, exit statuses, the list of commands."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import landscape.__main__
from landscape.commandline import run
from landscape.errors import InputError
from tests.commands.calls import (
    MAIN,
    SAMPLE,
    TRAIN,
    environment,
)
from tests.commands.material import USERS_MODULE, RunsCode


def test_cuda_on_a_machine_without_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for command, arguments in [("sample", SAMPLE), ("train", TRAIN)]:
        assert MAIN[command]([*arguments, "--device", "cuda"]) == 2
        message = capsys.readouterr().err
        assert message.startswith(f"error: --device cuda: PyTorch {torch.__version__} finds 0")
        assert "--device cpu" in message


def test_landscape_lists_and_dispatches(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        assert landscape.__main__.main(arguments) == 0
        said = capsys.readouterr().out
        for word in [*landscape.__main__.COMMANDS, "example"]:
            assert word in said
    assert landscape.__main__.main(["info", "surface.h5"]) == 0
    assert "x=-1:1:3 y=-1:1:2" in capsys.readouterr().out


def test_the_console_script_finds_the_users_modules(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python looks for modules next to the script, which is in another folder."""
    elsewhere = [place for place in sys.path if place not in ("", str(folder))]
    monkeypatch.setattr(sys, "path", elsewhere)
    Path("only_here.py").write_text(USERS_MODULE)
    arguments = ["--model", "only_here:good", "--limit", "5", "--x=0", "-o", "only-here.h5"]
    assert landscape.__main__.main(["sample", *arguments]) == 0


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (None, 0, ""),
        (InputError("no"), 2, "error: no\n"),
        (KeyboardInterrupt(), 130, "interrupted: run it again\n"),
    ],
)
def test_exit_statuses(
    raised: BaseException | None, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(argv: object) -> None:
        if raised is not None:
            raise raised

    assert run(command, [], when_interrupted="run it again") == status
    assert capsys.readouterr().err == said


def test_other_errors_keep_their_traceback() -> None:
    def command(argv: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(command, [])


@pytest.mark.parametrize("command", landscape.__main__.COMMANDS)
def test_help(command: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", f"landscape.{command}", "--help"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
        timeout=60,
    )
    assert result.returncode == 0
    assert result.stderr == ""
    assert f"usage: python -m landscape.{command}" in result.stdout
    assert f"example:\n  python -m landscape.{command}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert not list(tmp_path.iterdir())


def test_the_attack_among_the_files_is_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    torch.save(RunsCode(), content)
    content.seek(0)
    torch.load(content, weights_only=False)
    assert Path("it-ran").exists()
