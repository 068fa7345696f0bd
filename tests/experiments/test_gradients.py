"""gradients: sentences and figures of synthetic norms, and runs of tiny networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import landscape.experiments.__main__
import landscape.training.loop
from landscape.errors import InputError
from landscape.experiments.gradients import run as gradients
from landscape.experiments.gradients.figure import compared, through_training
from landscape.experiments.gradients.findings import findings, verdict
from landscape.experiments.gradients.networks import KINDS
from landscape.experiments.gradients.run import SIZES, GradientSize
from landscape.experiments.results import Results, read_results
from landscape.training import TrainingSettings
from landscape.training.evaluation import means_of

DEPTH = 14


def made(factors: dict[str, list[float]], errors: dict[str, list[float]] | None = None) -> Results:
    """Gradients that change by these factors from the last convolution back to the first.

    Half of the change (in decades) is left after the only epoch.
    """
    seeds = len(next(iter(factors.values())))
    results = Results(
        {
            "network": list(KINDS),
            "depth": [DEPTH],
            "seed": list(range(seeds)),
            "epoch": [0, 1],
            "layer": list(range(1, DEPTH + 1)),
        },
        attributes={
            "data": "digits",
            "train_examples": 1437,
            "probed_examples": 256,
            "classes": 10,
        },
    )
    dims = ("network", "depth", "seed", "epoch", "layer")
    layers = np.arange(1, DEPTH + 1)
    back = (DEPTH - 1 - layers) / (DEPTH - 2)  # 1 at the first, 0 at the last convolution
    change = np.log([factors.get(name, [1.0] * seeds) for name in KINDS])
    with np.errstate(invalid="ignore"):  # a factor that is infinite
        power = np.stack([change, change / 2], axis=-1)[:, None, :, :, None] * back
    results.add("gradient", dims, 0.02 * np.exp(power), "")
    results.add("activation", dims, np.exp(-power), "")
    results.add("weight_gradient", dims, np.broadcast_to(3e-7, power.shape), "")
    train_error = [[(errors or {}).get(name, [0.0] * seeds)] for name in KINDS]
    results.add("train_error", dims[:3], train_error, "")
    return results


CASES = [
    pytest.param(
        made(
            {"BN only": [3000.0, 4000.0], "shortcuts only": [250.0, 300], "neither": [1e-5, 2e-6]},
            {"neither": [0.89, 0.9]},
        ),
        [
            "neither, 14 layers, at initialization: the gradient shrinks by a factor of 3e+05 "
            "(1e+05 to 5e+05 over 2 seeds) from the last convolution back to the first: it "
            "vanishes. The weight gradient is 3e-07 nats at the first convolution and 3e-07 at the "
            "last. The activation shrinks by a factor of 3e+05",
            "neither, 14 layers, after 1 epoch: the gradient shrinks by a factor of 5.1e+02",
            "Training error 89.5% (2 seeds, 2 of which learnt nothing).",
            "BN and shortcuts, 14 layers, after 1 epoch: the gradient grows by a factor of 1 (1 to "
            "1 over 2 seeds) from the last convolution back to the first: it neither vanishes nor "
            "explodes. Training error 0.0% (2 seeds).",
            "without shortcuts, 14 layers: BN prevents the gradient from vanishing, but it "
            "explodes (the gradient at the first convolution is 6e-06 without it and 3.5e+03 with",
            "with shortcuts, 14 layers: there is no vanishing to prevent; the gradient explodes "
            "without BN and neither vanishes nor explodes with it",
            "without BN, 14 layers: the shortcut prevents the gradient from vanishing, but",
        ],
        id="typical",
    ),
    pytest.param(
        made({"neither": [1e-5, 1e-5]}),
        ["BN prevents the gradient from vanishing, and it neither vanishes nor explodes"],
        id="prevented",
    ),
    pytest.param(
        made({"neither": [1e-5, 1e-5], "BN only": [1e-3, 1e-4]}),
        ["without shortcuts, 14 layers: BN does not prevent the gradient from vanishing"],
        id="not prevented",
    ),
    pytest.param(
        made({"BN only": [1e-3, 1e-4]}),
        ["without shortcuts, 14 layers: the gradient vanishes only with BN"],
        id="the other way round",
    ),
    pytest.param(
        made({"neither": [1e-5, 1.0]}),
        [
            "it differs between seeds",
            "whether BN prevents vanishing is unclear",
            "whether the shortcut prevents vanishing is unclear",
        ],
        id="seeds differ",
    ),
    pytest.param(
        made({"neither": [np.inf]}, {"neither": [np.nan]}),
        [
            "the gradient is not finite: it is unknown",
            "neither, 14 layers, after 1 epoch: the training diverged with the only seed.",
            "whether BN prevents vanishing is unclear",
        ],
        id="diverged",
    ),
]


@pytest.mark.parametrize(("results", "words"), CASES)
def test_findings(results: Results, words: list[str]) -> None:
    text = "\n".join(findings(results))
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ([0.0099, 0.001], "vanishes"),
        ([0.0, 0.0], "vanishes"),
        ([0.0101, 99.0], "neither vanishes nor explodes"),
        ([101.0, 1e9], "explodes"),
        ([0.001, 0.1], "differs between seeds"),
        ([1.0, np.nan], "is unknown"),
    ],
)
def test_a_hundredfold_is_the_bound(change: list[float], word: str) -> None:
    assert verdict(np.array(change)) == word


FACTORS = {"BN only": [3e3, 4e3, 1e3], "neither": [1e-5, 1e-6, 1e-4]}


def test_four_networks_in_each_panel() -> None:
    results = made(FACTORS)
    panels = compared(results, DEPTH).axes
    assert [axes.get_title() for axes in panels] == [""] * 6  # titles are placed as text
    quantities = ["activation", "gradient", "weight_gradient"]
    for number, axes in enumerate(panels):
        what, epoch = quantities[number % 3], number // 3
        assert axes.get_yscale() == "log"
        lines = {line.get_label(): line for line in axes.get_lines()[:4]}
        assert set(lines) == set(KINDS)
        for network, line in lines.items():
            values = results.select(what, network=network, depth=DEPTH, epoch=epoch)
            np.testing.assert_allclose(line.get_ydata(), np.sort(values, axis=0)[1])
            assert list(line.get_xdata()) == list(range(1, DEPTH + 1))
        assert axes.get_ylim() == panels[number % 3].get_ylim()


def test_every_epoch_in_the_panel_of_its_network() -> None:
    results = made(FACTORS)
    results.measured["gradient"].values[3, 0, :, 1] = 0.0  # cannot be shown on a logarithmic axis
    panels = through_training(results, "gradient", DEPTH).axes
    assert len(panels) == 4
    for axes, network in zip(panels, KINDS, strict=True):
        for line, epoch, label in zip(
            axes.get_lines(), (0, 1), ("initially", "1 epoch"), strict=False
        ):
            values = results.select("gradient", network=network, depth=DEPTH, epoch=epoch)
            shown = np.where(values > 0, values, np.nan)
            np.testing.assert_allclose(line.get_ydata(), np.median(shown, axis=0))
            assert line.get_label() == label


@pytest.fixture
def tiny(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = TrainingSettings(
        epochs=2, lr=1e-3, batch_size=12, optimizer="adam", checkpoint_every=1
    )
    monkeypatch.setitem(SIZES, "small", GradientSize(settings, (8, 14)))


def test_an_interrupted_run_resumes_with_the_same_numbers(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring = replace(
        gradients.EXPERIMENT, draw=lambda results, folder: [], findings=lambda results: []
    )
    two = {"BN only": KINDS["BN only"], "neither": KINDS["neither"]}
    monkeypatch.setattr(gradients, "KINDS", two)
    calls = []

    def interrupted(*arguments: object) -> dict[str, float]:
        calls.append(arguments)
        if len(calls) == 8:  # in the second epoch of the second training: two splits per epoch
            raise KeyboardInterrupt
        return means_of(*arguments)  # type: ignore[arg-type]

    asked = {"seeds": (3,), "device": "cpu", "progress": False}
    with monkeypatch.context() as patched:
        patched.setattr(landscape.training.loop, "means_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            measuring.run(tmp_path / "a", **asked)  # type: ignore[arg-type]
    assert not (tmp_path / "a" / "results.h5").exists()
    assert (tmp_path / "a" / "bn-8-seed3" / "final.pt").exists()
    assert not (tmp_path / "a" / "bn-14-seed3" / "final.pt").exists()
    first = measuring.run(tmp_path / "a", **asked)  # type: ignore[arg-type]
    straight = measuring.run(tmp_path / "b", **asked)  # type: ignore[arg-type]
    a, b = read_results(first.results), read_results(straight.results)
    for name, found in a.measured.items():
        np.testing.assert_array_equal(found.values, b.measured[name].values)
    assert a.measured["gradient"].values.shape == (2, 2, 1, 3, 14)
    for name in ("activation", "gradient", "weight_gradient"):
        values = a.measured[name].values
        assert np.isnan(values[:, 0, ..., 8:]).all()  # beyond eight layers
        assert np.isfinite(values[:, 0, ..., :8]).all()
        assert np.isfinite(values[:, 1]).all()
        assert (values[:, 1, :, 0] != values[:, 1, :, 2]).any(axis=-1).all()
    other = replace(SIZES["small"].settings, lr=0.2)
    monkeypatch.setitem(SIZES, "small", GradientSize(other, (8,)))
    with pytest.raises(InputError, match=r"lr 0.001, requested 0.2"):
        measuring.run(tmp_path / "a", **asked)  # type: ignore[arg-type]


def test_a_training_that_diverges_is_measured_until_then(
    tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command: divergence is reported, not an error; figures show the available values."""
    hot = TrainingSettings(epochs=1, lr=1e30, batch_size=12, checkpoint_every=1)
    monkeypatch.setitem(SIZES, "small", GradientSize(hot, (8,)))
    place = tmp_path / "out"
    arguments = ["gradients", "--seeds", "0", "--device", "cpu", "-o", str(place)]
    assert landscape.experiments.__main__.main(arguments) == 0
    said = capsys.readouterr().out
    assert "neither, 8 layers, after 1 epoch: the training diverged with the only seed" in said
    results = read_results(place / "results.h5")
    assert np.isnan(results.select("train_error", network="neither"))
    assert np.isfinite(results.select("gradient", network="neither", epoch=0)).all()
    assert np.isnan(results.select("gradient", network="neither", epoch=1)).all()
    names = ["activation-8", "gradient-8", "layers-8", "weight-gradient-8"]
    assert sorted(p.stem for p in place.glob("*.png")) == names
    assert (place / "findings.txt").read_text().splitlines()[0] in said


def test_layers_are_measured_first_and_last() -> None:
    for size in SIZES.values():
        assert size.epochs[0] == 0
        assert size.epochs[-1] == size.settings.epochs
