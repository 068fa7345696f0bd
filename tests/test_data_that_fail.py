"""Data sets, loaders and their workers that raise are one clear error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset

from landscape.data import Stream
from landscape.errors import InputError
from landscape.problem import Problem


class Gone(Dataset[Any]):
    """The fourth of eight cannot be read."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if index == 3:
            raise OSError("disk gone")
        return torch.ones(3), index % 2


class Flowing(IterableDataset[Any]):
    def __iter__(self) -> Iterator[tuple[torch.Tensor, int]]:
        return (Gone()[i] for i in range(8))


def trees(model: nn.Module, batch: Any) -> torch.Tensor:
    return model(batch[0]).square().mean(dim=1)


DATA = {
    "a dataset": (lambda: Gone(), r"element 3 .*cannot be read: OSError: disk gone"),
    "a loader": (lambda: DataLoader(Gone(), 2), r"batch 1 .*cannot be read: OSError: disk gone"),
    "an iterable": (lambda: DataLoader(Flowing(), 3), r"batch 1 .*: OSError: disk gone"),
    "a stream": (lambda: Stream(DataLoader(Flowing(), 2)), r"batch 1 .*: OSError: disk gone"),
    "a worker": (
        lambda: Stream(DataLoader(Gone(), 2, num_workers=1)),
        r"batch 1 .*cannot be read: OSError: disk gone",
    ),
}


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("objective", [None, trees])
def test_data_that_cannot_be_read(name: str, objective: Any) -> None:
    make, message = DATA[name]
    with pytest.raises(InputError, match=message):
        Problem(nn.Linear(3, 2), make(), objective=objective, device="cpu")
