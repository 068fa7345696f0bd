"""Barcodes, merge trees and profiles: what is drawn, where, and what the captions say."""

from __future__ import annotations

import re

import matplotlib as mpl
import numpy as np
import pytest

import landscape
from landscape import render
from landscape.errors import InputError
from landscape.measures import topology_of
from landscape.render.figure.tree import places
from landscape.surface import Quantity
from tests.measures.made import surface_of, undo
from tests.measures.test_topology import by_hand

STYLES = ("barcode", "tree", "profile")
NAMES = ("resnet56", "resnet56_noshort")


@pytest.fixture(scope="module")
def noshort():
    return landscape.open_surface("example:resnet56_noshort")


def named(axes, gid):
    return [artist for artist in axes.get_children() if artist.get_gid() == gid]


def segments(axes, gid):
    return [np.array(s) for artist in named(axes, gid) for s in artist.get_segments()]


def waves(noise: float = 0.0):
    axis = np.linspace(-1, 1, 31)
    drawn = np.random.default_rng(0).normal(0, noise, (31, 31)) if noise else 0.0

    def formula(x, y):
        return 3 + np.cos(6 * x) * np.cos(6 * y) + 0.2 * x + 0.1 * y + drawn

    return surface_of(formula, axis, axis, stderr=noise or None)


def test_bars_run_from_birth_to_death() -> None:
    axes = render.barcode(waves()).axes[0]
    tree = topology_of(waves())
    loss = waves()["loss"].ravel()
    bars = segments(axes, "pairs of dimension 0")
    assert len(bars) == len(tree.kept) > 3
    found = {tuple(bar[:, 0]) for bar in bars}
    for branch in tree.kept:
        end = axes.get_xlim()[1] if branch.saddle is None else loss[branch.saddle]
        assert any(np.allclose(pair, (loss[branch.floor], end)) for pair in found)
    assert [len(a.get_xdata()) for a in named(axes, "lasting pairs of dimension 0")] == [1]
    assert len(segments(axes, "pairs of dimension 1")) > 0
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["basins", "rings around hills"]


def test_what_does_not_count_is_pale_below_what_does() -> None:
    axes = render.barcode(waves(0.2)).axes[0]
    bars, pale = (segments(axes, f"{kind} of dimension 0") for kind in ("pairs", "pale pairs"))
    assert len(pale) > 20
    assert max(b[0, 1] for b in bars) < min(b[0, 1] for b in pale)
    (whole,), (faint,) = (named(axes, f"{k} of dimension 0") for k in ("pairs", "pale pairs"))
    assert faint.get_alpha() < whole.get_alpha()
    assert faint.get_linewidths()[0] < whole.get_linewidths()[0]


def test_places_stand_at_the_bars_where_there_is_room(noshort) -> None:
    texts = [t.get_text() for t in render.barcode(by_hand()).axes[0].texts]
    assert "−0.5, −0.5" in texts
    assert render.barcode(noshort).axes[0].texts[:] == []


@pytest.mark.parametrize("surface", [waves(), waves(0.2)], ids=["exact", "noisy"])
def test_no_lines_of_a_tree_cross(surface) -> None:
    """No vertical line passes a horizontal one but at its own ends."""
    axes = render.tree(surface).axes[0]
    lines = [s for kind in ("branches", "pale branches") for s in segments(axes, kind)]
    assert len(lines) > 3
    bends = [line for line in lines if len(line) == 3]
    for _, corner, end in bends:
        left, right = sorted((corner[0], end[0]))
        for line in lines:
            x, low, high = line[0, 0], line[0, 1], line[1, 1]
            between = left + 1e-9 < x < right - 1e-9
            assert not (between and low < corner[1] - 1e-9 and high > corner[1] + 1e-9)


def test_branches_stand_at_their_losses_and_end_at_their_elders(noshort) -> None:
    axes, tree = render.tree(noshort).axes[0], topology_of(noshort)
    loss, at = noshort["train_loss"].ravel(), places(tree)
    drawn = {round(s[0, 0], 9): s for s in segments(axes, "branches")}
    assert len(drawn) == len(tree.kept) == 18
    for branch in tree.kept:
        line = drawn[round(at[branch.floor], 9)]
        assert line[0, 1] == pytest.approx(loss[branch.floor])
        if branch.saddle is not None:
            assert line[1:, 1] == pytest.approx([loss[branch.saddle]] * 2)
            assert line[2, 0] == pytest.approx(at[branch.elder])
    assert len(named(axes, "basin")) + len(named(axes, "best")) == 18


