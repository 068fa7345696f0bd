"""Planes from above: heat maps, contours of every style, labels, holes, trajectories, widths."""

from __future__ import annotations

import inspect
import math

import matplotlib as mpl
import matplotlib.text as mpl_text
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex, to_rgba
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import Grid, coarse_to_fine
from landscape.render import (
    contour,
    contour_lines,
    curve,
    filled_contour,
    heatmap,
    side_by_side,
)
from landscape.render.figure.holes import cell_edges
from landscape.render.figure.options import HELP
from landscape.render.unfinished import finished_part
from landscape.store import open_surface
from landscape.surface import Quantity, Surface, Trajectory

PLANE_FIGURES = [contour, filled_contour, contour_lines, heatmap]


def plane(values, x=None, y=None, name="train_loss", units="nats", **attributes):
    values = np.asarray(values, dtype=float)
    x = np.linspace(-1, 1, values.shape[1]) if x is None else x
    y = np.linspace(-1, 1, values.shape[0]) if y is None else y
    done = np.ones(values.shape, dtype=bool)
    return Surface(Grid(x, y), {name: Quantity(name, units)}, {name: values}, done, attributes)


def waves(n=51, **attributes):
    x = np.linspace(-1, 1, n)
    bowl = np.exp(2 * (x**2 + 1.5 * x[:, None] ** 2) + 0.5 * np.sin(9 * x) * np.cos(7 * x)[:, None])
    return plane(bowl - 0.4, **attributes)


def said(figure):
    found = [t.get_text() for t in figure.findobj(mpl_text.Text) if t.get_visible()]
    return " ".join(" ".join(found).split())


def line_sets(figure, gid="levels"):
    sets = [c for c in figure.axes[0].collections if isinstance(c, QuadContourSet)]
    return [c for c in sets if not c.filled and c.get_gid() == gid]


class TestHeatmap:
    def test_each_point_is_in_the_middle_of_its_cell_with_its_own_colour(self):
        x, y = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([0.0, 1.0, 4.0])
        surface = plane(1.0 + np.arange(12).reshape(3, 4), x, y)
        figure = heatmap(surface, scale="linear", clip="none")
        figure.canvas.draw()
        (cells,) = [c for c in figure.axes[0].collections if isinstance(c, QuadMesh)]
        corners = cells.get_coordinates()
        for j in range(3):
            for i in range(4):
                (left, low), (right, high) = corners[j, i], corners[j + 1, i + 1]
                assert left < x[i] < right
                assert low < y[j] < high
                shade = cells.get_facecolor()[4 * j + i]
                expected = mpl.colormaps["viridis"]((surface["train_loss"][j, i] - 1) / 11)
                assert tuple(shade) == pytest.approx(expected)
        # Neighbouring cells meet midway between their points.
        assert np.asarray(corners)[0, :, 0] == pytest.approx([-1.5, -0.5, 0.25, 1.25, 2.75])
        assert figure.axes[0].get_xlim() == (-1.5, 2.75)

    @pytest.mark.parametrize("n", [2, 3, 10])
    def test_cells_of_an_even_grid_are_even(self, n):
        edges = cell_edges(np.linspace(0, 1, n))
        assert np.diff(edges) == pytest.approx(1 / (n - 1))

    def test_values_of_both_signs_get_a_diverging_map_with_white_at_zero(self):
        values = np.linspace(-1, 3, 25).reshape(5, 5)
        figure = heatmap(plane(values, name="eigen_ratio", units="1"))
        (cells,) = [c for c in figure.axes[0].collections if isinstance(c, QuadMesh)]
        assert cells.norm.vmin == -cells.norm.vmax
        assert min(cells.cmap(cells.norm(0.0))[:3]) > 0.95
        assert to_hex(cells.cmap(cells.norm(2.0))) > "#80"
        red, _, blue, _ = cells.cmap(cells.norm(2.0))
        assert red > blue
        red, _, blue, _ = cells.cmap(cells.norm(-2.0))
        assert blue > red

    @pytest.mark.parametrize(
        ("name", "units", "label", "marks_best"),
        [
            ("train_loss", "nats", "training loss (nats)", True),
            ("test_accuracy", "1", "test accuracy (%)", True),
            ("train_loss_stderr", "nats", "standard error of the training loss (nats)", False),
            ("count", "1", "count", False),
            ("margin", "logits", "margin (logits)", False),
        ],
    )
    def test_any_quantity_in_its_unit(self, name, units, label, marks_best):
        values = 0.1 + 0.8 * np.random.default_rng(0).random((6, 5))
        figure = heatmap(plane(values, name=name, units=units), caption="full")
        assert figure.axes[1].get_ylabel().replace("\n", " ") == label
        gids = [line.get_gid() for line in figure.axes[0].lines]
        assert ("best" in gids) == marks_best
        assert ("est" in said(figure)) == marks_best or "standard" in label  # lowest, highest


