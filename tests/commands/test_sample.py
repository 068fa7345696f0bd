"""landscape.sample: output of valid runs, and resuming an interrupted one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import landscape.sample
from landscape.store import open_surface
from tests.commands.calls import (
    SAMPLE,
    USERS,
    interrupted,
)


def test_a_model_of_the_users(folder: Path) -> None:
    assert landscape.sample.main([*USERS, "-o", "users.h5", "--seed", "3"]) == 0
    surface = open_surface("users.h5")
    assert surface.attributes["model"] == "users:good"
    assert surface.axes["x"]["seed"] == 3


@pytest.mark.parametrize(
    ("ranges", "grid"),
    [
        ([], "x=-1:1:25 y=-1:1:25"),
        (["--x=-2:1:4"], "x=-2:1:4"),
        (["--x=-2:1:4", "--y=0:1:2"], "x=-2:1:4 y=0:1:2"),
        (["--x=0.5", "--y=0:1:2"], "x=0.5:0.5:1 y=0:1:2"),
    ],
)
def test_grids(folder: Path, tmp_path: Path, ranges: list[str], grid: str) -> None:
    output = tmp_path / "s.h5"
    assert (
        landscape.sample.main(["--model", "users:good", "--limit", "2", *ranges, "-o", str(output)])
        == 0
    )
    assert str(open_surface(output).grid) == grid


def test_several_metrics_in_one_pass(folder: Path) -> None:
    arguments = [
        *SAMPLE,
        "--metrics",
        "accuracy,top5, users:margin,users:half_margin",
        "-o",
        "several.h5",
    ]
    assert landscape.sample.main(arguments) == 0
    surface = open_surface("several.h5")
    assert surface.attributes["metrics"] == "loss, accuracy, top5, margin, half_margin"
    assert surface.quantities["train_top5"].long_name.startswith("top-5 accuracy over 5 ")
    for name in ("loss", "accuracy", "top5", "margin"):
        assert np.isfinite(surface[f"train_{name}"]).all()
        assert (surface[f"train_{name}_stderr"] > 0).all()
    np.testing.assert_allclose(2 * surface["train_half_margin"], surface["train_margin"], rtol=1e-6)
    assert (surface["train_top5"] >= surface["train_accuracy"]).all()
    without = open_surface("mine.h5")
    np.testing.assert_allclose(surface["train_loss"], without["train_loss"], rtol=1e-6)


def test_a_wrapped_model_takes_weights_and_directions_of_the_plain_one(
    folder: Path, tmp_path: Path
) -> None:
    plain, wrapped = (str(tmp_path / name) for name in ("plain.h5", "wrapped.h5"))
    kept, weights = str(tmp_path / "d.h5"), str(tmp_path / "weights.pt")
    torch.save(users_network().state_dict(), weights)
    options = ["--weights", weights, "--limit", "5", "--x=-1:1:2", "--tune", "off"]
    saved = ["--save-directions", kept, "-o", plain]
    assert landscape.sample.main(["--model", "users:good", *options, *saved]) == 0
    read = ["--directions", kept, "-o", wrapped]
    assert landscape.sample.main(["--model", "users:compiled", *options, *read]) == 0
    first, second = open_surface(plain), open_surface(wrapped)
    np.testing.assert_array_equal(first["train_loss"], second["train_loss"])


def users_network() -> nn.Module:
    torch.manual_seed(5)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def test_ctrl_c_while_sampling(folder: Path) -> None:
    arguments = [
        "--model",
        "slow:slow",
        "--limit",
        "4",
        "--tune",
        "off",
        "--x=-1:1:50",
        "-o",
        "slow.h5",
    ]

    def under_way() -> bool:
        if not Path("slow.h5").exists():  # written, empty, before the first point
            return False
        time.sleep(1)
        return True

    last = interrupted(["landscape.sample", *arguments], under_way)
    part = open_surface("slow.h5")
    saved = f"{part.done.sum()} of 50 points are saved in slow.h5"
    assert last == f"interrupted: {saved}; run the same command to resume"
    assert 0 < part.done.sum() < 50
    assert landscape.sample.main(arguments) == 0
    surface = open_surface("slow.h5")
    assert surface.complete
    np.testing.assert_array_equal(surface["train_loss"][part.done], part["train_loss"][part.done])


def test_parts_that_killed_ranks_left_go_with_the_last_point(folder: Path) -> None:
    """Those of the same run, which has all their points; not those of another."""
    options = ["--model", "users:good", "--limit", "20", "--y=-1:1:2", "--tune", "off"]
    for name, seed, axis in (("rank1", "0", "-1:1:3"), ("rank2", "5", "-1:1:3")):
        part = f"whole.h5.part-{name}"
        assert landscape.sample.main([*options, f"--x={axis}", "--seed", seed, "-o", part]) == 0
    Path(".whole.h5.part-rank1.tmp").write_bytes(b"half")
    assert landscape.sample.main([*options, "--x=-1:1:3", "-o", "whole.h5"]) == 0
    left = sorted(one.name for one in Path().iterdir() if "whole.h5" in one.name)
    assert left == ["whole.h5", "whole.h5.part-rank2"]
