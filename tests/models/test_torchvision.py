"""torchvision's networks: same outputs from the same weights, and networks by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from landscape.build import build_problem
from landscape.checkpoint import read_checkpoint, save_checkpoint
from landscape.errors import InputError
from landscape.models.named import build_network
from landscape.models.pretrained import pretrained_network
from tests.cases import settled

try:
    import torchvision
except (ImportError, RuntimeError) as reason:  # RuntimeError: built for another torch
    pytest.skip(f"torchvision does not import here: {reason}", allow_module_level=True)

BUILT_IN: list[tuple[str, str | None, int]] = [
    ("resnet18", None, 64),
    ("resnet34", None, 64),
    ("resnet50", None, 65),
    ("densenet121", "concatenate", 64),
]


def saved(name: str, path: Path, **settings: Any) -> nn.Module:
    """A torchvision network with non-initial statistics, saved with its weights."""
    torch.manual_seed(0)
    model = settled(torchvision.models.get_model(name, weights=None, **settings)).eval()
    torch.save(model.state_dict(), path)
    return model


@pytest.mark.parametrize(("name", "shortcuts", "side"), BUILT_IN)
def test_same_outputs_from_the_same_weights(
    tmp_path: Path, name: str, shortcuts: str | None, side: int
) -> None:
    theirs = saved(name, tmp_path / "w.pth")
    network = build_network(checkpoint=read_checkpoint(tmp_path / "w.pth"), shortcuts=shortcuts)
    assert network.name == name
    assert network.settings["classes"] == 1000
    assert list(network.model.state_dict()) == list(theirs.state_dict())
    x = torch.randn(2, 3, side, side)
    with torch.no_grad():
        ours, expected = network.model.eval()(x), theirs(x)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v3_small"])
def test_a_network_by_name_with_a_local_file(tmp_path: Path, name: str) -> None:
    theirs = saved(name, tmp_path / "w.pth", num_classes=10)
    checkpoint = read_checkpoint(tmp_path / "w.pth")
    network = build_network(f"torchvision:{name}", checkpoint, classes="10")
    assert network.name == f"torchvision:{name}"
    assert network.settings == {"classes": 10}
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(network.model.eval()(x), theirs(x))


def test_published_names_of_densenets(tmp_path: Path) -> None:
    theirs = saved("densenet121", tmp_path / "w.pth")
    state = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", name): tensor
        for name, tensor in theirs.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in state
    torch.save(state, tmp_path / "old.pth")
    network = build_network("torchvision:densenet121", read_checkpoint(tmp_path / "old.pth"))
    for name, p in network.model.named_parameters():
        assert torch.equal(p, theirs.get_parameter(name)), name


def test_checkpoint_is_read_without_naming_the_network(tmp_path: Path) -> None:
    network = build_network("torchvision:squeezenet1_1", classes=4)
    said = {"name": network.name, **network.settings}
    save_checkpoint(tmp_path / "w.pt", network.model, said)
    again = build_network(checkpoint=read_checkpoint(tmp_path / "w.pt"))
    assert (again.name, again.settings) == (network.name, network.settings)
    torch.testing.assert_close(again.model.state_dict(), network.model.state_dict())


@pytest.mark.parametrize(
    ("weights", "scale"), [(None, False), ("published", True), ("own", False)], ids=str
)
def test_published_googlenet_weights_use_another_input_scale(
    tmp_path: Path, weights: str | None, scale: bool
) -> None:
    if weights is None:
        model = build_network("torchvision:googlenet").model
    else:
        saved("googlenet", tmp_path / "w.pth", init_weights=False)
        checkpoint = read_checkpoint(tmp_path / "w.pth")
        if weights == "published":
            url = torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1.url
            sha256 = url.rpartition("-")[2].removesuffix(".pth") + "0" * 56
            checkpoint = type(checkpoint)(checkpoint.state, checkpoint.path, sha256)
        model = build_network("torchvision:googlenet", checkpoint).model
    assert model.transform_input is scale


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requested downloads, served from torchvision's networks with random weights."""
    asked: list[str] = []

    def state(url: str, **_: Any) -> dict[str, torch.Tensor]:
        asked.append(url)
        torch.manual_seed(1)
        name = url.rpartition("/")[2].partition("-")[0]
        return dict(torchvision.models.get_model(name, weights=None).state_dict())

    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", state)
    return asked


