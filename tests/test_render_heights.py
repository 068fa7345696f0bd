"""What is drawn for each point, on which scale, and what is said about it."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render.heights import prepare, upper_clip
from landscape.render.scale import Scale, inner_ticks
from landscape.render.space.camera import Camera, choose_camera, sees, sees_underside
from landscape.render.words.captions import brief, full, name_of
from landscape.render.words.directions import axis_label, base_name
from landscape.render.words.numerals import short
from landscape.render.words.quantity_words import shown
from landscape.surface import Quantity, Surface


def surface_of(values, name="loss", units="nats", done=None, **attributes):
    array = np.asarray(values, dtype=float)
    axes = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in array.shape[::-1]]
    mask = np.ones(array.shape, bool) if done is None else np.asarray(done, bool)
    return Surface(Grid(*axes), {name: Quantity(name, units)}, {name: array}, mask, attributes)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.1, "0.1"),
        (math.log(10), "2.3"),
        (9.999, "10"),
        (99999, "10⁵"),
        (31234, "31,200"),
        (0.00056928, "5.69×10⁻⁴"),
        (1e-7, "10⁻⁷"),
        (-1.5, "−1.5"),
        (math.inf, "∞"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_read_well(value, words):
    assert short(value) == words


def read_back(words):
    """The number that ``words`` says, by another route than the code's."""
    plain = words.replace(",", "").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    if words == plain or "," in words:
        return float(plain)
    mantissa, _, power = plain.rpartition("10") if "×" not in plain else plain.partition("×10")
    return float(mantissa or 1) * 10.0 ** int(power)


@pytest.mark.parametrize("value", [*10 ** np.random.default_rng(0).uniform(-12, 12, 40)])
def test_short_numbers_keep_three_digits(value):
    assert read_back(short(value)) == pytest.approx(value, rel=5.1e-3)


RANDOM = np.random.default_rng(1)
RANGES = [
    (10 ** RANDOM.uniform(-8, 4), RANDOM.uniform(0.01, 9), int(RANDOM.integers(3, 13)))
    for _ in range(60)
]


@pytest.mark.parametrize(("low", "decades", "count"), [*RANGES, (10.0, 9.0, 3), (1e-5, 0.02, 5)])
def test_log_ticks_are_inside_increasing_and_about_as_many_as_asked(low, decades, count):
    scale = Scale("log", low, low * 10**decades)
    ticks = scale.ticks(count)
    assert (np.diff(ticks) > 0).all()
    assert ticks[0] >= scale.low * (1 - 1e-6)
    assert ticks[-1] <= scale.high * (1 + 1e-6)
    assert count / 3 <= len(ticks) <= 2 * count + 1


def test_ticks_of_four_decades_are_decades_and_threes():
    assert Scale("log", 0.09, 11).ticks(5).tolist() == [0.1, 0.3, 1, 3, 10]
    assert Scale("linear", 0, 100).ticks(5).tolist() == [0, 20, 40, 60, 80, 100]
    assert inner_ticks(np.linspace(-1, 1, 5)).tolist() == [-0.5, 0, 0.5]


def test_heights_are_logarithms_and_stored_values_stay():
    values = np.array([[1e-3, 1.0], [10.0, 1e2]])
    surface = surface_of(values)
    (panel,), scale = prepare([(surface, "loss")], clip=50)
    assert panel.heights == pytest.approx(np.log10([[1e-3, 1.0], [10.0, 50.0]]))
    assert (scale.kind, scale.low, scale.high) == ("log", 1e-3, 50)
    assert np.array_equal(surface["loss"], values)
    assert np.array_equal(panel.values, values)
    assert panel.notes == ("1 of 4 points clipped at 50 nats.",)
    assert panel.best == (0, 0)


def test_scale_is_shared_and_cuts_are_counted_per_surface():
    mild, wild = surface_of([[1.0, 2], [3, 4]]), surface_of([[2.0, 8], [900, 1000]])
    panels, scale = prepare([(mild, "loss"), (wild, "loss")], clip=100)
    assert (scale.low, scale.high) == (1, 100)
    assert [p.notes for p in panels] == [(), ("2 of 4 points clipped at 100 nats.",)]


def test_zero_under_a_log_is_drawn_at_the_smallest_positive_value():
    (panel,), scale = prepare([(surface_of([[0.0, 0.01], [1, 0]]), "loss")])
    assert scale.low == 0.01
    assert panel.heights == pytest.approx(np.array([[-2, -2], [0, -2]]))
    assert panel.notes == ("2 of 4 points equal to 0, drawn at 0.01 nats.",)


