"""Bugs found by fuzzing files and command lines, each as a minimal case."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from landscape.checkpoint import read_checkpoint
from landscape.data import load, load_splits
from landscape.directions.file import facts_in_file, save_directions
from landscape.directions.pca import principal_components
from landscape.errors import InputError
from landscape.store import open_surface
from tests.commands.calls import Bad, bad, check_refused

REFUSED = [
    bad("convert", ["surface.h5", "."], "cannot write .", "is a folder"),
    bad("info", ["a" * 300], "a" * 200, "File name too long", "check the name"),
    bad("render", "surface.h5 -o o.html --elevation inf", "elevation inf", "finite"),
    bad("render", "surface.h5 -o o.html --azimuth nan", "azimuth nan", "finite"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: str(case)[:60])
def test_bad_input(folder: Path, case: Bad, capsys: pytest.CaptureFixture[str]) -> None:
    check_refused(folder, case, capsys)


def saved() -> bytes:
    made = io.BytesIO()
    torch.save({"weight": torch.arange(64.0)}, made)
    return made.getvalue()


def test_a_changed_weight_is_detected_by_the_checksum_of_the_archive(tmp_path: Path) -> None:
    """torch.load does not verify it."""
    path, raw = tmp_path / "c.pt", bytearray(saved())
    raw[raw.index(np.float32(3.0).tobytes() + np.float32(4.0).tobytes())] ^= 1
    changed = torch.load(io.BytesIO(raw), weights_only=True)["weight"]
    assert not torch.equal(changed, torch.arange(64.0))
    path.write_bytes(raw)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_checkpoint(path)


@pytest.mark.parametrize("end", [-22, -10])
def test_an_archive_whose_directory_is_damaged(tmp_path: Path, end: int) -> None:
    path, raw = tmp_path / "c.pt", bytearray(saved())
    directory = raw.index(b"PK\x01\x02")
    raw[directory : directory + 4] = b"\xff" * 4
    raw[end] ^= 1
    path.write_bytes(raw)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_checkpoint(path)


def test_an_archive_that_unpacks_into_more_than_its_size(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2**24))
    with pytest.raises(InputError, match="truncated or damaged"):
        read_checkpoint(path)


def test_an_archive_with_two_members_of_one_name(tmp_path: Path) -> None:
    """Of which readers take different ones."""
    np.savez(tmp_path / "a.npz", x_train=np.eye(3), y_train=np.arange(3))
    torch.save((torch.eye(3), torch.arange(3)), tmp_path / "a.pt")
    (tmp_path / "c.pt").write_bytes(saved())
    readers = {"a.npz": load_splits, "a.pt": load_splits, "c.pt": read_checkpoint}
    for name, read in readers.items():
        path = tmp_path / name
        read(str(path))
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(archive.namelist()[-1], archive.read(archive.namelist()[0]))
        with pytest.raises(InputError, match=name):
            read(str(path))


def test_a_pickle_of_another_protocol_is_read_without_a_warning(tmp_path: Path) -> None:
    torch.save((torch.eye(3), torch.arange(3)), tmp_path / "a.pt", pickle_protocol=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(next(iter(load_splits(str(tmp_path / "a.pt")).values()))) == 3


def test_components_of_weights_that_are_not_finite() -> None:
    runs = [{"w": torch.tensor([1.0, k])} for k in (0.0, 1.0, float("inf"))]
    with pytest.raises(
        InputError, match="checkpoint 3 of 3: parameter 'w' contains NaN or infinite"
    ):
        principal_components(runs, runs[0], 2)


def test_a_member_that_claims_to_be_longer_than_its_archive(tmp_path: Path) -> None:
    path = tmp_path / "cifar.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("cifar-10-batches-py/readme.html")
        member.size = 2**45  # 3e9 reads of 10 kB
        archive.addfile(member)
    with pytest.raises(InputError, match="not a complete tar archive"):
        load(f"cifar10:{path}", "train")


def test_directions_whose_facts_are_lists(tmp_path: Path) -> None:
    params = {"w": torch.ones(2)}
    path = save_directions(tmp_path / "d.h5", [params], [{"seed": 0}])
    with h5py.File(path, "r+") as file:
        file["xdirection"].attrs["seed"] = np.zeros(3)
    (facts,) = facts_in_file(path, 1)
    assert facts["seed"] == "[0. 0. 0.]"


@pytest.mark.parametrize("name", ["xcoordinates", "train_loss"])
@pytest.mark.parametrize("held", ["text", np.full((2, 2), 1j), None])
def test_legacy_files_without_numbers(tmp_path: Path, name: str, held: object) -> None:
    path = tmp_path / "theirs.h5"
    with h5py.File(path, "w") as file:
        for axis in ("xcoordinates", "ycoordinates"):
            file[axis] = [0.0, 1.0]
        file["train_loss"] = np.ones((2, 2))
        del file[name]
        if held is None:
            file.create_group(name)
        else:
            file[name] = held
    with pytest.raises(InputError, match=f"{name} does not contain numbers"):
        open_surface(path)
