"""The default job from training to figures, run from the wheel outside the checkout."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landscape import default_job as job
from landscape.measures.sampled import origin_index
from landscape.store import open_surface
from landscape.training.history import read_history
from tests.conftest import EPOCHS, ROOT, Job, run_default_job

VARIANTS = ("projection", "none")
SHORT = replace(job.SETTINGS, epochs=EPOCHS)


def test_the_wheel_is_complete(wheel: Path) -> None:
    sources = {str(p.relative_to(ROOT)) for p in (ROOT / "landscape").rglob("*.py")}
    held = {str(p.relative_to(wheel)) for p in (wheel / "landscape").rglob("*")}
    assert sources <= held
    assert "landscape/py.typed" in held
    (licence,) = wheel.glob("*.dist-info/**/LICENSE")
    assert "MIT License" in licence.read_text()
    (entry,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "landscape = landscape.__main__:main" in entry.read_text()
    assert not list(wheel.glob("tests"))


def test_report_of_files_and_results(default_job: Job) -> None:
    for name in ("contour.png", "surface.png", "explore.html", "resnet56-none.h5"):
        assert (default_job.folder / name).stat().st_size > 1000
        assert f"landscape-digits/{name}" in default_job.output
    for line in ("ResNet-56 with shortcuts: test accuracy", "ResNet-56 without shortcuts: test"):
        assert line in default_job.output


@pytest.mark.long
def test_shortcuts_train_better(wheel: Path, tmp_path: Path) -> None:
    """With shortcuts the digits are learned; without them 56 layers are hard to train."""
    whole = run_default_job(tmp_path / "whole", wheel, "-m", "landscape.sample")
    error = {}
    for kind in VARIANTS:
        history = read_history(whole.folder / f"train-{kind}" / "history.h5")
        assert len(history) == 25
        error[kind] = history.columns["test_error"][-1]
    assert error["projection"] < 0.04
    assert 0.1 < error["none"] < 0.7


@pytest.mark.parametrize("kind", VARIANTS)
def test_the_surface_has_the_trained_network_at_its_origin(default_job: Job, kind: str) -> None:
    surface = open_surface(default_job.folder / f"resnet56-{kind}.h5")
    assert surface.complete
    assert surface["train_loss"].shape == (4, 5)
    assert surface.attributes["shortcuts"] == kind
    assert (surface["train_count"] == 60).all()
    assert surface["train_loss"][origin_index(surface)] < np.median(surface["train_loss"]) / 3


@pytest.fixture
def shorter(drawn_by_matplotlib: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings as short as in the fixture ``default_job``."""
    monkeypatch.setattr(job, "SETTINGS", SHORT)


@pytest.mark.usefixtures("shorter")
def test_a_second_run_reuses_existing_files(default_job: Job, tmp_path: Path) -> None:
    folder = shutil.copytree(default_job.folder, tmp_path / "copy")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.pt")}
    again = job.run_default_job(folder, "-1:1:5", "-1:0.5:4", limit=60, progress=False)
    assert again.surfaces["none"].complete
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.pt")} == before


@pytest.mark.usefixtures("shorter")
def test_an_automatic_range_is_the_same_for_both(default_job: Job, tmp_path: Path) -> None:
    no_surfaces = shutil.ignore_patterns("resnet56-*.h5")
    folder = shutil.copytree(default_job.folder, tmp_path / "copy", ignore=no_surfaces)
    found = job.run_default_job(folder, "auto:3", limit=60, progress=False)
    a, b = (found.surfaces[kind].grid for kind in VARIANTS)
    assert a.same_as(b)
    assert a.x[-1] not in (1.0, 0.0)
