"""degradation: sentences and figures of synthetic errors, and a run of tiny networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.experiments.degradation.figure import curves
from landscape.experiments.degradation.findings import findings
from landscape.experiments.degradation.run import EXPERIMENT, SIZES
from landscape.experiments.results import Results, read_results
from landscape.experiments.setup import Size
from landscape.training import TrainingSettings, read_history

EPOCHS = 4


def made(plain: list[float], residual: list[float], shallow: tuple[float, ...] = ()) -> Results:
    """Final training errors: ``shallow`` at 20 layers, and those of each network at 56."""
    seeds = len(plain)
    results = Results(
        {
            "network": ["plain", "residual"],
            "depth": [20, 56],
            "seed": list(range(seeds)),
            "epoch": list(range(1, EPOCHS + 1)),
        },
        attributes={"data": "digits", "train_examples": 1437, "test_examples": 360},
    )
    last = np.array([[shallow or [0.0] * seeds, plain], [shallow or [0.0] * seeds, residual]])
    falling = np.linspace(0.9, 0.0, EPOCHS)  # ends at 0, so that the last epoch is what was given
    train = last[..., None] * (1 - falling) + falling
    dims = ("network", "depth", "seed", "epoch")
    results.add("train_error", dims, train, "")
    results.add("test_error", dims, 0.5 * train + 0.1, "")
    results.add("train_loss", dims, train + 0.01, "", "nats")
    results.add("test_loss", dims, train + 0.02, "", "nats")
    results.add("parameters", ("network", "depth"), [[1000, 3000], [1000, 3000]], "")
    return results


CASES = [
    pytest.param(
        made([0.30, 0.40, 0.20], [0.0, 0.0, 0.001]),
        [
            "plain-56 is worse than that of plain-20 (median 30.0% and 0.00%), with every one",
            "residual-56 is not worse: equal to that of residual-20 (median 0.00% and 0.00%)",
            "changes by +30.00 points without shortcuts and by +0.00 points with them: plain "
            "networks degrade, and residual ones do not.",
        ],
        id="the effect",
    ),
    pytest.param(
        made([0.01, 0.02, 0.0], [0.01, 0.0, 0.0], (0.05, 0.06, 0.04)),
        [
            "plain-56 is not worse: lower than that of plain-20 (median 1.00% and 5.00%)",
            "residual-56 is not worse: lower than",
            "the effect of the paper is not observed",
        ],
        id="no effect",
    ),
    pytest.param(
        made([0.04, 0.06, 0.08], [0.01, 0.01, 0.01], (0.05, 0.05, 0.05)),
        [
            "plain-56 is worse than that of plain-20 (median 6.00% and 5.00%), with 2 of 3 seeds, "
            "and the ranges over the seeds overlap",
            "for plain networks the seeds are inconclusive",
        ],
        id="one seed breaks it",
    ),
    pytest.param(
        made([0.7, 0.8, 0.9], [0.2, 0.3, 0.4], (0.1, 0.1, 0.1)),
        [
            "residual-56 is worse than that of residual-20 (median 30.0% and 10.0%), with every",
            "both degrade, residual ones less",
        ],
        id="both degrade",
    ),
    pytest.param(
        made([0.7, 0.8, 0.9], [0.05, 0.2, 0.3], (0.1, 0.1, 0.1)),
        ["with 2 of 3 seeds", "degrade; for residual ones the seeds are inconclusive"],
        id="residual undecided",
    ),
    pytest.param(
        made([0.2, 0.3, 0.4], [0.7, 0.8, 0.9], (0.1, 0.1, 0.1)),
        [
            "changes by +20.00 points without shortcuts and by +70.00 points with them",
            "not observed",
        ],
        id="the other way round",
    ),
    pytest.param(
        made([0.3], [0.0]),
        [
            "after 4 epochs (one seed): training error 30.0%",
            "worse than that of plain-20 (median 30.0% and 0.00%), with the only seed.",
            "by +0.00 points with them; with one seed this may be chance.",
        ],
        id="one seed",
    ),
]


@pytest.mark.parametrize(("results", "words"), CASES)
def test_findings(results: Results, words: list[str]) -> None:
    text = "\n".join(findings(results))
    for word in words:
        assert word in text
    if "the effect" not in words[-1] and "ones do not" not in words[-1]:
        assert "residual ones do not." not in text


def test_findings_report_medians_and_ranges() -> None:
    text = "\n".join(findings(made([0.30, 0.40, 0.20], [0.0, 0.0, 0.001])))
    assert (
        "plain-56 after 4 epochs (median of 3 seeds, lowest to highest): training error 30.0% "
        "(20.0% to 40.0%), test error 25.0% (20.0% to 30.0%), training loss 0.31 (0.21 to 0.41)."
    ) in text
    assert "the same number of parameters: 1,000 at 20 layers, 3,000 at 56 layers." in text
    unequal = made([0.1], [0.1])
    unequal.measured["parameters"].values[1, 1] = 3500
    assert "different numbers of parameters" in findings(unequal)[0]
    assert "3,000 and 3,500 at 56 layers" in findings(unequal)[0]


@pytest.mark.parametrize(("what", "factor"), [("error", 100.0), ("loss", 1.0)])
def test_lines_are_medians_and_bands_are_ranges(what: str, factor: float) -> None:
    results = made([0.3, 0.5, 0.2], [0.0, 0.0, 0.1])
    figure = curves(results, what)
    assert len(figure.axes) == 2
    limits = {axes.get_ylim() for axes in figure.axes}
    assert len(limits) == 1
    for axes, network in zip(figure.axes, ("plain", "residual"), strict=True):
        lines = {line.get_label(): line for line in axes.get_lines()}
        for depth in (20, 56):
            for split, word in (("train", "training"), ("test", "test")):
                line = lines[f"{depth} layers, {word}"]
                values = results.select(f"{split}_{what}", network=network, depth=depth)
                middle = np.sort(values, axis=0)[1] * factor  # of three seeds
                np.testing.assert_allclose(line.get_ydata(), middle)
                assert list(line.get_xdata()) == [1, 2, 3, 4]
                assert line.is_dashed() == (split == "train")
        first = axes.collections[0].get_paths()[0].vertices[:, 1]
        values = results.select(f"train_{what}", network=network, depth=20) * factor
        assert first.max() == pytest.approx(values.max())
        assert first.min() == pytest.approx(values.min())


@pytest.mark.parametrize(("last", "top"), [(0.4, 94.5), (0.05, 15.0), (0.001, 10.0)])
def test_the_axis_shows_the_end_of_a_training(last: float, top: float) -> None:
    """Errors start at 90%; the axis ends 5% above, at three times the last errors, or at 10%."""
    results = made([0.0], [0.0])
    for split in ("train", "test"):
        results.measured[f"{split}_error"].values[..., -1] = last
    (limits,) = {axes.get_ylim() for axes in curves(results, "error").axes}
    assert limits == pytest.approx((0.0, top))


def test_one_seed_has_no_band() -> None:
    assert [len(axes.collections) for axes in curves(made([0.3], [0.1]), "error").axes] == [0, 0]


@pytest.fixture
def tiny(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(epochs=2, lr=0.1, batch_size=12)
    monkeypatch.setitem(SIZES, "small", Size(settings, (14, 8)))


def test_a_run_repeated_and_with_other_settings(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"seeds": (3, 1), "device": "cpu", "progress": False}
    outcome = EXPERIMENT.run(tmp_path, **asked)  # type: ignore[arg-type]
    results = read_results(outcome.results)
    assert {k: list(v) for k, v in results.coordinates.items()} == {
        "network": ["plain", "residual"],
        "depth": [8, 14],
        "seed": [3, 1],
        "epoch": [1, 2],
    }
    for network, shortcuts in (("plain", "none"), ("residual", "identity")):
        for depth in (8, 14):
            for seed in (3, 1):
                history = read_history(tmp_path / f"{network}-{depth}-seed{seed}" / "history.h5")
                assert history.attributes["shortcuts"] == shortcuts
                assert history.attributes["model"] == f"resnet{depth}"
                assert history.attributes["seed"] == seed
                for name in ("train_error", "test_error", "train_loss", "test_loss"):
                    labels = {"network": network, "depth": depth, "seed": seed}
                    assert results.select(name, **labels).tolist() == history.columns[name]
    # 3×3 and linear layers and batch normalization of ResNet-8 on one channel, 10 classes
    convolutions = 9 * (1 * 16 + 2 * 16 * 16 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
    norms = 2 * (3 * 16 + 2 * 32 + 2 * 64)
    for network in ("plain", "residual"):
        counted = results.select("parameters", network=network, depth=8)
        assert counted == convolutions + norms + 64 * 10 + 10
    assert results.attributes["epochs"] == 2
    assert [path.name for path in outcome.figures] == ["error.png", "loss.png"]
    assert all(path.stat().st_size > 5000 for path in outcome.figures)
    weights = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.pt")}
    assert len(weights) == 24
    again = EXPERIMENT.run(tmp_path, **asked)  # type: ignore[arg-type]
    assert again.findings == outcome.findings
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*.pt")} == weights
    other = replace(SIZES["small"], settings=replace(SIZES["small"].settings, lr=0.2))
    monkeypatch.setitem(SIZES, "small", other)
    with pytest.raises(InputError, match=r"lr 0.1, requested 0.2"):
        EXPERIMENT.run(tmp_path, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("depths", "options", "words"),
    [
        ((20,), {}, ["depths 20", "two or more"]),
        ((), {}, ["depths none", "20 and 56"]),
        ((8, 21), {}, ["resnet21", "6n+2", "20 and 26"]),
        ((8, 14), {"size": "paper"}, ["size paper without data"]),
        ((8, 14), {"size": "large"}, ["'large'", "small, paper"]),
        ((8, 14), {"seeds": (0, 2**33)}, ["seed=8589934592"]),
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


def test_the_schedule_of_the_paper() -> None:
    """He et al.: 64,000 iterations of 128 images; divided by 10 after 32,000 and 48,000."""
    settings = SIZES["paper"].settings
    steps = -(-50_000 // settings.batch_size)
    assert steps * settings.epochs == pytest.approx(64_000, rel=0.005)
    assert steps * settings.epochs / 2 == pytest.approx(32_000, rel=0.005)
    assert settings.schedule == "step"
    assert (settings.lr, settings.weight_decay, settings.momentum) == (0.1, 1e-4, 0.9)
