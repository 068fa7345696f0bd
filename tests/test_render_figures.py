"""Figures, through the data and colours of their artists."""

from __future__ import annotations

import math
import subprocess
import sys
from types import SimpleNamespace

import h5py
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import contour, curve, side_by_side, surface3d
from landscape.render.figure.style import ACCURACY_COLOUR, LOSS_COLOUR, text_width, wrap
from landscape.render.figure.surface_panel import faces, normals_of
from landscape.render.space.camera import Camera
from landscape.render.space.projection import project
from landscape.render.space.relief import HEIGHT
from landscape.surface import Quantity, Surface


def plane(values, x, y, name="train_loss", units="nats", **attributes):
    values = np.asarray(values, float)
    done = np.ones(values.shape, bool)
    return Surface(Grid(x, y), {name: Quantity(name, units)}, {name: values}, done, attributes)


def slanted(nx=6, ny=4, offset=12.0):
    """f(x, y) = x + 10 y + offset: not symmetric, on a grid that is not square."""
    x, y = np.linspace(-1, 1, nx), np.linspace(-1, 0.5, ny)
    return plane(x[None, :] + 10 * y[:, None] + offset, x, y)


def bowl(n=15, scale=1.0, **attributes):
    x = np.linspace(-1, 1, n)
    return plane(scale * (1e-3 + x[:, None] ** 2 + 2 * x**2), x, x, **attributes)


def line(n=21, **attributes):
    x = np.linspace(-1, 1, n)
    values = {
        "train_loss": 0.01 + x**2,
        "train_loss_stderr": np.full(n, 0.001),
        "train_accuracy": 1 - 0.5 * x**2,
        "test_loss": 0.3 + x**2,
        "test_accuracy": 0.9 - 0.5 * x**2,
    }
    quantities = {k: Quantity(k, "nats" if "loss" in k else "1") for k in values}
    return Surface(Grid(x), quantities, values, np.ones(n, bool), attributes)


def contour_sets(figure, panel=0):
    found = [c for c in figure.axes[panel].collections if isinstance(c, QuadContourSet)]
    return [c for c in found if c.filled], [c for c in found if not c.filled]


def texts(figure):
    """All text of a figure, the axes' own included, wrapped lines joined."""
    figure.canvas.draw()
    found = [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_visible()]
    return " ".join(" ".join(found).split())


def _surface_of(axes):
    (found,) = [c for c in axes.collections if c.get_gid() == "surface"]
    return found


def marked(axes, gid):
    return next(line for line in axes.lines if line.get_gid() == gid)


