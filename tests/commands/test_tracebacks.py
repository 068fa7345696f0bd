"""Odd tensors, tiny losses, closed streams and full memory end in a message, not in a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import landscape
from landscape import Grid, Surface, commandline
from landscape.errors import InputError
from landscape.render.heights import upper_clip
from landscape.surface import Quantity
from tests.commands.calls import environment

X, Y = torch.randn(8, 4), torch.arange(8) % 3
ODD = {
    "sparse": (X.to_sparse(), Y),
    "compressed": (X.to_sparse_csr(), Y),
    "sparse targets": (X, Y.to_sparse()),
    "meta": (X.to("meta"), Y),
    "meta targets": (X, Y.to("meta")),
    "quantized": (torch.quantize_per_tensor(X, 0.1, 0, torch.qint8), Y),
}


@pytest.mark.parametrize("kind", ODD)
def test_tensors_without_plain_numbers_are_refused(kind: str) -> None:
    with pytest.raises(InputError, match="is a tensor that is"):
        landscape.Problem(nn.Linear(4, 3), ODD[kind], device="cpu")


def summed(model: nn.Module, batch: Any) -> torch.Tensor:
    return model(batch["x"].to_dense()).square().sum(1)


def test_an_objective_takes_sparse_tensors_and_no_empty_ones() -> None:
    problem = landscape.Problem(
        nn.Linear(4, 3), [{"x": X.to_sparse()}], objective=summed, device="cpu"
    )
    assert problem.quantities
    with pytest.raises(InputError, match="meta"):
        landscape.Problem(nn.Linear(4, 3), [{"x": X.to("meta")}], objective=summed, device="cpu")


class WithBuffer(nn.Module):
    def __init__(self, buffer: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("kept", buffer)
        self.last = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(x)


def test_networks_with_odd_buffers() -> None:
    problem = landscape.Problem(WithBuffer(torch.eye(4).to_sparse()), (X, Y), device="cpu")
    assert problem.attributes["weights_sha256"]
    for network in (WithBuffer(torch.empty(4, device="meta")), nn.Linear(4, 3, device="meta")):
        with pytest.raises(InputError, match="meta"):
            landscape.Problem(network, (X, Y), device="cpu")


@pytest.mark.parametrize("value", [5e-324, 1e-310, 2e-308])
def test_a_loss_below_all_normal_numbers_is_drawn(tmp_path: Path, value: float) -> None:
    from landscape import render

    grid = Grid(np.arange(4.0))
    values = {"loss": np.full(4, value)}
    surface = Surface(grid, {"loss": Quantity("loss", "nats")}, values, np.ones(4, bool))
    upper_clip([values["loss"]], "log")
    assert render.save(surface, tmp_path / "a.svg").exists()


def test_memory_that_runs_out_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def greedy(argv: object) -> None:
        raise MemoryError("Unable to allocate 1 TiB")

    assert commandline.run(greedy, []) == 2
    assert capsys.readouterr().err.startswith("error: not enough memory (Unable to allocate 1 TiB)")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path: Path, closed: str) -> None:
    """Also the next file that is opened must not take their place."""
    words = f"{sys.executable} -m landscape.convert example:digits_between s.h5 --to legacy"
    done = subprocess.run(
        ["sh", "-c", f"{words} {closed}"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert landscape.open_surface(tmp_path / "s.h5").complete
