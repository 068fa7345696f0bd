"""Every notebook runs from top to bottom, and is kept with its pictures."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from landscape.examples import example_names
from tests.conftest import ROOT, Job

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
INLINE = "module://matplotlib_inline.backend_inline"
PICTURES = {
    "quickstart": 4,
    "resnet56_with_and_without_shortcuts": 4,
    "your_own_model": 9,
    "gallery": 7,
    "beyond_two_random_axes": 6,
}

NUMBERS = "resnet56_with_and_without_shortcuts"
"""What this one says follows from files of the package: it is the same wherever it runs."""


def pictures(notebook: nbformat.NotebookNode) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def said(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def skip_without_examples(path: Path) -> None:
    asked = set(re.findall(r"example:(\w+)", path.read_text()))
    if not asked <= set(example_names()):
        pytest.skip(f"it draws {', '.join(sorted(asked))}, which landscape/examples lacks")


def test_each_of_them_is_there() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(PICTURES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_draws(
    path: Path, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_examples(path)
    if "LANDSCAPE_DIGITS" in path.read_text():
        job: Job = request.getfixturevalue("default_job")
        monkeypatch.setenv("LANDSCAPE_DIGITS", str(job.folder))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "first.py").write_text("import tests.broken_torchvision")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLBACKEND", INLINE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    assert pictures(notebook) >= PICTURES[path.stem]
    if path.stem == NUMBERS:
        assert said(notebook) == said(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_reads_well_on_the_web(path: Path) -> None:
    """With pictures, small, in order, and without a word about the machine that ran it."""
    skip_without_examples(path)
    assert path.stat().st_size < 600 * 1024
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert pictures(notebook) >= PICTURES[path.stem]
    assert notebook.metadata.language_info == {"name": "python"}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(cell.metadata for cell in notebook.cells)
    for output in (output for cell in code for output in cell.outputs):
        assert output.get("name") != "stderr"
        words = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
        assert not re.search(r"(/home|/root|/tmp|/Users|/work|[A-Z]:\\)", words)
        assert " at 0x" not in words


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_a_notebook_points_to_is_there(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\(([^)#]+)\)", words):
        assert target.startswith("https://") or (path.parent / target).is_file()
