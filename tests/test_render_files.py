"""Files: what suffix gives what, whole or not at all; the page; the command line."""

from __future__ import annotations

import html
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import contour, save, save_figure, save_page
from landscape.render.__main__ import main
from landscape.render.media import MEDIA
from landscape.store import save_surface
from landscape.surface import Quantity, Surface

NASTY = "<img src=x onerror=alert(1)></script><b>$x$ & 'co'"


def make(scale=1.0, nx=6, ny=4, **attributes):
    x, y = np.linspace(-1, 1, nx), np.linspace(-1, 0.5, ny)
    loss = scale * (x[None, :] + 10 * y[:, None] + 12)
    values = {
        "train_loss": loss,
        "train_loss_stderr": 0.1 * loss,
        "train_accuracy": np.full(loss.shape, 0.5),
    }
    quantities = {k: Quantity(k, "1" if "acc" in k else "nats") for k in values}
    done = np.ones(loss.shape, bool)
    return Surface(Grid(x, y), quantities, values, done, attributes)


def make_line(**attributes):
    x = np.linspace(-1, 1, 5)
    values = {"loss": 1 + x**2, "loss_stderr": 0.1 + 0 * x, "accuracy": 1 - x**2 / 2}
    quantities = {k: Quantity(k, "1" if "acc" in k else "nats") for k in values}
    return Surface(Grid(x), quantities, values, np.ones(5, bool), attributes)


