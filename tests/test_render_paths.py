"""Paths of training runs: where a picture of them is true, over planes and step by step."""

from __future__ import annotations

import inspect

import matplotlib.text as mpl_text
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import contour, heatmap, path, save, side_by_side
from landscape.render.words.faithful import faithful, faithful_words, off_plane
from landscape.surface import Quantity, Surface, Trajectory
from tests.kinds import pca_plane


def said(figure):
    found = [t.get_text() for t in figure.findobj(mpl_text.Text) if t.get_visible()]
    return " ".join(" ".join(found).replace("\u00a0", " ").split())


def of(losses, plane_losses, **arrays):
    places = np.linspace(0, 1, len(losses))
    return Trajectory(places, places, losses, plane_losses, **arrays)


@pytest.mark.parametrize(
    ("own", "projected", "true"),
    [
        (1.0, 1.0, True),
        (1.0, 1.11, True),  # 9.9 % of the larger
        (1.0, 1.12, False),
        (1.12, 1.0, False),  # whichever is larger
        (1e-4, 2e-4, False),  # apart on a log scale, however small
        (0.0, 0.0, True),
        (0.0, 1e-9, False),
        (-1.0, -1.05, True),
        (np.nan, 1.0, False),
        (1.0, np.inf, False),
        (np.inf, np.inf, False),
    ],
)
def test_a_step_is_true_within_a_tenth_of_the_larger_loss(own, projected, true):
    assert faithful(of([own], [projected])).tolist() == [true]


@pytest.mark.parametrize("arrays", [(None, [1.0]), ([1.0], None), (None, None)])
def test_nothing_is_claimed_of_a_path_without_both_losses(arrays):
    bare = Trajectory([0.0], [0.0], *arrays)
    assert faithful(bare) is None
    assert faithful_words(bare) == off_plane(bare) == ""


class TestOverPlanes:
    OWN, PROJECTED = [3.0, 2.0, 1.0, 0.5, 0.1], [3.1, 1.0, 0.5, 0.5, 0.1]

    def surface(self, **arrays):
        surface = pca_plane()
        t = np.linspace(0, 1, 5)
        route = Trajectory(6 * t, 2 * t, self.OWN, self.PROJECTED, **arrays)
        surface.trajectories = {"SGD": route}
        return surface

    @pytest.mark.parametrize("draw", [contour, heatmap])
    def test_steps_that_the_plane_does_not_show_are_hollow_and_dashed(self, draw):
        surface = self.surface()
        lines = {line.get_gid(): line for line in draw(surface).axes[0].lines}
        off, true = lines["off steps of SGD"], lines["true steps of SGD"]
        x = surface.trajectories["SGD"].x
        assert off.get_xdata().tolist() == x[[1, 2]].tolist()
        assert true.get_xdata().tolist() == x[[0, 3, 4]].tolist()
        assert to_hex(off.get_markerfacecolor()) == "#ffffff"
        assert to_hex(true.get_markerfacecolor()) == to_hex(off.get_markeredgecolor()) == "#000000"
        assert lines["trajectory SGD"].is_dashed()
        assert lines["trajectory SGD"].get_xdata().tolist() == x.tolist()
        full = lines["true part of SGD"]  # between two true steps, and nowhere else
        assert not full.is_dashed()
        assert full.get_xdata().tolist() == x[3:].tolist()

    def test_a_true_path_is_one_full_line(self):
        surface = self.surface()
        surface.trajectories["SGD"] = of([1.0, 0.5], [1.0, 0.5])
        figure = contour(surface, caption="full")
        lines = {line.get_gid(): line for line in figure.axes[0].lines}
        assert not lines["trajectory SGD"].is_dashed()
        assert not {"off steps of SGD", "true part of SGD"} & set(lines)
        assert "2 of 2 steps match the loss of their projection within 10 %" in said(figure)
        assert "Hollow" not in said(figure)

    def test_the_caption_says_how_true_how_far_and_how_much_the_plane_holds(self):
        words = said(contour(self.surface(distance=[0.0, 2.5, np.nan, 1.0, 0.0]), caption="full"))
        assert "first principal component (83 %)" in words
        assert "second principal component (9.1 %)" in words
        assert "up to 2.5 from the plane; 3 of 5 steps match the loss of their projection" in words
        assert "Hollow, dashed: the other steps, whose loss differs from the plane's." in words


def test_losses_of_each_step_and_distances(tmp_path):
    surface = pca_plane()
    run = surface.trajectories["SGD"]
    figure = path(surface, caption="full")
    left, right = figure.axes
    lines = {line.get_gid(): line for axes in figure.axes for line in axes.lines}
    assert lines["loss of SGD"].get_xydata() == pytest.approx(np.c_[run.step, run.loss])
    assert lines["plane_loss of SGD"].get_xydata() == pytest.approx(np.c_[run.step, run.plane_loss])
    assert lines["distance of SGD"].get_xydata() == pytest.approx(np.c_[run.step, run.distance])
    assert lines["distance of SGD"].axes is right
    strokes = ("loss", "plane_loss", "distance")
    assert len({lines[f"{kind} of SGD"].get_linestyle() for kind in strokes}) == 3
    assert left.get_yscale() == "log"
    assert (left.get_xlabel(), right.get_ylabel()) == ("step", "distance from the plane")
    assert left.get_ylabel() == "training loss (nats)"
    hollow = lines["off plane_loss of SGD"]
    assert hollow.get_xdata().tolist() == run.step[~faithful(run)].tolist()
    assert to_hex(hollow.get_markerfacecolor()) == "#ffffff"
    assert "SGD: 4 of 21 steps match the loss of their projection within 10 %" in said(figure)
    written = save(surface, tmp_path / "a.pdf", "path")
    assert written.read_bytes().startswith(b"%PDF")


