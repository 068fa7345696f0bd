"""Transformers, and an adapter of PEFT, on batches that are padded to their longest text."""

from __future__ import annotations

from typing import Any

import peft
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor, nn
from torch.utils.data import DataLoader

import landscape
from tests.cases_of_users.case import Case

TEXTS = [[3, 5, 2], [7, 1, 4, 9, 6], [8, 2], [5, 5, 10, 1], [9, 3, 7]]
CLASSES = [0, 2, 1, 0, 2]


def padded(texts: list[list[int]]) -> dict[str, Tensor]:
    ids = nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts], batch_first=True)
    kept = ids > 0
    labels = ids.masked_fill(~kept, -100)
    return {"input_ids": ids, "attention_mask": kept.long(), "labels": labels}


def texts() -> DataLoader[Any]:
    return DataLoader(TEXTS, batch_size=3, collate_fn=padded)  # type: ignore[arg-type]


def next_tokens(model: nn.Module) -> Tensor:
    """The mean over all predicted tokens, one text and one token at a time, without padding."""
    losses = []
    for text in TEXTS:
        logits = model(input_ids=torch.tensor([text])).logits[0]
        for place, following in enumerate(text[1:]):
            losses.append(torch.logsumexp(logits[place], 0) - logits[place, following])
    return sum(losses) / len(losses)  # type: ignore[return-value]


def gpt2() -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=11, n_positions=8, n_embd=8, n_layer=1, n_head=2)
    return transformers.GPT2LMHeadModel(config), texts()


def llama() -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=11,
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=8,
    )
    return transformers.LlamaForCausalLM(config), texts()


def language(model: Any, data: Any) -> landscape.Problem:
    return landscape.Problem(model, data)


def classified(rows: list[tuple[list[int], int]]) -> dict[str, Tensor]:
    batch = padded([text for text, _ in rows])
    return {**batch, "labels": torch.tensor([label for _, label in rows])}


def bert() -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=11,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=8,
        num_labels=3,
    )
    rows = list(zip(TEXTS, CLASSES, strict=True))
    loader = DataLoader(rows, batch_size=3, collate_fn=classified)  # type: ignore[arg-type]
    return transformers.BertForSequenceClassification(config), loader


def bert_naive(model: nn.Module, data: Any) -> dict[str, Tensor]:
    total = torch.zeros((), dtype=torch.float64)
    for text, label in zip(TEXTS, CLASSES, strict=True):
        logits = model(input_ids=torch.tensor([text])).logits[0]
        total = total + torch.logsumexp(logits, 0) - logits[label]
    return {"loss": total / len(TEXTS)}


def lora() -> tuple[nn.Module, Any]:
    model, data = gpt2()
    config = peft.LoraConfig(
        r=2, target_modules=["c_attn"], fan_in_fan_out=True, init_lora_weights=False
    )
    return peft.get_peft_model(model, config), data


def lora_problem(model: Any, data: Any) -> landscape.Problem:
    return landscape.Problem(model, data, parameters="lora_*")


def lora_naive(model: Any, data: Any) -> dict[str, Tensor]:
    """By a plain GPT-2 with W + (α / r) B A in place of W."""
    plain = transformers.GPT2LMHeadModel(model.base_model.model.config).double().eval()
    own = {name.removeprefix("base_model.model."): p for name, p in model.named_parameters()}
    layer = "transformer.h.0.attn.c_attn"
    low, high = (own.pop(f"{layer}.lora_{x}.default.weight") for x in "AB")
    weights = {name.replace("base_layer.", ""): p for name, p in own.items()}
    alpha, r = 8, 2
    weights[f"{layer}.weight"] = weights[f"{layer}.weight"] + alpha / r * (high @ low).T

    def by_name(**batch: Tensor) -> Any:
        return torch.func.functional_call(plain, weights, (), batch)

    return {"loss": next_tokens(by_name)}  # type: ignore[arg-type]


def vit() -> tuple[nn.Module, Any]:
    torch.manual_seed(0)
    config = transformers.ViTConfig(
        image_size=6,
        patch_size=3,
        num_channels=1,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        num_labels=3,
    )
    rows = [{"pixel_values": torch.randn(1, 6, 6), "labels": label} for label in CLASSES]
    return transformers.ViTForImageClassification(config), DataLoader(rows, batch_size=2)  # type: ignore[arg-type]


def vit_naive(model: nn.Module, data: Any) -> dict[str, Tensor]:
    rows = [(row["pixel_values"].double(), row["labels"]) for row in data.dataset]
    losses = [F.cross_entropy(model(x[None]).logits[0], torch.tensor(y)) for x, y in rows]
    return {"loss": torch.stack(losses).mean()}


CASES = {
    "GPT-2": Case(gpt2, language, lambda model, data: {"loss": next_tokens(model)}),
    "Llama": Case(llama, language, lambda model, data: {"loss": next_tokens(model)}),
    "BERT": Case(bert, language, bert_naive),
    "ViT": Case(vit, language, vit_naive),
    "LoRA": Case(lora, lora_problem, lora_naive),
}
