"""Every kind of file that versions before this one have written opens, is drawn and resumes."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import landscape
import landscape.connect
import landscape.convert
import landscape.info
import landscape.merge
import landscape.render.__main__
import landscape.sample
import landscape.train
from landscape.checkpoint import read_checkpoint
from landscape.curve import read_curve
from landscape.training.history import read_history
from tests.distributed.ranks import by_ranks
from tests.written_by.archives import ARCHIVES, check_resumed, index, names, rows, unpack

open_surface = landscape.open_surface
SURFACES = [(a, Path(n).stem) for a in ARCHIVES for n in names(a, "finished")]


def label(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    found = {}
    for archive in ARCHIVES:
        found[archive] = tmp_path_factory.mktemp(f"by-{archive.stem}-")
        unpack(archive, found[archive])
    return found


@pytest.fixture
def place(
    archive: Path, places: dict[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The folder of a version, as the current one, with its user's module."""
    monkeypatch.chdir(places[archive])
    monkeypatch.syspath_prepend(str(places[archive]))
    sys.modules.pop("mine", None)
    yield places[archive]
    sys.modules.pop("mine", None)


def test_there_is_something() -> None:
    assert len(SURFACES) > 35
    for archive, name in rows("surfaces"):
        assert {f"{form}/{name}.h5" for form in ("finished", "begun")} <= {
            *names(archive, "finished"),
            *names(archive, "begun"),
        }