def test_holes_are_told_apart():
    values = [[1.0, math.nan], [math.inf, 7.0]]
    surface = surface_of(values, done=[[1, 1], [1, 0]])  # 7 lies at a point that is not done
    (panel,), _ = prepare([(surface, "loss")])
    assert np.isnan(panel.heights).tolist() == [[False, True], [True, True]]
    assert panel.not_finite.tolist() == [[False, True], [True, False]]
    assert panel.notes == (
        "2 of 4 points not finite (left blank).",
        "1 of 4 points not computed yet (left blank).",
    )


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_a_constant_has_a_range(scale):
    (panel,), drawn = prepare([(surface_of(np.full((3, 4), 2.0)), "loss")], scale=scale)
    assert drawn.low < 2 < drawn.high
    assert np.ptp(panel.heights) == 0


def test_accuracy_is_percent_linear_and_never_clipped():
    values = np.full((10, 10), 0.1)
    values[5, 5] = 1.0  # one point in a hundred: a loss like this would be clipped
    (panel,), scale = prepare(
        [(surface_of(values, "test_accuracy", "1", classes=10), "test_accuracy")]
    )
    assert scale.kind == "linear"
    assert (scale.low, scale.high) == pytest.approx((10, 100))
    assert panel.quantity.axis_label == "test accuracy (%)"
    assert panel.quantity.chance == 10
    assert panel.best == (5, 5)
    assert panel.best_words() == "highest 100 % at x = 0.111, y = 0.111"


@pytest.mark.parametrize(
    ("classes", "low", "expected"),
    [(10, 0.1, math.log(10)), (10, 3.0, None), (None, 0.1, None), ("many", 0.1, None)],
)
def test_chance_level_is_drawn_only_where_known_and_in_range(classes, low, expected):
    facts = {} if classes is None else {"classes": classes}
    (panel,), _ = prepare([(surface_of([[low, 5.0], [6.0, 7.0]], **facts), "loss")])
    assert panel.chance == (None if expected is None else pytest.approx(expected))


def test_chance_needs_nats():
    assert shown(surface_of([[1.0]], units="1", classes=10), "loss").chance is None


