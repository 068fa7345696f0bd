"""depth: sentences on synthetic surfaces, and a run of tiny networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.experiments.depth.figure import draw
from landscape.experiments.depth.findings import findings
from landscape.experiments.depth.run import EXPERIMENT, SIZES
from landscape.experiments.measured import MEASURES, add_measures
from landscape.experiments.results import Results, read_results
from landscape.experiments.surfaces import SurfaceSize
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from landscape.training import TrainingSettings, read_history
from tests.measures.made import surface_of

AXIS = np.linspace(-1, 1, 21)
BOWL = surface_of(lambda x, y: 0.1 + x**2 + y**2, AXIS, AXIS, 0.0, classes=10)
TO_ZERO = surface_of(lambda x, y: x**2 + y**2, AXIS, AXIS, 0.0, classes=10)
DENTED = surface_of(
    lambda x, y: (0.1 + x**2 + y**2) * np.where(np.hypot(x - 0.9, y - 0.9) < 0.05, 0.7, 1.0),
    AXIS,
    AXIS,
    0.0,
    classes=10,
)
STEEP = surface_of(lambda x, y: 0.1 + 9 * (x**2 + y**2), AXIS, AXIS, 0.0, classes=10)
WAVES = surface_of(
    lambda x, y: 0.1 + (x**2 + y**2) * (2 + np.cos(9 * x) + np.cos(9 * y)),
    AXIS,
    AXIS,
    0.0,
    classes=10,
)


def made(surfaces: list[list[Surface]], errors: list[list[float]] | None = None) -> Results:
    """Rows: residual, plain; columns: 20, 56, …"""
    depths = [20, 56, 110][: len(surfaces[0])]
    results = Results(
        {"network": ["residual", "plain"], "depth": depths}, attributes={"classes": 10}
    )
    dims = ("network", "depth")
    places = {(i, j): s for i, row in enumerate(surfaces) for j, s in enumerate(row)}
    for split in ("train", "test"):
        given = np.zeros((2, len(depths))) if errors is None else errors
        results.add(f"{split}_error", dims, given, "")
    add_measures(results, dims, places)
    return results


SAME = "neither rougher nor smoother"
LEVEL = "neither flatter nor sharper"
CASES = [
    pytest.param(
        made([[BOWL, BOWL], [BOWL, WAVES]]),
        [
            "residual-56 (training error 0.00%, test error 0.0%): loss 0.1 at the origin, which "
            "rises by 0.1 within a radius of 0.316",
            "1 basin.",
            f"At 20 layers the surface without shortcuts is {LEVEL} and {SAME} than that with them "
            "(with and without: flat radius 0.316 and 0.316, roughness 0 and 0 decades).",
            "At 56 layers the surface without shortcuts is sharper and rougher than that with them "
            "(with and without: flat radius 0.316 and 0.186",
            f"With shortcuts, from 20 to 56 layers, the surface becomes {LEVEL} and {SAME}",
            "Without shortcuts, from 20 to 56 layers, the surface becomes sharper and rougher",
        ],
        id="the effect",
    ),
    pytest.param(
        made([[BOWL, WAVES], [BOWL, BOWL]]),
        [
            "At 56 layers the surface without shortcuts is flatter and smoother than that with",
            "With shortcuts, from 20 to 56 layers, the surface becomes sharper and rougher",
            f"Without shortcuts, from 20 to 56 layers, the surface becomes {LEVEL} and {SAME}",
        ],
        id="the other way round",
    ),
    pytest.param(
        made([[BOWL, STEEP], [STEEP, BOWL]]),
        [
            f"At 20 layers the surface without shortcuts is sharper and {SAME} than that with them "
            "(with and without: flat radius 0.316 and 0.105",
            f"At 56 layers the surface without shortcuts is flatter and {SAME} than that with them "
            "(with and without: flat radius 0.105 and 0.316",
        ],
        id="flatness",
    ),
    pytest.param(
        made([[BOWL, BOWL, BOWL], [BOWL, WAVES, BOWL]], [[0.0, 0.0, 0.1], [0.0, 0.3, 0.89]]),
        [
            "plain-110 learnt nothing (training error 89.0%)",
            "At 110 layers the surfaces are not compared: plain-110 learnt nothing.",
            "Without shortcuts, from 20 to 56 layers, the surface becomes sharper and rougher",
            "decades (plain-110 learnt nothing).",
            f"With shortcuts, from 20 to 110 layers, the surface becomes {LEVEL} and {SAME}",
        ],
        id="one learnt nothing",
    ),
    pytest.param(
        made([[BOWL, BOWL], [BOWL, DENTED]]),
        [f"Without shortcuts, from 20 to 56 layers, the surface becomes {LEVEL} and {SAME}"],
        id="a negligible dent",
    ),
    pytest.param(
        made([[BOWL, BOWL], [BOWL, TO_ZERO]]),
        [
            f"{LEVEL} and not known to be rougher or smoother than that with them (with and "
            "without: flat radius 0.316 and 0.316, roughness 0 and nan",
        ],
        id="no logarithm of the loss",
    ),
    pytest.param(
        made([[BOWL, BOWL], [BOWL, BOWL]], [[0.0, 0.0], [0.0, 0.9]]),
        ["Without shortcuts too few networks learnt to determine the effect of depth"],
        id="one left",
    ),
]


@pytest.mark.parametrize(("results", "words"), CASES)
def test_findings(results: Results, words: list[str]) -> None:
    text = "\n".join(findings(results))
    for word in words:
        assert word in text


@pytest.fixture
def tiny(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(epochs=1, lr=0.1, batch_size=12)
    size = SurfaceSize(settings, (14, 8), axis="-1:1:3", limit=5)
    monkeypatch.setitem(SIZES, "small", size)


def test_a_run_and_its_repetition(tiny: None, tmp_path: Path) -> None:
    asked = {"seeds": (2,), "device": "cpu", "progress": False}
    outcome = EXPERIMENT.run(tmp_path, **asked)  # type: ignore[arg-type]
    results = read_results(outcome.results)
    assert results.coordinates["depth"] == [8.0, 14.0]
    sampled = {}
    for network, shortcuts in (("residual", "identity"), ("plain", "none")):
        for layers in (8, 14):
            name = f"{network}-{layers}"
            surface = sampled[name] = open_surface(tmp_path / f"{name}.h5")
            assert surface.complete
            assert surface.attributes["shortcuts"] == shortcuts
            assert surface.attributes["model"] == f"resnet{layers}"
            assert {facts["seed"] for facts in surface.axes.values()} == {2}
            labels = {"network": network, "depth": layers}
            history = read_history(tmp_path / name / "history.h5").columns
            assert results.select("test_error", **labels) == history["test_error"][-1]
            assert results.select("origin_loss", **labels) == surface["train_loss"][1, 1]
    assert set(MEASURES) <= set(results.measured)
    names = ["contours.png", "surfaces.png", "explore.html"]
    assert [path.name for path in outcome.figures] == names
    page = (tmp_path / "explore.html").read_text()
    assert "8 layers, identity shortcuts" in page
    assert "14 layers, no shortcuts" in page
    written = {p: p.stat().st_mtime_ns for s in ("*.pt", "*-*.h5") for p in tmp_path.rglob(s)}
    again = EXPERIMENT.run(tmp_path, **asked)  # type: ignore[arg-type]
    assert again.findings == outcome.findings
    assert {p: p.stat().st_mtime_ns for p in written} == written


@pytest.mark.long
def test_all_figures_of_six_surfaces(tmp_path: Path) -> None:
    rows = [[BOWL, STEEP, WAVES], [STEEP, WAVES, BOWL]]
    for kind, row in zip(("residual", "plain"), rows, strict=True):
        for layers, surface in zip((20, 56, 110), row, strict=True):
            save_surface(surface, tmp_path / f"{kind}-{layers}.h5")
    drawn = draw(made(rows), tmp_path)
    assert [path.name for path in drawn] == [
        "contours.png",
        "contours.pdf",
        "surfaces.png",
        "surfaces.pdf",
        "explore.html",
    ]
    assert all(path.stat().st_size > 10_000 for path in drawn)


@pytest.mark.parametrize(
    ("depths", "options", "words"),
    [
        ((8, 21), {}, ["resnet21", "6n+2", "20 and 26"]),
        ((), {}, ["no depths", "20, 56"]),
        ((8, 14), {"size": "paper"}, ["size paper without data"]),
        ((8, 14), {"seeds": (0, 1)}, ["seeds=(0, 1)", "one seed"]),
        ((8, 14), {"seeds": (2**33,)}, ["seed=8589934592"]),
    ],
)
def test_bad_input_before_anything_is_written(
    tiny: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    depths: tuple[int, ...],
    options: dict[str, object],
    words: list[str],
) -> None:
    monkeypatch.setitem(SIZES, "small", replace(SIZES["small"], depths=depths))
    with pytest.raises(InputError) as refused:
        EXPERIMENT.run(tmp_path / "new", progress=False, **options)  # type: ignore[arg-type]
    for word in words:
        assert word in str(refused.value)
    assert not list(tmp_path.iterdir())
