"""Every kind of axis and quantity: names in words, marks, colours, and labels that fit."""

from __future__ import annotations

import math

import matplotlib.text as mpl_text
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

from landscape.quantity import accuracy_of
from landscape.render import contour, curve, heatmap, side_by_side
from landscape.render.figure.style import text_width
from landscape.render.heights import prepare
from landscape.render.page import page_data
from landscape.render.page.save import first_data
from landscape.render.solutions import solutions
from landscape.render.words.captions import brief, full
from landscape.render.words.directions import axis_label, axis_name, explained
from landscape.render.words.quantity_words import shown
from landscape.store import open_surface
from landscape.surface import Quantity, Surface
from tests import kinds
from tests.test_render_paths import said

PLANES = [name for name, make in kinds.ALL.items() if make().y is not None]
LINES = [name for name in kinds.ALL if name not in PLANES]


def plain(text):
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("kind", "axis", "label", "name"),
    [
        (
            "pca",
            "x",
            "first principal component of 21 checkpoints, 83 % of the variance",
            "first principal component (83 %)",
        ),
        (
            "pca",
            "y",
            "second principal component of 21 checkpoints, 9.1 % of the variance",
            "second principal component (9.1 %)",
        ),
        ("between", "x", "from seed0.pt (0) to seed1.pt (1)", "seed0.pt to seed1.pt"),
        ("between", "y", "from seed0.pt (0) to seed2.pt (1)", "seed0.pt to seed2.pt"),
        (
            "hessian",
            "x",
            "eigenvector of the largest Hessian eigenvalue, λ = 12.3, as long as a random "
            "direction",
            "Hessian eigenvector, λ = 12.3",
        ),
        (
            "hessian",
            "y",
            "eigenvector of the smallest Hessian eigenvalue, λ = −0.0412, as long as a random "
            "direction",
            "Hessian eigenvector, λ = −0.0412",
        ),
        (
            "ascent",
            "x",
            "direction of adaptive gradient ascent, as long as a random direction",
            "adaptive gradient ascent",
        ),
        (
            "ascent",
            "y",
            "multiples of the second random direction, filter-normalized",
            "second random direction",
        ),
        ("curve", "x", "from a.pt (0) to b.pt (1)", "a.pt to b.pt"),
        (
            "curve",
            "y",
            "towards the bend of the curve of low loss between them",
            "towards the bend",
        ),
        ("density", "x", "Hessian eigenvalue", "Hessian eigenvalue"),
    ],
)
def test_an_axis_in_words(kind, axis, label, name):
    surface = kinds.ALL[kind]()
    assert plain(axis_label(surface, axis)) == label
    assert plain(axis_name(surface, axis)) == name
    assert label in plain(full(surface, shown(surface, surface.main_quantity)))


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        ({"kind": "pca"}, "principal component"),
        ({"kind": "pca", "component": "?", "checkpoints": "many"}, "principal component"),
        ({"kind": "pca", "component": 4}, "4th principal component"),
        ({"kind": "between"}, "from one solution (0) to another (1)"),
        ({"kind": "between", "start": "C:\\a\\b.pt"}, "from b.pt (0) to another (1)"),
        (
            {"kind": "hessian eigenvector", "which": "2"},
            "eigenvector of the second largest Hessian eigenvalue",
        ),
        ({"kind": "hessian eigenvector"}, "eigenvector of the Hessian eigenvalue"),
        ({"kind": "gradient ascent"}, "direction of gradient ascent"),
        ({"kind": "file:/secret/d.pt"}, "multiples of the first direction (d.pt)"),
    ],
)
def test_what_is_not_known_of_an_axis_is_left_out(facts, label):
    surface = kinds.hessian_plane()
    surface.axes["x"] = facts
    assert plain(axis_label(surface, "x")) == label
    assert "secret" not in full(surface, shown(surface, "train_loss"))


def test_what_the_plane_holds_of_a_path():
    words = "Principal components of 21 checkpoints: 83 % and 9.1 % of the variance."
    assert plain(explained(kinds.pca_plane())) == words
    assert explained(kinds.hessian_plane()) == ""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("between", "Batch-norm statistics re-estimated at every point."),
        ("between", "Barrier between the solutions: 1.23 nats."),
        ("line", "Batch-norm statistics interpolated between those of the solutions."),
        ("line", "Barrier between the solutions: 2.99 nats."),
        ("draws", "Mean of 3 random draws."),
        ("draws_plane", "Mean of 3 random draws."),
        ("density", "Density of the Hessian's eigenvalues, smoothed by a Gaussian of width 0.3."),
    ],
)
def test_how_the_values_came_about_is_said(kind, words):
    surface = kinds.ALL[kind]()
    how = shown(surface, surface.main_quantity)
    assert words in brief(surface, how)
    assert words in full(surface, how)
    assert words in said(side_by_side([surface], caption="full"))


