"""The working folder of the tests of commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.material import make_material


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder of all tests of commands, created once."""
    place = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.syspath_prepend(place)
        make_material()
    return place


@pytest.fixture
def folder(material: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, as the current folder during a test."""
    monkeypatch.chdir(material)
    monkeypatch.syspath_prepend(material)
    return material
