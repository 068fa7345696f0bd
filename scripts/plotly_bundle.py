"""Put the part of plotly.js that pages need beside their own scripts: scenes, lines and images.

    python scripts/plotly_bundle.py

Installing the package runs it. It takes the bundle from npm at one version and checks its hash;
nothing is fetched if the right file is there already. The file is not kept in the repository: it is
the work of others (Plotly, Inc., under the MIT license, which its first lines state and which is
written beside it). Where there is no npm, pages hold all of the plotly.js that the Python package
plotly brings: they work as well, but are 3 MB larger.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "plotly.js-gl3d-dist-min@4.1.1"
SHA256 = "aab04dcd9c103a92b18723f8c837712fe820f325d0bcd2421e415e8124a75b9f"
TARGET = Path(__file__).parent.parent / "landscape" / "render" / "page" / "web" / "plotly.min.js"


def main() -> int:
    if TARGET.is_file() and _sha256(TARGET.read_bytes()) == SHA256:
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print(f"no npm to fetch {PACKAGE} with: pages will hold all of plotly.js", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", PACKAGE]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"npm did not bring {PACKAGE}: {done.stderr.strip()}", file=sys.stderr)
            return 1
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as held:
            script, license_text = (
                held.extractfile(f"package/{name}").read()  # type: ignore[union-attr]
                for name in ("plotly-gl3d.min.js", "LICENSE")
            )
    if _sha256(script) != SHA256:
        print(f"{PACKAGE}: SHA-256 {_sha256(script)}, expected {SHA256}", file=sys.stderr)
        return 1
    TARGET.with_name("plotly.LICENSE").write_bytes(license_text)
    TARGET.write_bytes(script)
    return 0


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
