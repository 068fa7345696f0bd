"""Figures as a paper prints them: short captions, large plots, labels that cross nothing."""

from __future__ import annotations

import math
from itertools import pairwise

import matplotlib.pyplot as plt
import matplotlib.text as mpl_text
import numpy as np
import pytest
from matplotlib.legend import Legend
from PIL import Image

from landscape import open_surface
from landscape.errors import InputError
from landscape.render import contour, curve, heatmap, save, side_by_side, surface3d
from landscape.render.__main__ import main
from landscape.render.figure.style import text_width
from landscape.render.heights import prepare
from landscape.render.words.one_line import in_one_line
from landscape.surface import Surface, Trajectory
from tests.test_render_figures import bowl, line, plane

COLUMN = [
    *[("digits_path", style) for style in ("contour", "filled", "lines", "heatmap", "path")],
    *[("resnet56", style) for style in ("contour", "surface")],
    *[("digits_curve", style) for style in ("contour", "surface")],
    ("digits_between", "curve"),
]
LABELLED = ["digits_path", "digits_curve", "resnet56", "resnet56_noshort", "variant_add"]
_OPENED: dict[str, Surface] = {}


def example(name: str) -> Surface:
    if name not in _OPENED:
        _OPENED[name] = open_surface(f"example:{name}")
    return _OPENED[name]


def written(figure) -> str:
    found = [t.get_text() for t in figure.findobj(mpl_text.Text) if t.get_visible()]
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize(("name", "style"), COLUMN)
def test_a_plot_takes_most_of_the_height_of_a_column(name, style):
    """A fault once: 30 % for a plot above eleven lines of caption."""
    figure = side_by_side([example(name)], style)
    assert figure.get_figwidth() == pytest.approx(3.25)
    assert figure.axes[0].get_position().height >= 0.7


@pytest.mark.parametrize("context", ["paper", "talk", "poster"])
def test_a_context_makes_everything_larger(context):
    factor = {"paper": 1, "talk": 2, "poster": 4}[context]
    figure, paper = (contour(example("digits_path"), context=c) for c in (context, None))
    for one, other in zip(figure.axes, paper.axes, strict=True):
        assert one.get_position().bounds == pytest.approx(other.get_position().bounds)
    assert figure.get_size_inches() == pytest.approx(factor * paper.get_size_inches())

    def sizes(of):
        of.canvas.draw()
        return sorted(t.get_fontsize() for t in of.findobj(mpl_text.Text) if t.get_text())

    assert sizes(figure) == pytest.approx([factor * size for size in sizes(paper)])
    ends = [next(x for x in f.axes[0].lines if x.get_gid() == "end") for f in (figure, paper)]
    assert ends[0].get_markersize() == factor * ends[1].get_markersize()
    widths = [f.axes[0].spines["left"].get_linewidth() for f in (figure, paper)]
    assert widths[0] == factor * widths[1]


def test_a_legend_stays_where_it_is_in_a_talk():
    surface = bowl(9)
    for name, y in (("one", 0.7), ("two", -0.7)):
        surface.trajectories[name] = Trajectory(np.array([-0.9, 0.9]), np.array([y, y]))
    places = []
    for context in (None, "talk"):
        figure = surface3d(surface, context=context)
        figure.canvas.draw()
        frame = figure.axes[0].get_legend().get_frame().get_window_extent()
        places.append(figure.transFigure.inverted().transform(frame.get_points()))
    assert places[1] == pytest.approx(places[0], abs=0.02)


def test_a_context_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match=r"unknown context 'tlak'.*did you mean 'talk'"):
        contour(bowl(), context="tlak")


