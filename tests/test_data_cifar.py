"""CIFAR in all formats: each format against the others, the real images, and bad input."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from landscape.data import load, members
from landscape.errors import InputError
from tests.test_data_safe_pickle import Calls, python2_batch

COUNTS = {f"data_batch_{k}": 3 + k for k in range(1, 6)} | {"test_batch": 4}
Raw = dict[str, tuple[np.ndarray, list[int]]]


def make_raw() -> Raw:
    """Images (n, 3072) and labels by the name of the batch."""
    rng = np.random.default_rng(7)
    return {
        name: (rng.integers(0, 256, (n, 3072), dtype=np.uint8), rng.integers(0, 10, n).tolist())
        for name, n in COUNTS.items()
    }


RAW = make_raw()


def truth(split: str) -> tuple[np.ndarray, list[int]]:
    names = [n for n in COUNTS if (n == "test_batch") == (split == "test")]
    images = np.concatenate([RAW[n][0] for n in names]).reshape(-1, 3, 32, 32)
    return images, [label for n in names for label in RAW[n][1]]


def python_files() -> dict[str, bytes]:
    return {name: python2_batch(*batch) for name, batch in RAW.items()}


def python3_files() -> dict[str, bytes]:
    return {
        name: pickle.dumps({b"data": images, b"labels": labels}, 2)
        for name, (images, labels) in RAW.items()
    }


def binary_files() -> dict[str, bytes]:
    return {
        f"{name}.bin": b"".join(
            bytes([label]) + image.tobytes() for image, label in zip(images, labels, strict=True)
        )
        for name, (images, labels) in RAW.items()
    }


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def tar_bytes(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def write_tar(path: Path, files: dict[str, bytes], folder: str = "cifar-10-batches-py") -> Path:
    mode = "w" if path.suffix == ".tar" else "w:gz"
    extras = {"readme.html": b"<html/>", "batches.meta": b"no pickle at all"}
    path.write_bytes(tar_bytes({f"{folder}/{n}": c for n, c in (extras | files).items()}, mode))
    return path


def write_npz(path: Path) -> Path:
    train, test = truth("train"), truth("test")
    np.savez(path, train_x=train[0], train_y=train[1], test_x=test[0], test_y=test[1])
    return path


FORMS: dict[str, Callable[[Path], Path]] = {
    "python folder": lambda t: write_folder(t / "cifar-10-batches-py", python_files()),
    "its parent": lambda t: write_folder(t / "cifar-10-batches-py", python_files()).parent,
    "renamed folder": lambda t: write_folder(t / "images", python_files()),
    "written by Python 3": lambda t: write_folder(t / "p3", python3_files()),
    "python tar.gz": lambda t: write_tar(t / "cifar-10-python.tar.gz", python_files()),
    "python tgz": lambda t: write_tar(t / "c.tgz", python_files(), "a/b"),
    "python tar": lambda t: write_tar(t / "c.tar", python_files()),
    "binary folder": lambda t: write_folder(t / "cifar-10-batches-bin", binary_files()),
    "parent of binary": lambda t: write_folder(t / "cifar-10-batches-bin", binary_files()).parent,
    "binary tar.gz": lambda t: write_tar(t / "cifar-10-binary.tar.gz", binary_files()),
    "npz": lambda t: write_npz(t / "own.npz"),
}


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_examples(form: str, split: str, tmp_path: Path) -> None:
    source = f"cifar10:{FORMS[form](tmp_path)}"
    examples = load(source, split)
    images, labels = truth(split)
    assert examples.inputs.dtype == torch.uint8
    assert examples.targets.dtype == torch.int64
    np.testing.assert_array_equal(examples.inputs.numpy(), images)
    assert examples.targets.tolist() == labels
    assert (examples.source, examples.population) == (source, len(labels))
    assert examples.preprocess.name == "cifar10"


def cifar100_files(form: str) -> dict[str, bytes]:
    files = {}
    for split, name in (("train", "data_batch_1"), ("test", "test_batch")):
        images, coarse = RAW[name]
        fine = [90 + label for label in coarse]
        if form == "python":
            values = {b"data": images, b"coarse_labels": coarse, b"fine_labels": fine}
            files[split] = pickle.dumps(values, 2)
        else:
            records = zip(coarse, fine, images, strict=True)
            files[f"{split}.bin"] = b"".join(bytes([c, f]) + i.tobytes() for c, f, i in records)
    return files


@pytest.mark.parametrize("form", ["python", "binary"])
@pytest.mark.parametrize("packed", [False, True])
def test_cifar100_uses_the_fine_labels(form: str, packed: bool, tmp_path: Path) -> None:
    files = cifar100_files(form)
    if packed:
        path = write_tar(tmp_path / "c100.tar.gz", files, f"cifar-100-{form}")
    else:
        path = write_folder(tmp_path / f"cifar-100-{form}", files).parent
    for split, name in (("train", "data_batch_1"), ("test", "test_batch")):
        examples = load(f"cifar100:{path}", split)
        np.testing.assert_array_equal(examples.inputs.reshape(-1, 3072).numpy(), RAW[name][0])
        assert examples.targets.tolist() == [90 + label for label in RAW[name][1]]


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_npz(tmp_path / "own.npz")
    examples = load("cifar10:~/own.npz", "test")
    assert (len(examples), examples.source) == (4, "cifar10:~/own.npz")


def test_real_images(shared: Path) -> None:
    path = shared / "data" / "cifar10_subset.npz"
    train, test = load(f"cifar10:{path}", "train"), load(f"cifar10:{path}", "test")
    assert (len(train), len(test)) == (4660, 932)
    with np.load(path) as raw:
        np.testing.assert_array_equal(train.inputs[0].numpy(), raw["train_x"][0])
        np.testing.assert_array_equal(train.targets.numpy(), raw["train_y"])
        np.testing.assert_array_equal(test.inputs[-1].numpy(), raw["test_x"][-1])
        first = raw["train_x"][0, :, 5, 6].astype(np.float64)
    prepared = train.preprocess(train.inputs[:1], torch.float64)[0, :, 5, 6].numpy()
    expected = (first - [125.3, 123.0, 113.9]) / [63.0, 62.1, 66.7]
    np.testing.assert_allclose(prepared, expected, rtol=1e-12)


def test_real_images_in_the_published_formats(shared: Path, tmp_path: Path) -> None:
    """The real subset, rewritten in the python and the binary version, reads back unchanged."""
    direct = load(f"cifar10:{shared / 'data' / 'cifar10_subset.npz'}", "test")
    flat = direct.inputs.reshape(-1, 3072).numpy()
    labels = direct.targets.tolist()
    write_folder(tmp_path / "py", {"test_batch": python2_batch(flat, labels)})
    records = np.column_stack([np.array(labels, np.uint8), flat])
    write_folder(tmp_path / "bin", {"test_batch.bin": records.tobytes()})
    for form in ("py", "bin"):
        assert load(f"cifar10:{tmp_path / form}", "test").sha256() == direct.sha256()


def fails(path: Path, *says: str, split: str = "train", name: str = "cifar10") -> None:
    """Loading raises an InputError that names the file and contains all of ``says``."""
    with pytest.raises(InputError) as caught:
        load(f"{name}:{path}", split)
    for words in (path.name, *says):
        assert words in str(caught.value)


def complaint_or(path: Path, reference: str | None, split: str = "train") -> list[str]:
    """The message of the InputError, if one is raised; otherwise the examples must be right."""
    try:
        examples = load(f"cifar10:{path}", split)
    except InputError as error:
        return [str(error)]
    assert reference in (None, examples.sha256())
    return []


@pytest.mark.parametrize("files", [python_files(), binary_files()], ids=["python", "binary"])
@pytest.mark.parametrize("packed", [False, True])
def test_half_downloaded(files: dict[str, bytes], packed: bool, tmp_path: Path) -> None:
    missing = next(name for name in files if name.startswith("data_batch_4"))
    rest = {name: content for name, content in files.items() if name != missing}
    path = tmp_path / ("c.tar.gz" if packed else "c")
    (write_tar if packed else write_folder)(path, rest)
    fails(path, f"{missing} missing", "incomplete")
    assert len(load(f"cifar10:{path}", "test")) == 4  # the complete split can be used


PIXELS, LABELS = RAW["test_batch"]
BAD_BATCHES = {
    "one label less": ({b"data": PIXELS, b"labels": LABELS[:-1]}, "4 images but 3 labels"),
    "label 10": ({b"data": PIXELS, b"labels": [0, 10, 1, 2]}, "label 10"),
    "label -1": ({b"data": PIXELS, b"labels": [0, -1, 1, 2]}, "label -1"),
    "label 1e30": ({b"data": PIXELS, b"labels": [0, 10**30, 1, 2]}, "expected 0 to 9"),
    "label 1.0": ({b"data": PIXELS, b"labels": [0, 1.0, 1, 2]}, "list of integers"),
    "labels as text": ({b"data": PIXELS, b"labels": "0123"}, "list of integers"),
    "float images": ({b"data": PIXELS / 255, b"labels": LABELS}, "float64"),
    "other size": ({b"data": PIXELS[:, :-1], b"labels": LABELS}, "(4, 3071)"),
    "one image": ({b"data": PIXELS[0], b"labels": LABELS}, "(3072,)"),
    "data as a list": ({b"data": [1, 2], b"labels": LABELS}, "list"),
    "no labels": ({b"data": PIXELS}, "no 'labels', only data"),
    "cifar100": ({b"data": PIXELS, b"fine_labels": LABELS}, "no 'labels'"),
}


@pytest.mark.parametrize(("batch", "says"), BAD_BATCHES.values(), ids=BAD_BATCHES.keys())
def test_bad_python_batch(batch: dict, says: str, tmp_path: Path) -> None:
    path = write_folder(tmp_path / "c", {"test_batch": pickle.dumps(batch, 3)})
    fails(path, "test_batch", says, split="test")


@pytest.mark.parametrize("protocol", [0, 2])
@pytest.mark.parametrize("packed", [False, True])
def test_hostile_batch_does_nothing(packed: bool, protocol: int, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    images, labels = RAW["data_batch_2"]
    batch = {b"data": images, b"labels": labels, b"x": Calls(os.system, f"echo > {sentinel}")}
    files = python_files() | {"data_batch_2": pickle.dumps(batch, protocol)}
    path = tmp_path / ("c.tar.gz" if packed else "c")
    (write_tar if packed else write_folder)(path, files)
    fails(path, "data_batch_2", "could run code")
    assert not sentinel.exists()


@pytest.mark.parametrize("end", [1, 2, 100, 3072, 3074, 3073 * 5 - 1])
def test_truncated_binary_batch(end: int, tmp_path: Path) -> None:
    files = binary_files()
    files["data_batch_2.bin"] = files["data_batch_2.bin"][:end]
    fails(write_folder(tmp_path / "c", files), "data_batch_2.bin", "truncated", "3073")


def test_binary_label_out_of_range(tmp_path: Path) -> None:
    files = {"test_batch.bin": bytes([10]) + bytes(3072)}
    fails(write_folder(tmp_path / "c", files), "label 10", split="test")


def test_empty_batches(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no examples"):
        load(f"cifar10:{write_folder(tmp_path / 'c', {'test_batch.bin': b''})}", "test")


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999, 0.9999])
@pytest.mark.parametrize("suffix", [".tar.gz", ".tar"])
def test_truncated_archive(suffix: str, fraction: float, tmp_path: Path) -> None:
    path = write_tar(tmp_path / f"c{suffix}", python_files())
    whole = path.read_bytes()
    # a plain tar ends in 10 kB of padding, without which it is still complete
    length = len(whole) if suffix == ".tar.gz" else len(whole.rstrip(b"\0"))
    path.write_bytes(whole[: min(int(fraction * length), length - 1)])
    fails(path)


def test_damaged_gzip_is_noticed_anywhere(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "c.tar.gz", binary_files())
    whole = path.read_bytes()
    reference = load(f"cifar10:{path}", "train").sha256()
    rng = np.random.default_rng(1)
    complaints = []
    for position in [*range(20), *rng.integers(20, len(whole), 60), *range(-8, 0)]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(damaged)
        complaints += complaint_or(path, reference)
    assert len(complaints) > 60
    assert all("c.tar.gz" in complaint for complaint in complaints)


def test_damaged_tar_raises_our_error(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "c.tar", {"test_batch.bin": bytes(3073)})
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    for position in range(0, 3 * 1024, 5):
        damaged = bytearray(whole)
        damaged[position] = rng.integers(0, 256)
        path.write_bytes(damaged)
        # without a checksum of its own, a plain tar may give wrong images, but no other exception
        assert all("c.tar" in complaint for complaint in complaint_or(path, None, "test"))


@pytest.mark.parametrize("evil", ["../evil", "/evil", "a/../../evil", "../test_batch"])
def test_member_outside_the_archive(evil: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / "c.tar.gz"
    path.parent.mkdir()
    path.write_bytes(tar_bytes({evil: b"x"} | python_files()))
    fails(path, evil, "outside the archive")
    assert [p.name for p in tmp_path.rglob("*")] == ["in", "c.tar.gz"]


@pytest.mark.parametrize(
    ("kind", "target", "says"),
    [
        (tarfile.SYMTYPE, "/etc/passwd", "outside the archive"),
        (tarfile.SYMTYPE, "other", "is a link"),
        (tarfile.LNKTYPE, "../x", "outside the archive"),
        (tarfile.CHRTYPE, "", "is a link"),
    ],
)
def test_links_and_devices(kind: bytes, target: str, says: str, tmp_path: Path) -> None:
    member = tarfile.TarInfo("c/test_batch")
    member.type, member.linkname = kind, target
    path = tmp_path / "c.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member)
    fails(path, says, split="test")


def test_two_datasets_in_one_archive(tmp_path: Path) -> None:
    path = tmp_path / "c.tar.gz"
    path.write_bytes(tar_bytes({"a/test_batch": b"1", "b/test_batch": b"2"}))
    fails(path, "more than once", split="test")


def test_nothing_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tar(tmp_path / "c.tar.gz", python_files())
    monkeypatch.chdir(tmp_path)
    load(f"cifar10:{path}", "train")
    assert list(tmp_path.iterdir()) == [path]


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "LARGEST", 200_000)
    path = write_tar(tmp_path / "c.tar.gz", {"zeros": bytes(300_000)} | python_files())
    fails(path, "at most 200000")
    fails(write_folder(tmp_path / "f", {"test_batch": bytes(200_001)}), "200001", split="test")


NOT_ARCHIVES = {
    "an HTML page": ("c.tar.gz", b"<html>404 Not Found</html>", "not a complete"),
    "empty": ("c.tar.gz", b"", "not a complete"),
    "gzip of something else": ("c.tar.gz", gzip.compress(b"hello" * 500), "not a complete"),
    "npz of something else": ("c.npz", b"PK\x03\x04" + bytes(100), "not a readable .npz"),
    "empty npz": ("c.npz", b"", "not a readable .npz"),
    "one batch": ("data_batch_1", b"", "neither a folder nor one of"),
    "zip": ("c.zip", b"", "neither a folder nor one of"),
}


@pytest.mark.parametrize(
    ("name", "content", "says"), NOT_ARCHIVES.values(), ids=NOT_ARCHIVES.keys()
)
def test_other_files(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    fails(path, says)


def test_empty_folder_names_the_expected_files(tmp_path: Path) -> None:
    fails(tmp_path, "no train images", "data_batch_1.bin")


def test_missing_path(tmp_path: Path) -> None:
    for name in ("gone", "gone.npz", "gone.tar.gz", "g" * 300, "g\0"):
        fails(tmp_path / name, "no such file or folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "c", python_files())
    (path / "data_batch_1").chmod(0)
    fails(path, "data_batch_1", "cannot be read")


IMAGES = np.zeros((4, 3, 32, 32), np.uint8)
GOOD_LABELS = np.array([0, 1, 2, 9])
BAD_NPZ = {
    "missing labels": ({"train_x": IMAGES}, "no array train_y", "found train_x"),
    "other names": ({"images": IMAGES, "labels": GOOD_LABELS}, "train_x, train_y", "images"),
    "channels last": ({"train_x": IMAGES.transpose(0, 2, 3, 1), "train_y": GOOD_LABELS}, "first"),
    "floats": ({"train_x": IMAGES.astype("f4"), "train_y": GOOD_LABELS}, "float32", "uint8"),
    "float labels": ({"train_x": IMAGES, "train_y": GOOD_LABELS * 1.0}, "list of integers"),
    "one-hot labels": ({"train_x": IMAGES, "train_y": np.eye(4, dtype=int)}, "list of integers"),
    "label 10": ({"train_x": IMAGES, "train_y": GOOD_LABELS + 1}, "label 10"),
    "fewer labels": ({"train_x": IMAGES, "train_y": GOOD_LABELS[:3]}, "4 images but 3 labels"),
}


@pytest.mark.parametrize("case", BAD_NPZ.values(), ids=BAD_NPZ.keys())
def test_bad_npz(case: tuple, tmp_path: Path) -> None:
    arrays, *says = case
    np.savez(tmp_path / "own.npz", **arrays)
    fails(tmp_path / "own.npz", *says)


def test_npz_with_pickled_objects_does_nothing(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    hostile = np.array([Calls(os.system, f"echo > {sentinel}")], dtype=object)
    np.savez(tmp_path / "own.npz", train_x=hostile, train_y=GOOD_LABELS)
    fails(tmp_path / "own.npz", "plain arrays")
    assert not sentinel.exists()


def test_truncated_or_damaged_npz(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez_compressed(path, train_x=PIXELS.reshape(IMAGES.shape), train_y=GOOD_LABELS)
    whole = path.read_bytes()
    reference = load(f"cifar10:{path}", "train").sha256()
    rng = np.random.default_rng(3)
    for end in (1, 30, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        fails(path)
    for position in [*range(120), *rng.integers(120, len(whole), 100), *range(-120, 0)]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(damaged)
        assert all("own.npz" in complaint for complaint in complaint_or(path, reference))
