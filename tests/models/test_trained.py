"""The built-in networks on the command line: trained on digits, then sampled."""

from __future__ import annotations

from pathlib import Path

import pytest

import landscape.sample
import landscape.train
from landscape.checkpoint import read_checkpoint
from landscape.render.words.captions import network
from landscape.store import open_surface

CASES = [
    ("highway5", "gate", ["carry_bias=-1"], "Highway-5 with gates"),
    ("densenet10", "none", ["growth=4"], "DenseNet-10 without shortcuts"),
    ("vgg9", "none", ["channels=4"], "VGG-9 without shortcuts"),
]
LONGER = [
    ("highway5", "none", [], "Highway-5 without shortcuts"),
    ("densenet10", "concatenate", ["growth=4"], "DenseNet-10 with concatenation"),
]


@pytest.mark.parametrize(
    ("name", "shortcuts", "settings", "words"),
    [*CASES, *(pytest.param(*case, marks=pytest.mark.long) for case in LONGER)],
    ids=str,
)
def test_trained_and_sampled(
    tmp_path: Path, name: str, shortcuts: str, settings: list[str], words: str
) -> None:
    run, surface = tmp_path / "run", tmp_path / "surface.h5"
    variant = ["--model", name, "--shortcuts", shortcuts]
    variant += ["--settings", *settings] if settings else []
    train = [*variant, "--epochs", "1", "--limit", "64", "--device", "cpu", "-o", str(run)]
    assert landscape.train.main(train) == 0
    said = read_checkpoint(run / "final.pt").settings
    assert (said["name"], said["shortcuts"], said["in_channels"]) == (name, shortcuts, 1)

    weights = ["--weights", str(run / "final.pt"), "--limit", "16", "--device", "cpu"]
    points = ["--x=-1:1:3", "--y=-1:1:3", "-o", str(surface)]
    assert landscape.sample.main([*variant, *weights, *points]) == 0
    found = open_surface(surface)
    assert found.complete
    assert found["train_loss"].shape == (3, 3)
    assert network(found) == words
    for setting in settings:
        key, _, value = setting.partition("=")
        assert found.attributes[key] == float(value)
