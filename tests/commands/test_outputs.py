"""Outputs replace neither inputs nor one another, nor files of another kind unless told to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape import connect, convert, curvature, sample
from landscape.checkpoint import save_checkpoint
from landscape.directions import file as direction_file
from landscape.models.named import build_network
from landscape.render import __main__ as render
from landscape.store import open_surface

COMMON = ["--data", "digits", "--limit", "8", "--device", "cpu"]
SAMPLE = ["--weights", "w.pt", *COMMON, "--x=-1:1:3", "--tune", "off"]
CURVATURE = ["--weights", "w.pt", *COMMON, "--trace-samples", "6"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, a finished surface and its directions."""
    folder = tmp_path_factory.mktemp("files")
    torch.manual_seed(0)
    network = build_network("resnet8", in_channels=1, classes=10)
    settings = {"name": network.name, **network.settings}
    save_checkpoint(folder / "w.pt", network.model, settings)
    save_checkpoint(folder / "v.pt", network.model, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert sample.main([*SAMPLE, "-o", "s.h5", "--save-directions", "d.h5"]) == 0
        assert convert.main(["s.h5", "theirs.h5"]) == 0
    (folder / "notes.txt").write_text("precious")
    (folder / "page.png").write_bytes((folder / "s.h5").read_bytes())
    (folder / "link").symlink_to("w.pt")
    return folder


def state(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


REFUSED = {
    "one path for both outputs": (sample, [*SAMPLE, "-o", "b.h5", "--save-directions", "b.h5"]),
    "by another spelling": (sample, [*SAMPLE, "-o", "b.h5", "--save-directions", "./b.h5"]),
    "directions over the weights": (
        sample,
        [*SAMPLE, "-o", "b.h5", "--save-directions", "w.pt"],
    ),
    "directions over the weights by a link": (
        sample,
        [*SAMPLE, "-o", "b.h5", "--save-directions", "link"],
    ),
    "directions over a surface": (sample, [*SAMPLE, "-o", "b.h5", "--save-directions", "s.h5"]),
    "directions over notes": (sample, [*SAMPLE, "-o", "b.h5", "--save-directions", "notes.txt"]),
    "a surface over the weights": (sample, [*SAMPLE, "-o", "w.pt"]),
    "a surface over directions": (sample, [*SAMPLE, "-o", "d.h5"]),
    "directions over those that are read": (
        sample,
        [*SAMPLE, "--directions", "d.h5", "-o", "b.h5", "--save-directions", "d.h5"],
    ),
    "a density over the weights": (curvature, [*CURVATURE, "--density", "-o", "w.pt"]),
    "a density over a surface": (curvature, [*CURVATURE, "--density", "-o", "s.h5"]),
    "a curve over its end": (connect, ["w.pt", "v.pt", "--epochs", "1", "-o", "v.pt"]),
    "a curve over a surface": (connect, ["w.pt", "v.pt", "--limit", "8", "-o", "s.h5"]),
    "a conversion over a surface": (convert, ["theirs.h5", "s.h5"]),
    "a conversion over notes": (convert, ["theirs.h5", "notes.txt"]),
    "a conversion over the weights": (convert, ["s.h5", "w.pt"]),
    "a picture over its surface": (render, ["page.png", "-o", "page.png"]),
    "a picture over another surface": (render, ["s.h5", "-o", "page.png"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_replaced(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    monkeypatch.chdir(files)
    before = state(files)
    command, words = REFUSED[case]
    status = command.main(words)
    assert status == 2, capsys.readouterr().err
    assert capsys.readouterr().err.startswith("error: ")
    assert state(files) == before


def test_files_of_another_kind_are_replaced_when_told_to(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(files)
    target = tmp_path / "kept.h5"
    target.write_bytes((files / "s.h5").read_bytes())
    words = [*SAMPLE, "-o", str(tmp_path / "b.h5"), "--save-directions", str(target)]
    assert sample.main(words) == 2
    assert sample.main([*words, "--overwrite"]) == 0
    assert direction_file.is_direction_file(target)
    assert convert.main(["theirs.h5", str(target)]) == 2, "only the command told is free"
    assert convert.main(["theirs.h5", str(target), "--overwrite"]) == 0
    assert sample.main([*SAMPLE, "-o", str(target), "--overwrite"]) == 0
    assert "weights_sha256" in open_surface(target).attributes


def test_another_run_is_replaced_when_told_to(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(files)
    target = tmp_path / "s.h5"
    target.write_bytes((files / "s.h5").read_bytes())
    other = [*SAMPLE, "--seed", "1", "-o", str(target)]
    assert sample.main(other) == 2
    assert sample.main([*other, "--overwrite"]) == 0
    assert open_surface(target).axes["x"]["seed"] == 1


def test_the_same_kind_is_replaced_as_ever(
    files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(files)
    for _ in range(2):
        assert curvature.main([*CURVATURE, "-o", str(tmp_path / "v.json")]) == 0
        assert convert.main(["s.h5", str(tmp_path / "theirs.h5")]) == 0
        assert render.main(["s.h5", "-o", str(tmp_path / "s.png"), "--dpi", "50"]) == 0
    assert np.isfinite(open_surface(tmp_path / "theirs.h5")["train_loss"]).all()
