"""Python objects of every form give the same examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from landscape.data import Examples, Preprocess, examples_from
from landscape.errors import InputError

N = 10
X = torch.arange(N * 12, dtype=torch.float32).reshape(N, 3, 4)
Y = (torch.arange(N) * 3) % 7


class Counting(Dataset):
    """Pairs of a tensor and a Python int; counts how often each is read."""

    def __init__(self) -> None:
        self.reads = [0] * N

    def __len__(self) -> int:
        return N

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        self.reads[i] += 1
        return X[i], int(Y[i])


class Stream(IterableDataset):
    def __iter__(self) -> Iterator[tuple[np.ndarray, int]]:
        return iter([(x.numpy(), int(y)) for x, y in zip(X, Y, strict=True)])


def pairs() -> list[tuple[Any, Any]]:
    return [(x.numpy(), int(y)) for x, y in zip(X, Y, strict=True)]


def own_collate(items: list[tuple[torch.Tensor, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.stack([x for x, _ in items]), torch.tensor([y for _, y in items])


FORMS: dict[str, Any] = {
    "tensors": (X, Y),
    "numpy": (X.numpy(), Y.numpy()),
    "list of two": [X, Y],
    "labels as a list": (X, Y.tolist()),
    "int32 labels": (X.numpy(), Y.numpy().astype(np.int32)),
    "uint8 labels": (X, Y.to(torch.uint8)),
    "uint16 labels": (X.numpy(), Y.numpy().astype(np.uint16)),
    "uint32 labels": (X, Y.to(torch.uint32)),
    "uint64 labels": (X.numpy(), Y.numpy().astype(np.uint64)),
    "uint16 labels of a Dataset": TensorDataset(X, Y.to(torch.uint16)),
    "uint32 labels of a loader": DataLoader(TensorDataset(X, Y.to(torch.uint32)), batch_size=4),
    "big-endian": (X.numpy().astype(">f4"), Y.numpy().astype(">i8")),
    "negative strides": (X.numpy()[::-1].copy()[::-1], Y.numpy()[::-1].copy()[::-1]),
    "Fortran order": (np.asfortranarray(X.numpy()), Y.numpy()),
    "gradients": (X.clone().requires_grad_(), Y),
    "TensorDataset": TensorDataset(X, Y),
    "Dataset": Counting(),
    "Subset": Subset(Counting(), range(N)),
    "list of pairs": pairs(),
    "IterableDataset": Stream(),
    "DataLoader": DataLoader(Counting(), batch_size=4),
    "batches of one": DataLoader(Counting(), batch_size=1),
    "shuffled": DataLoader(Counting(), batch_size=4, shuffle=True),
    "drop_last": DataLoader(Counting(), batch_size=4, drop_last=True),
    "shuffled, drop_last": DataLoader(Counting(), batch_size=3, shuffle=True, drop_last=True),
    "own collate": DataLoader(Counting(), batch_size=4, shuffle=True, collate_fn=own_collate),
    "loader of a stream": DataLoader(Stream(), batch_size=4),
    "ready batches": DataLoader([(X[:6], Y[:6]), (X[6:], Y[6:])], batch_size=None),
    "batch sampler": DataLoader(Counting(), batch_sampler=[[0, 1, 2], [3, 4], [5, 6, 7, 8, 9]]),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS.keys())
def test_every_form_gives_the_same_examples(data: Any) -> None:
    examples = examples_from(data)
    assert torch.equal(examples.inputs, X)
    assert examples.inputs.dtype == torch.float32
    assert examples.targets.dtype == torch.int64
    assert torch.equal(examples.targets, Y)
    assert not examples.inputs.requires_grad
    assert (examples.source, examples.population) == ("tensors", N)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, N - 1])
def test_an_input_that_is_not_finite_is_named_before_anything_is_computed(
    where: int, value: float
) -> None:
    inputs, targets = X.clone(), torch.zeros(N)
    inputs[where].view(-1)[-1] = value
    with pytest.warns(UserWarning, match=f"inputs of 1 of {N} examples .* example {where};"):
        examples_from((inputs, targets))
    targets[where] = value
    with pytest.warns(UserWarning, match=f"targets of 1 of {N} .* first of example {where};"):
        examples_from((X, targets))


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_element_is_read_once(shuffle: bool) -> None:
    dataset = Counting()
    examples_from(DataLoader(dataset, batch_size=3, shuffle=shuffle, drop_last=True))
    assert dataset.reads == [1] * N
    examples_from(dataset)
    assert dataset.reads == [2] * N


@pytest.mark.parametrize("data", [FORMS["shuffled"], FORMS["DataLoader"], (X, Y), Counting()])
def test_global_random_state_is_unchanged(data: Any) -> None:
    before = torch.get_rng_state()
    examples_from(data)
    assert torch.equal(before, torch.get_rng_state())


def test_custom_sampler_is_respected() -> None:
    chosen = DataLoader(Counting(), batch_size=2, sampler=SubsetRandomSampler([1, 4, 7]))
    assert sorted(examples_from(chosen).inputs[:, 0, 0].tolist()) == [12.0, 48.0, 84.0]
    few = DataLoader(Counting(), batch_size=2, sampler=RandomSampler(range(N), num_samples=4))
    assert len(examples_from(few)) == 4


def test_examples_are_returned_unchanged() -> None:
    examples = Examples(X, Y, Preprocess(2.0), "mine", 50)
    assert examples_from(examples) is examples
    assert examples_from(examples, preprocess=Preprocess(2.0)) is examples
    with pytest.raises(InputError, match="mine: these examples already have preprocessing"):
        examples_from(examples, preprocess=Preprocess(3.0))


def test_preprocess_and_source_are_kept() -> None:
    chosen = Preprocess(1.0, (1.0, 2.0, 3.0), (1.0, 1.0, 2.0))
    examples = examples_from((X, Y), preprocess=chosen, source="mine")
    assert (examples.preprocess, examples.source) == (chosen, "mine")
    with pytest.raises(InputError, match="mine: preprocessing none is for 2 channels"):
        examples_from((X, Y), preprocess=Preprocess(1.0, (1.0, 2.0), (1.0, 1.0)), source="mine")


def test_tensors_are_not_copied() -> None:
    assert examples_from((X, Y)).inputs.data_ptr() == X.data_ptr()


@pytest.mark.parametrize(
    ("target", "dtype"),
    [(3, torch.int64), (0.5, torch.float32), (np.float64(0.5), torch.float64), (True, torch.bool)],
)
def test_scalar_targets(target: Any, dtype: torch.dtype) -> None:
    targets = examples_from([(X[0], target), (X[1], target)]).targets
    assert (targets.dtype, targets.tolist()) == (dtype, [target, target])


def test_vector_targets() -> None:
    examples = examples_from([(X[k], np.ones(5) * k) for k in range(3)])
    assert examples.targets.shape == (3, 5)


class NoLength(Dataset):
    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return X[i], 0


WRONG: dict[str, tuple[Any, list[str]]] = {
    "inputs of two shapes": (
        [(torch.zeros(3, 4), 0), (torch.zeros(3, 4), 1), (torch.zeros(3, 5), 1)],
        ["input of element 2", "(3, 5)", "(3, 4)"],
    ),
    "targets of two shapes": (
        [(X[0], torch.zeros(2)), (X[1], torch.zeros(3))],
        ["target of element 1", "(3,)", "(2,)"],
    ),
    "batches of two shapes": (
        DataLoader([(X[:2], Y[:2]), (X[2:, :2], Y[2:])], batch_size=None),
        ["input of batch 1", "(2, 4)", "(3, 4)"],
    ),
    "single elements from a loader": (
        DataLoader(Counting(), batch_size=None),
        ["target of batch 0", "single number"],
    ),
    "more targets": ((X, Y[:5]), ["10 inputs but 5 targets"]),
    "single numbers": ((1.0, 2.0), ["first dimension"]),
    "three things": ((X, Y, Y), ["length 3", "(input, target)"]),
    "elements of three": (TensorDataset(X, Y, Y), ["element 0", "length 3"]),
    "dicts": ([{"pixels": X[0], "label": 1}], ["element 0 is a dict"]),
    "only inputs": (X, ["element 0 is a Tensor"]),
    "text targets": ([(X[0], "cat")], ["element 0: the target", "str"]),
    "text arrays": ((X.numpy(), np.array(["cat"] * N)), ["the target", "ndarray"]),
    "an image object": ([(object(), 1)], ["the input", "transform to tensors"]),
    "ragged list": (([[1.0], [1.0, 2.0]], [0, 1]), ["the input", "list"]),
    "no elements": ([], ["no examples"]),
    "no batches": (DataLoader(TensorDataset(X[:0], Y[:0])), ["no examples"]),
    "no length": (NoLength(), ["NoLength", "a Dataset with a length"]),
    "a name": ("digits", ["str", "DataLoader"]),
    "a dict": ({"train": (X, Y)}, ["dict", "DataLoader"]),
    "nothing": (None, ["NoneType"]),
}


@pytest.mark.parametrize(("data", "says"), WRONG.values(), ids=WRONG.keys())
def test_bad_data(data: Any, says: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        examples_from(data, source="mine")
    for words in ("mine: ", *says):
        assert words in str(caught.value)
