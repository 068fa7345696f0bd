"""The history of a training run: its numbers and its file."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from landscape.checkpoint import read_checkpoint
from landscape.data import Examples, load_splits
from landscape.errors import InputError
from landscape.models.named import build_network
from landscape.training import evaluate_examples
from landscape.training.history import History, read_history
from tests.training.runs import (
    COLUMNS,
    resnet8,
)


def test_history_matches_the_saved_weights(digits: dict[str, Examples], whole: Path) -> None:
    history = read_history(whole / "history.h5")
    for epoch in (1, 2, 3):
        network = build_network(checkpoint=read_checkpoint(whole / f"epoch_{epoch:04d}.pt"))
        model = network.model.double().eval()
        for split, examples in digits.items():
            pixels = examples.inputs.numpy().astype(np.float64)
            inputs = torch.from_numpy((pixels / 16 - 0.3053) / 0.3760)
            with torch.no_grad():
                logits = model(inputs).numpy()
            labels = examples.targets.numpy()
            rows = np.arange(len(labels))
            losses = np.log(np.exp(logits).sum(axis=1)) - logits[rows, labels]
            loss, error = losses.mean(), (logits.argmax(axis=1) != labels).mean()
            assert history.columns[f"{split}_loss"][epoch - 1] == pytest.approx(loss, abs=1e-5)
            assert history.columns[f"{split}_error"][epoch - 1] == pytest.approx(error, abs=1e-12)


def test_history_opens_in_xarray(whole: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    history = read_history(whole / "history.h5")
    with xarray.open_dataset(whole / "history.h5", engine="h5netcdf") as data:
        assert dict(data.sizes) == {"epoch": 3}
        assert data["epoch"].values.tolist() == [1, 2, 3]
        assert set(data.data_vars) == set(COLUMNS)
        for name in COLUMNS:
            assert data[name].dims == ("epoch",)
            assert data[name].values.tolist() == history.columns[name]
        assert data["train_loss"].attrs["units"] == "nats"
        said = {**data.attrs}
    assert said["model"] == "resnet8"
    assert said["seed"] == 3
    assert said["shortcuts"] == "projection"
    assert said["preprocess"] == str(load_splits("digits")["train"].preprocess)


def test_history_round_trip(tmp_path: Path) -> None:
    history = History(attributes={"lr": 0.1, "epochs": 2, "model": "resnet8"})
    rows = [[0.1 + 0.2, 1 / 3, math.inf, math.nan, 1e-300], [5e-324, 0.0, -0.0, 1e308, 0.1]]
    for row in rows:
        history.append(**dict(zip(COLUMNS, row, strict=True)))
    history.save(tmp_path / "h.h5")
    again = read_history(tmp_path / "h.h5")
    assert again.attributes == history.attributes
    np.testing.assert_array_equal(
        np.array([again.columns[name] for name in COLUMNS]).T, np.array(rows)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["h.h5"]


def test_bad_history_files(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("epoch 1")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_group("train_loss")
    for name, word in [
        ("none.h5", "does not exist"),
        ("text.h5", "is not a training history"),
        ("other.h5", "is not a training history"),
    ]:
        with pytest.raises(InputError, match=word):
            read_history(tmp_path / name)
    with pytest.raises(InputError, match="cannot write"):
        History().save(tmp_path / "text.h5" / "h.h5")


def test_evaluation_does_not_depend_on_the_batches(digits: dict[str, Examples]) -> None:
    torch.manual_seed(0)
    model = resnet8().model
    expected = evaluate_examples(model, digits["train"], batch_size=40)
    for batch_size in (1, 7, 39):
        found = evaluate_examples(model, digits["train"], batch_size)
        assert found == pytest.approx(expected, abs=1e-6)
    assert model.training
