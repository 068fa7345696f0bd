"""Every kind of directions from the command line: interrupted, resumed, plotted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import landscape.connect
import landscape.render.__main__
import landscape.sample
import landscape.train
from landscape.store import open_surface
from landscape.surface import Surface
from tests.conftest import ROOT

TRAIN = ["--model", "resnet8", "--data", "digits", "--limit", "200", "--epochs", "3"]
DATA = ["--data", "digits", "--limit", "40", "--device", "cpu"]
FUNCTION = """
import torch


def straight(params, generator):
    return {n: torch.ones_like(p) * torch.rand(1, generator=generator) for n, p in params.items()}
"""

KINDS: dict[str, list[str]] = {
    "random": ["--weights", "a/final.pt"],
    "repeats": ["--weights", "a/final.pt", "--repeats", "3"],
    "repeats on a line": ["--weights", "a/final.pt", "--repeats", "3", "--x=-1:1:9"],
    "file": ["--weights", "a/final.pt", "--directions", "saved.h5"],
    "function": ["--weights", "a/final.pt", "--directions", "straight:straight"],
    "pca": ["--directions", "pca:a"],
    "pca of two runs": ["--directions", "pca:a,b", "--bn", "reestimate"],
    "trajectory in a random plane": ["--weights", "a/final.pt", "--trajectories", "a"],
    "between two": ["--directions", "between:a/final.pt,b/final.pt"],
    "between, interpolated": [
        *("--directions", "between:a/final.pt,b/final.pt", "--bn", "interpolate"),
    ],
    "between three": ["--directions", "between:a/final.pt,b/final.pt,a/epoch_0001.pt"],
    "aligned": ["--directions", "aligned:a/final.pt,b/final.pt", "--bn", "reestimate"],
    "curve": ["--directions", "curve:curve.pt"],
    "hessian": ["--weights", "a/final.pt", "--directions", "hessian"],
    "hessian, a line": ["--weights", "a/final.pt", "--directions", "hessian:2", "--x=-0.1:0.1:9"],
    "ascent": ["--weights", "a/final.pt", "--directions", "ascent"],
    "adaptive ascent": ["--weights", "a/final.pt", "--directions", "ascent:adaptive"],
    "whole network": [
        *("--weights", "a/final.pt", "--metrics", "eigen_ratio,gradient_norm", "--limit", "10"),
        *("--x=-0.5:0.5:3", "--y=0:0.5:2"),
    ],
}
LINES = {"between two", "between, interpolated", "aligned"}
OWN_RANGE = {"pca", "pca of two runs", "curve", "hessian", "ascent", *LINES}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two training runs, saved directions and a curve, as the current folder."""
    place, before = tmp_path_factory.mktemp("kinds"), Path.cwd()
    os.chdir(place)
    sys.path.insert(0, str(place))
    Path("straight.py").write_text(FUNCTION)
    for name, seed in (("a", "1"), ("b", "2")):
        run = [*TRAIN, "--checkpoint-every", "1", "--seed", seed, "-o", name]
        assert landscape.train.main(run) == 0
    saved = ["--weights", "a/final.pt", *DATA, "--x=0", "--y=0", "--save-directions", "saved.h5"]
    assert landscape.sample.main([*saved, "-o", "one.h5"]) == 0
    curve = ["a/final.pt", "b/final.pt", "--limit", "100", "--epochs", "1", "--points", "3"]
    assert landscape.connect.main([*curve, "-o", "curve.pt"]) == 0
    yield place
    os.chdir(before)
    sys.path.remove(str(place))


def arguments(kind: str, output: str) -> list[str]:
    """The command of a kind, on a coarse grid unless it has its own."""
    own = KINDS[kind]
    data = DATA if "--limit" not in own else [*DATA[:2], *DATA[4:]]
    ranged = kind in OWN_RANGE or any(argument.startswith("--x=") for argument in own)
    grid = [] if ranged else ["--x=-1:1:4", "--y=-1:0.5:3"]
    return [*own, *data, *grid, "--tune", "off", "-o", output]


class Stopped(BaseException):
    """The most abrupt end possible within one process."""


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_resumed_and_drawn(
    material: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = kind.replace(" ", "-")
    if kind in OWN_RANGE - LINES:  # few points in the same range
        monkeypatch.setattr("landscape.run.plan.parse_range", coarsely)
        monkeypatch.setattr("landscape.run.plan.automatic_range", coarsely_automatic)
    assert landscape.sample.main(arguments(kind, f"{name}-whole.h5")) == 0
    real, left = Surface.record, [5]

    def stopping(self: Any, index: int, values: Any) -> None:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        real(self, index, values)

    with monkeypatch.context() as patch:
        patch.setattr(Surface, "record", stopping)
        with pytest.raises(Stopped):
            landscape.sample.main(arguments(kind, f"{name}.h5"))
    assert int(open_surface(f"{name}.h5").done.sum()) == 5
    assert landscape.sample.main(arguments(kind, f"{name}.h5")) == 0
    whole, found = open_surface(f"{name}-whole.h5"), open_surface(f"{name}.h5")
    assert found.complete
    for quantity in whole.quantities:
        # Eigenvalues are computed to a tolerance and depend on where the run starts.
        tolerance = 2e-3 if "eigen" in quantity or "lambda" in quantity else 0
        np.testing.assert_allclose(found[quantity], whole[quantity], rtol=tolerance)
    assert whole.trajectories.keys() == found.trajectories.keys()
    assert landscape.render.__main__.main([f"{name}.h5", "-o", f"{name}.png"]) == 0
    assert landscape.render.__main__.main([f"{name}.h5", "-o", f"{name}.html"]) == 0
    if found.trajectories:
        path = [f"{name}.h5", "--style", "path", "-o", f"{name}-path.png"]
        assert landscape.render.__main__.main(path) == 0


def coarsely(text: str, name: str = "x") -> Any:
    start, stop, *_ = text.split(":")
    return np.linspace(float(start), float(stop), 4)


def coarsely_automatic(text: str, distance: float) -> Any:
    return np.linspace(-distance, distance, 4)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_killed_and_resumed(material: Path, kind: str) -> None:
    """The same with kill -9, at a different moment for each kind."""
    name = f"killed-{kind.replace(' ', '-')}"
    command = [sys.executable, "-m", "landscape.sample", *arguments(kind, f"{name}.h5")]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{material}"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while process.poll() is None and not Path(f"{name}.h5").exists():
        time.sleep(0.01)
    time.sleep(0.02 * len(kind))
    process.send_signal(signal.SIGKILL)
    process.wait()
    open_surface(f"{name}.h5")  # readable in any state
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert landscape.sample.main(arguments(kind, f"{name}-whole.h5")) == 0
    whole, found = open_surface(f"{name}-whole.h5"), open_surface(f"{name}.h5")
    assert found.complete
    for quantity in whole.quantities:
        tolerance = 2e-3 if "eigen" in quantity or "lambda" in quantity else 1e-6
        np.testing.assert_allclose(found[quantity], whole[quantity], rtol=tolerance)
