"""Problems, data and networks of one's own on the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import landscape.connect
import landscape.curvature
import landscape.merge
import landscape.sample
import landscape.train
from landscape.checkpoint import save_checkpoint
from landscape.data import load
from landscape.store import open_surface
from tests.commands.calls import Bad, bad, check_refused, environment

MODULE = """
import torch
from torch import nn

import landscape
from landscape.data import load

X = torch.linspace(-1, 1, 48).reshape(12, 4)
Y = torch.arange(12) % 3

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))

def problem():
    return landscape.Problem(network(), (X, Y), device="cpu")

def splits():
    data = {"train": (X[:8], Y[:8]), "val": (X[8:], Y[8:])}
    return landscape.Problem(network(), data, device="cpu")

def data():
    return X, Y

def no_problem():
    return network()

class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, input_ids, labels):
        logits = self.head(self.embedding(input_ids).mean(1))
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

def classifier():
    torch.manual_seed(0)
    return Classifier()

def texts():
    ids = torch.arange(24).reshape(12, 2) % 9
    return [{"input_ids": ids[:8], "labels": Y[:8]}, {"input_ids": ids[8:], "labels": Y[8:]}]

def digits():
    torch.manual_seed(3)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
"""


@pytest.fixture
def place(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module of the user's own, as the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "ownwork.py").write_text(MODULE)
    sys.modules.pop("ownwork", None)
    yield tmp_path
    sys.modules.pop("ownwork", None)


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))


def loss(model: nn.Module) -> float:
    x = torch.linspace(-1, 1, 48).reshape(12, 4).double()
    return nn.functional.cross_entropy(model.double()(x), torch.arange(12) % 3).item()


@pytest.mark.parametrize("name", ["ownwork:problem", "ownwork.py:problem"])
def test_sample(place: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert landscape.sample.main(["--problem", name, "--x=-1:1:3", "-o", "p.h5"]) == 0
    surface = open_surface("p.h5")
    assert surface["loss"][1] == pytest.approx(loss(network(0)), rel=1e-6)
    assert surface.attributes["problem"] == name
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        f"network: Sequential of {name}, 43 parameters",
        f"weights: those of {name}",
        "data: tensors, 12 examples, preprocessing none",
        "grid: x=-1:1:3, 3 points; directions: random gaussian, normalization filter",
    ]


def test_weights_take_the_place_of_those_of_the_function(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, name in ((1, "a.pt"), (2, "b.pt")):
        torch.save(network(seed).state_dict(), name)
    arguments = ["--problem", "ownwork:problem", "--weights", "a.pt", "--x=0", "-o", "a.h5"]
    assert landscape.sample.main(arguments) == 0
    assert open_surface("a.h5")["loss"][0] == pytest.approx(loss(network(1)), rel=1e-6)
    assert "weights: a.pt" in capsys.readouterr().out
    between = ["--directions", "between:a.pt,b.pt", "--x=0:1:2", "-o", "between.h5"]
    assert landscape.sample.main(["--problem", "ownwork:problem", *between]) == 0
    ends = [loss(network(1)), loss(network(2))]
    np.testing.assert_allclose(open_surface("between.h5")["loss"], ends, rtol=1e-6)


def test_curvature_and_connect(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert landscape.curvature.main(["--problem", "ownwork:splits", "--trace-samples", "6"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("network: Sequential of ownwork:splits, 43 parameters\nweights: those")
    assert "data: tensors, 8 train examples, 4 val examples, preprocessing none\n" in said
    assert "over 8 train examples, 35 parameters" in said
    for seed, name in ((1, "a.pt"), (2, "b.pt")):
        torch.save(network(seed).state_dict(), name)
    options = ["--problem", "ownwork:problem", "--epochs", "1", "--points", "3"]
    assert landscape.connect.main(["a.pt", "b.pt", *options]) == 0
    said = capsys.readouterr().out
    assert f"loss of A {loss(network(1)):.4g}, of B {loss(network(2)):.4g}" in said
    curve = ["--problem", "ownwork:problem", "--directions", "curve:curve.pt", "--x=0:1:2"]
    assert landscape.sample.main([*curve, "--y=0:1:2", "-o", "curve.h5"]) == 0


def test_shards(place: Path) -> None:
    arguments = ["--problem", "ownwork:problem", "--x=-1:1:5", "--tune", "off", "-o"]
    assert landscape.sample.main([*arguments, "whole.h5"]) == 0
    for shard in ("1/2", "2/2"):
        assert landscape.sample.main([*arguments, "s.h5", "--shard", shard]) == 0
    parts = ["s.h5.part-1of2", "s.h5.part-2of2"]
    assert landscape.merge.main([*parts, "-o", "s.h5"]) == 0
    np.testing.assert_array_equal(open_surface("s.h5")["loss"], open_surface("whole.h5")["loss"])


def test_torchrun(place: Path) -> None:
    launch = ["torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = ["--problem", "ownwork:problem", "--x=-1:1:5", "-o", "ranks.h5"]
    result = subprocess.run(
        [sys.executable, "-m", *launch, "-m", "landscape.sample", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("network: Sequential of ownwork:problem") == 1
    assert open_surface("ranks.h5")["loss"][2] == pytest.approx(loss(network(0)), rel=1e-6)


def test_data_of_a_function(place: Path) -> None:
    options = ["--data", "ownwork:data", "--limit", "5", "--x=0", "-o", "data.h5"]
    assert landscape.sample.main(["--model", "ownwork:network", *options]) == 0
    surface = open_surface("data.h5")
    assert surface.attributes["split"] == "given"
    assert (surface.attributes["examples"], surface.attributes["population"]) == (5, 12)


def test_a_network_with_its_own_loss(place: Path) -> None:
    import ownwork  # type: ignore[import-not-found]

    options = ["--data", "ownwork:texts", "--x=0", "-o", "texts.h5"]
    assert landscape.sample.main(["--model", "ownwork:classifier", *options]) == 0
    model, losses = ownwork.classifier().double(), []
    for batch in ownwork.texts():
        for ids, label in zip(batch["input_ids"], batch["labels"], strict=True):
            losses.append(model(ids[None], label[None])["loss"].item())
    found = open_surface("texts.h5")["loss"][0]
    assert found == pytest.approx(np.mean(losses), rel=1e-6)


def digits_loss(model: nn.Module, mean: float, std: float) -> float:
    digits = load("digits", "train")
    x = (digits.inputs.double() / 16 - mean) / std
    return nn.functional.cross_entropy(model.double()(x), digits.targets).item()


@pytest.mark.parametrize(
    ("options", "mean", "std"),
    [([], 0.0, 1.0), (["--preprocess", "digits"], 0.3053, 0.3760)],
)
def test_inputs_of_a_network_trained_elsewhere_stay_raw(
    place: Path, options: list[str], mean: float, std: float, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    torch.save(model.state_dict(), "own.pt")
    arguments = ["--model", "ownwork:digits", "--weights", "own.pt", "--data", "digits", *options]
    assert landscape.sample.main([*arguments, "--x=0", "-o", "raw.h5"]) == 0
    found = open_surface("raw.h5")["train_loss"][0]
    assert found == pytest.approx(digits_loss(model, mean, std), rel=1e-6)
    how = "digits: (x/16 - [0.3053])/[0.376]" if options else "none: (x/16 - [0])/[1]"
    assert f"1,437 train examples, preprocessing {how}\n" in capsys.readouterr().out


def test_a_network_trained_here_keeps_the_preprocessing_of_its_training(place: Path) -> None:
    training = ["--model", "ownwork:digits", "--epochs", "1", "--limit", "32", "-o", "run"]
    assert landscape.train.main(training) == 0
    arguments = ["--model", "ownwork:digits", "--weights", "run/final.pt", "--x=0", "-o", "run.h5"]
    assert landscape.sample.main(arguments) == 0
    assert open_surface("run.h5").attributes["preprocess"].startswith("digits: ")


def test_an_untrained_network_is_called_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model", "ownwork:digits", "--limit", "5", "--x=0", "-o", "untrained.h5"]
    assert landscape.sample.main(arguments) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "weights: untrained, unless ownwork:digits loads them itself"
    assert said[2].startswith("data: digits, 5 of 1,437 train examples, preprocessing none: (x/16")


def test_warnings_are_one_line_each(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--problem", "ownwork:problem", "--x=0", "-o", "guess.h5"]
    assert landscape.sample.main(arguments) == 0
    said = capsys.readouterr().err
    assert "\nwarning: " in f"\n{said}"
    assert "no better than guessing" in said
    assert "sampling.py" not in said


def test_a_run_that_is_resumed_says_how_far_it_is(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--problem", "ownwork:problem", "--x=-1:1:3", "--y=-1:1:3", "-o", "p.h5"]
    for said in ("9 points; directions: random", "9 points, 9 of them done; directions: random"):
        assert landscape.sample.main(arguments) == 0
        assert f"grid: x=-1:1:3 y=-1:1:3, {said}" in capsys.readouterr().out


PROBLEM = ["--problem", "ownwork:problem"]
REFUSED = [
    *[
        bad(command, [*PROBLEM, *option], option[0], "--problem ownwork:problem", "in the function")
        for command, option in [
            ("sample", ["--model", "resnet8"]),
            ("sample", ["--data", "digits"]),
            ("sample", ["--preprocess", "none"]),
            ("sample", ["--split", "test"]),
            ("sample", ["--limit", "5"]),
            ("sample", ["--loss", "mse"]),
            ("sample", ["--metrics", "accuracy"]),
            ("sample", ["--shortcuts", "none"]),
            ("sample", ["--width", "2"]),
            ("sample", ["--settings", "width=2"]),
            ("curvature", ["--split", "test"]),
        ]
    ],
    bad("connect", ["a.pt", "a.pt", *PROBLEM, "--data", "digits"], "--data digits with --problem"),
    bad("sample", "--problem ownwork", "--problem ownwork", "FILE.py:function"),
    bad("sample", "--problem ownwork.py", "--problem ownwork.py", "FILE.py:function"),
    bad("sample", "--problem gone.py:problem", "there is no file gone.py"),
    bad("sample", "--problem ownwork:absent", "'absent' of ownwork does not exist"),
    bad("sample", "--problem ownwork:no_problem", "returned a Sequential", "landscape.Problem"),
    bad("sample", [*PROBLEM, "--weights", "a.pt"], "a.pt does not fit", "ownwork:problem"),
    bad("sample", [*PROBLEM, "--device", "gpu"], "'gpu'", "auto, cpu, cuda"),
    bad("sample", "--model gone.py:network", "there is no file gone.py", "FILE.py:function"),
    bad("sample", "--model ownwork.py", "--model ownwork.py", "FILE.py:function"),
    bad("curvature", "--problem ownwork:absent", "'absent' of ownwork does not exist"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_bad_input(place: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(place / "a.pt", nn.Linear(2, 2), {})
    check_refused(place, case, capsys)