class TestHoles:
    def surface(self):
        surface = waves(9)
        surface.done[8, 8] = False
        surface.values["train_loss"][8, 8] = np.nan
        surface.values["train_loss"][0, 0:2] = np.nan
        surface.values["train_loss"][4, 8] = np.inf
        surface.values["train_loss"][5, 8] = -np.inf
        return surface

    @pytest.mark.parametrize("draw", PLANE_FIGURES)
    def test_the_three_kinds_are_hatched_apart_and_explained(self, draw):
        figure = draw(self.surface(), caption="full")
        hatched = {p.get_gid(): p for p in figure.axes[0].patches if p.get_hatch()}
        assert set(hatched) == {"not computed", "NaN", "infinite"}
        assert len({p.get_hatch() for p in hatched.values()}) == 3
        inside = {k: p.get_path() for k, p in hatched.items()}
        assert inside["not computed"].contains_point((1, 1))
        assert inside["NaN"].contains_point((-1, -1))
        assert inside["NaN"].contains_point((-0.7, -1))
        assert inside["infinite"].contains_point((1, 0))
        assert not inside["infinite"].contains_point((1, 1))
        words = said(figure)
        assert "▨ not computed: 1 of 81 points." in words
        assert "▩ NaN: 2 of 81 points." in words
        assert "▤ infinite: 2 of 81 points." in words

    @pytest.mark.parametrize("draw", PLANE_FIGURES)
    def test_no_holes_no_words(self, draw):
        figure = draw(waves(9), caption="full")
        assert not [p for p in figure.axes[0].patches if p.get_hatch()]
        assert not set(said(figure)) & set("▨▩▤")


class TestUnfinished:
    """Runs go from coarse to fine."""

    @staticmethod
    def begun(share, n=17):
        surface = waves(n)
        order = coarse_to_fine(surface.grid.shape)
        surface.done.flat[order[int(share * order.size) :]] = False
        surface.values["train_loss"][~surface.done] = np.nan
        return surface

    @pytest.mark.parametrize(
        ("share", "step"), [(0.12, 4), (0.5, 2), (0.9, 2), (0.98, 1), (1.0, 1)]
    )
    def test_contours_show_the_coarser_grid_that_is_complete(self, share, step):
        surface = self.begun(share)
        part = finished_part(surface)
        assert (part is surface) == (step == 1)
        assert part.x.tolist() == surface.x[::step].tolist()
        assert np.array_equal(
            part["train_loss"], surface["train_loss"][::step, ::step], equal_nan=True
        )
        words = said(contour(surface, caption="full"))
        size = f"{16 // step + 1} × {16 // step + 1}"
        assert (f"points computed): showing {size} of 17 × 17 points" in words) == (step > 1)

    def test_heat_maps_show_every_point(self):
        words = said(heatmap(self.begun(0.5), caption="full"))
        assert "▨ not computed: 145 of 289 points." in words
        assert "showing" not in words

    def test_rows_in_order_stay_as_they_are(self):
        surface = waves(17)
        surface.done[6:] = False
        assert finished_part(surface) is surface


