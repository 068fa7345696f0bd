"""The gallery as a file: what it holds, computed here from the HDF5 files themselves."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

import landscape.render.__main__ as command
from landscape.errors import InputError
from landscape.render import Entry, save_gallery
from landscape.render.gallery import siblings
from tests.explorer import NASTY
from tests.gallery.made import bowl, spoilt, written


def data_of(page: Path) -> dict:
    found = re.search(r'id="panels-data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    curvature, paths = 3.0, written(tmp_path, [bowl(3.0, 0.2), bowl(20.0, shortcuts="none")])
    data = data_of(save_gallery(paths, tmp_path / "page.html"))
    with h5py.File(paths[0]) as file:
        i, j = (int(np.flatnonzero(file[axis][:] == 0)[0]) for axis in ("x", "y"))
        loss, accuracy = file["train_loss"][j, i], file["train_accuracy"][j, i]
        better = np.mean(file["train_loss"][:] < math.log(file.attrs["classes"]))
        parameters = int(file.attrs["parameters"])
    first = {label: value for label, value, why in data["panels"][0]["numbers"]}
    assert first["training loss at the centre"] == f"{loss:.5f} ± 0.00010 nats"
    assert first["training accuracy at the centre"] == f"{100 * accuracy:.1f} ± 1.0 %"
    assert first["parameters"] == f"{parameters:,}" == "272,474"
    radius = first["flat radius (loss + 0.1)"].split()[0]
    assert float(radius) == pytest.approx(math.sqrt(0.1 / curvature), abs=1e-3)
    assert first["share better than guessing"] == f"{100 * better:.3g}%"
    assert (first["roughness, decades"], first["basins"]) == ("0", "1")
    assert first["convex points"].startswith("100%")
    assert data["layout"] == "gallery"
    assert data["heading"] == "2 loss landscapes"


def test_titles_lines_and_what_is_missing(tmp_path: Path) -> None:
    gone = spoilt(bowl(1.0), math.nan)
    entries = [Entry(gone, title="gone"), Entry(bowl(1.0), NASTY, ["Test error 4.1%.", NASTY])]
    page = save_gallery(entries, tmp_path / "page.html", title=NASTY)
    first, second = data_of(page)["panels"]
    assert (first["title"], second["title"]) == ("gone", NASTY)
    assert second["lines"] == ["Test error 4.1%.", NASTY]
    found = {label: (value, why) for label, value, why in first["numbers"]}
    assert found["training loss at the centre"] == ("NaN nats", "")
    value, why = found["flat radius (loss + 0.1)"]
    assert value == "—"
    assert "NaN or infinite" in why
    assert "<script>alert(2)" not in page.read_text()
    assert len(re.findall(r"plotly\.js (?:\(.*\) )?v", page.read_text())) == 1


def test_the_command_writes_one_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in written(tmp_path, [bowl(1.0), bowl(2.0), bowl(3.0)])]
    output = tmp_path / "gallery.html"
    assert command.main([*paths, "--style", "gallery", "--title", "Three", "-o", str(output)]) == 0
    assert capsys.readouterr().out == f"wrote {output}\n"
    assert data_of(output)["heading"] == "Three"
    assert 1.5e6 < output.stat().st_size < 6e6  # plotly.js, once, in part or whole
    assert command.main([*paths, "--style", "gallery", "-o", str(tmp_path / "a.png")]) == 2
    assert "style gallery is not supported for .png files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "no surface to draw"),
        (["missing.h5"], "missing.h5"),
        (["example:digits_draws", bowl(1.0)], "lines and planes cannot share"),
        (["example:digits_draws"], "style surface needs at least 2 × 2 points"),
        ([spoilt(bowl(1.0), math.nan)], "none of 1 surfaces has a finite train_loss"),
    ],
)
def test_what_cannot_be_a_gallery_is_refused(entries: list, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        save_gallery(entries, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("a+ a-", [1, 0]),
        ("a+ a- a+ a-", [1, 0, 3, 2]),
        ("a- a+ a- a+", [1, 0, 3, 2]),
        ("a+ a- a+ a+ a- a+", [1, 0, 1, 4, 3, 4]),
        ("a+ b- a+ b+", [None, 3, None, 1]),
        ("a+ a+", [None, None]),
        ("a? a-", [None, None]),
    ],
)
def test_siblings_are_the_same_network_with_other_shortcuts(row: str, expected: list) -> None:
    kinds = {"+": "identity", "-": "none", "?": ""}
    surfaces = [bowl(1.0, model=name[0], shortcuts=kinds[name[1]]) for name in row.split()]
    places = [
        None if s is None else [o is s for o in surfaces].index(True) for s in siblings(surfaces)
    ]
    assert places == expected
