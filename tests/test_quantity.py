"""The parts of a quantity, its name, and which way is better, from the metric to pictures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as some
from torch import Tensor, nn

from landscape.errors import InputError
from landscape.grid import Grid
from landscape.info import report
from landscape.measures import compare_surfaces
from landscape.metrics import Metric
from landscape.problem import Problem
from landscape.quantity import (
    HIGHER,
    KINDS,
    LOWER,
    Quantity,
    accuracy_of,
    by_name,
    draw_of,
    main_of,
    quantile_of,
    stderr_of,
)
from landscape.render import contour, save_gallery, save_page, surface3d
from landscape.run import sample_surface
from landscape.store import open_surface, save_surface
from landscape.surface import Surface
from tests.test_render_paths import said

STATISTICS = [("mean", 0), ("mean", 3), ("stderr", 0), ("stderr", 12), ("q05", 0), ("q95", 0)]
WORDS = some.text("abcdeflosqrtxy_0159 é", min_size=1, max_size=20)


class TestNames:
    @given(WORDS | some.text(min_size=1, max_size=30))
    def test_name_of_parsed_parts(self, name: str) -> None:
        assert Quantity.parse(name).name == name

    @given(WORDS | some.just(""), some.sampled_from(list(KINDS)), some.sampled_from(STATISTICS))
    def test_parts_of_a_built_name(self, split: str, base: str, statistic: tuple[str, int]) -> None:
        made = Quantity("words", "1", None, split, base, *statistic)
        assert Quantity.parse(made.name, long_name="words") == made

    @given(
        some.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}){0,2}", fullmatch=True),
        some.sampled_from(STATISTICS),
    )
    def test_metric_of_any_name(self, base: str, statistic: tuple[str, int]) -> None:
        assume(not base.endswith(("stderr", *KINDS)))
        made = Quantity("", "1", None, "", base, *statistic)
        assert Quantity.parse(made.name) == made

    def test_examples(self) -> None:
        said = {
            "loss": ("", "loss", "mean", 0),
            "my_val_set_accuracy_draw12_stderr": ("my_val_set", "accuracy", "stderr", 12),
            "train_gradient_norm_q75": ("train", "gradient_norm", "q75", 0),
            "margin_stderr": ("", "margin", "stderr", 0),
            "test_count": ("test", "count", "mean", 0),
        }
        for name, parts in said.items():
            q = Quantity.parse(name)
            assert (q.split, q.base, q.statistic, q.draw) == parts

    @pytest.mark.parametrize(
        ("parts", "says"),
        [
            ({"statistic": "median"}, "unknown statistic 'median'.*mean, stderr"),
            ({"better": "up"}, "unknown way to be better 'up': expected one of lower, higher"),
            ({"draw": -1}, "mean of draw -1: expected a draw from 1"),
            ({"statistic": "q05", "draw": 1}, "q05 of draw 1.*quantiles over all draws"),
        ],
    )
    def test_bad_parts(self, parts: dict[str, object], says: str) -> None:
        with pytest.raises(InputError, match=says):
            Quantity("words", **parts)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("one", "other", "says"),
        [
            (("a", "b_c"), ("a_b", "c"), "two quantities are called 'a_b_c'"),
            (("", "m"), ("", "x"), "a quantity is called 'x'.*give the metric 'x'"),
            (("", "m"), ("", "done"), "a quantity is called 'done'"),
        ],
    )
    def test_names_are_unique(
        self, one: tuple[str, str], other: tuple[str, str], says: str
    ) -> None:
        with pytest.raises(InputError, match=says):
            by_name(Quantity("words", split=s, base=b) for s, b in (one, other))


def test_related_quantities() -> None:
    """Where bases and splits contain underscores and words of the grammar, stored parts decide."""
    names = {"a_loss": "val_a", "margin_q05": "", "b": "val_a"}
    held = by_name(
        Quantity("", "1", None, split, base, *statistic)
        for base, split in names.items()
        for statistic in STATISTICS
    )
    held |= by_name([Quantity("", split="val_a", base="a_accuracy")])
    assert main_of(held) == "val_a_a_loss"
    assert stderr_of(held, "margin_q05") == "margin_q05_stderr"
    assert stderr_of(held, "margin_q05_stderr") is None
    assert quantile_of(held, "margin_q05", "q05") == "margin_q05_q05"
    assert quantile_of(held, "margin_q05", "q25") is None
    assert draw_of(held, "val_a_b", 3) == "val_a_b_draw3"
    assert draw_of(held, "val_a_b", 4) is None
    assert accuracy_of(held, "val_a_a_loss") == "val_a_a_accuracy"
    assert accuracy_of(held, "val_a_b") is None
    odd = {"first": held["val_a_b"], "second": held["val_a_b_stderr"]}
    assert stderr_of(odd, "first") == "second"


def plane(better: str | None, base: str = "margin", split: str = "train") -> Surface:
    """A margin that is largest at (0.5, 0.5) and smallest at (−1, −1)."""
    x = np.linspace(-1, 1, 9)
    loss = 0.1 + x[None] ** 2 + x[:, None] ** 2
    margin = 3.0 - (x[None] - 0.5) ** 2 - (x[:, None] - 0.5) ** 2
    held = by_name(
        [
            Quantity("mean cross-entropy", "nats", split=split, base="loss"),
            Quantity("margin", "logits", better, split, base),
        ]
    )
    loss_name, margin_name = held
    values = {loss_name: loss, margin_name: margin}
    return Surface(Grid(x, x), held, values, np.ones((9, 9), bool))


def ring_of(figure: object) -> list[list[float]]:
    lines = figure.axes[0].lines  # type: ignore[attr-defined]
    return [line.get_xydata().tolist()[0] for line in lines if line.get_gid() == "best"]


def data_of(page: Path) -> dict[str, object]:
    found = re.search(
        r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page.read_text(), re.S
    )
    assert found is not None
    data: dict[str, object] = json.loads(found[1])
    return data


def quantity_in(page: Path, name: str) -> dict[str, object]:
    data = data_of(page)
    return next(q for q in data["quantities"] if q["name"] == name)  # type: ignore[attr-defined]


class TestMarginWhereHigherIsBetter:
    def test_figure(self) -> None:
        figure = contour(plane(HIGHER), quantity="train_margin", caption="full")
        assert ring_of(figure) == [[0.5, 0.5]]
        assert "highest 3 logits at x = 0.5, y = 0.5" in said(figure)
        assert "highest 3 logits at x = 0.5" in said(
            surface3d(plane(HIGHER), quantity="train_margin", caption="full")
        )

    def test_page_and_gallery(self, tmp_path: Path) -> None:
        page = save_page(plane(HIGHER), tmp_path / "a.html", quantity="train_margin")
        gallery = save_gallery([plane(HIGHER)], tmp_path / "g.html", quantity="train_margin")
        for path in (page, gallery):
            assert quantity_in(path, "train_margin")["better"] == "higher"
            assert quantity_in(path, "train_loss")["better"] == "lower"

    def test_compare(self) -> None:
        lower = plane(HIGHER)
        lower.values["train_margin"] = lower.values["train_margin"] - 1.0
        found = compare_surfaces([plane(HIGHER), lower], "ab", quantity="train_margin")
        rows = {row.name: row for row in found.rows}
        best = rows["highest margin, logits"]
        assert [e.value for e in best.estimates if e is not None] == [3.0, 2.0]
        assert best.meaning == "a has the higher margin at its highest: 3 vs 2 for b."
        origin = rows["margin at the origin, logits"]
        assert [e.value for e in origin.estimates if e is not None] == [2.5, 1.5]

    def test_lower_is_better(self) -> None:
        assert ring_of(contour(plane(LOWER), quantity="train_margin")) == [[-1, -1]]
        found = compare_surfaces([plane(LOWER)] * 2, "ab", quantity="train_margin")
        assert found.rows[1].name == "lowest margin, logits"

    def test_as_the_main_quantity(self) -> None:
        surface = plane(HIGHER)
        del surface.quantities["train_loss"], surface.values["train_loss"]
        assert surface.main_quantity == "train_margin"
        assert surface.best() == (3.0, (6, 6))
        assert surface.minimum()[1] == {"x": -1, "y": -1}
        assert "train_margin from -1.5 to 3 (at x=0.5, y=0.5)" in report(surface)[0]


def test_undeclared_quantity(tmp_path: Path) -> None:
    surface = plane(None)
    figure = contour(surface, quantity="train_margin", caption="full")
    assert ring_of(figure) == []
    assert "lowest" not in said(figure)
    assert "lowest" not in said(surface3d(surface, quantity="train_margin", caption="full"))
    page = save_page(surface, tmp_path / "a.html", quantity="train_margin")
    assert quantity_in(page, "train_margin")["better"] is None
    with pytest.raises(InputError, match="unknown loss to compare 'train_margin'"):
        compare_surfaces([surface] * 2, quantity="train_margin")


def margin(output: Tensor, target: Tensor) -> Tensor:
    best = output.topk(2, dim=1).values
    return best[:, 0] - best[:, 1]


def declared(better: bool) -> object:
    def mine(output: Tensor, target: Tensor) -> Tensor:
        return margin(output, target)

    mine.higher_is_better = better  # type: ignore[attr-defined]
    return mine


class TestDeclaredByTheMetric:
    def problem(self, metrics: object, loss: object = "cross_entropy") -> Problem:
        torch.manual_seed(0)
        data = (torch.randn(12, 3), torch.arange(12) % 4)
        return Problem(nn.Linear(3, 4), {"val_a": data}, loss=loss, metrics=metrics, device="cpu")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("metrics", "better", "units"),
        [
            ({"mine": declared(True)}, HIGHER, "1"),
            ([declared(True)], HIGHER, "1"),
            ([declared(False)], LOWER, "1"),
            ({"mine": margin}, None, "1"),
            ({"mine": Metric(margin, "margin", "logits", higher_is_better=True)}, HIGHER, "logits"),
            ([Metric(declared(True), "margin", higher_is_better=False)], LOWER, "1"),  # type: ignore[arg-type]
        ],
    )
    def test_by_attribute_or_metric(self, metrics: object, better: str, units: str) -> None:
        found = self.problem(metrics).quantities
        own = found["val_a_mine"]
        assert (own.better, own.units, own.split, own.base) == (better, units, "val_a", "mine")
        assert found["val_a_mine_stderr"] == replace(
            own, statistic="stderr", long_name=found["val_a_mine_stderr"].long_name
        )
        assert found["val_a_mine_stderr"].better is None
        assert found["val_a_loss"].better == LOWER
        assert found["val_a_accuracy"].better == HIGHER
        assert found["val_a_count"].better is None

    def test_loss_as_metric(self) -> None:
        asked = Metric(declared(True), "margin", "logits", higher_is_better=True)  # type: ignore[arg-type]
        problem = self.problem([], asked)
        assert problem.quantities["val_a_loss"].better == HIGHER
        assert (problem.loss, problem.quantities["val_a_loss"].units) == ("mine", "logits")

    def test_bad_declaration(self) -> None:
        with pytest.raises(
            InputError, match="higher_is_better 'yes': expected True, False or None"
        ):
            Metric(margin, "margin", higher_is_better="yes")  # type: ignore[arg-type]

    def test_in_the_file_with_every_draw(self, tmp_path: Path) -> None:
        asked = {"a q05": declared(True), "loss_b": Metric(margin, "margin")}
        path = tmp_path / "s.h5"
        made = sample_surface(
            self.problem(asked), "-1:1:3", None, path=path, repeats=2, progress=False
        )
        opened = open_surface(path)
        assert opened.quantities == made.quantities
        assert list(opened.quantities) == list(made.quantities)
        np.testing.assert_array_equal(opened["val_a_a q05"], made["val_a_a q05"])
        one = opened.quantity("val_a_a q05_draw2_stderr")
        assert (one.split, one.base, one.draw, one.statistic) == ("val_a", "a q05", 2, "stderr")
        assert opened.quantity("val_a_a q05_q25").better == HIGHER
        again = sample_surface(
            self.problem(asked), "-1:1:3", None, path=path, repeats=2, progress=False
        )
        np.testing.assert_array_equal(again["val_a_loss"], made["val_a_loss"])


class TestFiles:
    def test_stored_parts_override_the_name(self, tmp_path: Path) -> None:
        made = plane(HIGHER, base="loss_of_draw2", split="a_b")
        opened = open_surface(save_surface(made, tmp_path / "s.h5"))
        own = opened.quantity("a_b_loss_of_draw2")
        assert (own.split, own.base, own.draw, own.better) == ("a_b", "loss_of_draw2", 0, HIGHER)
        assert own == made.quantities["a_b_loss_of_draw2"]

    def test_file_without_parts_is_parsed_by_names(self, tmp_path: Path) -> None:
        path = save_surface(plane(HIGHER), tmp_path / "s.h5")
        with h5py.File(path, "r+") as file:
            for name in ("train_loss", "train_margin"):
                for key in ("better", "split", "base", "statistic", "draw"):
                    del file[name].attrs[key]
        surface = open_surface(path)
        assert surface.quantities["train_loss"] == Quantity("mean cross-entropy", "nats")
        loss, own = surface.quantity("train_loss"), surface.quantity("train_margin")
        assert (loss.split, loss.base, loss.better) == ("train", "loss", LOWER)
        assert (own.split, own.base, own.better) == ("", "train_margin", None)

    @pytest.mark.parametrize(
        ("key", "value", "says"),
        [
            ("better", "up", "unknown way to be better 'up'"),
            ("statistic", "", "unknown statistic ''"),
            ("draw", -3, "mean of draw -3"),
            ("draw", "2", "draw is '2'"),
            ("base", 7, "base is 7"),
        ],
    )
    def test_damaged_parts(self, tmp_path: Path, key: str, value: object, says: str) -> None:
        path = save_surface(plane(HIGHER), tmp_path / "s.h5")
        with h5py.File(path, "r+") as file:
            file["train_margin"].attrs[key] = value
        with pytest.raises(InputError, match=f"s.h5: train_margin: {says}.*the file is damaged"):
            open_surface(path)
