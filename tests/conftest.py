"""What the tests share: the real material, if it is there, and one run of the default job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before torch: threads that wait by spinning take the cores from other processes of the tests, of
# which there is one for each core.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib
import pytest
from filelock import FileLock

matplotlib.use("Agg")
os.environ.setdefault("MPLBACKEND", "Agg")  # for notebooks and commands that tests start

# Their failed assertions are told as those of test files are.
pytest.register_assert_rewrite("tests.commands.calls", "tests.training.runs")

ROOT = Path(__file__).resolve().parent.parent


def crowd() -> float:
    """How many times longer things take because work shares the cores; 1 on a free machine."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests, and the commands that they run, keep what is remembered to themselves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", matplotlib.get_cachedir())  # which knows the fonts
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real CIFAR-10 images and published checkpoints; skips where it is absent."""
    folder = Path(os.environ.get("LANDSCAPE_SHARED", "../shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real material in {folder} (LANDSCAPE_SHARED)")
    return folder.resolve()


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def wheel(made_once: Path) -> Path:
    """The wheel of this repository, unpacked outside of it: what a user installs."""
    folder = made_once / "wheel"
    with FileLock(made_once / "wheel.lock"):
        if not (folder / "site").exists():
            # From a copy: setuptools would take along what earlier builds left in the checkout.
            source = folder / "source"
            shutil.copytree(ROOT / "landscape", source / "landscape")
            for name in ("pyproject.toml", "README.md", "LICENSE"):
                shutil.copy(ROOT / name, source)
            build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
            command = [*build, "-q", "-w", str(folder), str(source)]
            subprocess.run(command, check=True, cwd=folder)
            (found,) = folder.glob("*.whl")
            with zipfile.ZipFile(found) as archive:
                archive.extractall(folder / "site")
    return folder / "site"


@dataclass(frozen=True)
class Job:
    """A run of the default job by the wheel, on a coarse grid, and what it printed."""

    folder: Path
    output: str


EPOCHS = 3
SHORTER = f"""
import sys
from dataclasses import replace
from landscape import default_job
from landscape.sample import main
default_job.SETTINGS = replace(default_job.SETTINGS, epochs={EPOCHS})
sys.exit(main(sys.argv[1:]))
"""
"""The command with trainings of 3 of the 25 epochs, which take two minutes of the tests' ten."""


def run_default_job(place: Path, wheel: Path, *python: str) -> Job:
    """The default job in an empty folder, with 5×4 points of 60 digits."""
    place.mkdir()
    result = subprocess.run(
        [sys.executable, *python, "--x=-1:1:5", "--y=-1:0.5:4", "--limit", "60"],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return Job(place / "landscape-digits", result.stdout)


@pytest.fixture(scope="session")
def default_job(wheel: Path, made_once: Path) -> Job:
    """The default job with short trainings, made once."""
    place, said = made_once / "newcomer", made_once / "newcomer.txt"
    with FileLock(made_once / "newcomer.lock"):
        if not said.exists():
            said.write_text(run_default_job(place, wheel, "-c", SHORTER).output)
    return Job(place / "landscape-digits", said.read_text())


@pytest.fixture
def drawn_by_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """3-D stills without VTK, which takes seconds for each without a GPU."""
    from landscape.render.mesh import offscreen

    monkeypatch.setattr(offscreen, "available", lambda: False)


BROWSER = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    # Else the shaders are compiled when they are linked, and again when they are used.
    "--disable-angle-features=warmUpPipelineCacheAtLink",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium, driven by Playwright; skips where one of them is absent, except in CI."""
    missing = None
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "Playwright is not installed: pip install -e '.[test]'"
    if path is None:
        missing = "there is no chromium: apt-get install chromium fonts-dejavu-core"
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=path, args=BROWSER)
        yield driven
        driven.close()
