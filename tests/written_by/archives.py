"""The archives of this folder: what they hold, unpacked once for each process of the tests."""

from __future__ import annotations

import functools
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from landscape.surface import Surface

ARCHIVES = sorted(Path(__file__).parent.glob("*.zip"))


@functools.cache
def index(archive: Path) -> dict[str, Any]:
    with zipfile.ZipFile(archive) as packed:
        found: dict[str, Any] = json.loads(packed.read("index.json"))
        return found


@functools.cache
def names(archive: Path, folder: str) -> list[str]:
    with zipfile.ZipFile(archive) as packed:
        return [name for name in packed.namelist() if name.startswith(f"{folder}/")]


def unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)


def rows(section: str) -> list[tuple[Path, str]]:
    """Every entry of a section of every index, with its archive."""
    return [(archive, name) for archive in ARCHIVES for name in index(archive)[section]]


def check_resumed(found: Surface, begun: Surface, whole: Surface) -> None:
    """What was begun is kept as it was, and all agrees with what was never interrupted."""
    assert found.complete
    assert found.grid.same_as(whole.grid)
    assert list(found.quantities) == list(whole.quantities)
    for name in whole.quantities:
        np.testing.assert_array_equal(found[name][begun.done], begun[name][begun.done], name)
        np.testing.assert_allclose(
            found[name], whole[name], **_tolerance(name, whole), err_msg=name
        )
    assert found.trajectories.keys() == whole.trajectories.keys()
    for run, path in whole.trajectories.items():
        for name, values in path.arrays().items():
            again = found.trajectories[run].arrays()[name]
            np.testing.assert_allclose(again, values, rtol=1e-4, atol=1e-4, err_msg=f"{run} {name}")
    for fact in ("barrier", "loss_at_start", "loss_at_end"):
        assert (fact in found.attributes) == (fact in whole.attributes)
        if fact in whole.attributes:
            np.testing.assert_allclose(found.attributes[fact], whole.attributes[fact], atol=1e-4)


def _tolerance(name: str, whole: Surface) -> dict[str, float]:
    """Rounding, which another processor does otherwise; more where a value is found to more."""
    if whole.attributes["precision"] == "bfloat16":
        return {"rtol": 0.02, "atol": 0.002 if name.endswith("loss") else 0.1}
    if any(word in name for word in ("eigen", "lambda")):
        return {"rtol": 2e-3, "atol": 1e-4}
    return {"rtol": 1e-4, "atol": 1e-5}