class TestContour:
    def test_lines_lie_where_the_function_has_their_value(self):
        # x and y exchanged, or nx and ny, would put them elsewhere.
        _, (lines,) = contour_sets(contour(slanted(), scale="linear", levels=[5, 10, 15]))
        assert lines.levels.tolist() == [5, 10, 15]
        for level, path in zip(lines.levels, lines.get_paths(), strict=True):
            x, y = path.vertices.T
            assert len(x) > 1
            assert x + 10 * y + 12 == pytest.approx(level)

    def test_log_lines_of_an_exponential_are_straight(self):
        x, y = np.linspace(-1, 1, 5), np.linspace(-1, 1, 3)
        surface = plane(10 ** (x[None, :] + 2 * y[:, None]), x, y)
        _, (lines,) = contour_sets(contour(surface, levels=[0.1, 1, 10]))
        for level, path in zip(lines.levels, lines.get_paths(), strict=True):
            u, v = path.vertices.T
            assert u + 2 * v == pytest.approx(level)

    def test_limits_labels_and_minimum(self):
        figure = contour(slanted(), caption="full")
        axes = figure.axes[0]
        assert (axes.get_xlim(), axes.get_ylim()) == ((-1, 1), (-1, 0.5))
        assert marked(axes, "best").get_xydata().tolist() == [[-1, -1]]
        assert "first direction" in axes.get_xlabel()
        assert "second direction" in axes.get_ylabel().replace("\n", " ")
        assert "lowest 1 nats at x = −1, y = −1" in texts(figure)

    def test_labels_are_round_values_of_the_loss(self):
        figure = contour(bowl(41), levels=[0.01, 0.1, 1])
        assert {t.get_text() for t in figure.axes[0].texts} <= {"0.01", "0.1", "1"}
        assert len(figure.axes[0].texts) >= 2
        bar = figure.axes[1]
        assert [t.get_text() for t in bar.get_yticklabels()] == ["0.01", "0.1", "1"]
        assert bar.get_yticks().tolist() == pytest.approx([-2, -1, 0])
        assert bar.get_ylabel() == "training loss (nats)"

    def test_chance_level_is_its_own_line(self):
        _, lines = contour_sets(contour(bowl(31, classes=10)))
        (chance,) = [c for c in lines if c.get_gid() == "chance"]
        assert chance.levels == pytest.approx([math.log10(math.log(10))])
        assert tuple(chance.get_edgecolor()[0]) == to_rgba("white")
        _, without = contour_sets(contour(bowl(31)))
        assert not [c for c in without if c.get_gid() == "chance"]

    def test_holes_stay_open_and_are_said(self):
        surface = bowl(5)
        surface.values["train_loss"][0, 0] = np.inf
        surface.done[4, 4] = False
        before = surface["train_loss"].copy()
        figure = contour(surface, caption="full")
        (filled,), _ = contour_sets(figure)
        assert not any(p.contains_point((-0.95, -0.95)) for p in filled.get_paths())
        assert not any(p.contains_point((0.95, 0.95)) for p in filled.get_paths())
        assert any(p.contains_point((0.6, 0.0)) for p in filled.get_paths())
        hatched = {p.get_gid(): p.get_extents() for p in figure.axes[0].patches if p.get_hatch()}
        assert {
            k: figure.axes[0].transData.inverted().transform(v.get_points()).mean(axis=0)
            for k, v in hatched.items()
        } == {"infinite": pytest.approx([-1, -1]), "not computed": pytest.approx([1, 1])}
        assert "▤ infinite: 1 of 25 points." in texts(figure)
        assert "▨ not computed: 1 of 25 points." in texts(figure)
        assert np.array_equal(surface["train_loss"], before)

    def test_clipping_is_stated_and_the_bar_gets_a_point(self):
        figure = contour(bowl(), clip=1.0, caption="full")
        cut = int((bowl()["train_loss"] > 1).sum())
        assert f"{cut} of 225 points clipped at 1 nats." in texts(figure)
        (filled,), _ = contour_sets(figure)
        assert filled.norm.vmax == pytest.approx(0)

    def test_constant_surface_has_one_colour(self):
        (filled,), lines = contour_sets(
            contour(plane(np.ones((3, 3)), np.arange(3.0), np.arange(3.0)))
        )
        assert lines == []
        assert sum(len(p.vertices) > 0 for p in filled.get_paths()) == 1

    def test_into_axes_of_the_caller(self):
        figure = Figure()
        axes = figure.add_subplot()
        assert contour(bowl(), ax=axes, clip=1.0, title="mine") is figure
        assert axes.get_title() == "mine"
        assert " points clipped at 1 nats" in axes.get_xlabel()
        assert len(figure.axes) == 2  # the colour bar

    @pytest.mark.parametrize("name", ["cividis", "magma"])
    def test_colour_map(self, name):
        (filled,), _ = contour_sets(contour(bowl(), cmap=name))
        assert filled.get_cmap()(0.5) == mpl.colormaps[name](0.5)