def test_channels_that_were_permuted_are_said():
    line = kinds.between_line()
    words = "Channels permuted to match the first network."
    assert words not in said(side_by_side([line], caption="full"))
    line.axes["x"]["alignment"] = "weight matching"
    assert words in said(side_by_side([line], caption="full"))


def test_the_usual_way_needs_no_words():
    surface = kinds.hessian_plane(bn_statistics="stored")
    assert brief(surface, shown(surface, "train_loss")) == (
        "handwritten digits, 300 of 1,437 training images."
    )
    draws = kinds.repeated()
    assert "Mean" not in brief(draws, shown(draws, "train_loss_draw2"))
    line = kinds.between_line()
    assert "Barrier" not in brief(line, shown(line, "train_accuracy"))


class TestSolutions:
    @pytest.mark.parametrize("draw", [contour, heatmap])
    def test_each_is_a_dot_with_its_name(self, draw):
        axes = draw(kinds.between_plane()).axes[0]
        dots = {x.get_gid(): x.get_xydata().tolist() for x in axes.lines}
        assert dots["solution seed0.pt"] == [[0, 0]]
        assert dots["solution seed1.pt"] == [[1, 0]]
        assert dots["solution seed2.pt"] == [[0, 1]]
        names = [t.get_text() for t in axes.texts if t.get_gid() == "solution name"]
        assert names == ["seed0.pt", "seed1.pt", "seed2.pt"]

    def test_one_axis_of_them_has_two(self):
        surface = kinds.ascent_plane()
        surface.axes["x"] = kinds.between_axis("b.pt", "a.pt")
        assert [(s.name, s.x, s.y) for s in solutions(surface)] == [("a.pt", 0, 0), ("b.pt", 1, 0)]
        assert [(s.name, s.x, s.y) for s in solutions(kinds.curve_plane())] == [
            ("a.pt", 0, 0),
            ("b.pt", 1, 0),
        ]
        assert solutions(kinds.pca_plane()) == []

    def test_outside_the_picture_there_is_none(self):
        surface = kinds.ascent_plane()
        surface.axes["y"] = kinds.between_axis("far.pt")
        part = contour(surface)  # y ends at 1, x reaches 0
        assert "far.pt" in said(part)
        surface = kinds.surface_of(
            {"train_loss": surface["train_loss"]},
            (surface.x, 0.5 * surface.y),
            [surface.axes["x"], surface.axes["y"]],
        )
        gids = [line.get_gid() for line in contour(surface).axes[0].lines]
        assert "solution far.pt" not in gids
        assert "solution seed0.pt" in gids

    def test_no_label_of_a_line_covers_a_name(self):
        figure = contour(kinds.between_plane(), levels=25)
        figure.canvas.draw()
        renderer, axes = figure.canvas.get_renderer(), figure.axes[0]
        boxes = {kind: [] for kind in ("solution name", "level")}
        for text in axes.texts:
            boxes[text.get_gid()].append(text.get_window_extent(renderer))
        assert len(boxes["level"]) > 3
        assert not any(a.overlaps(b) for a in boxes["level"] for b in boxes["solution name"])
        names = boxes["solution name"]
        assert not any(a.overlaps(b) for k, a in enumerate(names) for b in names[:k])

    def test_on_a_line_dots_are_the_networks_as_they_are(self):
        figure = curve(kinds.between_line(loss_at_end=30.0), caption="full")
        dots = {x.get_gid(): x for x in figure.axes[0].lines}
        assert dots["solution seed0.pt"].get_xydata().tolist() == [[0, 0.01]]
        assert dots["solution seed1.pt"].get_xydata().tolist() == [[1, 30]]
        assert figure.axes[0].get_ylim()[1] > 30
        assert "●: the solutions" in said(figure)
        names = [t.get_text() for t in figure.axes[0].texts]
        assert names == ["seed0.pt", "seed1.pt"]

    def test_long_names_on_a_line_are_cut_in_the_middle_until_they_fit(self):
        surface = kinds.between_line()
        surface.axes["x"] = kinds.between_axis("b" * 60 + ".pt", "a" * 60 + ".pt")
        figure = curve(surface)
        figure.canvas.draw()
        one, two = (t.get_window_extent() for t in figure.axes[0].texts)
        assert not one.overlaps(two)
        assert one.x0 > 0
        assert two.x1 < figure.bbox.x1
        assert [t.get_text()[-3:] for t in figure.axes[0].texts] == [".pt"] * 2


