"""Every family: built by name, recognized from its weights, unchanged by a checkpoint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from landscape.build import build_problem
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.models.family import Family
from landscape.models.inferred import inferred_from
from landscape.models.named import FAMILIES, KINDS, Network, build_network, family_called

# A small network of each family, with non-default settings where that is cheap.
SMALL: dict[str, dict[str, Any]] = {
    "resnet18": {"channels": 3, "in_channels": 2, "classes": 7},
    "resnet50": {"channels": 2, "in_channels": 1, "classes": 3},
    "resnet18_cifar": {"channels": 3, "in_channels": 2, "classes": 7},
    "resnet50_cifar": {"channels": 2, "in_channels": 1, "classes": 3},
    "resnet8": {"width": 2, "in_channels": 2, "classes": 7},
    "cifar_resnet50": {"in_channels": 1, "classes": 3},
    "highway8": {"width": 2, "in_channels": 2, "classes": 7},
    "densenet121": {"growth": 2, "channels": 3, "in_channels": 2, "classes": 7},
    "densenet121_cifar": {"growth": 2, "in_channels": 2, "classes": 7},
    "densenet16": {"growth": 3, "in_channels": 2, "classes": 7},
    "vgg9": {"channels": 2, "in_channels": 2, "classes": 7},
    "unet": {"levels": 1, "channels": 3, "in_channels": 2, "classes": 5},
}
VARIANTS = [(name, shortcuts) for name in SMALL for shortcuts in family_called(name).shortcuts]


def built(name: str, shortcuts: str) -> Network:
    torch.manual_seed(0)
    return build_network(name, shortcuts=shortcuts, **SMALL[name])


def test_every_family_is_tested() -> None:
    assert {id(family_called(name)) for name in SMALL} == {id(family) for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.pattern)
def test_consistency_of_a_family(family: Family) -> None:
    assert {"in_channels", "classes"} <= set(family.defaults)
    assert len(set(family.shortcuts)) == len(family.shortcuts) > 0
    assert set(family.shortcuts) <= set(KINDS)
    for form in family.forms:
        if "<" not in form:
            assert family_called(form) is family
            numbers = re.fullmatch(family.pattern, form).groupdict()  # type: ignore[union-attr]
            settings = {**family.defaults, **{key: int(text) for key, text in numbers.items()}}
            assert family.name_of({**settings, "shortcuts": family.shortcuts[0]}) == form


@pytest.mark.parametrize("name", SMALL)
def test_defaults_as_values_and_as_text(name: str) -> None:
    family = family_called(name)
    few = {key: SMALL[name][key] for key in ("channels",) if key in SMALL[name]}
    own = {k: v for k, v in family.defaults.items() if k not in family.only_with} | few
    texts = {key: str(value) for key, value in own.items()}
    for network in (build_network(name, **few), build_network(name, **texts)):
        assert network.name == name
        assert network.settings["shortcuts"] == family.shortcuts[0]
        assert not family.only_with.keys() & network.settings.keys()
        for key, value in own.items():
            assert network.settings[key] == value
            assert type(network.settings[key]) is type(value)


@pytest.mark.parametrize(("name", "shortcuts"), VARIANTS)
def test_name_weights_and_checkpoint_agree(tmp_path: Path, name: str, shortcuts: str) -> None:
    network = built(name, shortcuts)
    asked = {**SMALL[name], "shortcuts": shortcuts}
    assert network.name == name
    assert network.settings.items() >= asked.items()
    recognised = [family for family in FAMILIES if family.infer(network.model.state_dict())]
    assert recognised == [family_called(name)]

    path = tmp_path / "own.pt"
    save_checkpoint(path, network.model, {"name": network.name, **network.settings})
    again = build_network(checkpoint=read_checkpoint(path))
    assert (again.name, again.settings) == (network.name, network.settings)
    torch.testing.assert_close(
        dict(again.model.state_dict()), dict(network.model.state_dict()), rtol=0, atol=0
    )
    assert build_network(name, read_checkpoint(path), **asked).settings == network.settings


@pytest.mark.parametrize(("name", "shortcuts"), VARIANTS)
def test_settings_inferred_from_weights_alone(tmp_path: Path, name: str, shortcuts: str) -> None:
    network = built(name, shortcuts)
    path = tmp_path / "bare.pt"
    torch.save(network.model.state_dict(), path)
    again = build_network(checkpoint=read_checkpoint(path), shortcuts=shortcuts)
    assert again.name == name
    shown = {key: again.settings[key] for key in SMALL[name]}
    assert shown == SMALL[name]


def test_reading_a_checkpoint_draws_no_random_numbers(tmp_path: Path) -> None:
    network = built("resnet8", "none")
    save_checkpoint(tmp_path / "w.pt", network.model, {"shortcuts": "none"})
    checkpoint = read_checkpoint(tmp_path / "w.pt")
    before = torch.random.get_rng_state()
    inferred_from(checkpoint, FAMILIES)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_settings_reach_the_problem(tmp_path: Path) -> None:
    network = build_network("resnet18", shortcuts="none", channels=3, in_channels=1, classes=10)
    path = tmp_path / "w.pt"
    torch.save(network.model.state_dict(), path)
    problem = build_problem(
        weights=path, shortcuts="none", settings={"channels": "3"}, limit=2, device="cpu"
    )
    known = {"model": "resnet18", "shortcuts": "none", "channels": 3, "in_channels": 1}
    assert problem.attributes.items() >= known.items()
