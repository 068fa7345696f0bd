"""Curves: bands of random draws and of standard errors, and axes of the caller."""

from __future__ import annotations

import matplotlib.text as mpl_text
import numpy as np
import pytest
from matplotlib.figure import Figure

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.render import curve, side_by_side
from landscape.surface import Quantity, Surface

X = np.linspace(-1, 1, 11)
QUANTILES = ("q05", "q25", "q75", "q95")


def repeated():
    """Mean and quantiles of a loss and an accuracy over several draws."""
    values = {"train_loss": 1 + X**2, "train_accuracy": 0.8 - 0.4 * X**2}
    values["train_loss_stderr"] = 0.01 + 0 * X
    for name, factor in zip(QUANTILES, (0.5, 0.8, 1.2, 3.0), strict=True):
        values[f"train_loss_{name}"] = factor * values["train_loss"]
        values[f"train_accuracy_{name}"] = values["train_accuracy"] + 0.05 * np.log(factor)
    quantities = {k: Quantity(k, "nats" if "loss" in k else "1") for k in values}
    return Surface(Grid(X), quantities, values, np.ones(X.size, bool))


def said(figure):
    found = [t.get_text() for t in figure.findobj(mpl_text.Text) if t.get_visible()]
    return " ".join(" ".join(found).split())


def bands(axes):
    """Per band the lowest and highest value at x = 1."""
    found = {}
    for band in axes.collections:
        at_end = [v for x, v in band.get_paths()[0].vertices if x == 1]
        found[band.get_gid()] = (min(at_end), max(at_end))
    return found


def test_bands_lie_between_the_quantiles_and_are_said():
    figure = curve(repeated(), caption="full")
    loss, accuracy = figure.axes
    assert bands(loss) == {
        "train_loss_q05…train_loss_q95": pytest.approx((1.0, 6.0)),
        "train_loss_q25…train_loss_q75": pytest.approx((1.6, 2.4)),
    }
    outer = bands(accuracy)["train_accuracy_q05…train_accuracy_q95"]
    assert outer == pytest.approx((40 + 5 * np.log(0.5), 40 + 5 * np.log(3)))
    assert "Bands: 5 to 95 % and 25 to 75 % of the random draws; line: mean." in said(figure)
    assert "standard errors" not in said(figure)


@pytest.mark.parametrize("keep", [("q05", "q95"), ("q25", "q75")])
def test_one_band_where_the_file_has_one(keep):
    surface = repeated()
    for name in [n for n in surface.quantities if n[-3:] in set(QUANTILES) - set(keep)]:
        del surface.quantities[name], surface.values[name]
    figure = curve(surface, quantity="train_loss", caption="full")
    assert list(bands(figure.axes[0])) == [f"train_loss_{keep[0]}…train_loss_{keep[1]}"]
    assert f"Band: {int(keep[0][1:])} to {keep[1][1:]} % of the random draws" in said(figure)


def test_the_axis_has_room_for_the_bands_unless_a_range_is_asked_for():
    assert curve(repeated()).axes[0].get_ylim()[1] > 6
    assert curve(repeated()).axes[0].get_ylim()[0] < 0.5
    low, high = curve(repeated(), norm_range=(1.0, 2.0)).axes[0].get_ylim()
    assert (low, high) == pytest.approx((1.0, 2.0), rel=0.05)


def test_a_quantile_of_zero_stays_on_a_log_axis():
    surface = repeated()
    surface.values["train_loss_q05"][3:7] = 0
    low, _ = curve(surface, quantity="train_loss").axes[0].get_ylim()
    assert 0.3 < low < 0.7


def test_standard_errors_are_said_where_there_are_no_draws():
    surface = repeated()
    for name in [n for n in surface.quantities if n[-3:] in QUANTILES]:
        del surface.quantities[name], surface.values[name]
    figure = curve(surface, caption="full")
    assert bands(figure.axes[0]) == {"train_loss_stderr": pytest.approx((2 - 0.0196, 2.0))}
    assert "Band: ±1.96 standard errors." in said(figure)


def test_into_axes_of_the_caller():
    figure = Figure(figsize=(5, 4))
    axes = figure.add_subplot()
    assert curve(repeated(), ax=axes, caption="full", title="$mine$") is figure
    assert axes.get_title() == "$mine$"
    assert len(figure.axes) == 2
    assert "Bands:" in axes.get_xlabel()
    assert figure.get_size_inches().tolist() == [5, 4]


def test_one_axis_needs_no_room_for_another():
    alone = side_by_side([repeated()], quantity="train_accuracy").axes[0].get_position()
    both = side_by_side([repeated()], quantity="train_loss").axes[0].get_position()
    assert alone.x1 > both.x1 + 0.1


def test_planes_are_no_curves():
    plane = Surface(Grid(X, X), {"loss": Quantity("l")}, {"loss": np.ones((11, 11))})
    with pytest.raises(InputError, match="style curve needs a line"):
        curve(plane)
