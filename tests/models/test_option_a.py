"""Where the zero channels of option A are: the common code, our earlier files, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import landscape
import landscape.train
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.errors import InputError
from landscape.models import ImageNetResNet
from landscape.models.named import build_network
from landscape.models.option_a import suspect

PLACES = ("centred", "behind")
IMAGES = torch.randn(6, 3, 9, 9, generator=torch.Generator().manual_seed(1))


def of_the_common_code(shortcuts: str = "identity", **settings: Any) -> nn.Module:
    """A ResNet-8 whose option A is written as in the code that published checkpoints come from."""
    torch.manual_seed(0)
    model = build_network("resnet8", shortcuts=shortcuts, **settings).model
    for stage, planes in ((model.layer2, 32), (model.layer3, 64)):
        quarter = planes // 4
        stage[0].shortcut.forward = lambda x, quarter=quarter: F.pad(
            x[:, :, ::2, ::2], (0, 0, 0, 0, quarter, quarter), "constant", 0
        )
    return model.eval()


def bare(path: Path) -> Path:
    torch.save(of_the_common_code().state_dict(), path)
    return path


def test_a_foreign_checkpoint_is_the_network_it_was_trained_as(tmp_path: Path) -> None:
    checkpoint = read_checkpoint(bare(tmp_path / "foreign.th"))
    network = build_network("resnet8", checkpoint, shortcuts="identity")
    with torch.inference_mode():
        assert torch.equal(network.model.eval()(IMAGES), of_the_common_code()(IMAGES))
    assert network.settings["zero_channels"] == "centred"


@pytest.mark.parametrize("place", PLACES)
def test_an_own_checkpoint_keeps_its_place(tmp_path: Path, place: str) -> None:
    network = build_network("resnet8", shortcuts="identity", zero_channels=place)
    save_checkpoint(tmp_path / "own.pt", network.model, {"name": "resnet8", **network.settings})
    again = build_network(checkpoint=read_checkpoint(tmp_path / "own.pt"))
    assert again.settings["zero_channels"] == place
    with torch.inference_mode():
        assert torch.equal(again.model.eval()(IMAGES), network.model.eval()(IMAGES))
    (other,) = {*PLACES} - {place}
    with pytest.raises(InputError, match=f"requested zero_channels {other}, .* {place}"):
        build_network(checkpoint=read_checkpoint(tmp_path / "own.pt"), zero_channels=other)


def test_an_own_checkpoint_from_before_the_setting_has_them_behind(tmp_path: Path) -> None:
    network = build_network("resnet8", shortcuts="identity", zero_channels="behind")
    said = {k: v for k, v in network.settings.items() if k != "zero_channels"}
    save_checkpoint(tmp_path / "own.pt", network.model, {"name": "resnet8", **said})
    assert build_network(checkpoint=read_checkpoint(tmp_path / "own.pt")).settings == (
        network.settings
    )


@pytest.mark.parametrize("shortcuts", ["projection", "none"])
def test_it_is_no_setting_of_other_shortcuts(shortcuts: str) -> None:
    assert "zero_channels" not in build_network("resnet8", shortcuts=shortcuts).settings
    with pytest.raises(InputError, match=f"shortcuts identity, .* shortcuts {shortcuts}; leave"):
        build_network("resnet8", shortcuts=shortcuts, zero_channels="centred")


def test_another_place_is_refused() -> None:
    with pytest.raises(InputError, match=r"'before'.*centred, behind"):
        build_network("resnet8", shortcuts="identity", zero_channels="before")


@pytest.mark.parametrize("place", PLACES)
def test_the_imagenet_resnets_have_it_too(place: str) -> None:
    model = ImageNetResNet(18, "identity", channels=4, zero_channels=place)
    x = torch.ones(1, 4, 2, 2)
    shortcut = model.layer2[0].downsample
    assert shortcut is not None
    expected = [0, 0, 1, 1, 1, 1, 0, 0] if place == "centred" else [1, 1, 1, 1, 0, 0, 0, 0]
    assert shortcut(x)[0, :, 0, 0].tolist() == expected


def test_a_surface_from_before_the_setting_is_resumed_with_its_place(tmp_path: Path) -> None:
    weights, path = bare(tmp_path / "foreign.th"), tmp_path / "a.h5"
    data = {"in_channels": 3, "classes": 10}
    examples = (IMAGES, torch.arange(6))

    def sampled(place: str) -> landscape.Surface:
        model = build_network(
            "resnet8", read_checkpoint(weights), shortcuts="identity", zero_channels=place, **data
        )
        facts = {"model": "resnet8", **model.settings}
        problem = landscape.Problem(model.model, examples, device="cpu", attributes=facts)
        return landscape.sample_surface(problem, "-1:1:3", None, path=path, progress=False)

    surface = sampled("behind")
    del surface.attributes["zero_channels"]
    landscape.save_surface(surface, path)
    with pytest.raises(InputError, match=r"zero_channels: the file has behind, .* has centred"):
        sampled("centred")
    assert sampled("behind").complete


def test_a_training_from_before_the_setting_goes_on(tmp_path: Path) -> None:
    words = ["--model", "resnet8", "--shortcuts", "identity", "--limit", "16", "--device", "cpu"]
    words += ["--settings", "zero_channels=behind", "-o", str(tmp_path / "run")]
    assert landscape.train.main([*words, "--epochs", "1"]) == 0
    last = tmp_path / "run" / "last.pt"
    content = torch.load(last, weights_only=True)
    del content["facts"]["zero_channels"], content["network"]["zero_channels"]
    torch.save(content, last)
    assert landscape.train.main([*words, "--epochs", "1", "--resume"]) == 0


def test_the_suspect_names_the_other_place() -> None:
    foreign = {"shortcuts": "identity", "zero_channels": "centred"}
    assert "try zero_channels=behind" in suspect(foreign)
    assert suspect({"shortcuts": "none"}) == ""
