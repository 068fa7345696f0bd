"""Transformers' Trainer: its loss of all data at every point, and its training as a path."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import landscape
import tests.broken_torchvision  # noqa: F401
from landscape.checkpoint import read_checkpoint
from landscape.errors import InputError

os.environ.setdefault("HF_HUB_OFFLINE", "1")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

TEXTS = [[1, 4, 2], [3, 5, 6, 7, 2], [8, 9], [4, 4, 1, 2], [7, 3, 9, 5, 6, 2], [2, 8, 1]]


def language_model() -> nn.Module:
    torch.manual_seed(0)
    sizes = {"n_layer": 1, "n_head": 2, "n_embd": 8, "vocab_size": 10, "n_positions": 8}
    return transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, pad_token_id=0))


def padded(texts: list[dict[str, Any]]) -> dict[str, Tensor]:
    """A collator: texts of one length, where the padding does not count."""
    longest = max(len(text["input_ids"]) for text in texts)
    rows = [text["input_ids"] + [0] * (longest - len(text["input_ids"])) for text in texts]
    ids = torch.tensor(rows)
    kept = torch.tensor([[k < len(t["input_ids"]) for k in range(longest)] for t in texts])
    return {
        "input_ids": ids,
        "attention_mask": kept.long(),
        "labels": ids.masked_fill(~kept, -100),
    }


def trainer(folder: Path, cls: Any = None, **options: Any) -> Any:
    arguments = {
        key: options.pop(key)
        for key in ("max_steps", "label_smoothing_factor", "learning_rate")
        if key in options
    }
    return (cls or transformers.Trainer)(
        language_model(),
        transformers.TrainingArguments(
            str(folder / "out"),
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            per_device_train_batch_size=2,
            per_device_eval_batch_size=4,
            **arguments,
        ),
        train_dataset=[{"input_ids": text} for text in TEXTS],
        data_collator=padded,
        **options,
    )


def token_losses(model: nn.Module, text: list[int], smoothing: float = 0.0) -> Tensor:
    """The loss of every predicted token of one text, without any padding."""
    logits = model(input_ids=torch.tensor([text])).logits[0, :-1]
    targets = torch.tensor(text[1:])
    usual = nn.functional.cross_entropy(logits, targets, reduction="none")
    uniform = -logits.log_softmax(-1).mean(-1)
    return (1 - smoothing) * usual + smoothing * uniform


def naive(model: nn.Module, direction: dict[str, Tensor], x: float, smoothing: float) -> float:
    moved = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        for name, p in moved.named_parameters():
            p += x * direction[name].double()
        return torch.cat([token_losses(moved, text, smoothing) for text in TEXTS]).mean().item()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_all_tokens(tmp_path: Path, smoothing: float) -> None:
    its = trainer(tmp_path, label_smoothing_factor=smoothing)
    problem = landscape.from_trainer(its, device="cpu")
    generator = torch.Generator().manual_seed(1)
    direction = {
        name: 0.1 * torch.randn(p.shape, generator=generator) for name, p in problem.origin.items()
    }
    surface = landscape.sample_surface(
        problem, "-1:1:3", None, directions=[direction], progress=False, tune="off"
    )
    wanted = [naive(its.model, direction, x, smoothing) for x in (-1.0, 0.0, 1.0)]
    np.testing.assert_allclose(surface["train_loss"], wanted, rtol=2e-6)
    assert surface.attributes["model"] == "GPT2LMHeadModel"


def test_a_loss_of_a_subclass(tmp_path: Path) -> None:
    class Penalized(transformers.Trainer):
        def compute_loss(self, model: Any, inputs: Any, **more: Any) -> Tensor:
            square = sum(p.square().sum() for p in model.parameters())
            return super().compute_loss(model, inputs) + 0.01 * square

    its = trainer(tmp_path, Penalized)
    surface = landscape.sample_surface(
        landscape.from_trainer(its, device="cpu"), "0", None, progress=False, tune="off"
    )
    square = sum(p.double().square().sum().item() for p in its.model.parameters())
    zero = {name: torch.zeros_like(p) for name, p in its.model.named_parameters()}
    wanted = naive(its.model, zero, 0.0, 0.0) + 0.01 * square
    assert surface["train_loss"][0] == pytest.approx(wanted, rel=2e-6)


def test_both_splits(tmp_path: Path) -> None:
    its = trainer(tmp_path, eval_dataset=[{"input_ids": text} for text in TEXTS[:2]])
    problem = landscape.from_trainer(its, ("train", "test"), device="cpu")
    assert [len(split) for split in problem.splits.values()] == [6, 2]
    with pytest.raises(InputError, match=r"splits=\['val'\]: the trainer has no val data"):
        landscape.from_trainer(its, ("val",))
    its = trainer(tmp_path)
    with pytest.raises(InputError, match="the trainer has no test data; expected train"):
        landscape.from_trainer(its, ("test",))


def test_training_is_recorded(tmp_path: Path) -> None:
    kept: dict[int, nn.Module] = {}

    class Keep(transformers.TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            kept[state.global_step] = copy.deepcopy(given["model"])

    recorder = landscape.Recorder(tmp_path / "run", every=2)
    its = trainer(
        tmp_path,
        max_steps=5,
        learning_rate=0.01,
        callbacks=[recorder.trainer_callback(), Keep()],
    )
    its.train()
    kept[5] = its.model
    names = sorted(file.name for file in (tmp_path / "run").iterdir())
    assert names == ["final.pt", *(f"step_{k:06d}.pt" for k in (0, 2, 4))]
    for name, step in zip(names, (5, 0, 2, 4), strict=True):
        state = read_checkpoint(tmp_path / "run" / name).state
        for entry, true in kept[step].state_dict().items():
            torch.testing.assert_close(state[entry], true, rtol=1e-4, atol=2e-5)
    surface = landscape.sample_surface(
        landscape.from_trainer(its, device="cpu"),
        "0:1:2",
        "0:1:2",
        directions=f"pca:{tmp_path / 'run'}",
        progress=False,
        tune="off",
    )
    zero = {name: torch.zeros_like(p) for name, p in its.model.named_parameters()}
    wanted = [naive(kept[k], zero, 0.0, 0.0) for k in (0, 2, 4, 5)]
    path = surface.trajectories["run"]
    np.testing.assert_allclose(path.loss, wanted, rtol=1e-5)
    np.testing.assert_array_equal(path.step, [0, 2, 4, 5])
