"""What forbids comparing two planes, and what can be compared nevertheless."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from landscape.grid import Grid
from landscape.measures import Comparison, compare_surfaces
from landscape.surface import Quantity, Surface

AXIS = np.linspace(-1, 1, 21)
FACTS = {
    "loss": "cross_entropy",
    "classes": 10,
    "data": "cifar10:here",
    "preprocess": "cifar10",
    "split": "train",
    "bn_statistics": "stored",
    "train_data_sha256": "aaa",
    "train_examples": 1000,
    "train_population": 50000,
    "precision": "float32",
}
ORIGIN, RADIUS = "loss at the origin, nats", "flat radius, loss + 0.1"
WEIGHTS, SHARP = "flat distance in weight space, loss + 0.1", "sharpness, ε = 0.1, %"
ROUGH, CONVEX = "roughness, decades", "convexity share"


def plane(width: float = 1.0, x=AXIS, y=AXIS, split: str = "train", **facts: object) -> Surface:
    """A bowl; ``x_…`` and ``y_…`` are facts of the axes, None takes a fact away."""
    grid = Grid(x) if y is None else Grid(x, y)
    name = f"{split}_loss"
    surface = Surface(grid, {name: Quantity("loss", "nats")})
    squares = grid.points() ** 2
    surface.values[name] = 0.1 + (squares.sum(axis=1) / width**2).reshape(grid.shape)
    surface.values[f"{name}_stderr"] = np.full(grid.shape, 0.0)
    surface.quantities[f"{name}_stderr"] = Quantity("its error", "nats")
    surface.done[...] = True
    surface.attributes = {**FACTS, "weights_sha256": f"{width}", "axes_cosine": 0.0}
    for axis in grid.axes:
        surface.axes[axis] = {
            "kind": "random gaussian",
            "normalization": "filter",
            "ignore": "biasbn",
            "seed": 0,
            "norm": 20.0,
        }
    for key, value in facts.items():
        where = surface.axes[key[0]] if key[:2] in ("x_", "y_") else surface.attributes
        key = key[2:] if key[:2] in ("x_", "y_") else key
        if value is None:
            where.pop(key)
        else:
            where[key] = value  # type: ignore[assignment]
    return surface


def compared(comparison: Comparison) -> set[str]:
    return {row.name for row in comparison.rows if all(row.compared)}


def test_planes_that_differ_in_the_network_alone_are_comparable() -> None:
    found = compare_surfaces([plane(), plane(0.5)], ["wide", "narrow"])
    assert found.verdicts == (
        "wide and narrow are comparable: same loss, data, kind of directions, range and grid.",
    )
    assert found.differences == ()
    assert {row.name for row in found.rows} - compared(found) == {WEIGHTS}


def half(surface: Surface) -> Surface:
    surface.done[::2, ::2] = False
    surface.done[10, 10] = True
    return surface


EVERYWHERE = {ORIGIN, RADIUS, SHARP, ROUGH, CONVEX}
OF_THE_PLACE = {ORIGIN, RADIUS, SHARP}
DIFFERENT: list[tuple[str, Callable[[], Surface], str, set[str]]] = [
    ("loss", lambda: plane(0.5, loss="mse"), "cross_entropy (a), mse (b)", set()),
    ("data", lambda: plane(0.5, data="digits"), "cifar10 (a), digits (b)", set()),
    ("classes", lambda: plane(0.5, classes=100), "10 (a), 100 (b)", set()),
    ("split", lambda: plane(0.5, split="test"), "train (a), test (b)", set()),
    ("preprocessing", lambda: plane(0.5, preprocess="none"), "cifar10 (a), none (b)", set()),
    ("BN statistics", lambda: plane(0.5, bn_statistics="re-estimated"), "stored (a)", set()),
    (
        "examples",
        lambda: plane(0.5, train_data_sha256="bbb", train_examples=50000),
        "1000 of 50000 (a), 50000 of 50000 (b)",
        set(),
    ),
    (
        "kind of direction",
        lambda: plane(0.5, x_kind="pca", y_kind="pca"),
        "random gaussian (a), pca (b)",
        {ORIGIN},
    ),
    (
        "kind of direction",
        lambda: plane(0.5, x_kind="gradient ascent"),
        "random gaussian (a), gradient ascent and random gaussian (b)",
        {ORIGIN},
    ),
    (
        "normalization",
        lambda: plane(0.5, x_normalization="layer", y_normalization="layer"),
        "filter (a), layer (b)",
        {ORIGIN},
    ),
    (
        "excluded parameters",
        lambda: plane(0.5, x_ignore="none", y_ignore="none"),
        "biasbn (a), none (b)",
        {ORIGIN},
    ),
    ("range", lambda: plane(0.5, x=2 * AXIS), "different range: x=-1:1:21", OF_THE_PLACE),
    (
        "grid",
        lambda: plane(0.5, y=np.linspace(-1, 1, 31)),
        "different grid points",
        OF_THE_PLACE,
    ),
    ("line", lambda: plane(0.5, y=None), "a line and a plane", {ORIGIN}),
    ("incomplete", lambda: half(plane(0.5)), "b is incomplete", {ORIGIN, RADIUS, SHARP}),
]


@pytest.mark.parametrize(("reason", "make", "words", "left"), DIFFERENT)
def test_what_stands_in_the_way_is_named_and_the_rest_is_compared(
    reason: str, make: Callable[[], Surface], words: str, left: set[str]
) -> None:
    found = compare_surfaces([plane(), make()], ["a", "b"])
    assert len(found.differences) == 1
    assert words in found.differences[0].what
    assert reason in found.differences[0].reason or reason in found.differences[0].what
    assert compared(found) & EVERYWHERE == left
    (verdict,) = found.verdicts
    assert found.differences[0].reason in verdict
    if left:
        assert verdict.startswith("a and b are only PARTLY comparable (")
        assert all(name in verdict for name in left)
    else:
        assert verdict.startswith("a and b are NOT comparable (")
    for row in found.rows:
        if not row.compared[1]:
            assert row.meaning.startswith("not compared: ")
            assert found.differences[0].reason in row.meaning or row.name == WEIGHTS


def test_the_same_network_in_two_ways_shows_the_effect_of_the_way() -> None:
    """Test loss and training loss of one network, or different BN statistics, are the question."""
    found = compare_surfaces([plane(), plane(split="test", bn_statistics="re-estimated")], "ab")
    assert (
        "a and b show the same network: the differences below are due to different split"
        in found.notes[0]
    )
    assert "different BN statistics" in found.notes[0]
    assert len(found.differences) == 2
    assert all(all(row.compared) for row in found.rows)
    ascent = compare_surfaces([plane(), plane(x_kind="gradient ascent")], "ab")
    assert WEIGHTS in compared(ascent)
    assert RADIUS not in compared(ascent)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: plane(x_seed=7, y_seed=7),
            "different draws of the directions: seed 0 (a), seed 7 (b)",
        ),
        (lambda: plane(precision="bfloat16"), "float32 (a), bfloat16 (b)"),
        (lambda: plane(), "a single draw of the directions (a, b)"),
        (lambda: plane(repeats=5), "a single draw of the directions (a):"),
        (lambda: plane(precision=None), "a single draw of the directions (a, b)"),
        (lambda: plane(loss=None, x_kind=None, y_kind=None), "b does not record: loss, kind of"),
    ],
)
def test_what_should_be_known_is_a_note(make: Callable[[], Surface], words: str) -> None:
    other = make()
    other.attributes["weights_sha256"] = "another"
    found = compare_surfaces([plane(), other], ["a", "b"])
    assert any(words in note for note in found.notes)
    assert found.differences == ()
    assert RADIUS in compared(found)


def test_other_examples_of_the_same_data_and_another_path_to_them_are_no_obstacle() -> None:
    found = compare_surfaces(
        [plane(), plane(0.5, train_data_sha256="bbb", data="cifar10:/elsewhere")], ["a", "b"]
    )
    assert [d.breaks for d in found.differences] == [frozenset()]
    assert "different samples of the same data" in found.differences[0].what
    assert found.verdicts[0].startswith("a and b are comparable: ")


def test_files_without_errors_are_said_to_be_taken_as_exact() -> None:
    bare = plane(0.5)
    del bare.values["train_loss_stderr"], bare.quantities["train_loss_stderr"]
    found = compare_surfaces([plane(), bare], ["a", "b"])
    assert any(note.startswith("no standard errors in b") for note in found.notes)


def test_files_that_say_nothing_at_all_are_compared_with_a_note() -> None:
    """As those of tomgoldstein/loss-landscape."""
    silent = [Surface(p.grid, p.quantities, p.values, p.done) for p in (plane(), plane(0.5))]
    found = compare_surfaces(silent, ["a", "b"])
    assert found.verdicts == ("a and b are comparable, as far as recorded.",)
    assert sum("does not record" in note for note in found.notes) == 2
    distance = next(row for row in found.rows if row.name == WEIGHTS)
    assert distance.estimates == (None, None)
    assert "does not record the lengths of its axes" in distance.meaning
    assert str(found).count("—") >= 2


def test_of_three_each_is_compared_with_the_first() -> None:
    """One that differs does not keep the others from being compared."""
    other = plane(0.25, x_normalization="layer", y_normalization="layer")
    found = compare_surfaces([plane(), plane(0.5), other], ["a", "b", "c"])
    assert found.verdicts[0].startswith("a and b are comparable: ")
    assert found.verdicts[1].startswith(
        "a and c are only PARTLY comparable (different normalization)"
    )
    radius = next(row for row in found.rows if row.name == RADIUS)
    assert radius.compared == (True, True, False)
    assert radius.meaning.startswith("a is flatter: ")
    assert radius.meaning.endswith(
        "as far out as that of b. c not compared: different normalization."
    )
    assert next(row for row in found.rows if row.name == ORIGIN).compared == (True,) * 3