class TestSideBySide:
    @pytest.mark.parametrize("style", ["contour", "surface"])
    def test_one_scale_and_one_colour_bar(self, style):
        figure = side_by_side([bowl(), bowl(scale=50)], style)
        assert len(figure.axes) == 3
        assert figure.get_size_inches()[0] == 6.75
        if style == "contour":
            (one,), _ = contour_sets(figure, 0)
            (two,), _ = contour_sets(figure, 1)
            assert one.norm is two.norm
            low, high = one.norm.vmin, one.norm.vmax
            assert np.array_equal(one.levels, two.levels)
        else:
            norms = [_surface_of(axes) for axes in figure.axes[:2]]
            assert [len(c.get_facecolor()) for c in norms] == [140**2] * 2
            low, high = figure.axes[2].get_ylim()
        assert (low, high) == pytest.approx((-3, math.log10(150.05)))

    def test_one_panel_is_one_column_wide(self):
        assert side_by_side([bowl()]).get_size_inches()[0] == 3.25

    @pytest.mark.parametrize("count", [3, 4, 5])
    def test_more_panels_make_rows(self, count):
        figure = side_by_side([bowl(5)] * count)
        assert len(figure.axes) == count + 1
        figure.canvas.draw()
        left = [a.yaxis.label.get_window_extent().x0 for a in figure.axes[:count]]
        assert min(left) >= 0

    def test_all_text_is_inside_the_page_and_apart(self):
        facts = {"model": "resnet56", "shortcuts": "none", "classes": 10, "data": "digits"}
        figure = side_by_side([bowl(**facts), bowl(scale=1e4, title="a " * 60)], "contour", clip=9)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        page = figure.bbox
        boxes = []
        for text in [*figure.texts, *(a.xaxis.label for a in figure.axes[:2])]:
            if text.get_text():
                box = text.get_window_extent(renderer)
                assert box.x0 >= page.x0 - 1
                assert box.x1 <= page.x1 + 1
                assert box.y0 >= page.y0 - 1
                assert box.y1 <= page.y1 + 1
                boxes.append(box)
        overlaps = [(a, b) for k, a in enumerate(boxes) for b in boxes[:k] if _overlap(a, b)]
        assert overlaps == []

    def test_text_from_a_file_is_no_mathematics(self):
        figure = side_by_side([bowl(title=r"$x^2$ costs \frac $5")], "contour")
        assert r"$x^2$ costs \frac $5" in texts(figure)

    def test_figures_show_themselves_in_notebooks(self):
        assert contour(bowl(5))._repr_png_().startswith(b"\x89PNG")


def _overlap(a, b):
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    along = min(a.y1, b.y1) - max(a.y0, b.y0)
    return across > 1 and along > 2


class TestSurface3d:
    def test_faces_of_an_unequal_grid_lie_on_the_plane(self):
        x, y = np.linspace(-1, 1, 6), np.linspace(-1, 0.5, 4)
        corners = faces(x, y, x[None, :] + 10 * y[:, None])
        assert corners.shape == (5 * 3, 4, 3)
        assert corners[:, :, 2] == pytest.approx(corners[:, :, 0] + 10 * corners[:, :, 1])

    def test_faces_cover_the_grid_once(self):
        x, y = np.linspace(0, 2, 4), np.linspace(0, 3, 3)
        corners = faces(x, y, np.zeros((3, 4)))
        u, v = corners[:, :, 0], corners[:, :, 1]
        area = 0.5 * np.abs(np.sum(u * np.roll(v, -1, 1) - v * np.roll(u, -1, 1), axis=1))
        assert area.sum() == pytest.approx(6)

    def test_a_hole_opens_the_cells_around_it(self):
        heights = np.zeros((4, 5))
        heights[1, 1] = np.nan
        assert len(faces(np.arange(5.0), np.arange(4.0), heights)) == 12 - 4

    def test_an_edge_is_shaded_over_several_faces(self):
        """A fault once: where a surface is clipped the light changed from one face to the next."""
        axis = np.linspace(-0.5, 0.5, 21)
        up = np.tile(np.maximum(axis, 0.0), (21, 1))  # flat, then rising by 45 degrees
        up[0, 0] = np.nan
        normals = normals_of(SimpleNamespace(across=axis, along=axis, up=up))
        assert len(normals) == 20 * 20 - 1
        row = normals[-20:]
        angles = np.degrees(np.arctan2(-row[:, 0], row[:, 2]))
        assert angles[[0, -1]] == pytest.approx([0.0, 45.0])
        assert np.diff(angles).min() >= -1e-9
        assert np.diff(angles).max() < 30

    def test_heights_colours_and_ticks(self):
        camera = Camera(40, -60)
        figure = surface3d(bowl(9), elevation=40, azimuth=-60)
        axes = figure.axes[0]
        said = [t for t in axes.texts if t.get_gid() == "height"]
        assert len(said) >= 3
        part = [(math.log10(float(t.get_text())) + 3) / math.log10(3001) for t in said]
        expected = project(np.array([(-0.5, -0.5, HEIGHT * p) for p in part]), camera)
        assert np.array([t.xy for t in said]) == pytest.approx(expected, abs=1e-6)
        assert {t.get_ha() for t in said} == {"right"}

    def test_faces_have_the_colour_of_their_height(self):
        # A plane on the log scale: its slope, and so its shading, is the same everywhere.
        x = np.linspace(-2, 2, 49)
        figure = surface3d(plane(np.tile(10**x, (49, 1)), x, x))
        collection = _surface_of(figure.axes[0])
        colours = collection.get_facecolor()[:, :3]
        fine = np.linspace(-2, 2, 145)  # each cell in three
        middles = (fine[:-1] + fine[1:]) / 2
        expected = mpl.colormaps["viridis"](np.tile((middles + 2) / 4, 144))[:, :3]
        ratio = np.sort(colours[:, 1]) / np.sort(expected[:, 1])  # green rises throughout viridis
        assert ratio == pytest.approx(ratio[0], abs=0.05)  # 256 colours
        assert 0.6 <= ratio[0] <= 1

    def test_camera_can_be_set(self):
        axes = surface3d(bowl(7), elevation=12, azimuth=34).axes[0]
        corners = np.array([(u, v, 0.0) for u in (-0.5, 0.5) for v in (-0.5, 0.5)])
        expected = project(corners, Camera(12, 34))
        drawn = np.concatenate([x.get_xydata() for x in axes.lines if x.get_gid() == "box"])
        near = np.abs(drawn[:, None] - expected[None]).max(axis=2).min(axis=0)
        assert (near < 1e-9).sum() >= 3  # the one in the far corner has no edge of its own


