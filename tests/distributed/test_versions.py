"""A surface merged from parts names the versions of all."""

from __future__ import annotations

import numpy as np

from landscape.distributed.parts import merged
from landscape.grid import Grid
from landscape.surface import Quantity, Surface


def part(versions: str) -> Surface:
    return Surface(
        Grid(np.arange(3.0)), {"loss": Quantity("loss")}, attributes={"versions": versions}
    )


def test_versions_of_all_parts_each_once() -> None:
    whole = merged({"1": part("torch 2.1"), "2": part("torch 2.4"), "3": part("torch 2.1")})
    assert whole.attributes["versions"] == "torch 2.1; torch 2.4"
    again = merged({"whole": whole, "4": part("torch 2.5")})
    assert again.attributes["versions"] == "torch 2.1; torch 2.4; torch 2.5"