@pytest.mark.parametrize(("archive", "name"), SURFACES, ids=label)
def test_a_finished_surface_is_shown(
    place: Path, archive: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, render = f"finished/{name}.h5", landscape.render.__main__.main
    surface = open_surface(file)
    assert surface.complete
    assert render([file, "-o", f"{name}.png", "--dpi", "50"]) == 0
    assert render([file, "-o", f"{name}.html"]) == 0
    assert surface.main_quantity in Path(f"{name}.html").read_text()
    if surface.trajectories:
        assert render([file, "--style", "path", "-o", f"{name}-path.png", "--dpi", "50"]) == 0
    assert landscape.info.main([file]) == 0
    assert str(surface.attributes["versions"]) in capsys.readouterr().out


@pytest.mark.parametrize(("archive", "name"), rows("surfaces"), ids=label)
@pytest.mark.parametrize("by", ["command", "python"])
def test_a_surface_that_was_cut_short_resumes(
    place: Path, archive: Path, name: str, by: str
) -> None:
    said, begun = index(archive)["surfaces"][name], f"begun/{name}.h5"
    path = shutil.copy(begun, f"{by}-{name}.h5")
    # Inputs of a user's network were preprocessed unasked; now that is asked for.
    own = str(said["problem"].get("model")).startswith("mine:")
    asked = {"preprocess": "digits"} if own and said["problem"]["data"] == "digits" else {}
    if by == "command":
        words = [word for key, value in asked.items() for word in (f"--{key}", value)]
        assert landscape.sample.main([*said["words"], *words, "-o", path]) == 0
    else:
        problem = landscape.build_problem(**said["problem"], **asked)
        landscape.sample_surface(problem, path=path, progress=False, **said["options"])
    before = open_surface(begun)
    assert 0 < before.done.sum() < before.grid.size
    check_resumed(open_surface(path), before, open_surface(f"finished/{name}.h5"))


@pytest.mark.parametrize("name", ["tensors", "stream"])
@pytest.mark.parametrize("archive", ARCHIVES, ids=label)
def test_a_surface_of_a_users_own_tensors_resumes(place: Path, archive: Path, name: str) -> None:
    mine: Any = importlib.import_module("mine")
    data = mine.tensors() if name == "tensors" else landscape.Stream(mine.loader())
    problem = landscape.Problem(mine.network(), data, device="cpu")
    path = shutil.copy(f"begun/{name}.h5", f"python-{name}.h5")
    found = landscape.sample_surface(problem, "-1:1:3", "-1:1:3", path=path, progress=False)
    whole = open_surface(f"finished/{name}.h5")
    check_resumed(found, open_surface(f"begun/{name}.h5"), whole)


@pytest.mark.parametrize("archive", ARCHIVES, ids=label)
def test_shards_are_finished_and_merged(place: Path, archive: Path) -> None:
    parts = [f"merged.h5.part-{k}of2" for k in (1, 2)]
    shutil.copy("shards/s.h5.part-1of2", parts[0])
    shutil.copy("begun/s.h5.part-2of2", parts[1])
    assert landscape.merge.main([*parts, "-o", "merged.h5"]) == 2
    words = [*index(archive)["shards"], "--shard", "2/2", "-o", "merged.h5"]
    assert landscape.sample.main(words) == 0
    assert landscape.merge.main([*parts, "-o", "merged.h5"]) == 0
    begun = open_surface("begun/s.h5.part-2of2")
    check_resumed(open_surface("merged.h5"), begun, open_surface("finished/untuned.h5"))


@pytest.mark.parametrize("archive", ARCHIVES, ids=label)
def test_ranks_go_on_from_parts(place: Path, archive: Path) -> None:
    said, parts = (
        index(archive)["surfaces"]["untuned"],
        ("begun/untuned.h5", "begun/s.h5.part-2of2"),
    )
    for rank, part in enumerate(parts):
        shutil.copy(part, f"ranks.h5.part-rank{rank}")
    problems = [landscape.build_problem(**said["problem"]) for _ in parts]
    options = {{"tuned": "tune"}.get(name, name): v for name, v in said["options"].items()}
    found, _ = by_ranks(problems, Path("ranks.h5"), **options)
    assert isinstance(found, landscape.Surface), found
    for part in parts:
        check_resumed(found, open_surface(part), open_surface("finished/untuned.h5"))


@pytest.mark.parametrize(("archive", "name"), rows("networks"), ids=label)
def test_a_checkpoint_is_the_same_network(place: Path, archive: Path, name: str) -> None:
    said = index(archive)["networks"][name]
    problem = landscape.build_problem(**said["problem"])
    surface = landscape.sample_surface(problem, "0", None, tune=False, progress=False)
    assert surface["train_loss"][0] == pytest.approx(said["loss"], rel=1e-4)


def check_run(found: str, whole: str) -> None:
    """To the rounding of another processor, which a few epochs make larger."""
    columns = read_history(f"{whole}/history.h5").columns
    for name, column in read_history(f"{found}/history.h5").columns.items():
        np.testing.assert_allclose(column, columns[name], rtol=1e-3, atol=1e-3, err_msg=name)
    check_states(f"{found}/final.pt", f"{whole}/final.pt")


def check_states(found: str, whole: str) -> None:
    state = read_checkpoint(whole).state
    for name, tensor in read_checkpoint(found).state.items():
        np.testing.assert_allclose(tensor, state[name], rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize(("archive", "name"), rows("trainings"), ids=label)
def test_a_training_goes_on(place: Path, archive: Path, name: str) -> None:
    shutil.copytree(f"begun/{name}", f"resumed/{name}")
    assert not Path(f"resumed/{name}/final.pt").exists()
    words = [*index(archive)["trainings"][name], "--resume", "-o"]
    assert landscape.train.main([*words, f"resumed/{name}"]) == 0
    check_run(f"resumed/{name}", name)
    before = read_history(f"{name}/history.h5").columns
    assert landscape.train.main([*words, name]) == 0  # nothing is left to do
    assert read_history(f"{name}/history.h5").columns == before


@pytest.mark.parametrize(("archive", "name"), rows("curves"), ids=label)
def test_the_training_of_a_curve_goes_on(place: Path, archive: Path, name: str) -> None:
    with pytest.raises(landscape.InputError, match="1 of 2 epochs"):
        read_curve(f"begun/{name}")
    path = shutil.copy(f"begun/{name}", f"resumed-{name}")
    assert landscape.connect.main([*index(archive)["curves"][name], "-o", path]) == 0
    check_states(path, name)
    found, whole = read_curve(path), read_curve(name)
    assert (found.names, found.facts) == (whole.names, whole.facts)


@pytest.mark.parametrize("archive", ARCHIVES, ids=label)
def test_a_file_in_the_authors_layout_is_the_same_surface(place: Path, archive: Path) -> None:
    assert landscape.convert.main(["authors.h5", "ours.h5"]) == 0
    theirs, ours = open_surface("ours.h5"), open_surface("finished/plane.h5")
    assert theirs.grid.same_as(ours.grid)
    for name in theirs.quantities:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-12)  # theirs are percents
    assert landscape.render.__main__.main(["authors.h5", "-o", "authors.png", "--dpi", "50"]) == 0