class TestStyles:
    @pytest.mark.parametrize(
        ("draw", "filled", "lines"),
        [(contour, 1, 1), (filled_contour, 1, 0), (contour_lines, 0, 1), (heatmap, 0, 0)],
    )
    def test_what_each_style_draws(self, draw, filled, lines):
        figure = draw(waves())
        sets = [c for c in figure.axes[0].collections if isinstance(c, QuadContourSet)]
        assert sum(c.filled for c in sets) == filled
        assert len(line_sets(figure)) == lines
        labels = [t for t in figure.axes[0].texts if t.get_gid() == "level"]
        assert bool(labels) == bool(lines)

    def test_lines_on_white_are_dark_enough_to_see(self):
        (lines,) = line_sets(contour_lines(waves()))
        colours = np.array([to_rgba(c) for c in lines.get_edgecolor()])[:, :3]
        assert (colours @ (0.2126, 0.7152, 0.0722)).max() < 0.55
        assert len({to_hex(c) for c in colours}) == len(colours) > 3

    @pytest.mark.parametrize("name", ["cividis", "jet", "hsv", "RdBu_r"])
    @pytest.mark.parametrize("draw", PLANE_FIGURES)
    def test_any_colour_map_if_it_is_asked_for(self, draw, name):
        figure = draw(waves(9), cmap=name)
        painted = [c for c in figure.axes[0].collections if c.get_array() is not None]
        if draw is not contour_lines:
            assert painted[0].get_cmap()(0.3) == mpl.colormaps[name](0.3)
        assert painted

    @pytest.mark.parametrize("draw", PLANE_FIGURES)
    def test_into_axes_of_the_caller(self, draw):
        figure = Figure(figsize=(5, 4))
        axes = figure.add_subplot()
        assert draw(waves(classes=10), ax=axes, title="$mine$", levels=[1, 3]) is figure
        assert figure.get_size_inches().tolist() == [5, 4]
        assert axes.get_title() == "$mine$"
        assert [t.get_text() for t in figure.axes[1].get_yticklabels()] == ["1", "3"]

    @pytest.mark.parametrize("draw", [*PLANE_FIGURES, curve])
    def test_help_says_everything(self, draw):
        of_maps = {"cmap", "samples", "interpolate", "scale_bar"}
        options = set(HELP) - {"elevation", "azimuth"} - (of_maps if draw is curve else set())
        parameters = inspect.signature(draw).parameters
        assert set(parameters) == {"surface", "ax"} | options
        assert parameters["clip"].default == "auto"
        assert all(f"\n{name}\n    {HELP[name][0]}" in draw.__doc__ for name in options)
        with pytest.raises(TypeError, match="colour"):
            draw(waves(5), colour=1)


def _corners(text, renderer):
    """The corners of the ink's box of a rotated text, shape (4, 2), in pixels."""
    angle = text.get_rotation()
    x, y = text.get_transform().transform(text.get_position())
    upright = text.get_window_extent(renderer)
    # The extent of a rotated box (w, h): W = w |cos| + h |sin|, H = w |sin| + h |cos|.
    text.set_rotation(0)
    box = text.get_window_extent(renderer)
    text.set_rotation(angle)
    turn = math.radians(angle)
    across = np.array([math.cos(turn), math.sin(turn)]) * box.width / 2
    upward = np.array([-math.sin(turn), math.cos(turn)]) * box.height / 2
    centre = np.array([(upright.x0 + upright.x1) / 2, (upright.y0 + upright.y1) / 2])
    assert np.hypot(*(centre - (x, y))) < 6
    return centre + np.array([across + upward, across - upward, -across - upward, upward - across])


