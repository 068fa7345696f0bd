"""What a comparison says of numbers, and how it shows itself."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import landscape
from landscape.errors import InputError
from landscape.measures import Estimate, compare_surfaces, flat_radius, risen_by
from landscape.measures.comparison import Comparison, Row
from landscape.measures.meaning import meaning_of
from landscape.measures.table import Measure, measured
from landscape.surface import Quantity, Surface
from tests.measures.test_comparable import RADIUS, WEIGHTS, plane

exact = Estimate.exact


def row_of(comparison: Comparison, name: str) -> Row:
    return next(row for row in comparison.rows if row.name == name)


def says(text: str, *values: Estimate) -> str:
    measure = Measure("m", lambda s, q: exact(0.0), frozenset(), text)
    return meaning_of(measure, list(zip("abc", values, strict=False)))


@pytest.mark.parametrize(
    ("values", "meaning"),
    [
        ((exact(1.0), exact(3.0)), "b > a by 3 times"),
        ((exact(300.0), exact(1.0)), "a > b by 300 times"),
        ((Estimate(4, 3, 5), Estimate(1, 0.5, 1.5)), "a > b by 4 times (at least 2)"),
        ((Estimate(4, 4, math.inf, True), exact(1.0)), "a > b by at least 4 times"),
        ((Estimate(4, 3, 5), Estimate(3, 2, 4)), "No difference beyond sampling error and grid"),
        ((exact(2.0), exact(2.0)), "No difference."),
        ((exact(2.0), exact(0.0)), "a has the larger value: 2 vs 0 for b."),
        ((exact(math.inf), exact(1.0)), "a has the larger value: inf vs 1 for b."),
        ((Estimate(1, 1, math.inf, True), Estimate(2, 2, math.inf, True)), "Not reached"),
        ((exact(1.0), exact(3.0), Estimate(2.9, 2.7, 3.1)), "b > a by 3 times (b ≈ c > a)"),
    ],
)
def test_sentences_follow_the_numbers(values: tuple[Estimate, ...], meaning: str) -> None:
    assert says("{high} > {low} by {times}", *values).startswith(meaning)


def test_the_flatter_bowl_is_called_flatter_by_the_ratio_of_the_radii() -> None:
    """√(0.1) of a bowl and a quarter of it; the grid's spacing of 0.1 leaves the ratio open."""
    found = row_of(compare_surfaces([plane(0.25), plane(1.0)], ["narrow", "wide"]), RADIUS)
    assert found.estimates[0] is not None
    assert found.estimates[0].value == pytest.approx(math.sqrt(0.1) / 4)
    assert found.meaning.startswith("wide is flatter: ")
    assert re.search(
        r" 4 times \(at least [23][.\d]*\) as far out as that of narrow", found.meaning
    )


def test_within_the_sampling_error_there_is_no_difference() -> None:
    one, other = plane(1.0), plane(0.9)
    assert "flatter" in row_of(compare_surfaces([one, plane(0.5)], "ab"), RADIUS).meaning
    for surface in (one, other):
        surface.values["train_loss_stderr"][...] = 0.02
    found = row_of(compare_surfaces([one, other], "ab"), RADIUS)
    assert found.meaning.startswith("No difference beyond sampling error and grid")


def test_no_row_tells_a_surface_from_itself() -> None:
    for row in compare_surfaces([plane(), plane()], "ab").rows:
        assert all(row.compared)
        assert row.meaning.startswith(("No difference.", "Not reached"))


def with_draws(widths: list[float]) -> Surface:
    surface = plane()
    surface.attributes["repeats"] = len(widths)
    for number, width in enumerate(widths, 1):
        name = f"train_loss_draw{number}"
        surface.quantities[name] = Quantity("one draw", "nats")
        surface.values[name] = plane(width)["train_loss"]
    return surface


def test_of_several_draws_the_range_is_that_of_the_draws() -> None:
    radius = Measure("r", lambda s, q: flat_radius(s, risen_by(0.1), q), frozenset(), "")
    found = measured(radius, with_draws([0.5, 2.0, 1.0]), "train_loss")
    assert found.value == pytest.approx(math.sqrt(0.1))
    assert (found.low, found.high) == pytest.approx((math.sqrt(0.1) / 2, math.sqrt(0.1) * 2))
    even = measured(radius, with_draws([0.5, 1.0, 1.5, 2.0]), "train_loss")
    assert even.value == pytest.approx(math.sqrt(0.1) * 1.25)
    ends = measured(radius, with_draws([0.5, 1.0, 9.0]), "train_loss")
    assert (ends.at_least, ends.high) == (True, math.inf)


