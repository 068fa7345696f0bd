"""variants: sentences on synthetic numbers, and a run of tiny networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.experiments.measured import MEASURES, add_measures
from landscape.experiments.results import Results, read_results
from landscape.experiments.surfaces import SurfaceSize
from landscape.experiments.variants.findings import findings
from landscape.experiments.variants.networks import VARIANTS, Variant
from landscape.experiments.variants.run import EXPERIMENT, FOR_MASKS, SIZES
from landscape.models.named import build_network
from landscape.store import open_surface
from landscape.surface import Surface
from landscape.training import TrainingSettings, read_history
from tests.measures.made import surface_of

AXIS = np.linspace(-1, 1, 21)
BOWL = surface_of(lambda x, y: 0.1 + x**2 + y**2, AXIS, AXIS, 0.0, classes=10)
STEEP = surface_of(lambda x, y: 0.1 + 9 * (x**2 + y**2), AXIS, AXIS, 0.0, classes=10)
DIMS = ("variant", "shortcuts")


def made(
    pairs: dict[str, tuple[Surface, Surface]],
    errors: dict[str, tuple[float, float]],
    parameters: tuple[int, int] = (500, 500),
) -> Results:
    results = Results(
        {"variant": list(pairs), "shortcuts": ["with", "without"]},
        attributes={"classes": 10, "classes_of_masks": 11},
    )
    places = {(i, j): s for i, pair in enumerate(pairs.values()) for j, s in enumerate(pair)}
    given = [errors[name] for name in pairs]
    for split in ("train", "test"):
        results.add(f"{split}_error", DIMS, given, "")
    iou = [(0.7, 0.5) if name == "long skip" else (np.nan, np.nan) for name in pairs]
    results.add("test_iou", DIMS, iou, "")
    results.add("parameters", DIMS, [parameters] * len(pairs), "")
    add_measures(results, DIMS, places)
    return results


CASES = [
    pytest.param(
        made({"add": (BOWL, STEEP)}, {"add": (0.01, 0.2)}),
        [
            "have 500 to 500 parameters, exactly as many with shortcuts as without",
            "add: with shortcuts the error on test images is lower, 1.0% against 20.0% without",
            "add: the surface without shortcuts is sharper and neither rougher nor smoother than "
            "that with them (with and without: flat radius 0.316 and 0.105",
            "add with (0.316), add without (0.105)",
        ],
        id="the effect",
    ),
    pytest.param(
        made({"gate": (STEEP, BOWL)}, {"gate": (0.2, 0.01)}, (500, 400)),
        [
            "have 400 to 500 parameters, different with and without shortcuts",
            "gate: with shortcuts the error on test images is higher, 20.0% against 1.0% without",
            "the surface without shortcuts is flatter",
            "gate without (0.316), gate with (0.105)",
        ],
        id="the other way round",
    ),
    pytest.param(
        made({"add": (BOWL, BOWL)}, {"add": (0.01, 0.89)}),
        ["add: the surfaces are not compared, since the one without shortcuts learnt nothing."],
        id="one learnt nothing",
    ),
    pytest.param(
        made({"long skip": (BOWL, BOWL)}, {"long skip": (0.1, 0.1)}),
        [
            "the error on test pixels is the same, 10.0% against 10.0%",
            "intersection over union 0.700 against 0.500.",
            "neither flatter nor sharper and neither rougher nor smoother",
        ],
        id="masks",
    ),
]


@pytest.mark.parametrize(("results", "words"), CASES)
def test_findings(results: Results, words: list[str]) -> None:
    text = "\n".join(findings(results))
    for word in words:
        assert word in text


@pytest.mark.parametrize("size", ["small", "paper"])
def test_sizes_match(size: str) -> None:
    """Equal with and without shortcuts; across variants within an eighth of each other."""
    counts = []
    for variant in VARIANTS[size]:
        pair = {
            kind: build_network(
                variant.network,
                in_channels=3,
                classes=10,
                shortcuts=kind,
                **variant.settings,
            ).model
            for kind in (variant.shortcuts, "none")
        }
        sizes = {sum(p.numel() for p in model.parameters()) for model in pair.values()}
        assert len(sizes) == 1, variant.name
        counts += sizes
    assert max(counts) / min(counts) < 1.14


@pytest.fixture
def tiny(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(epochs=1, lr=0.1, batch_size=12)
    networks = (
        Variant("add", "resnet8", "identity", {"width": 1}),
        Variant("long skip", "unet", "concatenate", {"levels": 1, "channels": 2}, masks=True),
    )
    monkeypatch.setitem(VARIANTS, "small", networks)
    monkeypatch.setitem(SIZES, "small", SurfaceSize(settings, axis="-1:1:3", limit=5))
    monkeypatch.setitem(FOR_MASKS, "small", settings)


@pytest.mark.usefixtures("tiny")
def test_a_run_and_its_repetition(tmp_path: Path) -> None:
    outcome = EXPERIMENT.run(tmp_path, seeds=(2,), device="cpu", progress=False)
    results = read_results(outcome.results)
    assert results.coordinates["variant"] == ["add", "long skip"]
    kinds = {"add": ("identity", "none"), "long-skip": ("concatenate", "none")}
    for name, pair in kinds.items():
        for kind, skips in zip(pair, ("with", "without"), strict=True):
            surface = open_surface(tmp_path / f"{name}-{skips}.h5")
            assert surface.complete
            assert surface.attributes["shortcuts"] == kind
            history = read_history(tmp_path / f"{name}-{skips}" / "history.h5").columns
            labels = {"variant": name.replace("-", " "), "shortcuts": skips}
            assert results.select("test_error", **labels) == history["test_error"][-1]
            assert results.select("origin_loss", **labels) == surface["train_loss"][1, 1]
            iou = history["test_iou"][-1] if name == "long-skip" else np.nan
            np.testing.assert_equal(float(results.select("test_iou", **labels)), iou)
    assert set(MEASURES) <= set(results.measured)
    names = ["contours.png", "surfaces.png", "numbers.png", "gallery.html"]
    assert [path.name for path in outcome.figures] == names
    page = (tmp_path / "gallery.html").read_text()
    for sentence in outcome.findings[1:5:2]:  # on the errors of each variant
        assert sentence.split(" (")[0] in page
    written = {p: p.stat().st_mtime_ns for s in ("*.pt", "*-*.h5") for p in tmp_path.rglob(s)}
    again = EXPERIMENT.run(tmp_path, seeds=(2,), device="cpu", progress=False)
    assert again.findings == outcome.findings
    assert {p: p.stat().st_mtime_ns for p in written} == written


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": "scenes"}, ["data='scenes' has masks", "one label each"]),
        ({"size": "paper"}, ["size paper without data"]),
        ({"seeds": (0, 1)}, ["seeds=(0, 1)", "one seed"]),
    ],
)
@pytest.mark.usefixtures("tiny")
def test_bad_input_before_anything_is_written(
    tmp_path: Path, options: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(InputError) as refused:
        EXPERIMENT.run(tmp_path / "new", progress=False, **options)  # type: ignore[arg-type]
    for word in words:
        assert word in str(refused.value)
    assert not list(tmp_path.iterdir())
