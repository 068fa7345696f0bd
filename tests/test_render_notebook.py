"""What a notebook shows: a page in the cell, tables, and a picture that refines itself."""

from __future__ import annotations

import html
import json
import re
import time

import numpy as np
import pytest

import landscape
from landscape.errors import InputError
from landscape.render import explore, refining
from landscape.store import save_surface
from tests.test_render_figures import bowl, line


def test_explore_is_the_page_in_a_frame_of_its_own():
    shown = bowl(5, title='a "b" <c>').explore(style="contour", height=400)
    frame = shown._repr_html_()
    (inner,) = re.findall(r'^<iframe srcdoc="([^"]*)" title="([^"]*)"', frame)
    assert html.unescape(inner[0]) == shown.page
    assert html.unescape(inner[1]) == 'interactive page: a "b" <c>'
    assert 'height="400"' in frame
    assert shown.page.lower().startswith("<!doctype html>")
    assert repr(shown) == '<interactive page: a "b" <c>>'


def test_explore_several_and_what_it_refuses():
    assert len(explore([bowl(5), bowl(5, scale=2)]).page) > 1000
    with pytest.raises(InputError, match="height=20: expected from 200"):
        explore(bowl(5), height=20)
    with pytest.raises(TypeError, match="colour"):
        explore(bowl(5), colour=1)


def test_states_of_one_network_are_explored_in_the_order_of_their_numbers():
    states = [bowl(5, title=f"epoch {n}", weights_sha256=str(n)) for n in (10, 2, 1)]
    (text,) = re.findall(r'id="panels-data">(.*?)</script>', explore(states).page)
    data = json.loads(text)
    assert data["sequence"]
    assert [panel["title"] for panel in data["panels"]] == ["epoch 1", "epoch 2", "epoch 10"]


def test_tables_hold_each_value_at_its_coordinates():
    surface = bowl(7)
    surface.values["train_loss"][2, 3] = 5.0
    surface.done[0, 1] = False
    data = surface.to_xarray()
    assert data["train_loss"].dims == ("y", "x")
    assert float(data["train_loss"].sel(x=surface.x[3], y=surface.y[2])) == 5.0
    assert data["train_loss"].attrs["units"] == "nats"
    assert not bool(data["done"][0, 1])
    table = surface.to_dataframe()
    assert list(table.columns) == ["x", "y", "train_loss", "done"]
    (row,) = table[(table.x == surface.x[3]) & (table.y == surface.y[2])].itertuples()
    assert row.train_loss == 5.0
    assert int(table.done.sum()) == 48
    assert line(5).to_xarray()["train_accuracy"].dims == ("x",)
    assert len(line(5).to_dataframe()) == 5


def test_tables_are_copies():
    surface = bowl(5)
    surface.to_xarray()["train_loss"][:] = 0
    assert surface["train_loss"].max() > 0


def test_a_picture_refines_itself_while_its_file_fills(tmp_path, monkeypatch):
    from IPython import display

    shown = []

    class Handle:
        def update(self, picture):
            shown.append(picture)

    def show(first, display_id):
        assert display_id is True
        shown.append(first)
        return Handle()

    monkeypatch.setattr(display, "display", show)
    target = tmp_path / "a.h5"
    surface = bowl(9)
    surface.done[:] = False
    surface.done[::4, ::4] = True
    with refining(target, every_s=0.02, width=2.5):
        assert repr(shown[0]) == "waiting for a.h5"
        save_surface(surface, target)
        patience = time.monotonic() + 60
        while not any(hasattr(p, "axes") for p in shown) and time.monotonic() < patience:
            time.sleep(0.01)
        surface.done[:] = True
        save_surface(surface, target)
    first, last = (next(p for p in some if hasattr(p, "axes")) for some in (shown, shown[::-1]))
    assert first is not last
    assert "3 of 9" in first.description.replace("×", "x") or "Incomplete" in first.description
    assert "Incomplete" not in last.description


def test_examples_open_as_tables():
    data = landscape.open_surface("example:digits_between").to_xarray()
    assert np.isfinite(data["train_loss"]).all()
