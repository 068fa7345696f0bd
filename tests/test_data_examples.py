"""Examples: agreement of inputs and targets, subsets, the fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from landscape.data import Examples, Preprocess
from landscape.data.preprocess import CIFAR10
from landscape.errors import InputError


def numbered(n: int) -> Examples:
    return Examples(torch.arange(n)[:, None] * 10, torch.arange(n))


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_subsets_are_nested(seed: int) -> None:
    whole = numbered(500)
    large = whole.subset(200, seed)
    for n in (1, 7, 100, 200):
        small = whole.subset(n, seed)
        assert small.targets.tolist() == large.targets[:n].tolist()
        assert len(set(small.targets.tolist())) == n == len(small)
        assert torch.equal(small.inputs[:, 0], small.targets * 10)  # pairs stay together
        assert small.population == 500


def test_seed_chooses_and_repeats() -> None:
    whole = numbered(500)
    assert whole.subset(50, 3).sha256() == whole.subset(50, 3).sha256()
    assert whole.subset(50, 3).sha256() != whole.subset(50, 4).sha256()


def test_subset_is_drawn_from_all_examples() -> None:
    chosen = numbered(10_000).subset(1_000).targets.double()
    # mean of 1,000 draws without replacement from 0 … 9,999: 4,999.5 with standard error 86.6
    assert abs(chosen.mean() - 4999.5) < 4 * 86.6


def test_subset_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    numbered(100).subset(10)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("limit", [None, 20, 21])
def test_limit_of_all_examples_keeps_the_order(limit: int | None) -> None:
    assert numbered(20).subset(limit).targets.tolist() == list(range(20))


@pytest.mark.parametrize("limit", [0, -3])
def test_limit_must_be_positive(limit: int) -> None:
    with pytest.raises(InputError, match=f"{limit}: expected at least 1"):
        numbered(20).subset(limit)


@pytest.mark.parametrize(
    ("inputs", "targets", "says"),
    [
        (torch.zeros(3, 2), torch.zeros(4), "3 inputs but 4 targets"),
        (torch.zeros(0, 2), torch.zeros(0), "no examples"),
        (torch.tensor(1.0), torch.tensor(1.0), "first dimension that runs over examples"),
        (torch.zeros(1, 2), torch.tensor(1), "first dimension that runs over examples"),
    ],
)
def test_bad_inputs_and_targets(inputs: torch.Tensor, targets: torch.Tensor, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Examples(inputs, targets)


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 4, 8, 8), (2, 8, 8, 3), (3,)])
def test_preprocessing_for_another_number_of_channels(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="cifar10 is for 3 channels"):
        Examples(torch.zeros(shape), torch.zeros(shape[0]), CIFAR10)


def test_population_smaller_than_the_examples() -> None:
    with pytest.raises(InputError, match="3 examples out of a population of 2"):
        Examples(torch.zeros(3), torch.zeros(3), population=2)


def by_hand(examples: Examples) -> str:
    """The fingerprint computed with plain numpy."""
    p = examples.preprocess
    parts = [repr((p.scale, p.mean, p.std)).encode()]
    for tensor in (examples.inputs, examples.targets):
        array = np.ascontiguousarray(tensor.numpy())
        parts += [f"{tensor.dtype}{tuple(tensor.shape)}".encode(), array.tobytes()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


BASE = torch.arange(24).reshape(4, 6) % 5
VIEWS = {
    "uint8": BASE.to(torch.uint8),
    "bool": BASE > 2,
    "float32": BASE.to(torch.float32) / 3,
    "float64": BASE.to(torch.float64) / 3,
    "float16": BASE.to(torch.float16) / 3,
    "int64": BASE,
    "int16": BASE.to(torch.int16),
    "transposed": BASE.t(),
    "every second": BASE[:, ::2],
    "expanded (stride 0)": BASE[:, :1].expand(4, 6),
    "no values": BASE[:, :0],
    "vector": BASE[0],
}


@pytest.mark.parametrize("inputs", VIEWS.values(), ids=VIEWS.keys())
def test_sha256_matches_plain_numpy(inputs: torch.Tensor) -> None:
    examples = Examples(inputs, torch.arange(len(inputs)))
    assert examples.sha256() == by_hand(examples)
    assert Examples(inputs.clone(), torch.arange(len(inputs))).sha256() == examples.sha256()


def test_sha256_of_bfloat16() -> None:
    inputs = torch.arange(4).to(torch.bfloat16)
    assert Examples(inputs, inputs).sha256() != Examples(inputs + 1, inputs).sha256()


ORIGINAL = Examples(BASE.to(torch.uint8), torch.arange(4), Preprocess(255.0, (0.5,), (0.25,)))


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": ORIGINAL.inputs + 1},
        {"inputs": ORIGINAL.inputs.to(torch.int16)},
        {"inputs": ORIGINAL.inputs.reshape(4, 3, 2)},
        {"targets": ORIGINAL.targets.flip(0)},
        {"preprocess": Preprocess(255.0, (0.5,), (0.2500000001,))},
        {"preprocess": Preprocess(16.0, (0.5,), (0.25,))},
    ],
    ids=["a value", "the type", "the shape", "the labels", "the tenth digit", "the scale"],
)
def test_sha256_changes_with(change: dict) -> None:
    assert replace(ORIGINAL, **change).sha256() != ORIGINAL.sha256()


@pytest.mark.parametrize(
    "change",
    [{"source": "elsewhere"}, {"preprocess": Preprocess(255, [0.5], [0.25], "given")}],
    ids=["the source", "the name of the preprocessing"],
)
def test_sha256_does_not_depend_on_names(change: dict) -> None:
    assert replace(ORIGINAL, **change).sha256() == ORIGINAL.sha256()
