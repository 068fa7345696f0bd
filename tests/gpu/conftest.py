"""The pretended devices, compiled once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from landscape.evaluate import graphs
from tests.gpu.machine import Machine, pretended


@pytest.fixture(scope="session")
def two_devices(made_once: Path) -> Path:
    """The compiled part; skips where no C++ compiler is."""
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("the pretended GPU needs a C++ compiler: apt-get install g++")
    library = made_once / "two_devices.so"
    with FileLock(made_once / "two_devices.lock"):
        if not library.exists():
            torch_home = Path(torch.__file__).parent
            options = ["-std=c++20", "-shared", "-fPIC", "-lc10"]
            places = [f"-I{torch_home / 'include'}", f"-L{torch_home / 'lib'}"]
            source = str(Path(__file__).with_name("two_devices.cpp"))
            command = [compiler, source, *options, *places, "-o", str(library)]
            subprocess.run(command, check=True)
    return library


@pytest.fixture
def gpu(two_devices: Path) -> Iterator[Machine]:
    """Two pretended CUDA devices for the time of a test."""
    graphs._stream_and_pool.cache_clear()
    with pretended(two_devices) as machine:
        yield machine