class Page(HTMLParser):
    """A page as a browser takes it apart: its elements, its text, the data of its panels."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.elements, self.words, self.data, self._open = [], [], "", ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.panels = json.loads(self.data)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "panels-data":
            self.data += data
        elif self._open not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


class TestSave:
    @pytest.mark.parametrize(
        ("suffix", "beginning"),
        [
            (".png", b"\x89PNG"),
            (".pdf", b"%PDF"),
            (".svg", b"<?xml"),
            (".html", b"<!DOCTYPE html>"),
        ],
    )
    @pytest.mark.parametrize("surface", [make(), make_line()], ids=["plane", "line"])
    def test_the_suffix_decides(self, tmp_path, suffix, beginning, surface):
        path = save(surface, tmp_path / f"picture{suffix}")
        assert path.read_bytes().startswith(beginning)
        assert [p.name for p in tmp_path.iterdir()] == [f"picture{suffix}"]

    def test_fonts_of_a_pdf_are_embedded_truetype(self, tmp_path):
        content = save(make(), tmp_path / "a.pdf").read_bytes()
        assert b"/FontFile2" in content
        assert b"/Type3" not in content

    def test_svg_needs_no_font(self, tmp_path):
        content = save(make(), tmp_path / "a.svg").read_text()
        assert "<text" not in content

    # Movies are made twice, with fewer frames, in their own tests.
    @pytest.mark.parametrize("suffix", [s for s in MEDIA if s not in (".gif", ".mp4")])
    def test_the_same_picture_twice_is_the_same_file(self, tmp_path, suffix):
        one, two = (save(make(), tmp_path / f"{name}{suffix}") for name in "ab")
        assert one.read_bytes() == two.read_bytes()

    def test_dots_per_inch(self, tmp_path):
        content = save(make(), tmp_path / "a.png", dpi=100).read_bytes()
        assert int.from_bytes(content[16:20], "big") == 325

    @pytest.mark.parametrize(
        ("name", "style", "options", "message"),
        [
            (
                "a.jpg",
                None,
                {},
                r"\.jpg; expected a file ending in one of \.png, \.pdf, \.svg, \.html",
            ),
            ("a", None, {}, "no suffix"),
            ("missing/a.png", None, {}, "does not exist"),
            ("missing/a.html", None, {}, "does not exist"),
            ("a.html", "contour", {}, "do not go together"),
            ("a.html", "curve", {}, "style curve needs a line"),
            ("a.html", None, {"dpi": 100}, "option dpi does not apply to .html"),
            ("a.png", None, {"colour": 1}, "option colour does not apply"),
            ("a.png", None, {"dpi": 0}, "dpi 0"),
            ("a.html", None, {"cmap": "virids"}, "did you mean 'viridis'"),
            ("a.png", "contuor", {}, "did you mean 'contour'"),
        ],
    )
    def test_errors(self, tmp_path, name, style, options, message):
        with pytest.raises(InputError, match=message):
            save(make(), tmp_path / name, style, **options)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_in_the_way(self, tmp_path):
        (tmp_path / "a.png").mkdir()
        with pytest.raises(InputError, match="is a folder"):
            save(make(), tmp_path / "a.png")

    def test_a_failure_leaves_the_old_file(self, tmp_path):
        path = tmp_path / "a.png"
        path.write_text("old")
        figure = contour(make())
        figure.add_axes((0, 0, 1, 1)).set_title("$\\nosuchmacro$")
        with pytest.raises(ValueError, match="nosuchmacro"):
            save_figure(figure, path)
        assert path.read_text() == "old"
        assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


class TestPage:
    def test_panels_share_a_scale_and_hold_heights_in_the_right_order(self, tmp_path):
        surfaces = [make(), make(scale=30)]
        page = Page(save_page(surfaces, tmp_path / "a.html"))
        assert len(page.panels) == 2
        for surface, panel in zip(surfaces, page.panels, strict=True):
            trace = panel["data"][0]
            go.Figure(panel)  # plotly's own schema
            assert (trace["x"], trace["y"]) == (
                pytest.approx(surface.x.tolist(), abs=1e-5),
                pytest.approx(surface.y.tolist(), abs=1e-5),
            )
            assert np.array(trace["z"]) == pytest.approx(np.log10(surface["train_loss"]), abs=1e-5)
            assert trace["cmin"] == pytest.approx(math.log10(1))
            assert trace["cmax"] == pytest.approx(math.log10(18 * 30))
            axis = panel["layout"]["scene"]["zaxis"]
            span = trace["cmax"] - trace["cmin"]
            assert 0 < trace["cmin"] - axis["range"][0] < 0.01 * span
            assert 0 < axis["range"][1] - trace["cmax"] < 0.01 * span
            ticks = [math.log10(float(t)) for t in axis["ticktext"]]
            assert axis["tickvals"] == pytest.approx(ticks, abs=1e-5)
        assert "loss (nats) %{text}" in page.panels[0]["data"][0]["hovertemplate"]
        assert page.panels[0]["data"][0]["text"][0][0] == "1 ± 0.1<br>accuracy 50 %"

    def test_it_asks_for_nothing_and_is_small(self, tmp_path):
        path = save_page([make(nx=101, ny=101), make(nx=101, ny=101)], tmp_path / "a.html")
        page = Page(path)
        assert path.stat().st_size < 6e6
        assert [t for t, a in page.elements if {"src", "href"} & set(a)] == []
        policy = [a["content"] for t, a in page.elements if "http-equiv" in a]
        assert "default-src 'none'" in policy[0]

    def test_text_of_a_file_is_text(self, tmp_path):
        surface = make(title=NASTY, model=NASTY, data=NASTY)
        surface.quantities["train_loss"] = Quantity(NASTY, NASTY)
        surface.axes["x"] = {"kind": NASTY, "seed": NASTY}
        page = Page(save_page(surface, tmp_path / "a.html", title=NASTY))
        assert {t for t, _ in page.elements} & {"img", "b"} == set()
        assert [t for t, _ in page.elements].count("script") == 3
        words = " ".join(NASTY.split())
        assert page.text.count(words) >= 3  # heading, panel, caption
        assert "<img" not in page.data + re.sub(
            r"<script>.*?</script>", "", page.source, flags=re.S
        )
        assert "</" not in page.data
        # plotly reads markup in its own texts: nothing from the file may be in them.
        assert "onerror" not in json.dumps(page.panels)
        assert html.escape(NASTY) in page.source

    def test_holes_are_holes_and_counted(self, tmp_path):
        surface = make()
        surface.values["train_loss"][0, 1] = math.nan
        surface.values["train_loss"][0, 2] = math.inf
        surface.done[3, 0] = False
        page = Page(save_page(surface, tmp_path / "a.html"))
        z = page.panels[0]["data"][0]["z"]
        holes = [(j, i) for j, row in enumerate(z) for i, v in enumerate(row) if v is None]
        assert holes == [(0, 1), (0, 2), (3, 0)]
        assert "Not finite (left open): 2 of 24 points." in page.text
        assert "Not computed yet (left open): 1 of 24 points." in page.text

    def test_caption_and_clipping_in_words(self, tmp_path):
        facts = {"model": "resnet56", "shortcuts": "none", "train_examples": 400, "data": "digits"}
        page = Page(save_page(make(**facts), tmp_path / "a.html", clip=10))
        assert (
            "ResNet-56 without shortcuts on 400 training images of handwritten digits" in page.text
        )
        cut = int((make()["train_loss"] > 10).sum())
        assert f"Values above 10 drawn as 10: {cut} of 24 points." in page.text
        assert "The lowest 1 nats at x = −1, y = −1." in page.text

    def test_lines_become_curves(self, tmp_path):
        surface = make_line()
        page = Page(save_page(surface, tmp_path / "a.html"))
        go.Figure(page.panels[0])
        low, high, loss, accuracy = page.panels[0]["data"]
        assert loss["y"] == pytest.approx(surface["loss"])
        assert loss["text"][2] == "1 ± 0.1<br>accuracy 100 %"
        assert low["y"][1] == pytest.approx(1.25 - 0.196)
        assert high["y"][1] == pytest.approx(1.25 + 0.196)
        assert accuracy["y"] == pytest.approx(100 * surface["accuracy"])
        assert page.panels[0]["layout"]["yaxis"]["type"] == "log"

    def test_to_html_of_a_surface(self, tmp_path):
        assert make().to_html(tmp_path / "a.html") == tmp_path / "a.html"


class TestCommandLine:
    @pytest.fixture
    def saved(self, tmp_path):
        return str(save_surface(make(title="one"), tmp_path / "one.h5"))

    def test_it_draws_and_says_so(self, saved, tmp_path, capsys):
        out = tmp_path / "a.png"
        options = ["--style", "surface", "--clip", "10", "--levels", "1,3,10", "--dpi", "80"]
        assert main([saved, saved, "-o", str(out), *options]) == 0
        assert capsys.readouterr().out == f"wrote {out}\n"
        assert int.from_bytes(out.read_bytes()[16:20], "big") == 540

    @pytest.mark.parametrize("style", ["contour", "filled", "lines", "heatmap", "surface"])
    def test_every_style_at_the_width_of_a_column(self, saved, tmp_path, style):
        out = tmp_path / "a.png"
        options = ["--style", style, "--width", "column", "--cmap", "cividis", "--levels", "5"]
        options += ["--quantity", "train_loss_stderr", "--title", "$one$", "--dpi", "80"]
        assert main([saved, "-o", str(out), *options]) == 0
        assert int.from_bytes(out.read_bytes()[16:20], "big") == 260

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["-o", "a.png", "--width", "wide"], "expected column (3.25 inches), page"),
            (["-o", "a.html", "--width", "page"], "option width does not apply"),
            (["-o", "a.html", "--style", "heatmap"], "do not go together"),
            (["-o", "a.gif2"], "expected a file ending in one of"),
            (["-o", "a.png", "--quantity", "test_loss"], "no 'test_loss'"),
            (["-o", "a.png", "--clip", "high"], "expected auto, none or a number"),
            (["-o", "a.html", "--dpi", "90"], "option dpi does not apply"),
        ],
    )
    def test_errors_are_one_line_and_status_2(self, saved, options, message, capsys):
        assert main([saved, *options]) == 2
        printed = capsys.readouterr().err
        assert message in printed
        assert printed.count("\n") == 1

    def test_panels_that_say_nothing_are_called_by_their_files(self, tmp_path):
        for name in ("left", "right"):
            save_surface(make(), tmp_path / f"{name}.h5")
        files = [str(tmp_path / f"{name}.h5") for name in ("left", "right")]
        assert main([*files, "-o", str(tmp_path / "a.html")]) == 0
        words = Page(tmp_path / "a.html").text
        assert "left" in words
        assert "right" in words

    def test_lines_and_planes_do_not_mix(self, saved, tmp_path, capsys):
        line = save_surface(make_line(), tmp_path / "line.h5")
        assert (
            main([saved, str(line), "-o", str(tmp_path / "a.png"), "--quantity", "train_loss"]) == 2
        )
        assert "lines and planes cannot share a picture" in capsys.readouterr().err

    @pytest.mark.parametrize("suffix", ["png", "html"])
    def test_a_contour_of_51_by_51_needs_no_torch(self, tmp_path, suffix):
        path = save_surface(make(nx=51, ny=51), tmp_path / "a.h5")
        code = (
            "import sys\n"
            "from landscape.render.__main__ import main\n"
            f"assert main([{str(path)!r}, '-o', {str(tmp_path / 'a')!r} + '.{suffix}']) == 0\n"
            f"other = {'plotly' if suffix == 'png' else 'matplotlib'!r}\n"
            "bad = {'torch', other} & set(sys.modules)\n"
            "assert not bad, bad\n"
        )
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
