"""``python -m landscape.curvature``: output, files and errors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import landscape.curvature
import landscape.render.__main__
from landscape.build import build_problem
from landscape.hessian import (
    CurvatureOperator,
    EmpiricalFisherOperator,
    GaussNewtonOperator,
    HessianOperator,
)
from landscape.render.words.directions import axis_label
from landscape.render.words.numerals import with_error
from landscape.render.words.quantity_words import shown
from landscape.store import open_surface
from tests.commands.calls import Bad, bad, check_refused

CURVATURE = ["--model", "users:good", "--limit", "30"]


def number(text: str, name: str) -> float:
    (found,) = re.findall(rf"^  {name} +([0-9.,e+−-]+)", text, re.MULTILINE)
    return float(found.replace(",", "").replace("−", "-"))


def test_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*CURVATURE, "--top", "3", "--trace-samples", "30"]
    assert landscape.curvature.main(arguments) == 0
    said = capsys.readouterr()
    operator = HessianOperator(build_problem("users:good", limit=30))
    columns = torch.eye(operator.size)
    spectrum = np.linalg.eigvalsh(torch.stack([operator.product(c) for c in columns]).double())
    size = spectrum[-1]
    assert f"over 30 train examples, {operator.size:,} parameters" in said.out
    assert number(said.out, "largest") == pytest.approx(spectrum[-1], abs=1e-3 * size)
    assert number(said.out, "2nd largest") == pytest.approx(spectrum[-2], abs=1e-3 * size)
    assert number(said.out, "3rd largest") == pytest.approx(spectrum[-3], abs=1e-3 * size)
    assert number(said.out, "most negative") == pytest.approx(spectrum[0], abs=1e-3 * size)
    (stderr,) = re.findall(r"± ([0-9.e-]+) \(standard error\)", said.out)
    assert abs(number(said.out, "trace") - spectrum.sum()) < 4 * float(stderr)
    residuals = re.findall(r"residual ([0-9.e-]+) of", said.out)
    assert len(residuals) == 4
    assert all(float(residual) <= 1e-4 for residual in residuals)
    assert "30 for the trace" in said.out
    assert "eigenvalues" in said.err  # the progress bar
    assert "trace: 100%" in said.err


def test_eigenvalues_and_trace_are_kept_without_a_density(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert landscape.curvature.main([*CURVATURE, "--top", "2", "-o", "curvature.json"]) == 0
    said = capsys.readouterr().out
    found = json.loads(Path("curvature.json").read_text())
    assert [pair["rank"] for pair in found["eigenvalues"]] == [1, 2, -1]
    for pair, name in zip(
        found["eigenvalues"], ("largest", "2nd largest", "most negative"), strict=True
    ):
        assert pair["value"] == pytest.approx(number(said, name), rel=1e-5)
        assert 0 <= pair["residual"] <= 1e-4
    assert found["trace_stderr"] > 0
    words = with_error(found["trace"], found["trace_stderr"])
    assert re.search(rf"^  trace +{re.escape(words)} \(standard error\)$", said, re.MULTILINE)
    assert (found["loss"], found["ignore"], found["seed"]) == ("cross_entropy", "biasbn", 0)
    assert "curvature.json: eigenvalues and trace" in said


def test_the_density_is_a_surface_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*CURVATURE, "--ignore", "none", "--seed", "1", "--split", "test"]
    assert landscape.curvature.main([*arguments, "--density", "-o", "density.h5"]) == 0
    said = capsys.readouterr().out
    assert "over 30 test examples, 650 parameters" in said
    assert "python -m landscape.render density.h5 -o density.png" in said
    surface = open_surface("density.h5")
    assert surface.axes["x"] == {"kind": "eigenvalue", "ignore": "none"}
    step = surface.x[1] - surface.x[0]
    assert surface["density"].sum() * step == pytest.approx(1, abs=1e-4)
    for fact in ("gaussian_width", "starts", "steps", "products", "weights_sha256", "split"):
        assert fact in surface.attributes
    assert surface.attributes["seed"] == 1
    (largest, lowest) = json.loads(str(surface.attributes["eigenvalues"]))
    assert largest["value"] == pytest.approx(number(said, "largest"), rel=1e-5)
    assert lowest["rank"] == -1
    trace = (surface.attributes[name] for name in ("trace", "trace_stderr"))
    assert f" {with_error(*map(float, trace))} (standard error)" in said


def spectrum_of(operator: CurvatureOperator) -> np.ndarray:
    columns = torch.eye(operator.size)
    return np.linalg.eigvalsh(torch.stack([operator.product(c) for c in columns]).double())


def test_layers_and_mini_batches_of_another_matrix(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--matrix", "empirical-fisher", "--top", "2", "--trace-samples", "30", "--layers"]
    batches = ["--mini-batches", "3", "--mini-batch-size", "10"]
    assert landscape.curvature.main([*CURVATURE, *options, *batches, "-o", "all.json"]) == 0
    said = capsys.readouterr().out
    found = json.loads(Path("all.json").read_text())
    operator = EmpiricalFisherOperator(build_problem("users:good", limit=30))
    parts = operator.mini_batches(3, 10)
    assert "Empirical Fisher matrix of the mean loss over 30 train examples" in said
    assert (found["matrix"], found["mini_batch_size"]) == ("empirical-fisher", 10)
    pairs = [(found, operator), *zip(found["mini_batches"], parts, strict=True)]
    for numbers, matrix in pairs:
        blocks = matrix.layers()
        assert list(numbers["layers"]) == list(blocks)
        inner = zip(numbers["layers"].values(), blocks.values(), strict=True)
        for one, block in [(numbers, matrix), *inner]:
            spectrum = spectrum_of(block)
            values = [pair["value"] for pair in one["eigenvalues"]]
            assert values == pytest.approx(spectrum[:-3:-1], abs=1e-3 * spectrum[-1])
            assert one["trace"] == pytest.approx(spectrum.sum(), abs=5 * one["trace_stderr"] + 1e-6)
    largest = [one["eigenvalues"][0]["value"] for one in found["mini_batches"]]
    assert "3 mini-batches of 10 examples" in said
    words = said.partition("mini-batches of 10")[2]
    spread = with_error(float(np.mean(largest)), float(np.std(largest, ddof=1)))
    assert re.search(rf"^  largest +{re.escape(spread)} \(", words, re.MULTILINE)


def test_the_density_of_another_matrix_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--matrix", "gauss-newton", "--layers", "--density", "-o", "gauss.h5"]
    assert landscape.curvature.main([*CURVATURE, "--limit", "10", *options]) == 0
    surface = open_surface("gauss.h5")
    assert surface.main_quantity == "gauss_newton_density"
    assert surface.attributes["matrix"] == "gauss-newton"
    assert set(json.loads(str(surface.attributes["layers"]))) == set(
        GaussNewtonOperator(build_problem("users:good", limit=10)).layers()
    )
    assert landscape.render.__main__.main(["gauss.h5", "-o", "gauss.svg"]) == 0
    assert axis_label(surface, "x") == "Gauss-Newton eigenvalue"
    assert shown(surface, surface.main_quantity).label == "density of Gauss-Newton eigenvalues"


REFUSED = [
    bad("curvature", [*CURVATURE, "--matrix", "gn"], "unknown matrix 'gn'", "gauss-newton"),
    bad("curvature", [*CURVATURE, "--mini-batches", "0"], "--mini-batches 0", "at least 1"),
    bad("curvature", [*CURVATURE, "--mini-batches", "2", "--mini-batch-size", "31"], "of 31", "30"),
    bad("curvature", [*CURVATURE, "--mini-batch-size", "5"], "--mini-batches 10"),
    bad(
        "curvature",
        [*CURVATURE, "--matrix", "fisher", "--loss", "mse"],
        "'mse' is none of cross_entropy",
        "--matrix gauss-newton",
    ),
    bad("curvature", "", "no weights", "--weights"),
    bad("curvature", "--weights gone.pt", "gone.pt"),
    bad("curvature", [*CURVATURE, "--top", "0"], "--top 0", "at least 1"),
    bad("curvature", [*CURVATURE, "--top", "9999"], "9999 largest", "at most 640"),
    bad("curvature", [*CURVATURE, "--top", "many"], "--top", "'many'"),
    bad("curvature", [*CURVATURE, "--trace-samples", "5"], "--trace-samples 5", "at least 6"),
    bad("curvature", [*CURVATURE, "--seed", "-1"], "--seed -1", "at least 0"),
    bad("curvature", [*CURVATURE, "--split", "both"], "'both'", "train, test"),
    bad("curvature", [*CURVATURE, "--ignore", "bn"], "'bn'", "biasbn, none"),
    bad("curvature", [*CURVATURE, "--density"], "--density needs an output file", "-o density.h5"),
    bad("curvature", [*CURVATURE, "-o", "density2.h5"], "density2.h5", "--density"),
    bad("curvature", [*CURVATURE, "--density", "-o", "a.json"], "a.json", "-o density.h5"),
    bad("curvature", [*CURVATURE, "--density", "-o", "gone/d.h5"], "gone does not exist"),
    bad("curvature", [*CURVATURE, "--device", "gpu"], "'gpu'", "auto, cpu, cuda"),
    bad("curvature", [*CURVATURE, "--data", "digit"], "'digit'", "did you mean 'digits'?"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)
