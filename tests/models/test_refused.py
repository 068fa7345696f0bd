"""Networks that cannot be built: one clear error each, from Python and on the command line."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from landscape.build import build_problem
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.errors import InputError, MissingExtra
from landscape.models.named import asked_for, build_network

WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    ("resnet21", {}, ["resnet21", "6n+2", "20 and 26"]),
    ("cifar_resnet18", {}, ["6n+2", "14 and 20"]),
    ("resnext50", {}, ["'resnext50'", "resnet<6n+2>", "resnet34", "cifar_resnet50"]),
    ("resnext50", {}, ["torchvision:NAME", "package.module:function"]),
    ("Resnet34", {}, ["did you mean 'resnet34'"]),
    ("resnet20", {"channels": "8"}, ["setting of resnet20 'channels'", "width, in_channels"]),
    ("resnet34", {"width": 2}, ["setting of resnet34 'width'", "channels, in_channels, classes"]),
    ("resnet20", {"widht": "2"}, ["'widht'", "did you mean 'width'"]),
    ("resnet20", {"depth": 56}, ["setting of resnet20 'depth'"]),
    ("resnet20", {"width": "two"}, ["width of resnet20 is 'two'", "a whole number"]),
    ("resnet20", {"width": "1.5"}, ["'1.5'", "a whole number"]),
    ("resnet20", {"width": 1.5}, ["1.5", "a whole number"]),
    ("resnet20", {"classes": True}, ["classes of resnet20 is True", "a whole number"]),
    ("resnet20", {"width": "-1"}, ["width is -1", "at least 1"]),
    ("resnet18", {"channels": "0"}, ["channels is 0", "at least 1"]),
    ("resnet20", {"shortcuts": "gate"}, ["shortcuts of resnet20 'gate'", "projection, identity"]),
    ("resnet34", {"shortcuts": "concatenate"}, ["'concatenate'", "projection, identity, none"]),
    ("highway21", {}, ["highway21", "3n+2", "20 and 23"]),
    ("highway20", {"shortcuts": "concatenate"}, ["of highway20 'concatenate'", "gate, none"]),
    ("highway20", {"carry_bias": "open"}, ["carry_bias of highway20 is 'open'", "a number"]),
    ("densenet120", {}, ["densenet120", "6n+4", "118 and 124", "121, 169 and 201"]),
    ("densenet100", {"shortcuts": "gate"}, ["of densenet100 'gate'", "concatenate, none"]),
    ("densenet100", {"channels": 8}, ["densenet100 'channels'", "growth, in_channels, classes"]),
    ("densenet121", {"width": 2}, ["densenet121 'width'", "growth, channels, in_channels"]),
    ("vgg9", {"shortcuts": "gate"}, ["of vgg9 'gate'", "none"]),
    ("vgg16", {}, ["'vgg16'", "did you mean 'vgg9'", "torchvision:NAME"]),
]


@pytest.mark.parametrize(("name", "asked", "words"), WRONG, ids=str)
def test_wrong_names_and_settings(name: str, asked: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        build_network(name, **asked)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


# The network of the weights, settings recorded in the file, the request, words of the error.
OF_ANOTHER: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("resnet18", {}, {"name": "resnet56"}, ["requested resnet56", "w.pt is of resnet18"]),
    ("resnet8", {}, {"name": "resnet18"}, ["requested resnet18", "w.pt is of resnet8"]),
    ("cifar_resnet50", {}, {"name": "resnet50"}, ["requested resnet50", "is of cifar_resnet50"]),
    (
        "resnet50",
        {},
        {"name": "cifar_resnet50"},
        ["requested cifar_resnet50", "w.pt is of resnet50"],
    ),
    ("resnet18", {}, {"name": "resnet34"}, ["depth 34 (resnet34)", "depth 18 (resnet18)"]),
    ("resnet18", {}, {"shortcuts": "none"}, ["shortcuts none", "with shortcuts projection"]),
    ("resnet18", {}, {"channels": 64}, ["requested channels 64", "with channels 2"]),
    ("resnet18", {}, {"channels": "64"}, ["requested channels 64", "with channels 2"]),
    ("resnet18", {"channels": 64}, {}, ["contradicts itself", "channels 64", "channels 2"]),
    ("resnet18", {"depth": 34}, {}, ["contradicts itself", "depth 34 (resnet34)", "(resnet18)"]),
    ("densenet10", {}, {"name": "densenet121"}, ["requested densenet121", "w.pt is of densenet10"]),
    (
        "densenet121",
        {},
        {"name": "densenet100"},
        ["requested densenet100", "w.pt is of densenet121"],
    ),
    ("densenet10", {}, {"name": "densenet16"}, ["depth 16 (densenet16)", "depth 10 (densenet10)"]),
    (
        "densenet10",
        {},
        {},
        ["does not determine the shortcuts", "'concatenate' or shortcuts='none'"],
    ),
    ("highway8", {}, {"name": "resnet8"}, ["requested resnet8", "w.pt is of highway8"]),
    ("highway8", {"shortcuts": "add"}, {}, ["contradicts itself", "add", "gate or none"]),
    ("vgg9", {}, {"name": "densenet10"}, ["requested densenet10", "w.pt is of vgg9"]),
    ("resnet18", {"shortcuts": "gate"}, {}, ["contradicts itself", "gate", "fit shortcuts proj"]),
]
SMALL: dict[str, dict[str, Any]] = {"resnet18": {"channels": 2}, "resnet50": {"channels": 2}}
SMALL |= {"densenet121": {"growth": 1, "channels": 2}, "vgg9": {"channels": 2}}


@pytest.mark.parametrize(("is_of", "says", "asked", "words"), OF_ANOTHER, ids=str)
def test_weights_of_another_network(
    tmp_path: Path, is_of: str, says: dict[str, Any], asked: dict[str, Any], words: list[str]
) -> None:
    save_checkpoint(tmp_path / "w.pt", build_network(is_of, **SMALL.get(is_of, {})).model, says)
    with pytest.raises(InputError) as caught:
        build_network(checkpoint=read_checkpoint(tmp_path / "w.pt"), **asked)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_setting_given_twice() -> None:
    assert asked_for({"width": "2"}, shortcuts="none", width=None) == {
        "shortcuts": "none",
        "width": "2",
    }
    twice = "width is given twice: width=3 and settings={'width': '2'}"
    with pytest.raises(InputError, match=re.escape(twice)):
        asked_for({"width": "2"}, width=3)


@pytest.mark.parametrize(
    "build",
    [
        lambda: build_network("torchvision:resnet34"),
        lambda: build_problem(weights="ResNet34_Weights.IMAGENET1K_V1"),
    ],
    ids=["a network", "weights"],
)
def test_without_torchvision(monkeypatch: pytest.MonkeyPatch, build: Callable[[], object]) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.models", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[vision\]'"):
        build()


def test_torchvision_networks_need_weights() -> None:
    with pytest.raises(InputError, match="no weights for torchvision:resnet34"):
        build_problem("torchvision:resnet34")


def test_file_with_the_name_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(build_network("resnet8", in_channels=1).model.state_dict(), "My_Weights.V1")
    problem = build_problem(weights="My_Weights.V1", limit=2, device="cpu")
    assert problem.attributes["checkpoint"] == "My_Weights.V1"
