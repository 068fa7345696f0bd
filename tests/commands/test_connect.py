"""landscape.connect: errors, output and files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import landscape.connect
import landscape.sample
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.curve import read_curve
from landscape.models import CifarResNet
from tests.cases import settled
from tests.commands.calls import Bad, bad, check_refused

BOTH = ["projection.pt", "projection.pt", "--limit", "8", "--epochs", "1", "--points", "3"]

REFUSED = [
    bad("connect", "projection.pt", "required", "B.pt"),
    bad("connect", "projection.pt gone.pt", "gone.pt does not exist"),
    bad("connect", "gone.pt projection.pt", "gone.pt does not exist"),
    bad("connect", "projection.pt evil.pt", "evil.pt contains more than tensors"),
    bad("connect", "projection.pt none.pt", "none.pt is of a network with shortcuts none"),
    bad("connect", "projection.pt five.pt", "five.pt does not fit", "(5, 64)", "(10, 64)"),
    bad("connect", "projection.pt other.pt", "other.pt does not fit", "conv1.weight"),
    bad("connect", "projection.pt projection.pt --settings width=2", "width 2", "width 1"),
    bad("connect", "unsaid.pt unsaid.pt", "--shortcuts identity or --shortcuts none"),
    bad("connect", [*BOTH, "--data", "digit"], "did you mean 'digits'?"),
    bad("connect", [*BOTH, "--points", "2"], "--points 2", "at least 3"),
    bad("connect", [*BOTH, "--epochs", "0"], "--epochs 0", "at least 1"),
    bad("connect", [*BOTH, "--lr", "-1"], "--lr -1", "positive"),
    bad("connect", [*BOTH, "--schedule", "cosine"], "'cosine'", "onecycle"),
    bad("connect", [*BOTH, "-o", "none.pt"], "none.pt is not a curve file"),
    bad("connect", [*BOTH, "-o", "nowhere/curve.pt"], "nowhere does not exist"),
    bad("connect", [*BOTH, "-o", "text.txt"], "text.txt was not written by torch.save"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)


def write_another(name: str, shortcuts: str) -> None:
    torch.manual_seed(9)
    model = settled(CifarResNet(8, shortcuts, in_channels=1))
    save_checkpoint(Path(name), model, {"name": "resnet8", "shortcuts": shortcuts})


def test_output_and_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_another("second.pt", "none")
    arguments = ["none.pt", "second.pt", "--limit", "8", "--epochs", "1", "--points", "3"]
    assert landscape.connect.main([*arguments, "--align", "-o", "curve-none.pt"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:4]] == [
        "network",
        "weights",
        "data",
        "alignment",
    ]
    assert told[1] == "weights: none.pt"
    said = told[3:]
    assert "channels moved in 7 groups" in said[0]
    assert "loss of A " in said[1]
    assert said[2].split() == ["statistics", "line", "aligned", "line", "curve"]
    assert [line.split()[0] for line in said[3:6]] == ["stored", "interpolated", "re-estimated"]
    assert all(line.count(" at t = ") == 3 for line in said[3:6])
    assert said[6] == "curve-none.pt: the curve from none.pt to second.pt"
    curve = read_curve("curve-none.pt")
    assert curve.names == ("none.pt", "second.pt")
    torch.testing.assert_close(curve.a, read_checkpoint("none.pt").state, rtol=0, atol=0)
    other = read_checkpoint("second.pt").state
    assert not torch.equal(curve.b["conv1.weight"], other["conv1.weight"])
    square = (curve.b["conv1.weight"].square().sum(), other["conv1.weight"].square().sum())
    assert float(square[0]) == pytest.approx(float(square[1]), rel=1e-5)

    said_of = read_checkpoint("curve-none.pt").settings
    assert said_of == {
        "name": "resnet8",
        "shortcuts": "none",
        "width": 1,
        "in_channels": 1,
        "classes": 10,
    }
    # The control point is a network that can be sampled.
    sample = ["--weights", "curve-none.pt", "--limit", "5", "--x=0", "-o", "control.h5"]
    assert landscape.sample.main(sample) == 0
    # The same command finds the curve complete; without alignment it is a different one.
    capsys.readouterr()
    assert landscape.connect.main([*arguments, "--align", "-o", "curve-none.pt"]) == 0
    assert capsys.readouterr().out.splitlines() == told
    assert landscape.connect.main([*arguments, "-o", "curve-none.pt"]) == 2
    assert "curve-none.pt contains a different curve" in capsys.readouterr().err


def test_networks_without_batch_norm(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(1)
    for name in ("flat-a.pt", "flat-b.pt"):
        flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
        torch.save(flat.state_dict(), name)
    arguments = ["flat-a.pt", "flat-b.pt", "--model", "users:good", "--limit", "8"]
    assert landscape.connect.main([*arguments, "--epochs", "2", "-o", "flat.pt"]) == 0
    said = capsys.readouterr().out
    assert "re-estimated" not in said
    assert "no batch-norm statistics" in said
