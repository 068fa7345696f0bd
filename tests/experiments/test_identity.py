"""identity: sentences and figures of synthetic errors, and runs of tiny networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import landscape.experiments.__main__
import landscape.training.loop
from landscape.errors import InputError
from landscape.experiments import figures
from landscape.experiments.identity.figure import curves
from landscape.experiments.identity.findings import findings
from landscape.experiments.identity.run import EXPERIMENT, SIZES
from landscape.experiments.identity.trainings import TRAININGS, IdentitySize
from landscape.experiments.results import Results, read_results
from landscape.training import TrainingSettings, read_history
from landscape.training.evaluation import means_of

NAN = np.nan


def made(
    plain: list[float],
    residual: list[float],
    *,
    constructed: float = 0.01,
    went_on: float = 0.005,
    difference: float = 1e-6,
) -> Results:
    """Final training errors from scratch; each network is shallow for 2 of 4 epochs."""
    seeds = len(plain)
    results = Results(
        {
            "network": ["plain", "residual"],
            "training": ["shallow", "extended", "fresh"],
            "seed": list(range(seeds)),
            "epoch": [1, 2, 3, 4],
            "precision": ["float32", "float64"],
        },
        attributes={
            "data": "digits",
            "train_examples": 1437,
            "lr": 0.05,
            "extended_lr": 0.005,
            "shallow_depth": 20,
            "deep_depth": 56,
            "shallow_epochs": 2,
        },
    )
    values = np.full((2, 3, seeds, 4), NAN)
    values[:, 0] = [0.5, constructed, NAN, NAN]
    values[:, 1] = [NAN, constructed, 0.007, went_on]
    for i, fresh in enumerate((plain, residual)):
        values[i, 2] = np.array([np.full(seeds, 0.9), np.full(seeds, 0.8), fresh, fresh]).T
    dims = ("network", "training", "seed", "epoch")
    results.add("train_error", dims, values, "")
    results.add("test_error", dims, values + 0.02, "")
    results.add("train_loss", dims, values + 0.1, "", "nats")
    results.add("test_loss", dims, values + 0.2, "", "nats")
    apart = np.array([difference, 1e-9 * difference]) * np.ones((2, seeds, 1))
    results.add("difference", ("network", "seed", "precision"), apart, "")
    results.add("largest_output", ("network", "seed"), np.full((2, seeds), 10.0), "")
    return results


CASES = [
    pytest.param(
        made([0.4, 0.5, 0.3], [0.01, 0.0, 0.01]),
        [
            "plain-20, extended to 56 layers by identity convolutions and normalizations that are "
            "undone, gives the same outputs to rounding: over 3 seeds they differ by at most 1e-06 "
            "in float32 and 1e-15 in float64; the largest output is 10",
            "residual-20, extended to 56 layers by blocks whose last normalization multiplies by "
            "zero, gives the same outputs",
            "Further training of the constructed plain-56 lowers its training error to 0.50% "
            "(0.50% to 0.50%), from 1.00% (1.00% to 1.00%).",
            "From scratch plain-56 reaches a training error of 40.0% (30.0% to 50.0%), +39.00 "
            "points from the constructed one: worse with every one of the 3 seeds",
            "residual-56 reaches a training error of 1.00% (0.00% to 1.00%), +0.00 points from "
            "the constructed one: training finds a solution as good",
            "is +39.00 points without shortcuts and +0.00 with them: training does not find the "
            "constructible solution without shortcuts, but does with them.",
        ],
        id="the effect",
    ),
    pytest.param(
        made([0.0, 0.01, 0.0], [0.4, 0.5, 0.3], went_on=0.03),
        [
            "raises its training error to 3.00%",
            "plain-56 reaches a training error of 0.00% (0.00% to 1.00%), -1.00 points",
            "residual-56 reaches a training error of 40.0% (30.0% to 50.0%), +39.00 points",
            "training finds the constructible solution even without shortcuts",
        ],
        id="the other way round",
    ),
    pytest.param(
        made([0.4, 0.5, 0.3], [0.1, 0.2, 0.3], went_on=0.01),
        [
            "leaves its training error at 1.00%",
            "the constructible solution in neither form, and the gap is larger without shortcuts",
        ],
        id="both",
    ),
    pytest.param(
        made([0.1, 0.1, 0.1], [0.2, 0.2, 0.3]),
        ["the gap is not larger without"],
        id="both, residual more",
    ),
    pytest.param(
        made([0.005, 0.5, 0.3], [0.01, 0.0, 0.01]),
        [
            "worse with 2 of 3 seeds, and the ranges overlap",
            "without shortcuts the seeds are inconclusive",
        ],
        id="one seed breaks it",
    ),
    pytest.param(
        made([0.4, 0.5, 0.3], [0.02, 0.0, 0.04]),
        ["with them the seeds are inconclusive"],
        id="residual undecided",
    ),
    pytest.param(
        made([0.4], [0.01]),
        [
            "with the one seed they differ",
            "worse, with the only seed.",
            "with one seed this may be chance",
            "At the end of each training (one seed): plain-20 test error 3.00%, training loss 0.11",
            "plain-56 extended from it test error 2.50%",
        ],
        id="one seed",
    ),
    pytest.param(
        made([0.4, 0.5, 0.3], [0.0, 0.0, 0.0], difference=2e-4),
        ["plain-20, extended to 56 layers by", "does not give the same outputs: over"],
        id="not the same function",
    ),
]


@pytest.mark.parametrize(("results", "words"), CASES)
def test_findings(results: Results, words: list[str]) -> None:
    text = "\n".join(findings(results))
    for word in words:
        assert word in text


@pytest.mark.parametrize(("what", "factor"), [("error", 100.0), ("loss", 1.0)])
def test_lines_are_medians_over_one_axis_of_epochs(what: str, factor: float) -> None:
    results = made([0.4, 0.5, 0.3], [0.01, 0.0, 0.01])
    figure = curves(results, what)
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    for axes, network in zip(figure.axes, ("plain", "residual"), strict=True):
        *lines, extended = axes.get_lines()
        assert list(extended.get_xdata()) == [2.0, 2.0]
        labels = ["20 layers", "56 layers, extended from 20", "56 layers, from scratch"]
        assert [line.get_label() for line in lines] == labels
        for line, training in zip(lines, ("shallow", "extended", "fresh"), strict=True):
            values = results.select(f"train_{what}", network=network, training=training)
            np.testing.assert_allclose(line.get_ydata(), np.sort(values, axis=0)[1] * factor)
            assert list(line.get_xdata()) == [1, 2, 3, 4]


@pytest.fixture
def tiny(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(epochs=3, lr=0.1, batch_size=12)
    monkeypatch.setitem(SIZES, "small", IdentitySize(settings, (8, 14), before=2))


def test_an_interrupted_run_resumes_with_the_same_numbers(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undrawn = replace(EXPERIMENT, draw=lambda results, folder: [])
    calls = []

    def interrupted(*arguments: object) -> dict[str, float]:
        calls.append(arguments)
        if len(calls) == 10:  # in the second epoch from scratch: two splits per epoch
            raise KeyboardInterrupt
        return means_of(*arguments)  # type: ignore[arg-type]

    asked = {"seeds": (3,), "device": "cpu", "progress": False}
    with monkeypatch.context() as patched:
        patched.setattr(landscape.training.loop, "means_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            undrawn.run(tmp_path / "a", **asked)  # type: ignore[arg-type]
    assert not (tmp_path / "a" / "results.h5").exists()
    assert (tmp_path / "a" / "plain-extended-seed3" / "final.pt").exists()
    assert not (tmp_path / "a" / "plain-fresh-seed3" / "final.pt").exists()
    first = undrawn.run(tmp_path / "a", **asked)  # type: ignore[arg-type]
    straight = undrawn.run(tmp_path / "b", **asked)  # type: ignore[arg-type]
    a, b = read_results(first.results), read_results(straight.results)
    assert a.attributes == b.attributes
    for name, found in a.measured.items():
        np.testing.assert_array_equal(found.values, b.measured[name].values)
    assert first.findings == straight.findings
    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "a").rglob("*.pt")}
    assert len(written) == 18
    assert undrawn.run(tmp_path / "a", **asked).findings == first.findings  # type: ignore[arg-type]
    assert {p: p.stat().st_mtime_ns for p in written} == written
    for network in ("plain", "residual"):
        labels = {"network": network, "seed": 3}
        column = {
            t: a.select("train_loss", training=t, **labels)
            for t in ("shallow", "extended", "fresh")
        }
        shown = {t: np.isfinite(values).tolist() for t, values in column.items()}
        assert shown == {
            "shallow": [True, True, False],
            "extended": [False, True, True],
            "fresh": [True, True, True],
        }
        # The extended network starts with the final loss of the shallow one.
        assert column["extended"][1] == pytest.approx(column["shallow"][1], rel=1e-5)
        history = read_history(tmp_path / "a" / f"{network}-extended-seed3" / "history.h5")
        assert history.attributes["lr"] == pytest.approx(0.01)
        assert column["extended"][2] == history.columns["train_loss"][0]
        outputs = a.select("largest_output", **labels)
        assert a.select("difference", precision="float32", **labels) <= 1e-5 * outputs
        assert a.select("difference", precision="float64", **labels) <= 1e-12 * outputs
        assert outputs > 0
    other = replace(SIZES["small"], before=1)
    monkeypatch.setitem(SIZES, "small", other)
    with pytest.raises(InputError, match=r"epochs 2, requested 1"):
        undrawn.run(tmp_path / "a", **asked)  # type: ignore[arg-type]


def test_the_command(
    tiny: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(figures, "KINDS", ("png", "pdf"))
    place = tmp_path / "out"
    arguments = ["identity", "--seeds", "0", "--device", "cpu", "-o", str(place)]
    assert landscape.experiments.__main__.main(arguments) == 0
    said = capsys.readouterr().out
    assert "the same outputs to rounding" in said
    assert (place / "findings.txt").read_text().splitlines()[-1] in said
    pictures = {p.name for p in place.iterdir() if p.suffix in (".png", ".pdf")}
    assert pictures == {"error.png", "error.pdf", "loss.png", "loss.pdf"}


def test_all_have_the_epochs_of_training_from_scratch() -> None:
    for size in SIZES.values():
        epochs = {t: size.settings_of(t, 0).epochs for t in TRAININGS}
        assert epochs["shallow"] + epochs["extended"] == epochs["fresh"]