class TestQuantities:
    @pytest.mark.parametrize(
        ("name", "label", "scale"),
        [
            ("train_eigen_ratio", "|λ_min/λ_max| of the Hessian of the training loss", "linear"),
            ("train_lambda_max", "largest Hessian eigenvalue of the training loss", "linear"),
            ("train_lambda_min", "smallest Hessian eigenvalue of the training loss", "linear"),
            ("train_gradient_norm", "gradient norm of the training loss", "log"),
            ("train_top5", "training top-5 accuracy", "linear"),
            ("train_loss", "training loss", "log"),
        ],
    )
    def test_names_in_words_and_the_usual_scale(self, name, label, scale):
        surface = kinds.hessian_plane()
        assert shown(surface, name).label == label
        assert prepare([(surface, name)])[1].kind == scale

    def test_eigenvalue_ratios_compare_between_pictures(self):
        surface = kinds.hessian_plane()
        _, scale = prepare([(surface, "train_eigen_ratio")])
        assert (scale.low, scale.high) == (0, 1)
        surface.values["train_eigen_ratio"] = 2 * surface["train_eigen_ratio"] + 0.5
        _, scale = prepare([(surface, "train_eigen_ratio")])
        assert scale.low == 0
        assert scale.high == surface["train_eigen_ratio"].max()
        figure = heatmap(kinds.hessian_plane(), quantity="train_eigen_ratio")
        (cells,) = [c for c in figure.axes[0].collections if isinstance(c, QuadMesh)]
        near_convex, saddle = cells.cmap(cells.norm(0.02)), cells.cmap(cells.norm(0.95))
        assert near_convex[2] > 2 * near_convex[1]  # blue
        assert min(saddle[:2]) > 4 * saddle[2]  # yellow

    def test_ticks_of_both_signs_stand_apart(self):
        figure = heatmap(kinds.hessian_plane(), quantity="train_lambda_min")
        figure.canvas.draw()
        ticks = [t.get_window_extent() for t in figure.axes[1].get_yticklabels() if t.get_text()]
        assert len(ticks) >= 4
        assert not any(a.overlaps(b) for k, a in enumerate(ticks) for b in ticks[:k])

    def test_top_5_is_percent_with_five_guesses(self):
        surface = kinds.hessian_plane()
        how = shown(surface, "train_top5")
        assert (how.unit, how.factor, how.chance) == ("%", 100, 50)
        surface.attributes["classes"] = 3
        assert shown(surface, "train_top5").chance == 100

    def test_a_density_goes_down_six_decades_at_most(self):
        surface = kinds.density_line()
        assert surface["density"].min() < 1e-30
        _, scale = prepare([(surface, "density")])
        assert (scale.kind, scale.low) == ("log", 1e-7)
        assert " points below 10⁻⁷, drawn at 10⁻⁷." in said(curve(surface, caption="full"))

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("train_loss_draw2", "training loss, draw 2"),
            ("train_accuracy_draw1", "training accuracy, draw 1"),
            ("train_loss_draw3_stderr", "standard error of the training loss, draw 3"),
            ("train_loss_q05", "5 % quantile over the draws of the training loss"),
            ("train_accuracy_q75", "75 % quantile over the draws of the training accuracy"),
        ],
    )
    def test_draws_in_words(self, name, label):
        surface = kinds.repeated()
        how = shown(surface, name)
        assert how.label == label
        assert how.unit == ("%" if "accuracy" in name else "nats")
        assert how.quantity.of_draws

    def test_a_draw_is_a_loss_with_the_accuracy_of_that_draw(self):
        surface = kinds.repeated()
        assert surface.quantity("train_loss_draw2").is_loss
        assert not surface.quantity("train_loss_draw2_stderr").is_loss
        assert accuracy_of(surface.quantities, "train_loss_draw2") == "train_accuracy_draw2"
        figure = curve(surface, quantity="train_loss_draw2")
        drawn = [line.get_gid() for axes in figure.axes for line in axes.lines]
        assert drawn == ["train_loss_draw2", "train_accuracy_draw2"]

    def test_a_curve_shows_the_mean_and_its_bands_and_no_draw_beside_it(self):
        figure = curve(kinds.repeated())
        drawn = [line.get_gid() for axes in figure.axes for line in axes.lines]
        assert drawn == ["train_loss", "train_accuracy"]
        bands = [band.get_gid() for band in figure.axes[0].collections]
        assert bands == ["train_loss_q05…train_loss_q95", "train_loss_q25…train_loss_q75"]


