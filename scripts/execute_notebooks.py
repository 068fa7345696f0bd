"""Execute notebooks in place, with figures and without traces of this machine.

    python scripts/execute_notebooks.py
    python scripts/execute_notebooks.py notebooks/gallery.ipynb

They run in a temporary folder, which is deleted afterwards.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path) -> None:
    """Execute a notebook and replace the file.

    Raises
    ------
    SystemExit
        If an output contains a folder of this machine; the file is not modified.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, record_timing=False, resources=resources).execute()
        tidy(notebook)
        said = nbformat.writes(notebook)
        for trace in (folder, str(ROOT), str(Path.home())):
            if trace in said:
                raise SystemExit(f"{path}: an output contains {trace}; it would be on the web")
    path.write_text(said)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove progress bars and execution metadata."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = nbformat.from_dict({})
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = in_256_colours(output.data["image/png"])


def in_256_colours(picture: str) -> str:
    """Reduce a base64 PNG to a third of its size; colours change by 1 of 255 on average."""
    image = Image.open(io.BytesIO(base64.b64decode(picture)))
    if image.mode == "P":
        return picture
    few = image.convert("RGB").quantize(
        256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE
    )
    written = io.BytesIO()
    few.save(written, "png", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def main(arguments: Sequence[str]) -> None:
    here = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, here))
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ.setdefault("LANDSCAPE_DIGITS", str(ROOT / "landscape-digits"))
    for path in [Path(a) for a in arguments] or sorted((ROOT / "notebooks").glob("*.ipynb")):
        execute(path)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
