"""A full disk, a deleted folder: the file stays intact and the message says what to do."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from landscape.store import open_surface
from tests.survival.runs import done, start, wait_until, write_module


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    try:
        made = subprocess.run(["mount", *options], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("no mount here")
    if made.returncode:
        pytest.skip("only root can mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_a_full_disk_keeps_the_file_and_the_run_resumes_once_there_is_space(
    tmp_path: Path, small_disk: Path
) -> None:
    write_module(tmp_path, 0.3)
    path = small_disk / "out.h5"
    process = start(tmp_path, path)
    wait_until(lambda: done(path) >= 3, process)
    while process.poll() is None:  # again and again: a save in progress frees the file before it
        fill(small_disk / "others")
        time.sleep(0.05)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2, errors
    assert errors.splitlines()[-1].startswith(f"error: cannot write {path}: No space left")
    kept = done(path)
    assert 3 <= kept < 72
    (small_disk / "others").unlink()
    write_module(tmp_path, 0.0)
    assert start(tmp_path, path).wait(timeout=60) == 0
    assert open_surface(path).complete


def test_a_deleted_folder(tmp_path: Path) -> None:
    write_module(tmp_path, 0.3)
    folder = tmp_path / "results"
    folder.mkdir()
    path = folder / "out.h5"
    process = start(tmp_path, path)
    wait_until(lambda: done(path) >= 1, process)
    shutil.rmtree(folder)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2, errors
    assert errors.splitlines()[-1].startswith(f"error: cannot write {path}: {folder} does not")
    assert "Traceback" not in errors
