"""Scripts: benchmarks check their values, notebooks are executed in place."""

from __future__ import annotations

import base64
import io
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from landscape.checkpoint import save_checkpoint
from landscape.models import CifarResNet
from tests.conftest import ROOT, Job


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_benchmark_of_the_engine(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    result = run(
        "bench_engine.py",
        "--depth",
        "8",
        "--examples",
        "6",
        "--points",
        "2",
        "--digits",
        "5",
        "--rounds",
        "1",
        "-o",
        str(output),
    )
    assert result.returncode == 0, result.stderr
    written = json.loads(output.read_text())
    assert written["environment"]["torch"] == torch.__version__
    losses = written["compare"]["losses"]
    for way in ("loader", "float32"):
        assert losses[way] == pytest.approx(losses["plain"], rel=1e-4)
    assert losses["bfloat16"] == pytest.approx(losses["plain"], rel=0.2)
    assert all(rate > 0 for rates in written["compare"]["rates"].values() for rate in rates)


def test_each_way_of_the_engine_is_measured_alone_and_left_out(tmp_path: Path) -> None:
    output, table = tmp_path / "ablation.json", tmp_path / "ablation.md"
    few = ("--networks", "MLP", "--precisions", "float32", "--rounds", "1")
    result = run("bench_ablation.py", *few, "-o", str(output))
    assert result.returncode == 0, result.stderr
    (measured,) = json.loads(output.read_text())["results"]
    assert {"all", "plain", "none", "only fold", "only in_place"} <= measured["settings"].keys()
    assert measured["seconds_a_point"].keys() == measured["settings"].keys()
    assert max(measured["losses_off_by"].values()) < 1e-5
    assert run("bench_ablation.py", "--table", str(output), "-o", str(table)).returncode == 0
    (row,) = (line for line in table.read_text().splitlines() if line.startswith("| fold "))
    alone = measured["seconds_a_point"]["plain"][0] / measured["seconds_a_point"]["only fold"][0]
    assert row.endswith(f"/ {alone:.2f} |")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_the_gpu_benchmark_stops_without_a_gpu() -> None:
    result = run("bench_gpu.py")
    assert result.returncode == 1
    assert "no CUDA device" in result.stdout


def test_the_trial_on_a_gpu_goes_through_all_steps_on_a_cpu(tmp_path: Path) -> None:
    output = tmp_path / "trial.json"
    result = run("gpu_trial.py", "--dry-run", "-o", str(output))
    assert result.returncode == 0, result.stderr
    steps = json.loads(output.read_text())
    assert sorted(steps) == [str(number) for number in range(8)]
    errors = {name: one["largest_relative_error"] for name, one in steps["1"].items()}
    assert all(error < (0.1 if "bfloat16" in name else 1e-4) for name, error in errors.items())
    assert steps["7"]["second"]["images_per_second"] > 0
    rows = [line for line in result.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 8


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_the_trial_stops_without_a_gpu(tmp_path: Path) -> None:
    result = run("gpu_trial.py", "-o", str(tmp_path / "trial.json"))
    assert result.returncode == 1
    assert "no CUDA device" in result.stdout


def test_benchmark_of_curvature_with_and_without_a_warm_start(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights, output = tmp_path / "weights.pt", tmp_path / "bench.json"
    facts = {"name": "resnet8", "shortcuts": "projection"}
    save_checkpoint(weights, CifarResNet(8, in_channels=1), facts)
    grid = ("--limit", "6", "--x=0:0.1:2", "--device", "cpu", "--scipy")
    result = run("bench_curvature.py", "--weights", str(weights), *grid, "-o", str(output))
    assert result.returncode == 0, result.stderr
    written = json.loads(output.read_text())
    assert written["environment"]["torch"] == torch.__version__
    for way in ("warm", "cold"):
        points = written[way]["points"]
        assert len(points) == len(written["scipy_products"]) == 4
        assert written[way]["products"] == sum(point["products"] for point in points) > 0
    assert written["warm"]["products"] <= written["cold"]["products"]
    assert written["largest_difference_of_the_ratio"] < 1e-2


def test_the_tolerance_study_records_losses_and_simulates_sampling(
    tmp_path: Path, default_job: Job
) -> None:
    losses, study = tmp_path / "losses.npz", tmp_path / "study.json"
    weights = default_job.folder / "train-projection" / "final.pt"
    recorded = run(
        "tolerance_study.py",
        *("--weights", str(weights), "--data", "digits", "--points", "3", "--limit", "300"),
        *("--losses", str(losses)),
    )
    assert recorded.returncode == 0, recorded.stderr
    assert np.load(losses)["loss"].shape == (9, 300)
    options = ("--seeds", "2", "--tolerance", "20%,0.1", "-o", str(study))
    simulated = run("tolerance_study.py", "--losses", str(losses), *options)
    assert simulated.returncode == 0, simulated.stderr
    assert "factor" in simulated.stdout
    assert study.exists()


def test_the_gallery_is_made_by_commands_and_reuses_existing_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make = runpy.run_path(str(ROOT / "scripts" / "make_gallery.py"))["main"]
    few = ("--epochs", "1", "--points", "3", "--limit", "8", "--only", "vgg9,densenet121")
    said = []
    for _ in range(2):
        assert make(["-o", str(tmp_path), *few]) == 0
        said.append(capsys.readouterr().out)
    for word in ("+ python -m landscape.train --model vgg9", "densenet121 is left out"):
        assert word in said[0]
    assert "landscape.train" not in said[1]
    assert "VGG-9 without shortcuts" in (tmp_path / "gallery.html").read_text()
    assert (tmp_path / "gallery.pdf").stat().st_size > 5000
    with pytest.raises(SystemExit, match="2"):
        make(["-o", str(tmp_path), "--only", "vgg"])
    assert "--only vgg: expected names among resnet20, " in capsys.readouterr().err


def test_notebooks_are_executed_in_place_without_traces_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "short.ipynb"
    cells = [
        "import sys; print(6 * 7); print('a bar', file=sys.stderr)",
        "import matplotlib.pyplot as plt; plt.plot([0, 1]); open('left.txt', 'w').close()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.cells[0].metadata["execution"] = {"started": "yesterday"}
    nbformat.write(notebook, path)
    result = run("execute_notebooks.py", str(path))
    assert result.returncode == 0, result.stderr
    assert "short.ipynb" in result.stdout
    first, second = nbformat.read(path, as_version=4).cells
    assert [out.text for out in first.outputs] == ["42\n"]
    assert first.metadata == {}
    (picture,) = [out.data["image/png"] for out in second.outputs if "image/png" in out.data]
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        assert image.mode == "P"
        assert image.getpixel((0, 0)) == image.getpixel((image.width - 1, 0))
    assert [p.name for p in tmp_path.iterdir()] == ["short.ipynb"]


def test_a_notebook_that_contains_a_folder_of_the_machine_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "telling.ipynb"
    telling = "import os; print(os.getcwd())"
    cells = [nbformat.v4.new_code_cell(telling)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_text()
    result = run("execute_notebooks.py", str(path))
    assert result.returncode == 1
    assert "would be on the web" in result.stderr
    assert path.read_text() == before
