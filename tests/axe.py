"""axe-core, the checker of accessibility, fetched from npm while the tests run."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

VERSION = "4.14.1"


def axe_source(folder: Path) -> str:
    """The script; skips where the registry cannot be reached."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched")
    command = [npm, "pack", f"axe-core@{VERSION}", "--silent"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"axe-core {VERSION} cannot be fetched from the npm registry: {error}")
    with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as archive:
        held = archive.extractfile("package/axe.min.js")
        assert held is not None
        return held.read().decode()


def serious(page, source: str) -> list[tuple[str, str, list[str]]]:
    """What axe finds serious or critical on a page: rule, what it is, where."""
    # The policy of the page allows its own scripts only; the driver's are not under it.
    page.evaluate(source)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        (v["id"], v["help"], [str(n["target"]) for n in v["nodes"]][:5])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