def _apart(one, two):
    """Whether two convex polygons are disjoint: an edge of one separates them."""
    for polygon in (one, two):
        for edge in np.roll(polygon, -1, axis=0) - polygon:
            normal = np.array([-edge[1], edge[0]])
            a, b = one @ normal, two @ normal
            if a.max() <= b.min() or b.max() <= a.min():
                return True
    return False


@pytest.mark.parametrize("draw", [contour, contour_lines])
@pytest.mark.parametrize(
    ("width", "levels", "rough"),
    [("column", None, 0.0), ("column", 12, 0.4), ("page", 30, 0.0), ("page", 12, 0.4)],
)
def test_labels_of_lines_are_clear_of_each_other_and_of_the_minimum(draw, width, levels, rough):
    surface = waves(classes=10)
    surface.values["train_loss"] *= 1 + rough * np.random.default_rng(0).random((51, 51))
    figure = draw(surface, width=width, levels=levels)
    figure.canvas.draw()
    renderer, axes = figure.canvas.get_renderer(), figure.axes[0]
    labels = [_corners(t, renderer) for t in axes.texts if t.get_gid() == "level"]
    assert len(labels) >= 3
    (best,) = [line for line in axes.lines if line.get_gid() == "best"]
    at, radius = axes.transData.transform(best.get_xydata()[0]), 2.4 * figure.dpi / 72
    corners = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
    boxes = [*labels, at + radius * corners / math.sqrt(2)]
    clashes = [
        (a, b) for a in range(len(boxes)) for b in range(a) if not _apart(boxes[a], boxes[b])
    ]
    assert clashes == []
    frame = axes.get_window_extent()
    assert all(frame.contains(*corner) for box in labels for corner in box)


@pytest.mark.parametrize("name", ["digits_curve", "resnet56", "resnet56_noshort"])
def test_each_level_has_one_label_on_its_line(name):
    """A fault once: labels were placed on coarse lines, and some moved to the next level's."""
    axes = contour(open_surface(f"example:{name}")).axes[0]
    levels = [t for t in axes.texts if t.get_gid() == "level"]
    said = [t.get_text() for t in levels]
    assert len(said) > 3
    assert len(said) == len(set(said))


class TestTrajectories:
    def test_a_path_is_a_line_with_distinct_ends(self):
        surface = waves(9)
        path = Trajectory([-0.5, 0.0, 0.75], [0.5, 0.1, -0.2], step=[0, 10, 300])
        surface.trajectories["SGD"] = path
        axes = heatmap(surface).axes[0]
        lines = {line.get_gid(): line for line in axes.lines}
        assert lines["trajectory SGD"].get_xydata() == pytest.approx(np.c_[path.x, path.y])
        assert lines["start"].get_xydata().tolist() == [[-0.5, 0.5]]
        assert lines["end"].get_xydata().tolist() == [[0.75, -0.2]]
        assert lines["start"].get_marker() != lines["end"].get_marker()
        assert axes.get_legend() is None
        assert "Path of SGD from □ step 0 to ◆ step 300." in said(contour(surface, caption="full"))

    @pytest.mark.parametrize("draw", PLANE_FIGURES)
    def test_a_path_out_of_the_picture_is_cut_off_and_said(self, draw):
        surface = waves(9)
        surface.trajectories["far"] = Trajectory([3.0, 0.0], [0.0, 0.0], distance=[np.nan, 2.5])
        surface.trajectories["outside"] = Trajectory([3.0, 4.0], [0.0, 0.0])
        figure = draw(surface, caption="full")
        plain = draw(waves(9))
        assert figure.axes[0].get_xlim() == plain.axes[0].get_xlim()
        assert figure.axes[0].get_ylim() == plain.axes[0].get_ylim()
        ends = [x.get_gid() for x in figure.axes[0].lines if x.get_gid() in ("start", "end")]
        assert ends == ["end"]
        words = said(figure)
        assert "far from □ to ◆, up to 2.5 from the plane; partly outside the plot." in words
        assert "Path of outside from □ to ◆; outside the plot." in words

    def test_several_paths_have_a_legend_of_plain_text(self):
        surface = waves(9)
        names = ["_hidden", "$x^2$", "third"]
        for k, name in enumerate(names):
            surface.trajectories[name] = Trajectory([0.1 * k, 0.5], [0.0, 0.1 * k])
        axes = contour(surface).axes[0]
        entries = axes.get_legend().get_texts()
        assert [t.get_text().strip("\u200b") for t in entries] == names
        assert not any(t.get_parse_math() for t in entries)
        colours = [x.get_color() for x in axes.lines if str(x.get_gid()).startswith("traj")]
        assert len(set(colours)) == 3