def corners(axes, text) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle of a label on its line, and unit vectors along and across it, in pixels."""
    middle = axes.transData.transform(text.get_position())
    angle = math.radians(text.get_rotation())
    along = np.array([math.cos(angle), math.sin(angle)])
    return middle, along, np.array([-along[1], along[0]])


def covers(axes, text, points) -> bool:
    dots = axes.figure.dpi
    middle, along, across = corners(axes, text)
    half = text_width(text.get_text(), text.get_fontsize()) / 2 * dots
    high = 0.36 * text.get_fontsize() / 72 * dots  # half the height of a digit
    away = points - middle
    return bool(((np.abs(away @ along) < half) & (np.abs(away @ across) < high)).any())


def dense(points) -> np.ndarray:
    if len(points) < 2:
        return points
    parts = [np.linspace(a, b, 200) for a, b in pairwise(points)]
    return np.concatenate(parts)


@pytest.mark.parametrize("style", ["contour", "lines"])
@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("width", ["column", 2.4, "page"])
def test_no_label_crosses_a_path_a_mark_or_another_label(name, style, width):
    """A fault once: paths ran through labels, and the end of one covered "0.001"."""
    figure = side_by_side([example(name)], style, width=width)
    figure.canvas.draw()
    axes = figure.axes[0]
    labels = [text for text in axes.texts if text.get_gid() == "level"]
    assert labels or (name, width) == ("resnet56", 2.4), style
    for drawn in axes.lines:
        points = axes.transData.transform(drawn.get_xydata())
        points = points if drawn.get_linestyle() == "None" else dense(points)
        assert [t.get_text() for t in labels if covers(axes, t, points)] == []
    boxes = [t.get_window_extent() for t in axes.texts if t.get_gid() == "solution name"]
    boxes += [legend.get_window_extent() for legend in axes.findobj(Legend)]
    for box in boxes:
        u, v = np.linspace(box.x0, box.x1, 60), np.linspace(box.y0, box.y1, 20)
        cloud = np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2)
        assert [t.get_text() for t in labels if covers(axes, t, cloud)] == []
    for one in labels:
        middle, along, _ = corners(axes, one)
        half = text_width(one.get_text(), one.get_fontsize()) / 2 * figure.dpi
        spine = middle + np.linspace(-half, half, 40)[:, None] * along
        others = [other for other in labels if other is not one]
        assert not any(covers(axes, other, spine) for other in others)


def test_no_name_of_a_solution_crosses_the_path():
    figure = contour(example("digits_curve"))
    figure.canvas.draw()
    axes = figure.axes[0]
    (path,) = [x for x in axes.lines if str(x.get_gid()).startswith("trajectory")]
    points = dense(axes.transData.transform(path.get_xydata()))
    for text in (t for t in axes.texts if t.get_gid() == "solution name"):
        box = text.get_window_extent()
        inside = (points > (box.x0, box.y0 + 2)) & (points < (box.x1, box.y1 - 2))
        assert not inside.all(axis=1).any()


class TestCaption:
    def test_the_default_is_one_line_and_the_rest_is_in_the_file(self, tmp_path, capsys):
        target = tmp_path / "a.png"
        assert main(["example:digits_curve", "-o", str(target), "--dpi", "60"]) == 0
        figure = contour(example("digits_curve"))
        said = [t.get_text() for t in figure.texts]
        assert said[1:] == ["ResNet-20 with projection shortcuts"] or len(said) == 2
        (line,) = [text for text in said if "digits" in text]
        assert "500" in line
        assert "31 points above 0.6 nats" in line
        told = Image.open(target).text["Description"]
        for words in ("Batch-norm statistics re-estimated", "31 of 625 points clipped", "○ lowest"):
            assert words in told
            assert words not in " ".join(said)
        assert told in capsys.readouterr().out

    def test_full_none_and_a_text_of_ones_own(self):
        full, none, own = (
            contour(example("digits_path"), caption=c) for c in ("full", "none", "My own text")
        )
        assert "Batch-norm statistics re-estimated" in written(full)
        assert "500 of" not in written(none)
        assert [t.get_text() for t in own.texts if "own" in t.get_text()] == ["My own text"]
        assert "500 of" in own.description
        assert none.get_figheight() < own.get_figheight() < full.get_figheight()
        with pytest.raises(InputError, match="unknown caption 'ful'"):
            contour(bowl(), caption="ful")

    def test_one_line_for_several_panels(self):
        figure = side_by_side([bowl(data="digits", train_examples=50), bowl(scale=9)], clip=1)
        (line,) = [t.get_text() for t in figure.texts if "clipped" in t.get_text()]
        assert line == (
            "handwritten digits, 50 training images; 120 and 214 of 225 points clipped at 1 nats."
        )

    def test_what_panels_share_is_said_once(self):
        """A fault once: "CIFAR-10, about 1,340 images; CIFAR-10, about 190 images."."""
        pair = [example("resnet56"), example("resnet56_noshort")]
        panels, _ = prepare([(surface, "train_loss") for surface in pair])
        longest, *_, shortest = in_one_line(panels)
        assert longest == "CIFAR-10, about 1,340 and 190 of 4,660 training images per point."
        assert shortest == "CIFAR-10, ≈1,340 and 190 images a point."
        alike = "CIFAR-10, about 1,340 of 4,660 training images per point."
        assert in_one_line(panels[:1] * 2)[0] == alike
        assert in_one_line([*panels, *panels])[0].startswith("CIFAR-10, about 190 to 1,340 of")
        (draws,), _ = prepare([(example("digits_draws"), "train_loss")])
        assert "mean of 20 random draws" in in_one_line([draws])[0]

    def test_a_single_point_is_one(self):
        surface = bowl(5)
        surface.values["train_loss"][0, 0] = np.nan
        (heights,), _ = prepare([(surface, "train_loss")], clip=2.9)
        assert in_one_line([heights])[-1] == "3 points above 2.9 nats; 1 point not finite."

    def test_marks_that_are_not_there_are_not_named(self):
        """A fault once: □ and ◆ of a curve, where the dots of its two solutions are."""
        figure = contour(example("digits_curve"))
        drawn = {x.get_gid() for x in figure.axes[0].lines}
        assert not {"start", "end"} & drawn
        assert "□" not in figure.description
        assert "Bézier curve between the solutions ●" in figure.description

    def test_tensors_without_a_name_are_not_named(self):
        figure = contour(bowl(data="tensors", split="given", examples=1400))
        assert "tensors" not in written(figure)
        assert "given" not in written(figure)


class TestSeveral:
    def test_two_rows_of_three_with_titles_share_the_labels_of_their_axes(self):
        figure = side_by_side(
            [bowl(scale=k + 1) for k in range(6)],
            width="page",
            row_titles=["shortcuts", "none"],
            column_titles=["20", "56", "110"],
        )
        figure.canvas.draw()
        said = [t.get_text() for t in figure.texts]
        assert [t for t in said if t in ("shortcuts", "none", "20", "56", "110")] == [
            *("20", "56", "110"),
            *("shortcuts", "none"),
        ]
        panels = figure.axes[:6]
        assert [bool(a.get_xlabel()) for a in panels] == [False] * 3 + [True] * 3
        assert [bool(a.get_ylabel()) for a in panels] == [True, False, False] * 2
        for axes in panels[1:3]:
            assert not "".join(t.get_text() for t in axes.get_yticklabels())
        assert len({round(a.get_position().width, 9) for a in panels}) == 1
        assert figure.get_figheight() < 5.2
        with pytest.raises(InputError, match="2 row titles for 1 rows"):
            side_by_side([bowl(), bowl()], row_titles=["a", "b"], columns=2)

    def test_different_axes_keep_their_labels(self):
        figure = side_by_side([bowl(), example("digits_path")], quantity="train_loss")
        assert all(axes.get_ylabel() for axes in figure.axes[:2])

    def test_colours_and_levels_by_what_is_there(self):
        """A fault once: one bowl took most colours, the other was flat with three levels."""
        narrow = bowl(31)
        narrow.values["train_loss"] = 2.0 + 0.5 * narrow["train_loss"]
        wide = bowl(31)
        wide.values["train_loss"] = 1e-6 + 10 * (wide["train_loss"] - 1e-3) ** 2
        figure = side_by_side([wide, narrow])
        shades = figure.axes[1].collections[0]
        heights = np.log10(narrow["train_loss"])
        ends = shades.norm(np.array([heights.min(), heights.max()]))
        assert ends[1] - ends[0] > 0.3
        steps = shades.norm(np.linspace(-5.9, 1, 50))
        assert (np.diff(steps) > 0).all()
        lines = [c for c in figure.axes[1].collections if c.get_gid() == "levels"]
        assert sum(len(path) > 0 for path in lines[0].get_paths()) >= 4


def test_contours_are_those_of_the_smooth_surface_and_samples_can_be_shown():
    """A fault once: hard corners of a 9×9 grid, beside a smooth surface in 3-D."""

    def corner(figure):
        (lines,) = [c for c in figure.axes[0].collections if c.get_gid() == "levels"]
        (path,) = lines.get_paths()
        path.should_simplify = False  # by ninths of a unit of the data
        points = path.to_polygons(closed_only=False)[0]
        along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
        at = np.linspace(0, along[-1], 80)
        steps = np.diff(np.stack([np.interp(at, along, c) for c in points.T], axis=1), axis=0)
        turn = np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])))
        return np.degrees(np.abs(turn)).max()

    smooth, hard = (contour(bowl(9), levels=[0.5], interpolate=i) for i in (None, "none"))
    assert corner(smooth) < 0.25 * corner(hard)
    assert not [x for x in smooth.axes[0].lines if x.get_gid() == "samples"]
    shown = contour(bowl(9), samples=True).axes[0]
    (dots,) = [x for x in shown.lines if x.get_gid() == "samples"]
    assert len(dots.get_xydata()) == 81


@pytest.mark.parametrize("norms", [(8.0, 5.0), (8.0, 0.5), (0.5, 80.0)])
def test_a_scale_bar_has_its_length_in_weight_space(norms):
    """A fault once: where the units of the axes differ, the other bar took the height, cut off."""
    surface = bowl(9)
    surface.axes["x"]["norm"], surface.axes["y"]["norm"] = norms
    axes = contour(surface, scale_bar=True).axes[0]
    (bar,) = [x for x in axes.lines if x.get_gid() == "scale bar"]
    (top, corner, right) = bar.get_xydata()
    (words,) = [t.get_text() for t in axes.texts if t.get_gid() == "scale bar"]
    distance = float(words.removeprefix("distance "))
    assert norms[0] * (right - corner)[0] == pytest.approx(distance)
    assert norms[1] * (top - corner)[1] == pytest.approx(distance)
    assert (top - corner)[1] <= np.ptp(surface.y) / 2
    with pytest.raises(InputError, match="does not record how long its directions are"):
        contour(bowl(), scale_bar=True)


def test_numerals_of_a_bar_do_not_touch():
    """A fault once: --levels 20 was a heap of numerals."""
    values = [0.1, 0.5, *range(1, 11)]
    for levels in (20, values):
        figure = contour(bowl(15, scale=4), levels=levels)
        figure.canvas.draw()
        said = [t for t in figure.axes[-1].get_yticklabels() if t.get_text()]
        boxes = sorted((t.get_window_extent() for t in said), key=lambda b: b.y0)
        assert len(boxes) > 3
        assert all(a.y1 <= b.y0 + 1 for a, b in pairwise(boxes))


@pytest.mark.parametrize("layout", [None, "tight", "constrained"])
def test_two_pictures_in_axes_of_the_caller_do_not_touch(layout):
    """A fault once: numerals of the colour bar ran into the label of the next picture."""
    figure, (a0, a1) = plt.subplots(1, 2, figsize=(8, 3.6), layout=layout)
    try:
        contour(bowl(), ax=a0)
        heatmap(bowl(), ax=a1)
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        left = a0.get_tightbbox(renderer)
        bars = [x for x in figure.axes if x not in (a0, a1)]
        right_of_left = max([left.x1, *(x.get_tightbbox(renderer).x1 for x in bars[:1])])
        assert right_of_left <= a1.get_tightbbox(renderer).x0 + 1
        for axes in (a0, a1):
            box = axes.get_window_extent()
            assert box.width == pytest.approx(box.height, rel=0.02)
    finally:
        plt.close(figure)


def test_where_the_best_point_is_the_end_of_a_path_both_are_seen():
    x = np.linspace(-1, 1, 9)
    values = x[:, None] ** 2 + x**2 + 0.01
    surface = plane(values, x, x)
    surface.trajectories["run"] = Trajectory(np.array([-0.8, 0.0]), np.array([-0.8, 0.0]))
    axes = contour(surface).axes[0]
    (ring,) = [drawn for drawn in axes.lines if drawn.get_gid() == "best"]
    (end,) = [drawn for drawn in axes.lines if drawn.get_gid() == "end"]
    assert ring.get_markerfacecolor() == "none"
    assert ring.get_markersize() > 1.5 * end.get_markersize()


def test_an_svg_has_text(tmp_path):
    content = save(line(), tmp_path / "a.svg").read_text()
    assert "<text" in content
    assert "loss (nats)" in content
    assert curve(line()).get_figwidth() == 3.25