def test_several_paths_and_panels_are_told_apart_on_one_scale():
    two, one = pca_plane(), pca_plane(title="other")
    louder = two.trajectories["SGD"]
    two.trajectories["_$x$"] = Trajectory(louder.x, louder.y, 10 * louder.loss)
    figure = side_by_side([two, one], "path")
    left = [a for a in figure.axes if a.get_yscale() == "log"]
    right = [a for a in figure.axes if a.get_yscale() == "linear"]
    assert left[0].get_ylim() == left[1].get_ylim()
    assert right[0].get_ylim() == right[1].get_ylim()
    lines = {line.get_gid(): line for line in left[0].lines}
    assert lines["loss of SGD"].get_color() != lines["loss of _$x$"].get_color()
    entries = left[0].get_legend().get_texts()
    assert [t.get_text().strip("\u200b") for t in entries] == ["SGD", "_$x$"]
    assert not any(t.get_parse_math() for t in entries)
    assert left[1].get_legend() is None


def test_zeros_holes_and_missing_arrays_are_drawn_and_said():
    surface = pca_plane()
    surface.trajectories = {"bare": of([1.0, np.nan, 0.0, 0.25], None)}
    figure = path(surface, caption="full")
    assert len(figure.axes) == 1  # no distance, no axis for it
    (line,) = [x for x in figure.axes[0].lines if x.get_gid() == "loss of bare"]
    assert np.array_equal(line.get_ydata(), [1, np.nan, 0.25, 0.25], equal_nan=True)
    assert figure.axes[0].get_xlabel() == "checkpoint, from 0"
    words = said(figure)
    assert "bare: 1 of 4 points equal to 0, drawn at 0.25 nats." in words
    assert "bare: 1 of 4 points not finite (left blank)." in words
    assert "dashed" not in words


def test_a_range_and_a_scale_can_be_asked_for():
    axes = path(pca_plane(), scale="linear", norm_range=(0, 2), levels=[0, 1, 2]).axes[0]
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim() == pytest.approx((-0.08, 2.08))
    assert [t.get_text() for t in axes.get_yticklabels()] == ["0", "1", "2"]


def test_into_axes_of_the_caller():
    figure = Figure(figsize=(5, 4))
    axes = figure.add_subplot()
    assert path(pca_plane(), ax=axes, caption="full", title="$mine$") is figure
    assert axes.get_title() == "$mine$"
    assert "21 steps" in axes.get_xlabel().replace("\n", " ")
    assert figure.get_size_inches().tolist() == [5, 4]


def test_help_names_each_option_and_no_other():
    parameters = set(inspect.signature(path).parameters)
    shared = {"scale", "clip", "levels", "title", "norm_range", "width", "caption", "context"}
    assert parameters == {"surface", "ax"} | shared
    with pytest.raises(TypeError, match="quantity"):
        path(pca_plane(), quantity="train_loss")


X = np.linspace(-1, 1, 5)


def bare(**trajectories):
    values = {"train_loss": 1 + X**2 + X[:, None] ** 2}
    surface = Surface(Grid(X, X), {"train_loss": Quantity("l", "nats")}, values)
    surface.done[:] = True
    surface.trajectories = trajectories
    return surface


@pytest.mark.parametrize(
    ("surface", "options", "message"),
    [
        (bare(), {}, "style path needs trajectories, a surface of 5 × 5 points has none"),
        (bare(a=Trajectory([0.0], [0.0])), {}, "the trajectory a of .* has coordinates only"),
        (bare(a=of([np.nan], None)), {}, "loss of a has nothing to draw"),
        (bare(a=of([0.0, 0.0], None)), {"scale": "log"}, "0 everywhere"),
        (bare(a=of([-1.0, 1.0], None)), {"scale": "log"}, "negative at 1 of 2 .*use scale linear"),
        (pca_plane(), {"quantity": "train_accuracy"}, "style path does not accept quantity"),
        (pca_plane(), {"cmap": "magma"}, "style path does not accept cmap"),
        (pca_plane(), {"renderer": "pyvista"}, "style path takes no renderer"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(surface, options, message):
    with pytest.raises(InputError, match=message) as error:
        side_by_side([surface], "path", **options)
    assert "\n" not in str(error.value)


def test_a_page_knows_no_paths(tmp_path):
    with pytest.raises(InputError, match=r"style path is not supported for \.html files"):
        save(pca_plane(), tmp_path / "a.html", "path")


def test_one_step_is_a_picture():
    figure = path(bare(a=of([0.5], [0.6], distance=[0.0])), caption="full")
    figure.canvas.draw()
    assert "0 of 1 steps match the loss of their projection" in said(figure)
