"""Files: what suffix gives what, whole or not at all; the page; the command line."""

from __future__ import annotations

import html
import json
import math
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import contour, save, save_figure, save_page
from landscape.render.__main__ import main
from landscape.render.heights import upper_clip
from landscape.render.media import MEDIA
from landscape.store import save_surface
from landscape.surface import Quantity, Surface, Trajectory

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
        self.elements, self.words, self.json, self._open = [], [], "", ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.data = json.loads(self.json)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag

    def handle_endtag(self, tag):
        self._open = ""

    def handle_data(self, data):
        if self._open == "panels-data":
            self.json += data
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
    """The document itself; what a browser makes of it is in test_page_browser.py."""

    def test_it_holds_the_values_of_every_quantity_in_the_unit_of_the_picture(self, tmp_path):
        surfaces = [make(), make(scale=30)]
        data = Page(save_page(surfaces, tmp_path / "a.html")).data
        for surface, panel in zip(surfaces, data["panels"], strict=True):
            assert panel["x"] == pytest.approx(surface.x, rel=1e-5)
            assert panel["y"] == pytest.approx(surface.y, rel=1e-5)
            for name in ("train_loss", "train_loss_stderr", "train_accuracy"):
                wanted = surface[name].ravel() * (100 if name == "train_accuracy" else 1)
                assert panel["values"][name] == pytest.approx(wanted, rel=1e-5)
        loss, error, accuracy = data["quantities"]
        assert (loss["label"], loss["unit"]) == ("training loss", "nats")
        assert error["label"] == "standard error of the training loss"
        assert (accuracy["unit"], accuracy["clip"]) == ("%", {"log": None, "linear": None})
        assert loss["beside"] == {
            "loss": "train_loss",
            "loss_stderr": "train_loss_stderr",
            "accuracy": "train_accuracy",
        }
        finite = [s["train_loss"] for s in surfaces]
        assert loss["clip"] == {k: upper_clip(finite, k) for k in ("log", "linear")}

    def test_only_what_all_surfaces_hold_can_be_chosen(self, tmp_path):
        other = make()
        del other.quantities["train_accuracy"]
        other.quantities["train_loss_stderr"] = Quantity("error", "bits")
        data = Page(save_page([make(), other], tmp_path / "a.html")).data
        assert [q["name"] for q in data["quantities"]] == ["train_loss"]

    def test_it_asks_for_nothing_and_is_small(self, tmp_path):
        path = save_page([make(nx=101, ny=101), make(nx=101, ny=101)], tmp_path / "a.html")
        page = Page(path)
        assert path.stat().st_size < 6e6
        assert [t for t, a in page.elements if {"src", "href"} & set(a)] == []
        (policy,) = [
            a["content"]
            for _, a in page.elements
            if a.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "connect-src" not in policy
        assert "unsafe-eval" not in policy

    def test_text_of_a_file_is_text(self, tmp_path):
        surface = make(title=NASTY, model=NASTY, data=NASTY)
        surface.quantities["train_loss"] = Quantity(NASTY, NASTY)
        surface.axes["x"] = {"kind": NASTY, "seed": NASTY}
        page = Page(save_page(surface, tmp_path / "a.html", title=NASTY))
        assert {t for t, _ in page.elements} & {"img", "b"} == set()
        assert [t for t, _ in page.elements].count("script") == 3
        assert page.text.count(" ".join(NASTY.split())) == 2  # title and heading
        assert "<" not in page.json
        assert page.data["panels"][0]["title"] == NASTY
        assert html.escape(NASTY) in page.source

    def test_holes_and_what_is_not_finite_are_told_apart(self, tmp_path):
        surface = make()
        surface.values["train_loss"][0, 1] = math.nan
        surface.values["train_loss"][0, 2] = -math.inf
        surface.done[3, 0] = False
        (panel,) = Page(save_page(surface, tmp_path / "a.html")).data["panels"]
        holes = [k for k, v in enumerate(panel["values"]["train_loss"]) if v is None]
        assert holes == [1, 2, 18]
        assert panel["notFinite"] == {"train_loss": [[1, "NaN"], [2, "−∞"]]}
        assert panel["undone"] == [18]
        assert panel["values"]["train_accuracy"][1] == 50

    def test_captions_in_words(self, tmp_path):
        facts = {"model": "resnet56", "shortcuts": "none", "train_examples": 400, "data": "digits"}
        surface = make(**facts)
        for name in "xy":
            surface.axes[name] = {"kind": "random", "normalization": "filter"}
        (panel,) = Page(save_page(surface, tmp_path / "a.html")).data["panels"]
        wanted = "ResNet-56 without shortcuts on 400 training images of handwritten digits"
        assert f"Training loss of {wanted}." in panel["captions"]["train_loss"]
        assert f"Training accuracy of {wanted}." in panel["captions"]["train_accuracy"]
        assert "one unit moves every filter by its own norm" in panel["axes"]
        surface.axes["y"]["normalization"] = "none"
        (panel,) = Page(save_page(surface, tmp_path / "a.html")).data["panels"]
        assert panel["axes"] == "The trained network is at x = 0, y = 0."

    def test_what_it_shows_first(self, tmp_path):
        options = {"scale": "linear", "clip": 10, "levels": [1, 5], "norm_range": (1, 20)}
        page = Page(
            save_page(
                make(), tmp_path / "a.html", style="contour", elevation=0, azimuth=90, **options
            )
        )
        initial = page.data["initial"]
        assert initial["direction"] == pytest.approx([0, 1, 0], abs=1e-12)
        assert initial | {"direction": None} == {
            "view": "contour",
            "quantity": "train_loss",
            "scale": "linear",
            "clip": 10,
            "range": [1, 20],
            "levels": [1, 5],
            "cmap": None,
            "direction": None,
        }

    def test_a_row_of_a_plane_is_a_line(self, tmp_path):
        surface = make(ny=1)
        data = Page(save_page(surface, tmp_path / "a.html")).data
        assert (data["kind"], data["initial"]["view"]) == ("line", "curve")
        (panel,) = data["panels"]
        assert (panel["axis"], panel["at"], panel["y"]) == ("x", "y = −1", None)
        assert panel["values"]["train_loss"] == pytest.approx(surface["train_loss"][0])

    def test_trajectories(self, tmp_path):
        surface = make()
        surface.trajectories = {
            "SGD": Trajectory(np.array([0.5, 0]), np.array([1, 0]), np.array([math.inf, 2]))
        }
        (panel,) = Page(save_page(surface, tmp_path / "a.html")).data["panels"]
        assert panel["trajectories"] == [
            {
                "name": "SGD",
                "x": [0.5, 0],
                "y": [1, 0],
                "loss": [None, 2],
                "off": [],
                "words": "",
            }
        ]
        surface.trajectories["SGD"] = Trajectory([0.5, 0], [1, 0], [2.0, 1.0], [3.0, 1.0])
        (panel,) = Page(save_page(surface, tmp_path / "b.html")).data["panels"]
        assert panel["trajectories"][0]["off"] == [0]
        assert "1 of 2 steps match the loss" in panel["trajectories"][0]["words"]

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
        said = capsys.readouterr().out
        assert said.startswith(f"wrote {out}\none: ○ lowest ")
        assert said.endswith("; drawn by pyvista\n") or said.endswith("; drawn by matplotlib\n")
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
            (["-o", "a.html", "--style", "heatmap"], "is not supported for .html files"),
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
        panels = Page(tmp_path / "a.html").data["panels"]
        assert [panel["title"] for panel in panels] == ["left", "right"]

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