def long_names(surface):
    for facts in surface.axes.values():
        for end in {"start", "end"} & set(facts):
            facts[end] = f"runs/a_rather_long_name_of_a_checkpoint_file_{facts[end][5:]}"
    return surface


@pytest.mark.parametrize("width", ["column", "page"])
@pytest.mark.parametrize(
    ("kind", "style"),
    [
        *((kind, style) for kind in PLANES for style in ("contour", "heatmap")),
        *((kind, "curve") for kind in LINES),
        ("pca", "path"),
    ],
)
def test_no_text_is_cut_off_or_over_another(kind, style, width):
    surface = long_names(kinds.ALL[kind]())
    figure = side_by_side([surface] * (1 if width == "column" else 2), style, width=width)
    figure.canvas.draw()
    renderer, page = figure.canvas.get_renderer(), figure.bbox
    texts = [(t.get_text(), t.get_window_extent(renderer)) for t in figure.texts if t.get_text()]
    axes = [
        (f"{k} {axis.axis_name}", axis.get_tightbbox(renderer))
        for k, a in enumerate(figure.axes)
        for axis in (a.xaxis, a.yaxis)
    ]
    boxes = texts + [(name, box) for name, box in axes if box is not None]
    names = [
        (t.get_text(), t.get_window_extent(renderer))
        for a in figure.axes
        for t in a.findobj(mpl_text.Text)
        if t.get_gid() == "solution name"
    ]
    boxes += names
    panels = [a.get_window_extent() for a in figure.axes]
    assert all(any(p.x0 <= b.x0 and b.x1 <= p.x1 for p in panels) for _, b in names)
    cut = [n for n, b in boxes if min(b.x0, b.y0) < -1 or b.x1 > page.x1 + 1 or b.y1 > page.y1 + 1]
    assert cut == []
    over = [(n, m) for n, a in texts for m, b in boxes if n != m and _overlap(a, b)]
    assert over == []


@pytest.mark.parametrize("kind", PLANES)
def test_long_names_of_axes_stand_below_a_surface_in_space(kind):
    surface = long_names(kinds.ALL[kind]())
    figure = side_by_side([surface], "surface", caption="full")
    names = [t.get_text() for t in figure.axes[0].texts if t.get_rotation_mode() == "anchor"]
    labels = tuple(n.replace("\n", " ") for n in names if n[0].isalpha() and "(nats)" not in n)
    lines = [line for name in names for line in name.split("\n")]
    assert max(map(text_width, lines)) < 1.75
    whole = tuple(axis_name(surface, a) for a in "xy")
    if kind in ("draws_plane", "pca"):
        assert labels == whole
        return
    assert labels == ("x", "y")
    assert all(plain(name) in said(figure) for name in whole)


def _overlap(a, b):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2


def test_a_quantity_of_an_unknown_name_keeps_its_own_words():
    values = {"my-task_margin": np.ones((2, 2))}
    surface = Surface(kinds.hessian_plane().grid, {}, {})
    surface.quantities = {"my-task_margin": Quantity("margin of my task", "logits")}
    surface.values = {k: np.ones(surface.grid.shape) for k in values}
    how = shown(surface, "my-task_margin")
    assert (how.label, how.unit, how.chance) == ("margin of my task", "logits", None)
    assert math.isclose(how.factor, 1)


@pytest.mark.parametrize(
    ("style", "make"),
    [
        ("contour", kinds.pca_plane),
        ("heatmap", kinds.pca_plane),
        ("surface", kinds.pca_plane),
        ("path", kinds.pca_plane),
        ("curve", kinds.between_line),
    ],
)
def test_a_caption_can_be_left_out(style, make):
    full_figure, bare = (side_by_side([make()], style, caption=c) for c in ("full", "none"))
    assert len(full_figure.texts) > 2
    assert [t.get_text() for t in bare.texts] == ["ResNet-56 without shortcuts"]
    assert bare.get_size_inches()[1] < full_figure.get_size_inches()[1] - 0.3


def test_a_page_of_ratios_of_eigenvalues_opens_on_them():
    """A fault once: it opened on the loss, which takes a thousandth of the time to measure."""
    ratios = [open_surface(f"example:digits_eigen_ratio{end}") for end in ("", "_noshort")]
    mixed = [ratios[0], open_surface("example:resnet56")]
    for surfaces, look, opened in (
        (ratios, {}, "train_eigen_ratio"),
        (ratios, {"quantity": "train_loss"}, "train_loss"),
        (mixed, {}, "train_loss"),
    ):
        data = first_data(surfaces, surfaces, None, look)
        assert data["initial"]["quantity"] == opened
        assert page_data(surfaces, **look)["initial"]["quantity"] == opened
