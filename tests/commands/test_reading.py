"""Commands that read surfaces: errors, and that they do not import torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import landscape.compare
import landscape.info
from tests.commands.calls import (
    Bad,
    bad,
    check_refused,
    environment,
)

READING = [
    bad("info", "", "FILE"),
    bad("info", "gone.h5", "gone.h5 does not exist", "surface"),
    bad("info", "half", "half is a folder"),
    bad("info", "text.txt", "text.txt is not a readable HDF5 file", "landscape"),
    bad("info", "cut.h5", "cut.h5 is not a readable HDF5 file"),
    bad("info", "other.h5", "other.h5 is an HDF5 file but not a surface", "something"),
    *[
        bad(command, f"{name}.h5{rest}", f"{name}.h5 records", word, "damaged")
        for command, rest in [("info", ""), ("render", " -o out.png")]
        for name, word in [("schema", "schema 'abc'"), ("bare", "quantities none")]
    ],
    bad("info", "run/history.h5", "not a surface", "epoch"),
    bad("info", "--all surface.h5", "--all"),
    bad("render", "surface.h5", "-o"),
    bad("render", "surface.h5 -o out.bmp", "out.bmp", ".png", ".html"),
    bad("render", "surface.h5 -o out", "no suffix", ".png"),
    bad("render", "gone.h5 -o out.png", "gone.h5 does not exist"),
    bad("render", "text.txt -o out.png", "text.txt is not a readable HDF5 file"),
    bad("render", "surface.h5 other.h5 -o out.png", "other.h5", "not a surface"),
    bad("render", "surface.h5 -o gone/out.png", "gone/out.png"),
    bad("render", "surface.h5 -o text.txt/out.html", "text.txt/out.html"),
    bad("render", "surface.h5 -o out.png --quantity accuracy", "'accuracy'", "loss"),
    bad("render", "surface.h5 -o out.png --style pie", "pie", "contour"),
    bad("render", "surface.h5 -o out.png --style curve", "curve", "contour"),
    bad("render", "surface.h5 -o out.png --scale cubic", "cubic", "log"),
    bad("render", "surface.h5 -o out.png --levels many", "'many'", "whole number"),
    bad("render", "surface.h5 -o out.png --levels 0", "0 levels", "between"),
    bad("render", "surface.h5 -o out.png --clip high", "high"),
    bad("render", "surface.h5 -o out.png --dpi 0", "dpi 0", "between"),
    bad("render", "surface.h5 -o out.png --cmap rainbows", "rainbows"),
    bad("render", "surface.h5 -o out.html --dpi 100", "dpi", ".html"),
    bad("compare", "", "FILE"),
    bad("compare", "surface.h5", "1 surface", "at least two"),
    bad("compare", "surface.h5 gone.h5", "gone.h5 does not exist"),
    bad("compare", "surface.h5 other.h5", "not a surface", "something"),
    bad("compare", "surface.h5 example:gone", "'example:gone'", "example:resnet56"),
    bad("compare", "surface.h5 mine.h5 --quantity accuracy", "'accuracy'", "loss"),
    bad(
        "compare", "surface.h5 mine.h5 --quantity test_loss", "'test_loss'", "expected one of loss"
    ),
    bad("compare", "surface.h5 mine.h5 --rise 0", "rise 0", "above 0"),
    bad("compare", "surface.h5 mine.h5 --epsilon nan", "epsilon nan", "above 0"),
    bad("compare", "surface.h5 mine.h5 --rise much", "--rise", "'much'"),
    bad("convert", "surface.h5", "OUT.h5"),
    bad("convert", "gone.h5 out.h5", "gone.h5 does not exist", "surface or direction"),
    bad("convert", "text.txt out.h5", "text.txt is not a readable HDF5 file"),
    bad("convert", "other.h5 out.h5", "not a surface", "something"),
    bad("convert", "surface.h5 surface.h5", "is the source file", "another name"),
    bad("convert", "surface.h5 gone/out.h5", "gone/out.h5"),
    bad("convert", "surface.h5 out.h5 --to theirs", "'theirs'", "legacy, landscape"),
    bad("convert", "surface.h5 out.h5 --to landscape", "already", "--to legacy"),
    bad("convert", "surface.h5 example:surface", "example:surface", "only read"),
    bad("live", "", "FILE"),
    bad("live", "half", "half is a folder", "may not exist yet"),
    bad("live", "surface.h5 --port 70000", "--port 70000", "65535"),
    bad("live", "surface.h5 --port x", "--port", "'x'"),
    bad("landscape", "draw", "'draw'", "sample, merge, train", "compare, convert"),
    bad("landscape", "--all", "'--all'"),
    bad("landscape", "info gone.h5", "gone.h5 does not exist"),
    bad("landscape", "sample --model vgg7 --weights projection.pt", "'vgg7'"),
]


@pytest.mark.parametrize("case", [*READING], ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)


@pytest.mark.parametrize(("name", "said"), [("sessions", "not JSON"), ("sitting", "3")])
def test_info_of_a_file_with_strange_sessions(
    folder: Path, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert landscape.info.main([f"{name}.h5"]) == 0
    assert f"session     {said}" in capsys.readouterr().out


def test_compare_of_different_planes_says_so_with_status_0(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert landscape.compare.main(["surface.h5", "mine.h5"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "surface and mine are only PARTLY comparable (different grid)" in said
    assert "different points of the grid: x=-1:1:3 y=-1:1:2 (surface)" in said
    assert "surface does not record: loss, data" in said
    assert "grid x=-1:1:3 y=-1:1:2 has no point at the origin" in said


def test_compare_takes_examples_and_amounts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples = ["example:resnet56", "example:resnet56_noshort"]
    assert landscape.compare.main([*examples, "--rise", "0.5", "--epsilon", "0.2"]) == 0
    said = capsys.readouterr().out
    assert "flat radius, loss + 0.5" in said
    assert "ε = 0.2" in said
    assert "resnet56 is flatter" in said


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/a.h5", "example:b", "c"], ["a", "b", "c"]),
        (["x/a.h5", "y/a.h5"], ["x/a.h5", "y/a.h5"]),
        (["a.h5", "a.h5"], ["a.h5 (1)", "a.h5 (2)"]),
        (["C:\\runs\\a.h5", ".h5"], ["a", ".h5"]),
    ],
)
def test_compare_gives_files_distinct_names(paths: list[str], names: list[str]) -> None:
    assert landscape.compare.short_names(paths) == names


def test_info_prints_the_flat_radius(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert landscape.info.main(["example:resnet56", "surface.h5"]) == 0
    said = capsys.readouterr().out
    assert "flat radius 0.228 (0.2 … 0.24) in coordinates, until the loss has risen by 0.1" in said
    assert said.count("flat radius") == 1  # the other has no point at the origin


READS_ONLY = """
import sys
from landscape.{command} import main
status = main(sys.argv[1:])
print([name for name in sys.modules if name.partition(".")[0] in ("torch", "sklearn")])
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("info", ["surface.h5"]),
        ("render.__main__", ["surface.h5", "-o", "no-torch.png"]),
        ("render.__main__", ["surface.h5", "-o", "no-torch.html"]),
        ("convert", ["surface.h5", "theirs.h5"]),
        ("compare", ["surface.h5", "mine.h5"]),
    ],
    ids=["info", "png", "html", "convert", "compare"],
)
def test_reading_never_imports_torch(folder: Path, command: str, arguments: list[str]) -> None:
    result = subprocess.run(
        [sys.executable, "-c", READS_ONLY.format(command=command), *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe(folder: Path) -> None:
    many = " ".join(["surface.h5"] * 500)
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m landscape.info {many} | head -n 1"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert result.stdout == "surface.h5\n"
    assert result.stderr == ""
