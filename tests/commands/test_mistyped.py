"""Command lines that are nearly right: natural spellings are taken, others are one line."""

from __future__ import annotations

import pytest

import landscape.render.__main__
import landscape.sample
from tests.commands.calls import MAIN


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--x", "-1:1:5"], {"x": "-1:1:5"}),
        (["--x", "-1:1:5", "--y", "-.5:.5:3"], {"x": "-1:1:5", "y": "-.5:.5:3"}),
        (["--x=-1:1:5", "--y", "0:1:2"], {"x": "-1:1:5", "y": "0:1:2"}),
        (["--seed", "-3"], {"seed": -3}),
        (["--x", "-inf:1:3"], {"x": "-inf:1:3"}),
    ],
)
def test_a_value_may_begin_with_a_minus(words: list[str], expected: dict[str, object]) -> None:
    found = vars(landscape.sample._parser().parse_args(words))
    assert {k: v for k, v in found.items() if v is not None} == expected


def test_a_negative_angle() -> None:
    words = ["a.h5", "-o", "a.png", "--azimuth", "-60"]
    assert landscape.render.__main__._parser().parse_args(words).azimuth == -60


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("sample", ["--wieghts", "a.pt"], "unknown option --wieghts; did you mean --weights?"),
        ("sample", ["--tolerence=2%"], "unknown option --tolerence; did you mean --tolerance?"),
        ("sample", ["--colour", "red"], "unknown option --colour ("),
        ("sample", ["surface.h5"], "unknown argument surface.h5 ("),
        ("train", ["--epoch", "3"], "unknown option --epoch; did you mean --epochs?"),
        ("train", ["--epochs", "many"], "argument --epochs: invalid int value: 'many' ("),
        ("render", ["a.h5"], "the following arguments are required: -o/--output ("),
        ("render", ["a.h5", "-o"], "argument -o/--output: expected one argument ("),
        (
            "render",
            ["a.h5", "-o", "a.png", "--style", "countour"],
            "argument --style: 'countour': expected one of contour, filled, lines, heatmap, "
            "surface, curve, path, barcode, tree, profile, gallery; did you mean 'contour'? (",
        ),
        ("compare", ["--rice", "1", "a.h5"], "unknown option --rice; did you mean --rise?"),
    ],
)
def test_a_mistake_is_one_line(
    command: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        MAIN[command](words)
    assert ended.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {said}")
    assert lines[0].endswith("(--help lists the options)")
