"""What a printer and a reader in a hurry need: embedded fonts, no seams, small files, no delay."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from landscape.grid import Grid
from landscape.render import contour, heatmap, save, save_figure
from landscape.store import save_surface
from landscape.surface import Quantity, Surface
from tests.conftest import ROOT

STYLES = ["contour", "filled", "lines", "heatmap"]


def rough(n=51, noise=0.5):
    x = np.linspace(-1, 1, n)
    bowl = 0.01 + 9 * (x**2 + 1.5 * x[:, None] ** 2)
    loss = bowl * (1 + noise * np.random.default_rng(0).random((n, n)))
    quantity, done = Quantity("loss", "nats"), np.ones((n, n), dtype=bool)
    facts = {"title": "Tést ○", "classes": 10}
    return Surface(Grid(x, x), {"train_loss": quantity}, {"train_loss": loss}, done, facts)


def streams(content):
    """The streams of a PDF, decompressed where they are."""
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, flags=re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            yield found[1]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("width", ["column", "page"])
def test_a_pdf_has_its_size_and_embedded_fonts_of_at_least_6_points(tmp_path, style, width):
    content = save(rough(), tmp_path / "a.pdf", style, width=width).read_bytes()
    assert len(content) < 1_000_000
    assert b"/Type3" not in content
    fonts = len(re.findall(rb"/Type /Font\b.*?/Subtype /(?:TrueType|Type0)", content, re.DOTALL))
    assert content.count(b"/FontFile2") == content.count(b"/Type /FontDescriptor") > 0
    assert fonts > 0
    (box,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert float(box[0]) == pytest.approx(72 * {"column": 3.25, "page": 6.75}[width])
    sizes = [float(s) for part in streams(content) for s in re.findall(rb"/F\d+ ([\d.]+) Tf", part)]
    assert sizes
    assert min(sizes) >= 6


@pytest.mark.parametrize("style", STYLES)
def test_an_svg_has_its_size_and_text_that_can_be_edited(tmp_path, style):
    path = save(rough(21), tmp_path / "a.svg", style, width="column")
    root = ElementTree.parse(path).getroot()
    assert root.get("width") == "234pt"  # 3.25 inches
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Tést ○" in words
    assert "first direction" in words
    assert path.stat().st_size < 1_000_000


def test_shades_overlap_so_that_no_paper_shows_between_them(tmp_path):
    # Viewers smooth the edges of each polygon: neighbours that only touch let paper through.
    (fill,) = [c for c in contour(rough()).axes[0].collections if getattr(c, "filled", False)]
    assert (fill.get_linewidth() > 0.2).all()
    edges, faces = fill.get_edgecolor(), fill.get_facecolor()
    assert np.array_equal(edges, faces)


def test_cells_of_a_heat_map_and_many_shades_are_one_image(tmp_path):
    for figure in (heatmap(rough(201)), contour(rough(201, noise=3.0))):
        path = save_figure(figure, tmp_path / "a.pdf")
        assert path.stat().st_size < 1_500_000
        assert b"/Subtype /Image" in path.read_bytes()


def test_a_contour_of_51_by_51_in_a_fresh_process_takes_less_than_two_seconds(tmp_path):
    """Of CPU time, twice that on a busy machine; most of it is importing matplotlib."""
    path = save_surface(rough(), tmp_path / "s.h5")
    command = [sys.executable, "-m", "landscape.render", str(path), "-o", str(tmp_path / "c.png")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    seconds()  # compiles modules and lists the fonts of the machine, once for all
    assert seconds() < 4.0


def test_a_contour_from_the_command_line_imports_no_torch(tmp_path):
    path = save_surface(rough(9), tmp_path / "s.h5")
    code = (
        "import sys\n"
        "from landscape.render.__main__ import main\n"
        f"assert main([{str(path)!r}, '-o', {str(tmp_path / 'c.png')!r}]) == 0\n"
        "bad = {'torch', 'plotly', 'matplotlib.pyplot', 'pandas'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=ROOT)
