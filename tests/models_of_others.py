"""A table of networks of many kinds with data, as users write them."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from landscape.data import Examples
from landscape.models import CifarResNet
from landscape.problem import Problem
from tests.cases import images, settled

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported, wherever that happens
os.environ["TRANSFORMERS_OFFLINE"] = "1"
try:
    import torchvision  # noqa: F401
except Exception:  # one that was built for another torch: others would stumble over it
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    _version = importlib.metadata.version

    def _without_torchvision(name: str) -> str:
        if name == "torchvision":
            raise importlib.metadata.PackageNotFoundError(name)
        return _version(name)

    importlib.metadata.version = _without_torchvision  # torchmetrics goes by it


@dataclass(frozen=True)
class Model:
    """A network, and how far its losses may differ from the float64 loop."""

    name: str
    make: Callable[[], Problem]
    rel: float = 3e-5
    share_off: float = 0.0  # of the examples whose largest logit may differ by rounding


def seeded(n: int, *shape: int) -> Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(3))


def labels(n: int, *shape: int, classes: int = 5) -> Tensor:
    return torch.randint(0, classes, (n, *shape), generator=torch.Generator().manual_seed(4))


def perceptron() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 5)
    )


def regression() -> Problem:
    return Problem(perceptron(), (seeded(23, 6), seeded(23, 5)), loss="mse", device="cpu")


def classification(model: nn.Module | None = None) -> Problem:
    data = (seeded(23, 6), labels(23))
    network = perceptron() if model is None else model
    return Problem(network, data, metrics=["top3"], device="cpu")


class UNet(nn.Module):
    """A small U-Net with batch normalization that returns a dict, like torchvision's."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.norm = nn.BatchNorm2d(6)
        self.last = nn.Conv2d(9, 5, 1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        up = F.relu(self.norm(self.up(self.down(x))))
        return {"aux": up, "out": self.last(torch.cat([up, x], dim=1))}


def segmentation(loss: str) -> Problem:
    data, masks = images(11), labels(11, 8, 8)
    masks[:, 0] = -100
    examples = Examples(data.inputs, masks, data.preprocess)
    metrics = ["cross_entropy", "dice_loss", "iou"]
    return Problem(settled(UNet()), examples, loss=loss, metrics=metrics, device="cpu")


def causal_language_model() -> Problem:
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=17, n_positions=12, n_embd=16, n_layer=2, n_head=2,
        bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    tokens = labels(9, 10, classes=17)
    answers = tokens.clone()
    answers[:5, 7:] = -100  # padding
    return Problem(GPT2LMHeadModel(config), (tokens, answers), loss="next_token_loss", device="cpu")


def masked_language_model() -> Problem:
    from transformers import BertConfig, BertForMaskedLM

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=17, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=12,
    )  # fmt: skip
    tokens = labels(9, 10, classes=17)
    answers = torch.where(labels(9, 10, classes=3) == 0, tokens, -100)
    answers[:, 0] = tokens[:, 0]
    return Problem(BertForMaskedLM(config), (tokens, answers), loss="token_loss", device="cpu")


def text_classifier() -> Problem:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=17, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=12,
        num_labels=5,
    )  # fmt: skip
    tokens = labels(9, 10, classes=17)
    model = DistilBertForSequenceClassification(config)
    return Problem(model, (tokens, labels(9)), metrics=["top3"], device="cpu")


class Tied(nn.Module):
    """Encoder and decoder share one matrix, also used transposed and under another name."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encode = nn.Linear(6, 6)
        self.again = nn.Linear(6, 6)
        self.again.weight = self.encode.weight

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.tanh(self.again(torch.tanh(self.encode(x))))
        return F.linear(hidden, self.encode.weight.t())


def tied() -> Problem:
    return Problem(Tied(), (seeded(23, 6), seeded(23, 6)), loss="mse", device="cpu")


class Buffers(nn.Module):
    """Buffers: a mean, an integer mask, and one that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(6, 5)
        self.register_buffer("mean", torch.linspace(-1, 1, 6))
        self.register_buffer("order", torch.tensor([3, 1, 4, 0, 5, 2]))
        self.register_buffer("scale", torch.tensor(0.5), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = (x - self.mean)[:, self.order] * self.scale
        return self.linear(z), z


class Dropouts(nn.Module):
    """Every kind of dropout that is off in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 8, 3), nn.Linear(8, 10)
        self.channels, self.single = nn.Dropout2d(0.5), nn.Dropout(0.5)
        self.attention = nn.MultiheadAttention(8, 2, dropout=0.5, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        z = self.channels(F.relu(self.first(x))).flatten(2).transpose(1, 2)
        z = F.dropout(self.attention(z, z, z)[0], 0.5, self.training)
        out: Tensor = self.last(self.single(z.mean(dim=1)))
        return out


def resnet() -> nn.Module:
    torch.manual_seed(0)
    return settled(CifarResNet(8))


class Compiled(nn.Module):
    """Parts wrapped in different ways, as for training on several GPUs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.DataParallel(nn.Sequential(nn.Linear(6, 9), nn.ReLU()))
        self.last = torch.compile(nn.Linear(9, 5))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.features(x))
        return out


def half(dtype: torch.dtype) -> Problem:
    return Problem(resnet().to(dtype), images(23), metrics=["top3"], device="cpu")


MODELS = [
    Model("mlp-mse", regression),
    Model("mlp-top3", classification),
    Model("segmentation-cross-entropy", lambda: segmentation("cross_entropy")),
    Model("segmentation-dice", lambda: segmentation("dice_loss")),
    Model("gpt2", causal_language_model),
    Model("bert", masked_language_model),
    Model("distilbert", text_classifier),
    Model("tied", tied),
    Model("buffers", lambda: classification(Buffers())),
    Model("dropout", lambda: Problem(Dropouts(), images(11), device="cpu")),
    Model("float16", lambda: half(torch.float16), 3e-3, 0.1),
    Model("bfloat16", lambda: half(torch.bfloat16), 2e-2, 0.1),
    Model("data-parallel", lambda: classification(nn.DataParallel(perceptron()))),
    Model("compiled", lambda: classification(torch.compile(perceptron()))),  # type: ignore[arg-type]
    Model("wrapped-within", lambda: classification(Compiled())),
]
