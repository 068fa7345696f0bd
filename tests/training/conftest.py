"""The data of all training runs, and one read-only run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from landscape.data import Examples, load_splits
from tests.training.runs import (
    SETTINGS,
    train,
)


@pytest.fixture(scope="session")
def digits() -> dict[str, Examples]:
    return load_splits("digits", "both", limit=40)


@pytest.fixture(scope="session")
def whole(digits: dict[str, Examples], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run, with its weights after every epoch."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(digits, folder, replace(SETTINGS, checkpoint_every=1))
    return folder