class TestCurve:
    def test_loss_left_on_a_log_axis_accuracy_right_in_percent(self):
        left, right = curve(line(), quantity="train_loss").axes
        assert left.get_yscale() == "log"
        assert marked(left, "train_loss").get_ydata() == pytest.approx(
            0.01 + np.linspace(-1, 1, 21) ** 2
        )
        assert marked(left, "train_loss").get_color() == LOSS_COLOUR
        shown = marked(right, "train_accuracy")
        assert shown.get_ydata().max() == pytest.approx(100)
        assert shown.get_color() == ACCURACY_COLOUR
        assert right.get_ylim() == (0, 100)

    def test_all_losses_unless_one_is_asked_for(self):
        figure = curve(line(), caption="full")
        names = [x.get_gid() for axes in figure.axes for x in axes.lines]
        assert names == ["train_loss", "test_loss", "train_accuracy", "test_accuracy"]
        assert "Solid: training; dashed: test." in texts(figure)

    def test_band_is_1_96_standard_errors(self):
        left = curve(line(), quantity="train_loss").axes[0]
        (band,) = [c for c in left.collections if c.get_gid() == "train_loss_stderr"]
        at_end = [v for x, v in band.get_paths()[0].vertices if x == 1]
        assert max(at_end) == pytest.approx(1.01, abs=1e-12)  # held within the range of the axis
        assert min(at_end) == pytest.approx(1.01 - 1.96e-3)

    def test_gaps_and_lonely_points(self):
        surface = line()
        surface.done[[3, 5]] = False
        left = curve(surface, quantity="train_loss").axes[0]
        assert np.isnan(marked(left, "train_loss").get_ydata()[[3, 5]]).all()
        dots = [x for x in left.lines if x.get_marker() == "."]
        assert dots[0].get_xdata() == pytest.approx(surface.x[[4]])

    def test_accuracy_alone_has_one_axis(self):
        assert len(curve(line(), quantity="test_accuracy").axes) == 1

    @pytest.mark.parametrize("axis", ["x", "y"])
    def test_single_row_or_column_is_a_line(self, axis):
        along, values = np.linspace(0, 1, 5), np.arange(1.0, 6.0)
        row = plane(values[None], along, [0.25]) if axis == "x" else None
        surface = row or plane(values[:, None], [0.25], along)
        axes = side_by_side([surface]).axes[0]
        assert marked(axes, "train_loss").get_xydata() == pytest.approx(np.c_[along, values])
        other = "y" if axis == "x" else "x"
        assert f"{other} = 0.25" in axes.get_xlabel().replace("\n", " ")

    def test_lines_side_by_side_share_the_loss_axis(self):
        louder = line()
        louder.values["train_loss"] = louder["train_loss"] * 100
        figure = side_by_side([line(), louder], quantity="train_loss")
        left = [a for a in figure.axes if a.get_yscale() == "log"]
        assert left[0].get_ylim() == left[1].get_ylim()