def test_a_profile_is_the_whole_grid_at_the_top(noshort) -> None:
    axes = render.profile(noshort).axes[0]
    sides = segments(axes, "outline")
    top = max(sides, key=lambda s: s[-1, 1])[-1, 1]
    ends = sorted(s[-1, 0] for s in sides if s[-1, 1] == top)
    assert ends == pytest.approx([0, 100])
    assert top == pytest.approx(noshort["train_loss"].max())
    (fill,) = named(axes, "profile")
    assert fill.get_clip_path() is not None


@pytest.mark.parametrize("style", STYLES)
def test_captions_of_one_line_and_in_full(style: str, noshort) -> None:
    short = render.side_by_side([noshort], style)
    said = [t.get_text() for t in short.texts]
    counted = "18 basins" if style == "profile" else "18 of 46 basins count"
    assert said[0].startswith("CIFAR-10, about 190 ")
    assert said[0].endswith(f"; {counted}.")
    assert len(said) == 2  # the title, too
    whole = " ".join(short.description.split())
    assert "sampling error and the grid leave open" in whole
    assert "Mean" not in whole
    full = render.side_by_side([noshort], style, caption="full")
    assert len(full.texts) > 4
    assert render.side_by_side([noshort], style, caption="none").texts[1:] == []


@pytest.mark.parametrize("style", STYLES)
def test_two_surfaces_share_a_scale_and_lines_are_drawn_too(style: str) -> None:
    pair = [landscape.open_surface(f"example:{name}") for name in NAMES]
    one, other = render.side_by_side(pair, style).axes
    along = "get_xlim" if style == "barcode" else "get_ylim"
    assert getattr(one, along)() == getattr(other, along)()
    line = landscape.open_surface("example:digits_between")
    both = render.side_by_side([line, pair[0]], style)
    assert len(both.axes) == 2
    assert float(both.get_figwidth()) == 6.75


@pytest.mark.parametrize("style", STYLES)
def test_axes_of_the_caller(style: str) -> None:
    figure = mpl.figure.Figure()
    axes = figure.add_subplot()
    assert getattr(waves().plot, style)(ax=axes) is figure
    assert "loss" in axes.get_xlabel() + axes.get_ylabel()
    assert "basins" in axes.get_xlabel()


@pytest.mark.parametrize("style", STYLES)
def test_holes_a_single_basin_and_negative_losses(style: str) -> None:
    bowl = surface_of(lambda x, y: x**2 + y**2 - 0.5, *[np.linspace(-1, 1, 9)] * 2)
    figure = render.side_by_side([bowl], style)
    assert "1 basin" in figure.texts[0].get_text()
    for i in range(9):
        undo(bowl, (4, i))
    parted = render.side_by_side([bowl], style)
    assert re.search(r"2 basins.*|.*not computed.*", parted.texts[0].get_text())


@pytest.mark.parametrize("style", STYLES)
def test_what_cannot_be_drawn(style: str) -> None:
    odd = waves()
    odd.quantities["train_accuracy"] = Quantity("accuracy", "1")
    odd.values["train_accuracy"] = odd["loss"] / 9
    with pytest.raises(InputError, match=r"better when higher: expected a loss"):
        render.side_by_side([odd], style, quantity="train_accuracy")
    with pytest.raises(InputError, match="takes no"):
        render.side_by_side([odd], style, samples=True)
    odd.values["loss"][...] = np.nan
    with pytest.raises(InputError, match="nothing to draw"):
        render.side_by_side([odd], style)


def test_files_of_every_kind(tmp_path, noshort) -> None:
    for style, suffix in zip(STYLES, ("png", "pdf", "svg"), strict=True):
        written = render.save(noshort, tmp_path / f"{style}.{suffix}", style)
        assert written.stat().st_size < 300_000
