"""Folders of Transformers and PEFT, and safetensors, as these libraries write them."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers
from safetensors.torch import save, save_file, save_model
from torch import Tensor, nn

from landscape.checkpoint import Partial, load_state, read_checkpoint, read_state
from landscape.errors import InputError, MissingExtra
from landscape.params import parameters_of
from landscape.planes import read_runs
from landscape.planes.runs import parameters_in

SIZES: dict[str, Any] = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 12}
SIZES |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 16}


def gpt2(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = transformers.GPT2Config(vocab_size=20, n_embd=8, n_layer=2, n_head=2, n_positions=16)
    return transformers.GPT2LMHeadModel(config).eval()


def bert(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return transformers.BertForMaskedLM(transformers.BertConfig(**SIZES)).eval()


def llama(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(**SIZES, num_key_value_heads=1)
    return transformers.LlamaForCausalLM(config).eval()


def t5(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = transformers.T5Config(vocab_size=20, d_model=8, d_ff=12, d_kv=4, num_layers=1)
    return transformers.T5ForConditionalGeneration(config).eval()


MODELS: dict[str, Callable[..., Any]] = {"GPT-2": gpt2, "BERT": bert, "Llama": llama, "T5": t5}


def assert_same(found: Any, expected: Any) -> None:
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


@pytest.mark.parametrize("size", ["5GB", "2KB"], ids=["one file", "sharded"])
@pytest.mark.parametrize("which", MODELS)
def test_a_saved_model_is_the_model(tmp_path: Path, which: str, size: str) -> None:
    """Also where tied parameters are written once."""
    model, other = MODELS[which](), MODELS[which](1)
    model.save_pretrained(tmp_path, max_shard_size=size)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1 if size == "5GB" else 2
    load_state(other, read_state(tmp_path), which)
    assert_same(other.state_dict(), model.state_dict())
    assert_same(
        parameters_in(read_state(tmp_path), parameters_of(other), which), parameters_of(model)
    )


def test_parts_of_torch_files(tmp_path: Path) -> None:
    """As Transformers wrote them before safetensors."""
    state = gpt2().state_dict()
    names = list(state)
    parts = {
        "pytorch_model-00001-of-00002.bin": names[:9],
        "pytorch_model-00002-of-00002.bin": names[9:],
    }
    for file, some in parts.items():
        torch.save({name: state[name] for name in some}, tmp_path / file)
    index = {"weight_map": {name: file for file, some in parts.items() for name in some}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert_same(read_state(tmp_path), state)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.z_first = nn.Embedding(6, 4)
        self.a_second = nn.Linear(4, 6, bias=False)
        self.a_second.weight = self.z_first.weight


def test_names_that_safetensors_left_out(tmp_path: Path) -> None:
    """It keeps the name that is first in the alphabet, PyTorch the first that was made."""
    model = Tied()
    save_model(model, str(tmp_path / "m.safetensors"))
    state = read_state(tmp_path / "m.safetensors")
    assert_same(state, model.state_dict())
    assert_same(parameters_in(state, parameters_of(model), "it"), parameters_of(model))


def test_a_header_of_128_bytes(tmp_path: Path) -> None:
    """It begins with the byte that pickles begin with."""
    path, state = tmp_path / "w.bin", {"weight": torch.arange(6.0).view(2, 3)}
    for length in range(100):
        save_file(state, path, {"a": "x" * length})
        if struct.unpack("<Q", path.read_bytes()[:8]) == (128,):
            break
    assert path.read_bytes()[0] == 0x80
    assert_same(read_state(path), state)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="looks like safetensors, but is truncated or damaged"):
        read_state(path)


@pytest.mark.parametrize("called", ["m.safetensors", "m.pt"])
def test_a_header_that_looks_like_a_pickle(tmp_path: Path, called: str) -> None:
    """Of 128 bytes: the file begins as old files of torch.save do."""
    names = ("w" * n for n in range(1, 100))
    raw = next(r for r in (save({n: torch.ones(3, 4)}) for n in names) if r[:2] == b"\x80\x00")
    (tmp_path / called).write_bytes(raw)
    assert [t.shape for t in read_state(tmp_path / called).values()] == [(3, 4)]


def test_a_safetensors_file_is_mapped(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2**22)}, tmp_path / "big.safetensors")
    found = read_state(tmp_path / "big.safetensors")
    assert "big.safetensors" in Path("/proc/self/maps").read_text()
    raw = (tmp_path / "big.safetensors").read_bytes()
    found["a"] += 1
    assert (tmp_path / "big.safetensors").read_bytes() == raw


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "a.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtra, match=r"needs safetensors.*\[hub\]"):
        read_state(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m | {"a": "../x.safetensors"}, "points outside its folder"),
        (lambda m: m | {"a": "x.safetensors"}, "its part 'x.safetensors' is missing"),
        (lambda m: m | {"a": next(iter(m.values()))}, "'a' is not in model-0000"),
        (lambda m: {}, "not an index of weights"),
        (lambda m: [1], "not an index of weights"),
    ],
)
def test_an_index_that_is_wrong(
    tmp_path: Path, change: Callable[[dict[str, str]], Any], message: str
) -> None:
    gpt2().save_pretrained(tmp_path, max_shard_size="2KB")
    path = tmp_path / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, "weight_map": change(index["weight_map"])}))
    with pytest.raises(InputError, match=message):
        read_checkpoint(tmp_path)


# adapters


def adapted(seed: int = 0, **options: Any) -> Any:
    settings = {"r": 2, "target_modules": ["c_attn"], "init_lora_weights": False, **options}
    torch.manual_seed(seed)
    return peft.get_peft_model(gpt2(), peft.LoraConfig(fan_in_fan_out=True, **settings)).eval()


def ia3(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = peft.IA3Config(
        target_modules=["c_attn"],
        feedforward_modules=[],
        init_ia3_weights=False,
        fan_in_fan_out=True,
    )
    return peft.get_peft_model(gpt2(), config).eval()


def prompts(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    return peft.get_peft_model(gpt2(), config).eval()


ADAPTERS: dict[str, Callable[..., Any]] = {
    "LoRA": adapted,
    "LoRA of embeddings": lambda seed=0: adapted(seed, target_modules=["c_attn", "wte"]),
    "DoRA": lambda seed=0: adapted(seed, use_dora=True),
    "LoRA and a whole module": lambda seed=0: adapted(seed, modules_to_save=["ln_f"]),
    "IA3": ia3,
}


def changed(model: Any) -> Any:
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.add_(torch.randn(p.shape))
    return model


@pytest.mark.filterwarnings("ignore")  # of PEFT
@pytest.mark.parametrize("which", ADAPTERS)
def test_an_adapter_is_named_as_peft_does(tmp_path: Path, which: str) -> None:
    changed(ADAPTERS[which](1)).save_pretrained(tmp_path)
    state = read_state(tmp_path)
    assert isinstance(state, Partial)
    theirs, ours = ADAPTERS[which](), ADAPTERS[which]()
    peft.set_peft_model_state_dict(theirs, peft.load_peft_weights(str(tmp_path), device="cpu"))
    before = {name: p.clone() for name, p in ours.state_dict().items()}
    load_state(ours, state, "it")
    assert_same(ours.state_dict(), theirs.state_dict())
    different = [n for n, p in ours.state_dict().items() if not torch.equal(p, before[n])]
    assert 0 < len(different) < len(before)
    trained = {n: p for n, p in ours.named_parameters() if p.requires_grad}
    assert_same(parameters_in(state, trained, "it"), {n: p.detach() for n, p in trained.items()})


@pytest.mark.filterwarnings("ignore")  # of PEFT
def test_an_adapter_of_another_name(tmp_path: Path) -> None:
    """The name is the network's: ``save_pretrained`` does not write it into the weights."""
    changed(adapted(1)).save_pretrained(tmp_path)
    state, model = read_state(tmp_path), adapted()
    torch.manual_seed(0)
    config = peft.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True)
    other = peft.get_peft_model(gpt2(), config, adapter_name="mine")
    load_state(model, state, "it")
    load_state(other, state, "it")
    lora = {n.replace(".mine.", ".default."): t for n, t in other.state_dict().items()}
    assert_same(lora, model.state_dict())


