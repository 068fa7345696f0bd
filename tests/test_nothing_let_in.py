"""Untrusted files cannot run code, leave their folder, or allocate memory for absent data.

Injection of markup is tested with the page (tests/browser/test_looks.py); tests/fuzz runs every
case without sockets.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from landscape.checkpoint import read_checkpoint
from landscape.data import load
from landscape.errors import InputError
from tests.fuzz.archives import ATTACKS, TOUCHED


class Runs:
    """Pickles as a function call, run on loading."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self._made = (call, arguments)

    def __reduce__(self) -> Any:
        return self._made


REDUCED = [
    Runs(os.system, f"touch {TOUCHED}"),
    Runs(eval, f"open({TOUCHED!r}, 'w')"),
    Runs(exec, f"open({TOUCHED!r}, 'w')"),
    Runs(subprocess.getoutput, f"touch {TOUCHED}"),
    Runs(importlib.import_module, "this_module_would_run"),
]
RAW = [*(pickle.dumps({"a": one}, protocol=2) for one in REDUCED), *ATTACKS]


def as_it_is(raw: bytes) -> bytes:
    return raw


def in_a_zip(raw: bytes) -> bytes:
    """The format of torch.save since 1.6, with another pickle."""
    plain, made = io.BytesIO(), io.BytesIO()
    torch.save({"a": torch.zeros(2)}, plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, raw if name.endswith("data.pkl") else old.read(name))
    return made.getvalue()


def in_a_legacy_file(raw: bytes) -> bytes:
    """The format of torch.save before 1.6: magic number, protocol, system, then the pickle."""
    heads = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    return b"".join(pickle.dumps(head, protocol=2) for head in heads) + raw


def in_a_tar(raw: bytes) -> bytes:
    """The format of torch.save before 0.1.10."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return made.getvalue()


FORMS = [as_it_is, in_a_zip, in_a_legacy_file, in_a_tar]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "this_module_would_run.py").write_text(f"open({TOUCHED!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_the_attacks_are_real(place: Path) -> None:
    """Python's own unpickler runs the attacks for this system."""
    ran = 0
    for raw in RAW:
        with contextlib.suppress(Exception):  # names that this Python or system does not have
            pickle.loads(raw)
        ran += (place / TOUCHED).exists()
        (place / TOUCHED).unlink(missing_ok=True)
        sys.modules.pop("this_module_would_run", None)
    assert ran >= 8, ran


@pytest.mark.parametrize("form", FORMS)
def test_no_pickle_in_a_checkpoint_is_run(
    place: Path, form: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    for raw in RAW:
        (place / "c.pt").write_bytes(form(raw))
        with pytest.raises(InputError, match=r"checkpoint c\.pt "):
            read_checkpoint("c.pt")
        assert not (place / TOUCHED).exists()


def members(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, raw in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return made.getvalue()


def test_no_pickle_in_data_is_run(place: Path) -> None:
    names = [f"data_batch_{k}" for k in range(1, 6)]
    objects = np.array([Runs(os.system, f"touch {TOUCHED}")], dtype=object)
    header = io.BytesIO()
    np.save(header, objects, allow_pickle=True)
    for raw in [*RAW, header.getvalue()]:
        (place / "cifar.tar.gz").write_bytes(members(dict.fromkeys(names, raw)))
        (place / "half").mkdir(exist_ok=True)
        for name in names:
            (place / "half" / name).write_bytes(raw)
        with zipfile.ZipFile(place / "cifar.npz", "w") as archive:
            for name in ("train_x", "train_y"):
                archive.writestr(f"{name}.npy", raw)
        for source in ("cifar.tar.gz", "half", "cifar.npz"):
            with pytest.raises(InputError):
                load(f"cifar10:{source}", "train")
            assert not (place / TOUCHED).exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("to", ["/etc/passwd", "../secret", "secret"])
def test_members_that_are_links_or_outside_are_refused(place: Path, kind: bytes, to: str) -> None:
    (place / "secret").write_text("secret")
    with tarfile.open(place / "linked.tar", "w") as archive:
        link = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        link.type, link.linkname = kind, to
        archive.addfile(link)
    with tarfile.open(place / "outside.tar", "w") as archive:
        for name in ("../data_batch_1", "/data_batch_2"):
            archive.addfile(tarfile.TarInfo(name))
    before = sorted(place.iterdir())
    for name, words in (
        ("linked.tar", "is a link|points outside"),
        ("outside.tar", "points outside"),
    ):
        with pytest.raises(InputError, match=words):
            load(f"cifar10:{name}", "train")
    assert sorted(place.iterdir()) == before


def test_array_that_claims_to_be_huge(place: Path) -> None:
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 3072), }"
    raw = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    with zipfile.ZipFile(place / "cifar.npz", "w") as archive:
        for name in ("train_x", "train_y"):
            archive.writestr(f"{name}.npy", raw)
    with pytest.raises(InputError, match="not a readable"):
        load("cifar10:cifar.npz", "train")