class TestAutomaticClip:
    def test_a_bowl_is_left_whole(self):
        x = np.linspace(-1, 1, 25)
        bowl = 1e-3 + x[:, None] ** 2 + x**2
        assert upper_clip([bowl], "log") is None
        assert upper_clip([bowl], "linear") is None

    @pytest.mark.parametrize("kind", ["log", "linear"])
    def test_a_few_huge_corners_are_cut_at_a_round_value(self, kind):
        values = np.linspace(0.1, 35, 625).reshape(25, 25)
        values[0, :20] = 1e8
        limit = upper_clip([values], kind)
        assert limit == 40
        assert (values > limit).mean() <= 0.05

    def test_no_surface_loses_more_than_a_twentieth(self):
        rng = np.random.default_rng(0)
        low, high = 10 ** rng.normal(0, 1, (25, 25)), 10 ** rng.normal(3, 4, (9, 9))
        limit = upper_clip([low, high], "linear")
        assert all((v > limit).mean() <= 0.05 for v in (low, high))
        assert float(f"{limit:.0e}") == limit

    def test_none_and_a_range_override_it(self):
        values = np.ones((10, 10))
        values[0, 0] = 1e9
        pair = [(surface_of(values), "loss")]
        assert prepare(pair)[1].high < 1e9
        assert prepare(pair, clip="none")[1].high == 1e9
        (panel,), scale = prepare(pair, norm_range=(2, 100))
        assert (scale.low, scale.high) == (2, 100)
        assert panel.notes == (
            "1 of 100 points clipped at 100 nats.",
            "99 of 100 points below 2 nats, drawn at 2 nats.",
        )


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([[math.nan, math.nan]], {}, "nothing to draw"),
        ([[-1.0, 2.0]], {"scale": "log"}, "negative at 1 of 2 points .down to −1.*scale linear"),
        ([[0.0, 0.0]], {"scale": "log"}, "0 everywhere"),
        ([[1.0, 2.0]], {"scale": "lin"}, "unknown scale 'lin'.*did you mean 'linear'"),
        ([[1.0, 2.0]], {"clip": "auot"}, "expected auto, none or a number"),
        ([[1.0, 2.0]], {"clip": math.nan}, "expected auto, none or a number"),
        ([[1.0, 2.0]], {"clip": 0.5}, "not above the smallest value, 1"),
        ([[1.0, 2.0]], {"norm_range": (2, 1)}, "low below high"),
        ([[1.0, 2.0]], {"norm_range": (0, 1)}, "both positive"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(values, options, message):
    with pytest.raises(InputError, match=message):
        prepare([(surface_of(values), "loss")], **options)


@pytest.mark.parametrize("scale", [None, "linear"])
def test_negative_values_are_drawn_on_a_linear_scale(scale):
    (panel,), drawn = prepare([(surface_of([[-3.0, -1.0]]), "loss")], scale=scale)
    assert (drawn.kind, drawn.low, drawn.high, panel.notes) == ("linear", -3, -1, ())


def test_one_negative_loss_makes_the_common_scale_linear():
    pairs = [(surface_of([[1.0, 2.0]]), "loss"), (surface_of([[-1.0, 2.0]]), "loss")]
    assert prepare(pairs)[1].kind == "linear"
    assert prepare(pairs[:1])[1].kind == "log"


def test_units_do_not_mix():
    pairs = [(surface_of([[1.0]]), "loss"), (surface_of([[1.0]], units="bits"), "loss")]
    with pytest.raises(InputError, match="loss in nats, loss in bits"):
        prepare(pairs)


class TestCaptions:
    FACTS: ClassVar = {
        "model": "resnet56",
        "shortcuts": "none",
        "data": "cifar10:/data/me/secret/subset.npz",
        "train_examples": 1000,
        "train_population": 4660,
    }
    AXIS: ClassVar = {
        "kind": "random gaussian",
        "normalization": "filter",
        "ignore": "biasbn",
        "seed": 0,
    }

    def make(self, axis=AXIS, **facts):
        surface = surface_of([[1.0, 2], [3, 4]], "train_loss", **facts)
        surface.axes = {"x": dict(axis), "y": dict(axis)}
        return surface

    def test_full_caption_in_plain_words(self):
        surface = self.make(**self.FACTS)
        assert full(surface, shown(surface, "train_loss")) == (
            "Training loss of ResNet-56 without shortcuts on 1,000 of 4,660 training images of "
            "CIFAR-10. Two filter-normalized random directions, seed 0; axes "
            "in multiples of them. Biases and normalization layers kept fixed."
        )
        assert axis_label(surface, "y") == (
            "multiples of the second random direction, filter-normalized"
        )

    def test_examples_of_a_tolerance_are_those_that_points_took(self):
        surface = self.make(**self.FACTS, tolerance_relative=0.05)
        surface.values["train_count"] = np.array([[100.0, 400.0], [130.0, 90.0]])
        assert brief(surface, shown(surface, "train_loss")) == (
            "CIFAR-10, about 180 per point, limited to 1,000 of 4,660 training images."
        )
        surface.attributes["train_examples"] = 4660
        assert brief(surface, shown(surface, "train_loss")) == (
            "CIFAR-10, about 180 of 4,660 training images per point."
        )
        assert full(surface, shown(surface, "train_loss")).startswith(
            "Training loss of ResNet-56 without shortcuts on about 180 of 4,660 training images of "
            "CIFAR-10 per point."
        )
        surface.done[0, 1] = surface.done[1, 0] = False
        assert "about 95 of 4,660" in brief(surface, shown(surface, "train_loss"))

    def test_a_single_example(self):
        surface = self.make(data="points", train_examples=1, train_population=1)
        assert brief(surface, shown(surface, "train_loss")) == "points, 1 training example."

    def test_scenes_are_images_of_digits(self):
        surface = self.make(data="scenes", train_examples=100, train_population=800)
        assert brief(surface, shown(surface, "train_loss")) == (
            "scenes of handwritten digits, 100 of 800 training images."
        )

    def test_nothing_known_nothing_claimed(self):
        surface = surface_of([[1.0, 2], [3, 4]])
        assert brief(surface, shown(surface, "loss")) == ""
        assert name_of(surface) == "a surface of 2 × 2 points"
        assert axis_label(surface, "x") == "multiples of the first direction"
        assert "Loss." in full(surface, shown(surface, "loss"))

    def test_odd_attributes_do_no_harm(self):
        surface = self.make(
            {"kind": 3, "seed": "?"}, model=7, train_examples="many", data="C:\\d\\a"
        )
        caption = full(surface, shown(surface, "train_loss"))
        assert "of 7" in caption
        assert "C:" not in caption
        assert "many" not in caption

    def test_title_goes_before_network(self):
        assert name_of(self.make(**self.FACTS, title="mine")) == "mine"
        assert name_of(self.make(**self.FACTS)) == "ResNet-56 without shortcuts"

    @pytest.mark.parametrize(
        ("model", "shortcuts", "words"),
        [
            ("resnet-20", "identity", "ResNet-20 with identity shortcuts"),
            ("cifar_resnet50", "projection", "ResNet-50 with projection shortcuts"),
            ("torchvision:resnet34", "", "ResNet-34"),
            ("torchvision:vit_b_16", "", "vit_b_16"),
            ("highway20", "gate", "Highway-20 with gates"),
            ("densenet100", "concatenate", "DenseNet-100 with concatenation"),
            ("unet", "none", "U-Net without shortcuts"),
            ("VGG9", "none", "VGG-9 without shortcuts"),
            ("users:resnet", "", "users:resnet"),
            ("", "gate", "network with gates"),
        ],
    )
    def test_networks_by_their_names(self, model, shortcuts, words):
        assert name_of(self.make(model=model, shortcuts=shortcuts)) == words

    @pytest.mark.parametrize("path", ["/a/b/c.npz", "C:\\a\\b\\c.npz", "c.npz", "/a/c.npz/"])
    def test_base_name(self, path):
        assert base_name(path) == "c.npz"


class TestCamera:
    def test_a_wall_hides_the_minimum_below_its_angle(self):
        # The minimum at the middle, a wall of height 0.25 half a width away on the near side:
        # it hides what is seen from below atan(0.25 / 0.5) = 26.6 degrees.
        box = np.full((101, 101), 0.0)
        box[50, 50] = -0.04  # the tolerance of the view: the ray starts at height 0
        box[0, :] = 0.25
        assert not sees(box, (50, 50), Camera(25.0, -90.0))
        assert sees(box, (50, 50), Camera(28.0, -90.0))
        assert sees(box, (50, 50), Camera(10.0, 90.0))

    def test_it_stays_where_x_runs_along_the_near_side_and_rises_above_a_wall(self):
        box = np.zeros((51, 51))
        box[25, 25] = -0.03
        box[:6, :] = 0.5  # the near side, 19 to 25 cells away
        camera = choose_camera([box], [(25, 25)])
        assert sees(box, (25, 25), camera)
        assert -90 < camera.azimuth < 0
        assert camera.elevation > 35

    def test_it_does_not_look_at_a_deep_minimum_from_below(self):
        """A fault once: a dark stump below the rim of a funnel."""
        x = np.linspace(-1, 1, 81)
        far = x**2 + x[:, None] ** 2
        funnel = 0.65 - 0.6 * np.exp(-far / 0.02)
        camera = choose_camera([funnel], [(40, 40)])
        assert not sees_underside(funnel, camera)
        assert sees_underside(funnel, Camera(20.0, -60.0))
        assert not sees_underside(np.zeros((5, 5)), Camera(20.0, -60.0))

    @pytest.mark.parametrize(("half_width", "elevation"), [(3, 45.0), (26, 55.0), (40, 45.0)])
    def test_a_funnel_is_looked_into_from_as_low_as_shows_its_ground(self, half_width, elevation):
        # A wall of 0.5 at h hundredths, seen 45° off its face, hides what is seen from below
        # atan(0.5 · sin 45° / 0.01 h): 85, 54 and 41 degrees.
        box = np.full((101, 101), 0.5)
        box[50 - half_width : 51 + half_width, 50 - half_width : 51 + half_width] = 0.0
        box[50, 50] = -0.04
        camera = choose_camera([box], [(50, 50)])
        assert camera.elevation == elevation
        assert sees(box, (50, 50), camera) == (half_width > 3)

    def test_direction_is_a_unit_vector(self):
        direction = np.array(Camera(30.0, -60.0).direction)
        assert direction == pytest.approx(
            [math.sqrt(3) / 2 * 0.5, -math.sqrt(3) / 2 * math.sqrt(3) / 2, 0.5]
        )


class TestSignedLogarithm:
    """height = ±log10(1 + |value|/c), from Webber (2013)."""

    VALUES: ClassVar = [[-250.0, -3.0, 0.0], [0.5, 40.0, 9000.0]]

    def test_heights_against_the_formula(self):
        (panel,), drawn = prepare([(surface_of(self.VALUES), "loss")], scale="symlog")
        assert (drawn.kind, drawn.low, drawn.high, drawn.inner) == ("symlog", -250, 9000, 1.0)
        expected = [[math.copysign(math.log10(1 + abs(v)), v) for v in row] for row in self.VALUES]
        np.testing.assert_allclose(panel.heights, expected, rtol=1e-14)
        assert panel.notes == ()

    def test_values_come_back_from_heights(self):
        _, drawn = prepare([(surface_of(self.VALUES), "loss")], scale="symlog")
        for value in (-250.0, -1e-3, 0.0, 7.0, 9000.0):
            assert drawn.value(float(drawn.heights(value))) == pytest.approx(value, rel=1e-12)

    def test_ticks_are_zero_and_powers_of_10_of_both_signs(self):
        _, drawn = prepare([(surface_of(self.VALUES), "loss")], scale="symlog")
        assert drawn.ticks().tolist() == [-100.0, -10.0, 0.0, 10.0, 100.0, 1000.0]
        one_sign = Scale("symlog", 3.0, 4.0)
        assert len(one_sign.ticks()) >= 3

    def test_a_constant_and_zeros_have_a_range(self):
        for value in (0.0, -5.0):
            _, drawn = prepare([(surface_of([[value, value]]), "loss")], scale="symlog")
            assert drawn.low < value < drawn.high or (value == 0 and drawn.high > 0)
            assert np.isfinite(drawn.heights(value))