def test_an_adapter_of_a_network_without_one(tmp_path: Path) -> None:
    adapted().save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"lora_A\.weight' is not in the network"):
        load_state(gpt2(), read_state(tmp_path), "checkpoint")


# a training


class Examples(torch.utils.data.Dataset[dict[str, Tensor]]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, k: int) -> dict[str, Tensor]:
        tokens = (torch.arange(6) + k) % 20
        return {"input_ids": tokens, "labels": tokens}


@pytest.mark.parametrize("make", [gpt2, adapted], ids=["whole", "adapter"])
@pytest.mark.filterwarnings("ignore")  # of the Trainer
def test_a_run_of_the_trainer(tmp_path: Path, make: Callable[..., Any]) -> None:
    model = make()
    kept: list[dict[str, Tensor]] = []

    class Keep(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_save(self, *_: Any, **kwargs: Any) -> None:
            own = kwargs["model"].named_parameters()
            kept.append({n: p.detach().clone() for n, p in own if p.requires_grad})

    settings = transformers.TrainingArguments(
        str(tmp_path / "run"),
        max_steps=11,
        save_steps=3,
        learning_rate=0.1,
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
    )
    trainer = transformers.Trainer(model, settings, train_dataset=Examples(), callbacks=[Keep])
    trainer.train()
    trainer.save_model()  # model.safetensors beside the folders
    (run,) = read_runs([tmp_path / "run"])
    assert list(run.steps) == [3, 6, 9, 11]
    final = "adapter_model.safetensors" if make is adapted else "model.safetensors"
    assert sorted(run.left_out) == [final, "training_args.bin"]
    assert len(kept) == 4
    origin = {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}
    for params, expected in zip(run.parameters(origin), kept, strict=True):
        assert_same(params, expected)