ERRORS = [
    ([line(), bowl()], {}, "lines and planes cannot share a picture"),
    ([bowl()], {"style": "curve"}, "style curve needs a line"),
    ([line()], {"style": "surface"}, "needs at least 2 × 2 points.*use style curve"),
    ([bowl()], {"style": "contours"}, "unknown style 'contours'.*did you mean 'contour'"),
    ([plane([[1.0]], [0.0], [0.0])], {}, "single point"),
    ([], {}, "no surface to draw"),
    ([bowl(), bowl(title="other")], {"quantity": "val_loss"}, "surface 1 of 2.*no 'val_loss'"),
    ([line(), line()], {"quantity": "loss"}, "only train_loss"),
    ([bowl()], {"cmap": "virids"}, "unknown colour map 'virids'.*did you mean 'viridis'"),
    ([bowl()], {"levels": 0}, "0 levels"),
    ([bowl()], {"levels": [1, 0.1]}, "strictly increasing"),
    ([bowl()], {"levels": [1e5]}, "none is within the drawn range"),
]


@pytest.mark.parametrize(("surfaces", "options", "message"), ERRORS, ids=[e[2] for e in ERRORS])
def test_what_cannot_be_drawn_is_one_clear_error(surfaces, options, message):
    with pytest.raises(InputError, match=message):
        side_by_side(surfaces, **options)


def test_the_second_surface_lacking_the_quantity_is_named():
    x = np.arange(3.0)
    other = plane(np.ones((3, 3)), x, x, name="loss", title="the other")
    with pytest.raises(InputError, match=r"surface 2 of 2 \(the other\) has no 'train_loss'"):
        side_by_side([bowl(), other])


def test_wrapped_text_fits():
    words = "a long caption with averyveryverylongwordwithoutanybreakinside " * 3
    lines = wrap(words, 1.2)
    assert all(text_width(x) <= 1.2 for x in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize("style", ["contour", "surface"])
def test_surfaces_of_the_authors_code(shared, style):
    surfaces = []
    for name in ("resnet56_7x7.h5", "resnet56_noshort_7x7.h5"):
        with h5py.File(shared / "reference" / name) as file:
            loss = file["train_loss"][()]
            surfaces.append(plane(loss, file["xcoordinates"][()], file["ycoordinates"][()]))
    figure = side_by_side(surfaces, style, caption="full")
    if style == "contour":
        assert marked(figure.axes[0], "best").get_xydata().tolist() == [[0, 0]]
    assert "lowest 5.69×10⁻⁴ nats at x = 0, y = 0" in texts(figure)


def test_drawing_a_figure_imports_neither_torch_nor_plotly_nor_pyplot():
    code = (
        "import sys, numpy as np\n"
        "from landscape.grid import Grid\n"
        "from landscape.surface import Quantity, Surface\n"
        "import landscape.render\n"
        "assert not {'matplotlib', 'plotly'} & set(sys.modules)\n"
        "x = np.arange(5.0)\n"
        "s = Surface(Grid(x, x), {'loss': Quantity('l')}, {'loss': np.ones((5, 5)) + x})\n"
        "s.done[:] = True\n"
        "s.plot_contour()\n"
        "bad = {'torch', 'plotly', 'matplotlib.pyplot', 'h5py'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_curve_counts_the_examples_of_each_split_that_it_shows() -> None:
    """A fault once: the test loss was drawn under the number of training images alone."""
    from landscape.grid import Grid
    from landscape.render import curve
    from landscape.surface import Quantity, Surface

    names = ("train_loss", "test_loss")
    facts = {"data": "digits", "train_examples": 300, "train_population": 1437}
    line = Surface(
        Grid(np.linspace(-1, 1, 5)),
        {name: Quantity("mean cross-entropy", "nats") for name in names},
        {name: np.linspace(1.0, 2.0, 5) for name in names},
        np.ones(5, dtype=bool),
        {**facts, "test_examples": 200, "test_population": 360},
    )
    said = texts(curve(line, caption="full"))
    assert "300 of 1,437 training images" in said
    assert "200 of 360 test images" in said
