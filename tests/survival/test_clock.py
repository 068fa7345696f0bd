"""A clock that jumps: the file records dates, and nothing else depends on them."""

from __future__ import annotations

import datetime as calendar
import itertools
import json
import time
from pathlib import Path

import pytest
import torch

import landscape
import landscape.run.loop
from landscape.run.saving import Saver
from landscape.store import open_surface
from landscape.surface import Surface

JUMPS_S = itertools.cycle([0.0, 4e8, -4e8, 1.0, -86400.0, 3600.0])


class Jumping(calendar.datetime):
    @classmethod
    def now(cls, tz: calendar.tzinfo | None = None) -> calendar.datetime:  # type: ignore[override]
        return calendar.datetime.now(tz) + calendar.timedelta(seconds=next(JUMPS_S))


def sampled(path: Path, **options: object) -> Surface:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    problem = landscape.Problem(model, (torch.randn(8, 3), torch.arange(8) % 2))
    return landscape.sample_surface(
        problem, "-1:1:5", "-1:1:4", path=path, tune=False, progress=False, **options
    )


def test_a_jumping_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sampled(tmp_path / "whole.h5")
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + next(JUMPS_S))
    monkeypatch.setattr(landscape.run.loop, "datetime", Jumping)
    monkeypatch.setattr(Saver, "save_sometimes", Saver.save)
    path = tmp_path / "jumping.h5"
    for _ in range(3):
        found = sampled(path)
        assert found["loss"].tobytes() == whole["loss"].tobytes()
        reread = open_surface(path)
        assert reread.complete
        assert all(one["seconds"] >= 0 for one in json.loads(str(reread.attributes["sessions"])))
        # and resumed from half of it
        found.done[:2] = False
        landscape.store.save_surface(found, path)
    assert len(json.loads(str(open_surface(path).attributes["sessions"]))) == 3
