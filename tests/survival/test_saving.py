"""Saving takes a small share of the time, whatever a save takes, and loses little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import landscape.run.saving
from landscape.errors import InputError
from landscape.grid import Grid
from landscape.run.saving import Saver
from landscape.surface import Quantity, Surface
from tests.survival.test_clock import sampled


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("takes", [1e-3, 0.02, 0.2, 1.0, 5.0])
@pytest.mark.parametrize("point", [1e-4, 0.03, 1.0, 20.0])
def test_the_share_and_the_distance_of_saves(
    monkeypatch: pytest.MonkeyPatch, takes: float, point: float
) -> None:
    clock, saved = Clock(), list[float]()

    def save(surface: Surface, path: Path) -> None:
        saved.append(clock.now)
        clock.now += takes

    monkeypatch.setattr(landscape.run.saving, "time", clock)
    monkeypatch.setattr(landscape.run.saving, "save_surface", save)
    n = 1000 if takes > 0.1 else 10
    surface = Surface(Grid(np.arange(float(n)), np.arange(float(n))), {"loss": Quantity("loss")})
    saver = Saver(surface, Path("s.h5"))
    began = clock.now
    monkeypatch.setattr(landscape.run.saving, "check_writable", lambda path: None)
    saver.begin()
    lost = 0.0
    points = min(20_000, int(1000 / point))
    for _ in range(points):
        clock.now += point
        before = clock.now
        if saver.save_sometimes():
            lost = max(lost, before - (saved[-2] if len(saved) > 1 else began))
    whole = clock.now - began
    saver.save()
    if whole > 80 * takes:
        assert takes * len(saved) / (clock.now - began) <= 0.031
    apart = np.diff(saved[:-1])
    assert (apart >= 10 * takes).all()
    if point < 1 and whole > max(20, 200 * takes):
        assert 0 < lost <= max(2.1 + point, 100 * takes)
    if takes <= 0.02 and point <= 1 and whole > 20:
        assert len(saved) >= 0.4 * whole / (2 + point), "as often as it may"


def test_a_large_surface_is_not_written_before_its_first_point(tmp_path: Path) -> None:
    grid = Grid(np.arange(1000.0), np.arange(700.0))
    surface = Surface(grid, {"loss": Quantity("loss")})
    Saver(surface, tmp_path / "s.h5").begin()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="does not exist"):
        Saver(surface, tmp_path / "no" / "s.h5").begin()


def test_a_run_is_written_once_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = []
    keep = landscape.run.saving.save_surface

    def save(surface: Surface, path: Path) -> Path:
        saved.append(int(surface.done.sum()))
        return keep(surface, path)

    monkeypatch.setattr(landscape.run.saving, "save_surface", save)
    sampled(tmp_path / "s.h5")
    assert saved == [0, 20]
