"""width: a run of tiny networks has the widths asked for, and its sentences name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from landscape.errors import InputError
from landscape.experiments.results import read_results
from landscape.experiments.width.run import EXPERIMENT, SIZES, WidthSize
from landscape.store import open_surface
from landscape.training import TrainingSettings

TINY = WidthSize(TrainingSettings(epochs=1, lr=0.05), (8,), axis="-1:1:3", limit=8, widths=(2, 1))


@pytest.mark.usefixtures("quick")
def test_a_run_of_tiny_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "small", TINY)
    outcome = EXPERIMENT.run(tmp_path, device="cpu", progress=False)
    results = read_results(outcome.results)
    assert results.coordinates["width"] == [1.0, 2.0]
    assert (results.attributes["experiment"], results.attributes["layers"]) == ("width", 8)
    parameters = {}
    for kind in ("residual", "plain"):
        for width in (1, 2):
            surface = open_surface(tmp_path / f"{kind}-{width}.h5")
            assert surface.attributes["width"] == width
            assert surface.complete
            parameters[kind, width] = surface.attributes["parameters"]
    assert 3.5 < int(parameters["plain", 2]) / int(parameters["plain", 1]) < 4
    assert any("At width 2 the surface" in sentence for sentence in outcome.findings)
    assert all(path.is_file() for path in outcome.figures)


def test_no_width_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "small", replace(TINY, widths=()))
    with pytest.raises(InputError, match="no widths: expected one or more"):
        EXPERIMENT.run(tmp_path, progress=False)
