"""Movies, read back by libraries that did not write them."""

from __future__ import annotations

import sys
from itertools import combinations, pairwise

import imageio.v3 as iio
import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

import landscape
from landscape.errors import InputError, MissingExtra
from landscape.render import save
from landscape.render.__main__ import main
from landscape.render.heights import prepare
from landscape.render.movie import film
from landscape.render.movie.palette import Palette
from landscape.render.movie.plan import planned, timing
from landscape.render.space.camera import Camera
from landscape.render.space.relief import HEIGHT, relief
from landscape.store import save_surface
from landscape.surface import Trajectory
from tests.test_render_figures import bowl, line, plane

SMALL = {"dpi": 60, "renderer": "matplotlib"}


def movie(path) -> tuple[np.ndarray, float]:
    """Its frames, shape (frames, rows, columns, 3), and frames per second."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            pictures = []
            for k in range(image.n_frames):
                image.seek(k)
                pictures.append(np.asarray(image.convert("RGB")))
            return np.stack(pictures), 1000 / image.info["duration"]
    facts = imageio_ffmpeg.read_frames(str(path)).__next__()
    return iio.imread(path, plugin="FFMPEG"), facts["fps"]


def tilted(n=9, offset=0.0, **attributes):
    x = np.linspace(-1, 1, n)
    return plane(10 ** (x[None, :] + 0.5 * x[:, None] + offset), x, x, **attributes)


class TestFiles:
    @pytest.mark.parametrize("suffix", [".gif", ".mp4"])
    @pytest.mark.parametrize("renderer", ["pyvista", "matplotlib"])
    def test_a_turntable_turns(self, tmp_path, suffix, renderer):
        options = {"frames": 4, "fps": 10, "dpi": 60, "renderer": renderer}
        frames, fps = movie(save(bowl(9), tmp_path / f"a{suffix}", **options))
        assert len(frames) == 4
        assert fps == pytest.approx(10, rel=0.01)
        assert frames.shape[1] % 2 == frames.shape[2] % 2 == 0
        assert frames.shape[2] == pytest.approx(3.25 * 60, abs=1)
        for k in range(4):
            assert (frames[k] != frames[k - 1]).any(axis=-1).mean() > 0.02
        assert frames[:, 0, 0].min() > 250  # white paper
        coloured = np.ptp(frames.astype(int), axis=-1) > 40
        assert coloured.mean(axis=(1, 2)).min() > 0.05

    def test_no_words_meet_while_it_turns(self, tmp_path, monkeypatch):
        """A fault once: the name of an axis ran below the colour bar and into the caption."""
        told = []

        class Canvas(film.FigureCanvasAgg):
            def draw(self):
                super().draw()
                found = [t for t in self.figure.findobj(Text) if t.get_text() and t.get_visible()]
                told.append([(t.get_text(), t.get_window_extent()) for t in found])

        monkeypatch.setattr(film, "FigureCanvasAgg", Canvas)
        surface = landscape.open_surface("example:digits_eigen_ratio")
        save(surface, tmp_path / "a.gif", frames=8, renderer="matplotlib")
        assert len(told) == 8
        for texts in told:
            assert {"x", "y"} < {words for words, _ in texts}
            for (one, a), (other, b) in combinations(texts, 2):
                across = min(a.x1, b.x1) - max(a.x0, b.x0)
                along = min(a.y1, b.y1) - max(a.y0, b.y0)
                assert min(across, along) < 3, (one, other)

    @pytest.mark.parametrize("suffix", [".gif", ".mp4"])
    def test_a_sequence_has_a_frame_for_each_surface_on_one_scale(self, tmp_path, suffix):
        surfaces = [tilted(offset=k, title=f"epoch {k}") for k in range(3)]
        path = save(surfaces, tmp_path / f"a{suffix}", movie="sequence", **SMALL)
        frames, fps = movie(path)
        assert (len(frames), fps) == (3, pytest.approx(4, rel=0.01))
        # The green of viridis rises with the value.
        panel = frames[:, 40:150, :140].astype(float)
        coloured = np.ptp(panel, axis=-1) > 40
        green = [p[c][:, 1].mean() for p, c in zip(panel, coloured, strict=True)]
        assert np.diff(green).min() > 20

    def test_a_path_is_walked_step_by_step(self, tmp_path):
        surface = tilted()
        surface.trajectories["SGD"] = Trajectory(
            x=np.linspace(-0.8, 0.8, 9), y=np.linspace(-0.5, 0.6, 9), step=np.arange(9.0)
        )
        (panel,), scale = prepare([(surface, "train_loss")])
        shape = relief(panel, scale, "none", 50)
        frames = planned("path", [shape], Camera(40, -50), 8, None)
        walked = [f.reliefs[0].panel.surface.trajectories["SGD"] for f in frames]
        assert [len(path.x) for path in walked] == list(range(2, 10))
        assert [path.step[-1] for path in walked] == list(range(1, 9))
        assert len(surface.trajectories["SGD"].x) == 9

        frames, fps = movie(save(surface, tmp_path / "a.gif", movie="path", frames=4, **SMALL))
        assert (len(frames), fps) == (4, pytest.approx(10, rel=0.01))
        changed = [(a != b).any(axis=-1).mean() for a, b in pairwise(frames)]
        assert 0 < max(changed) < 0.2  # only the path and the words about it
        assert min(changed) > 0

    def test_seconds(self, tmp_path):
        frames, fps = movie(
            save(
                [tilted(), tilted(offset=1)],
                tmp_path / "a.gif",
                movie="sequence",
                seconds=1,
                **SMALL,
            )
        )
        assert (len(frames), fps) == (2, 2)
        frames, fps = movie(save(tilted(), tmp_path / "b.mp4", seconds=0.4, fps=10, **SMALL))
        assert (len(frames), fps) == (4, 10)

    @pytest.mark.parametrize("suffix", [".gif", ".mp4"])
    def test_the_same_twice_is_the_same_file(self, tmp_path, suffix):
        one, two = (save(tilted(), tmp_path / f"{n}{suffix}", frames=2, **SMALL) for n in "ab")
        assert one.read_bytes() == two.read_bytes()
        assert sorted(p.name for p in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]

    def test_a_file_says_what_it_shows(self, tmp_path):
        words = b"turntable: cubic interpolation of log10(train_loss) between 9 x 9 sampled points"
        with Image.open(save(tilted(), tmp_path / "a.gif", frames=2, **SMALL)) as image:
            assert image.info["comment"].startswith(words)
        assert words in save(tilted(), tmp_path / "a.mp4", frames=2, **SMALL).read_bytes()

    def test_pages_have_one_size_though_notes_differ(self, tmp_path):
        longer = tilted(title="other")
        longer.done[0] = False
        longer.values["train_loss"][3, 3] = np.inf
        longer.values["train_loss"][6, 6] = 1e9  # cut off, which gives the bar its point in both
        path = save([tilted(), longer], tmp_path / "a.gif", movie="sequence", clip=10, **SMALL)
        frames, _ = movie(path)
        assert np.array_equal(frames[0][:132, 150:], frames[1][:132, 150:])  # the bar stands still
        ink = [(f[-10:] < 128).sum() for f in frames]  # below the first line
        assert ink[0] == 0
        assert ink[1] > 100  # the last of two more notes

    def test_default_size_stays_small(self, tmp_path):
        # A rough surface, which compresses badly; 72 frames are 36 times this.
        rng = np.random.default_rng(0)
        x = np.linspace(-1, 1, 51)
        rough = plane(10 ** rng.normal(size=(51, 51)), x, x)
        path = save([rough, rough], tmp_path / "a.gif", frames=2)
        assert 36 * path.stat().st_size < 1e7


class TestPalette:
    def test_colours_stay_near_and_paper_stays_white(self):
        rng = np.random.default_rng(0)
        picture = np.full((60, 80, 3), 255, np.uint8)
        picture[20:40] = rng.integers(0, 256, (1, 80, 3)) // 2 + np.arange(20)[:, None, None] * 4
        palette = Palette([picture])
        seen = palette.colours[palette.indices(picture)]
        assert (seen[:20] == 255).all()
        wrong = np.abs(seen.astype(int) - picture).max(axis=-1)
        assert np.percentile(wrong[20:40], 95) < 40
        assert len(palette.colours) <= 256

    def test_few_colours_are_kept(self):
        picture = np.zeros((4, 4, 3), np.uint8)
        picture[0] = 255, 0, 0
        palette = Palette([picture])
        seen = palette.colours[palette.indices(picture)].astype(int)
        assert np.abs(seen - picture).max() <= 8


def shapes(*surfaces):
    panels, scale = prepare([(s, "train_loss") for s in surfaces])
    return [relief(p, scale, "cubic", 20) for p in panels]


class TestPlan:
    def test_heights_go_from_the_value_to_its_logarithm_and_back(self):
        (one,) = shapes(tilted())
        frames = planned("height", [one], None, 21, None)
        low, high = one.scale.low, one.scale.high
        value = 10**one.fine.heights
        plain = HEIGHT * (value - low) / (high - low)
        log = HEIGHT * (one.fine.heights - one.scale.bottom) / (one.scale.top - one.scale.bottom)
        assert frames[0].reliefs[0].up == pytest.approx(plain)
        assert frames[10].reliefs[0].up == pytest.approx(log)
        assert frames[20].reliefs[0].up == pytest.approx(plain)
        mixed = frames[6].reliefs[0].up
        assert (mixed >= np.minimum(plain, log) - 1e-9).all()
        assert (mixed <= np.maximum(plain, log) + 1e-9).all()
        assert frames[0].title.endswith("height: the value")
        assert frames[10].title.endswith("height: its logarithm")

    def test_a_turn_is_whole_and_does_not_stop(self):
        from landscape.render.space.camera import Camera

        frames = planned("turntable", shapes(tilted()), Camera(30, 10), 8, None)
        turned = [f.camera.azimuth for f in frames]
        assert turned == pytest.approx(10 + 45 * np.arange(8))
        assert {f.camera.elevation for f in frames} == {30}

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (("turntable", 1, None, None, None), (72, 15)),
            (("height", 1, None, None, None), (60, 15)),
            (("sequence", 7, None, None, None), (7, 4)),
            (("turntable", 1, 10, None, None), (10, 15)),
            (("turntable", 1, 10, None, 2.0), (10, 5)),
            (("turntable", 1, None, 30.0, 2.0), (60, 30)),
            (("turntable", 1, None, None, 2.0), (30, 15)),
            (("sequence", 8, None, None, 4.0), (8, 2)),
        ],
    )
    def test_timing(self, given, expected):
        assert timing(*given) == expected


BAD = {
    "one point": (plane([[1.0]], [0], [0]), {}, "needs at least 2 × 2 points"),
    "one row": (plane(np.ones((1, 5)), np.arange(5.0), [0]), {}, "needs at least 2 × 2 points"),
    "a line": (line(), {}, "needs at least 2 × 2 points"),
    "all NaN": (plane(np.full((3, 3), np.nan), np.arange(3.0), np.arange(3.0)), {}, "nothing to"),
    "negative": (
        plane(-np.ones((3, 3)), np.arange(3.0), np.arange(3.0)),
        {"scale": "log"},
        "use scale linear",
    ),
    "unknown movie": (bowl(), {"movie": "turn"}, "unknown movie 'turn'"),
    "one frame": (bowl(), {"frames": 1}, "1 frames: expected between 2 and"),
    "too fast": (bowl(), {"fps": 100}, "fps 100: expected between"),
    "too short": (bowl(), {"frames": 100, "seconds": 1}, "are 100 per second"),
    "no time": (bowl(), {"seconds": 0}, "seconds 0"),
    "all three": (bowl(), {"frames": 2, "fps": 2, "seconds": 1}, "at most two of them"),
    "short sequence": (bowl(), {"movie": "sequence"}, "at least two surfaces"),
    "long sequence": (
        [bowl(), bowl()],
        {"movie": "sequence", "frames": 9},
        "one frame for each surface, here 2",
    ),
    "linear rise": (bowl(), {"movie": "height", "scale": "linear"}, "expected scale log"),
    "no path": (bowl(), {"movie": "path"}, "needs a surface with a trajectory"),
    "unknown renderer": (bowl(), {"renderer": "povray"}, "unknown renderer"),
    "transparent": (bowl(), {"transparent": True}, "option transparent does not apply to .gif"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_shown_is_one_clear_error(tmp_path, name):
    surfaces, options, message = BAD[name]
    with pytest.raises(InputError, match=message):
        save(surfaces, tmp_path / "a.gif", **options)
    assert list(tmp_path.iterdir()) == []


GOOD = {
    "constant": plane(np.ones((3, 3)), np.arange(3.0), np.arange(3.0)),
    "2 × 2": plane([[1, 2], [3, 4]], [0, 1], [0, 1]),
    "zeros": plane(np.eye(4), np.arange(4.0), np.arange(4.0)),
    "different ranges": [bowl(9), bowl(9, scale=1e4)],
    "huge": plane(1e307 * (1 + np.eye(4)), np.arange(4.0), np.arange(4.0)),
}


@pytest.mark.parametrize("kind", ["turntable", "height"])
@pytest.mark.parametrize("name", GOOD)
def test_unusual_surfaces(tmp_path, name, kind):
    frames, _ = movie(save(GOOD[name], tmp_path / "a.gif", movie=kind, frames=3, **SMALL))
    assert len(frames) == 3
    assert (np.ptp(frames.astype(int), axis=-1) > 40).mean() > 0.02


def test_without_the_extra_nothing_is_drawn_in_vain(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setattr(film, "draw", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[movie\]'"):
        save(bowl(), tmp_path / "a.mp4", **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_gif_needs_no_extra(tmp_path, monkeypatch):
    for module in ("imageio_ffmpeg", "pyvista", "trimesh", "imageio"):
        monkeypatch.setitem(sys.modules, module, None)
    frames, _ = movie(save(tilted(), tmp_path / "a.gif", frames=2, dpi=60))
    assert len(frames) == 2


def test_command_line(tmp_path, capsys):
    files = []
    for k in range(2):
        files.append(str(tmp_path / f"{k}.h5"))
        save_surface(tilted(offset=k), files[-1])
    out = tmp_path / "a.gif"
    options = ["--movie", "sequence", "--fps", "2", "--renderer", "matplotlib", "--dpi", "60"]
    assert main([*files, "-o", str(out), *options]) == 0
    assert movie(out)[1] == 2
    assert main([*files, "-o", str(tmp_path / "a.stl"), "--width-mm", "50", "--base-mm", "2"]) == 0
    assert main([files[0], "-o", str(tmp_path / "a.glb"), "--height-ratio", "0.4"]) == 0
    assert main([files[0], "-o", str(tmp_path / "a.png"), "--frames", "3"]) == 2
    assert "option frames does not apply to .png files" in capsys.readouterr().err
