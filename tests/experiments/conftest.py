"""Few examples and one figure format, so that an experiment takes seconds."""

from __future__ import annotations

from functools import partial

import pytest

from landscape.data import Examples, load_splits
from landscape.experiments import figures, setup, surfaces
from landscape.run import sample_surface


def few(source: str) -> dict[str, Examples]:
    return load_splits(source, "both", limit=24)


@pytest.fixture
def quick(drawn_by_matplotlib: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "both_splits", few)
    monkeypatch.setattr(figures, "KINDS", ("png",))
    monkeypatch.setattr(surfaces, "sample_surface", partial(sample_surface, tune=False))