def test_the_barrier_is_shown_where_a_file_holds_one() -> None:
    assert not any("barrier" in row.name for row in compare_surfaces([plane(), plane()], "ab").rows)
    found = compare_surfaces([plane(barrier=0.4), plane(0.5, barrier=1.5)], "ab")
    assert (
        "The loss rises higher between the solutions of b: by 1.5 vs 0.4 for a"
        in row_of(found, "barrier, nats").meaning
    )
    found = compare_surfaces([plane(barrier=0.4), plane(0.5)], "ab")
    assert row_of(found, "barrier, nats").meaning == "(b: the file contains no barrier.)"


def test_losses_without_a_level_of_guessing_have_no_row_for_it() -> None:
    found = compare_surfaces([plane(classes=None), plane(0.5, classes=None)], "ab")
    assert not any("guessing" in row.name for row in found.rows)
    found = compare_surfaces([plane(), plane(0.5, classes=None)], "ab")
    assert (
        "(b: the file does not record the number"
        in row_of(found, "flat radius, loss of guessing").meaning
    )


def test_amounts_of_the_users_choice() -> None:
    found = compare_surfaces([plane(), plane(0.5)], "ab", rise=0.2, epsilon=0.3)
    assert row_of(found, "flat radius, loss + 0.2").estimates[0] is not None
    corner = row_of(found, "sharpness, ε = 0.3, %").estimates[0]
    assert corner is not None
    assert corner.value == pytest.approx(100 * 0.18 / 1.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"surfaces": [plane()]}, "1 surface to compare"),
        ({"names": ["a"]}, "1 names for 2 surfaces"),
        ({"rise": -1.0}, "rise -1"),
        ({"epsilon": math.inf}, "epsilon inf"),
        ({"quantity": "train_loss_stderr"}, "unknown loss to compare"),
    ],
)
def test_what_cannot_be_compared(arguments: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        compare_surfaces(**{"surfaces": [plane(), plane()], **arguments})


def test_surfaces_without_names_are_called_by_title_or_model() -> None:
    found = compare_surfaces(
        [plane(title="wide", model="m"), plane(model="m"), plane(model="m"), plane()]
    )
    assert found.names == ("wide", "m", "m (3)", "surface")


def test_the_text_holds_every_value_and_sentence_within_its_width() -> None:
    found = compare_surfaces([plane(), plane(0.5, x_normalization="layer")], ["one", "two"])
    text = str(found)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    joined = " ".join(text.split())
    for row in found.rows:
        assert row.name in joined
        assert row.meaning in joined
        assert all(str(e) in joined for e in row.estimates)
    starts = {line.index("two") for line in lines if re.match(r" +one +two$", line)}
    assert len(starts) == 1
    column = starts.pop()
    radius = next(line for line in lines if line.startswith(RADIUS))
    assert radius[column:] == str(row_of(found, RADIUS).estimates[1])


def test_in_a_notebook_it_is_a_table_in_which_nothing_is_markup() -> None:
    bad = "<script>alert('x')</script>"
    odd = plane(0.5, loss=bad, weights_sha256=bad, precision=bad)
    found = compare_surfaces([plane(), odd], ["a & b", bad])
    html = found._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<th>a &amp; b</th>" in html
    assert html.count("<tr>") == 1 + len(found.rows)
    assert html.count("<td") == 3 * len(found.rows)


def test_it_is_in_reach_of_notebooks() -> None:
    assert landscape.compare_surfaces is compare_surfaces


def test_the_shipped_surfaces() -> None:
    """The finding of Li et al. 2018: without shortcuts it is sharper, rougher, less convex."""
    files = ("resnet56", "resnet56_noshort")
    found = compare_surfaces([landscape.open_surface(f"example:{n}") for n in files], files)
    assert found.verdicts[0].startswith("resnet56 and resnet56_noshort are comparable: ")
    for name, start in [
        (RADIUS, "resnet56 is flatter"),
        ("flat radius, loss of guessing", "resnet56 stays better"),
        ("sharpness, ε = 0.1, %", "resnet56_noshort is sharper"),
        ("share below the loss of guessing", "resnet56 is better than guessing on more"),
        ("roughness, decades", "resnet56_noshort is rougher"),
        ("basins", "resnet56_noshort has more basins"),
        ("flat radius, loss × 2", "No difference beyond sampling error and grid"),
        (WEIGHTS, "not compared: different networks"),
    ]:
        assert row_of(found, name).meaning.startswith(start)


def test_nan_losses_are_no_obstacle_to_the_rest() -> None:
    broken = plane(0.5)
    broken.values["train_loss"][10, 10] = np.nan
    found = compare_surfaces([plane(), broken], "ab")
    assert row_of(found, RADIUS).estimates[1] is None
    assert (
        "(b: the loss at the origin, of the network itself, is NaN" in row_of(found, RADIUS).meaning
    )
    assert row_of(found, "roughness, decades").estimates[1] is not None