class TestWidth:
    @pytest.mark.parametrize(
        ("width", "inches"),
        [("column", 3.25), ("page", 6.75), (5.5, 5.5), ("5.5", 5.5), (None, None)],
    )
    @pytest.mark.parametrize(("style", "count"), [("contour", 2), ("heatmap", 1), ("surface", 2)])
    def test_a_figure_is_as_wide_as_it_is_asked_for(self, style, count, width, inches):
        figure = side_by_side([waves(7)] * count, style, width=width)
        wanted = inches or (3.25 if count == 1 else 6.75)
        assert figure.get_size_inches()[0] == pytest.approx(wanted)

    @pytest.mark.parametrize("width", ["wide", 0, -3, math.nan, math.inf, 100, "", [3]])
    def test_other_widths_are_one_clear_error(self, width):
        with pytest.raises(InputError, match=r"width .*: expected column \(3.25 inches\), page"):
            contour(waves(5), width=width)

    @pytest.mark.parametrize("width", ["column", "page"])
    @pytest.mark.parametrize("count", [1, 2, 4])
    @pytest.mark.parametrize("style", ["contour", "heatmap", "curve"])
    def test_no_text_is_small_or_cut_off_or_over_another(self, style, count, width):
        surface = waves(9, model="resnet56", data="cifar10", train_examples=1000, classes=10)
        surface.done[0, 0] = False
        surface.values["train_loss"][2, 2] = np.inf
        surface.trajectories["SGD"] = Trajectory([0.0, 3.0], [0.0, 0.0])
        if style == "curve":
            x = np.linspace(-1, 1, 9)
            kept = {"train_loss": surface["train_loss"][4], "train_accuracy": 1 - x**2 / 2}
            quantities = {"train_loss": Quantity("l", "nats"), "train_accuracy": Quantity("a")}
            surface = Surface(Grid(x), quantities, kept, np.ones(9, bool), surface.attributes)
        figure = side_by_side([surface] * count, style, width=width, title="A title " * 9)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        written = [t for t in figure.findobj(mpl_text.Text) if t.get_visible() and t.get_text()]
        assert min(t.get_fontsize() for t in written) >= 6
        page, axes = figure.bbox, figure.axes
        boxes = [
            (f"{k} {axis}", axis.get_tightbbox(renderer))
            for k, a in enumerate(axes)
            for axis in (a.xaxis, a.yaxis)
        ]
        boxes += [(f"{k}", a.get_window_extent()) for k, a in enumerate(axes)]
        notes = [(t.get_text(), t.get_window_extent(renderer)) for t in figure.texts]
        drawn = [(name, box) for name, box in boxes + notes if box is not None]
        cut = [
            n for n, b in drawn if min(b.x0, b.y0) < -1 or b.x1 > page.x1 + 1 or b.y1 > page.y1 + 1
        ]
        assert cut == []
        over = [(n, m) for n, a in notes for m, b in drawn if n != m and _overlap(a, b)]
        assert over == []


def _overlap(a, b):
    across = min(a.x1, b.x1) - max(a.x0, b.x0)
    along = min(a.y1, b.y1) - max(a.y0, b.y0)
    return across > 1 and along > 2
