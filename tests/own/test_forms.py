"""A batch comes to the objective in the form of the user's loader, whatever that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.utils.data import DataLoader, Dataset, IterableDataset

import landscape
import tests.models_of_others  # noqa: F401  prepares the import of transformers
from landscape import InputError, Problem
from landscape.data import Batches, Rows, trees_from
from landscape.data.tree import (
    as_precise_as,
    described,
    leaves,
    loses_integers,
    rows_of,
    tree_sha256,
)

X, Y = torch.arange(12.0).reshape(6, 2), torch.arange(6)


@dataclass(frozen=True)
class Frozen:
    x: Tensor
    name: str = "one"


class Named(NamedTuple):
    x: Tensor
    y: Tensor


class Sketch:
    """An object that maps its tensors itself, as a graph of PyTorch Geometric does."""

    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)

    def apply(self, function: Callable[[Any], Any]) -> Sketch:
        self.__dict__.update({k: function(v) for k, v in vars(self).items()})
        return self

    def to(self, device: str) -> Sketch:
        return self.apply(lambda v: v.to(device))

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def encoding() -> Any:
    from transformers import BatchEncoding

    return BatchEncoding({"input_ids": Y, "x": X})


TREES: dict[str, Callable[[], Any]] = {
    "tensor": lambda: X,
    "dict": lambda: {"x": X, "inner": {"y": Y, "scale": 2.0}, "text": "a"},
    "list": lambda: [X, [Y]],
    "tuple": lambda: (X, None, Y),
    "named tuple": lambda: Named(X, Y),
    "dataclass": lambda: Frozen(X),
    "encoding": encoding,
    "read-only mapping": lambda: MappingProxyType({"x": X}),
    "packed": lambda: pack_sequence([X[:3], X[:2]]),
    "graph": lambda: Sketch(x=X, edges=Y[None], name="ring"),
}


@pytest.mark.parametrize("name", TREES)
def test_the_form_is_that_of_the_loader(name: str) -> None:
    tree = TREES[name]()
    seen: list[Any] = []

    def objective(model: nn.Module, batch: Any) -> Tensor:
        seen.append(batch)
        tensors = [leaf for _, leaf in leaves(batch) if isinstance(leaf, Tensor)]
        first = next(leaf for leaf in tensors if leaf.is_floating_point())
        return model(first.reshape(-1)[:2]).sum()

    Problem(nn.Linear(2, 1).double(), [tree], objective=objective, device="cpu")
    same = dict if name == "read-only mapping" else type(tree)
    assert {type(batch) for batch in seen} == {same}
    for (place, own), (other, found) in zip(leaves(tree), leaves(seen[-1]), strict=True):
        assert place == other
        if isinstance(own, Tensor):
            wanted = torch.float64 if own.is_floating_point() else own.dtype
            assert found.dtype == wanted
            assert torch.equal(found, own.to(wanted))
        else:
            assert found == own
    assert X.dtype == torch.float32


def test_what_an_objective_does_to_its_batch_is_its_own() -> None:
    def objective(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        target = batch.pop("y")
        batch["x"] = batch["x"].requires_grad_()
        return (model(batch["x"])[:, 0] - target).square()

    data = [{"x": X.clone(), "y": Y.clone()}]
    problem = Problem(nn.Linear(2, 1), data, objective=objective, device="cpu")
    landscape.sample_surface(problem, "-1:1:3", None, progress=False)
    assert list(data[0]) == ["x", "y"]
    assert not data[0]["x"].requires_grad


class Rowwise(Dataset[dict[str, Any]]):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, k: int) -> dict[str, Any]:
        return {"x": X[k].numpy(), "y": int(Y[k])}


class Flow(IterableDataset[dict[str, Tensor]]):
    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return ({"x": X[k], "y": Y[k]} for k in range(6))


def squares(model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
    return (model(batch["x"])[:, 0] - batch["y"]).square()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"x": X, "y": Y}, Rows),
        ({"x": X.numpy(), "y": Y.numpy()[::1]}, Rows),
        (Rowwise(), Rows),
        (Flow(), Rows),
        (DataLoader(Rowwise(), batch_size=4, shuffle=True), Batches),
        ([{"x": X[:4], "y": Y[:4]}, {"x": X[4:], "y": Y[4:]}], Batches),
        ({"train": {"x": X, "y": Y}}, Rows),
        ({"train": DataLoader(Rowwise(), batch_size=4, drop_last=True)}, Batches),
    ],
)
def test_the_same_loss_from_all_data(data: Any, kind: type) -> None:
    torch.manual_seed(0)
    model = nn.Linear(2, 1).double()
    problem = Problem(model, data, objective=squares, device="cpu")
    (split,) = problem.splits
    assert isinstance(problem.splits[split], kind)
    found = landscape.sample_surface(problem, [0.0], None, progress=False, batch_size=4)
    with torch.no_grad():
        wanted = [float(model(X[k].double())) - float(Y[k]) for k in range(6)]
    loss = problem.prefixed(split, "loss")
    assert found[loss][0] == pytest.approx(sum(w * w for w in wanted) / 6, rel=1e-12)
    assert found[problem.prefixed(split, "count")][0] == 6


def test_without_any_data() -> None:
    def norm(model: nn.Module, batch: None) -> Tensor:
        assert batch is None
        return torch.stack([p.square().sum() for p in model.parameters()]).sum()

    problem = Problem(nn.Linear(2, 1), None, objective=norm, device="cpu")
    surface = landscape.sample_surface(problem, "-1:1:3", None, progress=False)
    wanted = float(sum(p.square().sum() for p in problem.origin.values()))
    assert surface["loss"][1] == pytest.approx(wanted, rel=1e-6)
    assert list(surface.quantities) == ["loss", "count"]
    assert "no standard error" in surface.quantities["loss"].long_name


def test_elements_that_cannot_be_stacked() -> None:
    class Ragged(Rowwise):
        def __getitem__(self, k: int) -> dict[str, Any]:
            return {"x": X[k, : 1 + k % 2]}

    with pytest.raises(InputError, match=r"cannot be stacked.*DataLoader"):
        Problem(nn.Linear(2, 1), Ragged(), objective=squares, device="cpu")


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ({"x": X, "y": Y}, 6),
        ((X, 0.5), None),  # a tuple of a tensor and a number: not known to be rows
        ({"x": X, "scale": 0.5}, 6),
        ({"x": X, "y": Y[:5]}, None),
        ([["a", "b"], Y[:2]], None),
        (torch.tensor(1.0), None),
        (None, None),
    ],
)
def test_rows(data: Any, rows: int | None) -> None:
    assert rows_of(data) == rows


def test_fingerprint_of_a_tree() -> None:
    one, _ = tree_sha256({"x": X, "n": 3})
    assert one == tree_sha256({"x": X.clone(), "n": 3})[0]
    others = [
        {"x": X, "n": 4},
        {"y": X, "n": 3},
        {"x": X.double(), "n": 3},
        {"x": X.reshape(2, 6), "n": 3},
        {"x": X + torch.eye(6, 2), "n": 3},
        {"x": X.numpy(), "m": 3},
        Frozen(X),
        dataclasses.replace(Frozen(X), name="two"),
    ]
    found = {one, *(tree_sha256(other)[0] for other in others)}
    assert len(found) == len(others) + 1
    assert tree_sha256({"x": X, "of": object()})[1] == ["of"]
    sparse = tree_sha256(torch.eye(3).to_sparse())
    assert sparse[1] == []
    assert sparse != tree_sha256(2 * torch.eye(3).to_sparse())


def test_integers_are_never_cast() -> None:
    found = as_precise_as({"ids": torch.tensor([301]), "x": torch.tensor([301.0])}, torch.bfloat16)
    assert int(found["ids"]) == 301
    assert float(found["x"]) == 300
    assert loses_integers({"ids": torch.tensor([301])}, torch.bfloat16) is None
    assert loses_integers(torch.tensor([255.0, 0.3]), torch.bfloat16) is None
    assert loses_integers({"a": [torch.tensor([2049.0])]}, torch.float16) == "a.0"


def test_a_tree_in_words() -> None:
    assert described({"x": X, "k": 2}) == "a dict with x (6, 2), k 2"
    assert described(X) == "a tensor (6, 2)"
    assert isinstance(trees_from((X, Y)), Rows)
    assert isinstance(trees_from(TREES["packed"]()), Batches)
    assert isinstance(TREES["packed"](), PackedSequence)
    assert np.asarray(Y).dtype == np.int64