@pytest.mark.parametrize("name", ["resnet18", "torchvision:resnet18", None])
def test_weights_by_name(name: str | None, downloads: list[str]) -> None:
    network = pretrained_network(name, "ResNet18_Weights.IMAGENET1K_V1")
    assert network.name == (name or "torchvision:resnet18")
    torch.manual_seed(1)
    expected = torchvision.models.resnet18(weights=None).state_dict()
    torch.testing.assert_close(dict(network.model.state_dict()), dict(expected))
    assert downloads == ["https://download.pytorch.org/models/resnet18-f37072fd.pth"]


def test_weights_by_name_for_a_built_in_network(downloads: list[str]) -> None:
    """torchvision has the default kind of shortcuts, so it need not be given."""
    network = pretrained_network("densenet121", "DenseNet121_Weights.IMAGENET1K_V1")
    assert (network.name, network.settings["shortcuts"]) == ("densenet121", "concatenate")
    torch.manual_seed(1)
    expected = torchvision.models.densenet121(weights=None).state_dict()
    torch.testing.assert_close(dict(network.model.state_dict()), dict(expected))


def test_surface_records_the_weights(tmp_path: Path, downloads: list[str]) -> None:
    images, labels = np.zeros((3, 3, 32, 32), dtype=np.uint8), np.arange(3)
    np.savez(tmp_path / "c.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    problem = build_problem(
        "torchvision:squeezenet1_1",
        weights="SqueezeNet1_1_Weights.IMAGENET1K_V1",
        data=f"cifar10:{tmp_path / 'c.npz'}",
        preprocess="imagenet",
        device="cpu",
    )
    assert problem.attributes["model"] == "torchvision:squeezenet1_1"
    assert problem.attributes["checkpoint"] == "SqueezeNet1_1_Weights.IMAGENET1K_V1"
    assert problem.attributes["classes"] == 1000


WRONG: list[tuple[str | None, str, dict[str, Any], list[str]]] = [
    (
        "torchvision:resnet18",
        "ResNet34_Weights.IMAGENET1K_V1",
        {},
        ["torchvision:resnet34", "torchvision:resnet18", "ResNet18_Weights.IMAGENET1K_V1"],
    ),
    ("resnet34", "ResNet18_Weights.IMAGENET1K_V1", {}, ["resnet34", "is of a network with depth"]),
    ("resnet56", "ResNet18_Weights.IMAGENET1K_V1", {}, ["requested resnet56", "is of resnet18"]),
    ("resnet18", "ResNet18_Weights.IMAGENET1K_V1", {"shortcuts": "none"}, ["shortcuts none"]),
    (None, "ResNet34_Weights.V1", {}, ["'ResNet34_Weights.V1'", "ResNet34_Weights.IMAGENET1K_V1"]),
    (None, "ResNet_Weights.DEFAULT", {}, ["'ResNet_Weights.DEFAULT'", "and the like"]),
    (None, "resnet34_Weights.V1", {}, ["ResNet34_Weights.IMAGENET1K_V1"]),
    (None, "FCN_ResNet50_Weights.DEFAULT", {}, ["does not belong to a torchvision classifier"]),
    (None, "ResNet18_Weights.DEFAULT", {"classes": "10"}, ["classes", "fixed by its weights"]),
    ("torchvision:resne18", "ResNet18_Weights.DEFAULT", {}, ["'resne18'", "torchvision:resnet18"]),
]


@pytest.mark.parametrize(("name", "weights", "asked", "words"), WRONG, ids=str)
def test_weights_of_another_network(
    name: str | None, weights: str, asked: dict[str, Any], words: list[str], downloads: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        pretrained_network(name, weights, **asked)
    for word in words:
        assert word in str(caught.value)


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(url: str, **_: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", fails)
    with pytest.raises(InputError) as caught:
        pretrained_network(None, "ResNet18_Weights.IMAGENET1K_V1")
    for word in ["no route to host", "resnet18-f37072fd.pth", "weights='FILE'"]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("torchvision:resnet", {}, ["'resnet'", "did you mean", "list_models"]),
        ("torchvision:fcn_resnet50", {}, ["classifiers"]),
        ("torchvision:resnet18", {"shortcuts": "none"}, ["shortcuts is not a setting", "classes"]),
        ("torchvision:resnet18", {"classes": "many"}, ["'many'", "whole number"]),
        ("torchvision:resnet18", {"classes": 0}, ["classes", "0", "at least 1"]),
    ],
    ids=str,
)
def test_wrong_names_and_settings(name: str, asked: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        build_network(name, **asked)
    for word in words:
        assert word in str(caught.value)


def test_file_of_another_network(tmp_path: Path) -> None:
    saved("resnet18", tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"does not fit torchvision:resnet34: 'layer1\.2"):
        build_network("torchvision:resnet34", read_checkpoint(tmp_path / "w.pth"))
