"""landscape.experiments: errors, output and files."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import landscape.experiments.__main__
from landscape.experiments.experiment import Outcome
from landscape.experiments.names import ABOUT
from tests.commands.calls import Bad, bad, check_refused

COMMAND = [
    bad("experiments", "", "NAME"),
    bad("experiments", "degradatoin", "'degradatoin'", "did you mean 'degradation'?", *ABOUT),
    bad("experiments", "degradation --size huge", "'huge'", "small, paper"),
    bad("experiments", "degradation --seeds one", "--seeds 'one'", "0,1,2"),
    bad("experiments", "degradation --seeds 1.5", "--seeds '1.5'", "whole numbers"),
    bad("experiments", "degradation --seeds=-1,0", "--seeds '-1,0'", "at least 0"),
    bad("experiments", "degradation --seeds 3,3", "--seeds '3,3'", "different"),
    bad("experiments", ["degradation", "--seeds", ""], "--seeds ''", "0,1,2"),
    bad("experiments", "degradation --sizes small", "--sizes"),
]

EXPERIMENTS = [
    bad("experiments", f"{name} {options}", *words)
    for name in ("degradation", "depth", "gradients", "identity", "variants")
    for options, words in [
        ("--size paper", ["size paper without data", "--data cifar10:PATH", "--size small"]),
        ("--data digit", ["'digit'", "did you mean 'digits'?"]),
        ("--data cifar10:gone", ["gone", "no such file or folder"]),
        ("--device tpu", ["'tpu'", "auto, cpu, cuda"]),
        ("--seeds 4294967296", ["--seed 4294967296", "at most 4294967295"]),
        ("-o text.txt", ["text.txt", "Not a directory"]),
    ]
]

OTHERS = [bad("experiments", "depth --seeds 0,1", "--seeds 0,1", "expected one seed")]


@pytest.mark.parametrize("case", [*COMMAND, *EXPERIMENTS, *OTHERS], ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)


def stand_in(folder: Path, **options: Any) -> Outcome:
    """An experiment that takes no time and records its options."""
    folder.mkdir(exist_ok=True)
    results, figure = folder / "results.h5", folder / "error.png"
    results.write_text(repr(sorted(options.items())))
    figure.write_text("")
    return Outcome(results, [figure], ["Plain networks degrade.", "Ähnlich: ≤ 2 %."])


def test_options_output_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    instead = SimpleNamespace(name="degradation", run=stand_in)
    monkeypatch.setattr("landscape.experiments.degradation.run.EXPERIMENT", instead)
    arguments = ["degradation", "--data", "cifar10:a.npz", "--seeds", "4,0", "--device", "cpu"]
    assert landscape.experiments.__main__.main(arguments) == 0
    place = Path("landscape-degradation")
    asked = [
        ("data", "cifar10:a.npz"),
        ("device", "cpu"),
        ("seeds", (4, 0)),
        ("size", "small"),
    ]
    assert (place / "results.h5").read_text() == repr(asked)
    found = (place / "findings.txt").read_text(encoding="utf-8")
    assert found == "Plain networks degrade.\nÄhnlich: ≤ 2 %.\n"
    assert capsys.readouterr().out.splitlines() == [
        "wrote",
        f"  {place}/results.h5",
        f"  {place}/error.png",
        f"  {place}/findings.txt",
        "findings",
        "  Plain networks degrade.",
        "  Ähnlich: ≤ 2 %.",
    ]
    assert landscape.experiments.__main__.main(["degradation", "-o", "elsewhere"]) == 0
    unasked = [("data", None), ("device", "auto"), ("seeds", None), ("size", "small")]
    assert Path("elsewhere/results.h5").read_text() == repr(unasked)
