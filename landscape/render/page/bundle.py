"""The part of plotly.js that pages need: scenes, lines and images.

Installing the package runs this file, which puts it beside the scripts of the page. It takes the
bundle from npm at one version and checks its hash; nothing is fetched if the right file is there
already. The file is not kept in the repository: it is the work of others (Plotly, Inc., under the
MIT license, which its first lines state and which is written beside it). Where there is no npm,
pages hold all of the plotly.js that the Python package plotly brings: they work as well, but are
3 MB larger. No other module imports this one, which needs setuptools.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from setuptools.command.build_py import build_py

PACKAGE = "plotly.js-gl3d-dist-min@4.1.1"
SHA256 = "aab04dcd9c103a92b18723f8c837712fe820f325d0bcd2421e415e8124a75b9f"
TARGET = Path(__file__).parent / "web" / "plotly.min.js"


class BuildWithPlotly(build_py):  # type: ignore[misc]  # setuptools has no types
    """Brings the bundle before the files of the package are copied."""

    def run(self) -> None:
        bring()
        super().run()


def bring() -> bool:
    """Put the bundle in its place; whether it is there. Says what is missing."""
    if TARGET.is_file() and _sha256(TARGET.read_bytes()) == SHA256:
        return True
    npm = shutil.which("npm")
    if npm is None:
        print(f"no npm to fetch {PACKAGE} with: pages will hold all of plotly.js", file=sys.stderr)
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", PACKAGE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"npm did not bring {PACKAGE}: {done.stderr.strip()}", file=sys.stderr)
            return False
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as held:
            script, license_text = (
                held.extractfile(f"package/{name}").read()  # type: ignore[union-attr]
                for name in ("plotly-gl3d.min.js", "LICENSE")
            )
    if _sha256(script) != SHA256:
        print(f"{PACKAGE}: SHA-256 {_sha256(script)}, expected {SHA256}", file=sys.stderr)
        return False
    TARGET.with_name("plotly.LICENSE").write_bytes(license_text)
    TARGET.write_bytes(script)
    return True


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
