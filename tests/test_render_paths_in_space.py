"""Trajectories on 3-D surfaces: on the relief, full where they are seen, dashed behind it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates

from landscape.render import save, side_by_side, surface3d
from landscape.render.heights import prepare
from landscape.render.resolve import RENDERERS
from landscape.render.space.camera import Camera
from landscape.render.space.paths import ends, pieces, visible
from landscape.render.space.projection import eye_of
from landscape.render.space.relief import HEIGHT, relief
from landscape.surface import Surface, Trajectory
from tests.test_render_figures import plane, texts

X = np.linspace(-1, 1, 41)


def ridge(*paths: Trajectory) -> Surface:
    """A wall along x at y = 0, flat on both sides."""
    surface = plane(np.where(np.abs(X[:, None]) < 0.01, 1.0, 0.0) + 0 * X, X, X)
    surface.trajectories = {f"run {k}": path for k, path in enumerate(paths)}
    return surface


def shape_of(surface: Surface):
    (panel,), scale = prepare([(surface, surface.main_quantity)], scale="linear", clip="none")
    return relief(panel, scale, "none", 40)


ACROSS = Trajectory(np.zeros(2), np.array([-0.9, 0.9]))
LOW = eye_of(Camera(10, -90))  # beyond the side of negative y


def test_a_path_behind_a_wall_is_hidden_up_to_its_shadow():
    """The ray over the top of the wall meets the ground where similar triangles say."""
    shape = shape_of(ridge(ACROSS))
    found = pieces(shape, ACROSS, LOW)
    assert [p.visible for p in found] in ([True, False], [True, False, True])
    hidden = found[1].points[:, 1]
    eye_y, eye_z = LOW[1:]
    shadow = -eye_y * HEIGHT / (eye_z - HEIGHT) if eye_z > HEIGHT else np.inf
    assert hidden.min() == pytest.approx(0.0, abs=0.03)
    assert hidden.max() == pytest.approx(min(shadow, 0.45), abs=0.03)
    joined = np.concatenate([p.points for p in found])
    assert np.abs(joined[:, 0]).max() == 0
    assert (np.diff(joined[:, 1]) >= 0).all()


@pytest.mark.parametrize("elevation", [25, 45, 60])
def test_what_is_visible_is_what_a_fine_search_along_the_ray_says(elevation):
    rough = np.random.default_rng(1).random((9, 9))
    shape = shape_of(plane(rough, np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)))
    eye = eye_of(Camera(elevation, -60))
    places = np.random.default_rng(2).uniform(-0.45, 0.45, (40, 2))

    def ground(at):
        last = [n - 1 for n in shape.up.shape]
        rows, columns = ((at[..., k] + 0.5) * n for k, n in ((1, last[0]), (0, last[1])))
        return map_coordinates(shape.up, [rows, columns], order=1, cval=-1.0)

    points = np.column_stack([places, ground(places)])
    rays = points[:, None] + np.linspace(0, 0.4, 4000)[1:, None] * (eye - points)[:, None]
    above = (ground(rays) - rays[..., 2]).max(axis=1)  # of the ground over the ray
    sure = (above < 0) | (above > 0.015)
    assert sure.sum() > 20
    assert 0 < (above[sure] < 0).sum() < sure.sum()
    np.testing.assert_array_equal(visible(shape, points, eye)[sure], above[sure] < 0)


def test_a_path_is_cut_where_it_leaves_the_plane():
    out = Trajectory(np.array([-0.5, 0.5, 3.0]), np.full(3, -0.5))
    shape = shape_of(ridge(out))
    points = np.concatenate([p.points for p in pieces(shape, out, LOW)])
    assert points[:, 0].min() == pytest.approx(-0.25)
    assert points[:, 0].max() == pytest.approx(0.5, abs=0.01)
    first, last = ends(shape, out)
    np.testing.assert_allclose(first, [-0.25, -0.25, 0.0], atol=1e-12)
    assert np.isnan(last[2])


@pytest.mark.parametrize("renderer", RENDERERS)
def test_stills_draw_every_path(renderer):
    other = replace(ACROSS, x=np.full(2, 0.5))
    figure = surface3d(
        ridge(ACROSS, other), renderer=renderer, elevation=20, azimuth=-90, caption="full"
    )
    drawn = {line.get_gid() for line in figure.axes[0].lines}
    wanted = itertools.product(("visible", "hidden"), ("run 0", "run 1"))
    assert {*(" ".join(pair) for pair in wanted), "start", "end"} <= drawn
    dashed = [x for x in figure.axes[0].lines if str(x.get_gid()).startswith("hidden")]
    assert all(line.get_linestyle() == "--" for line in dashed)
    names = [t.get_text().strip("\u200b") for t in figure.axes[0].get_legend().get_texts()]
    assert names == ["run 0", "run 1"]
    said = texts(figure)
    assert "Path of run 0 from □ to ◆" in said
    assert "Dashed where behind the surface." in said


def test_a_surface_without_paths_says_nothing_of_them():
    assert "Dashed" not in texts(side_by_side([ridge()], "surface", caption="full"))


@pytest.mark.parametrize("renderer", RENDERERS)
def test_movies_draw_them_too(tmp_path, renderer):
    frames = []
    for k, surface in enumerate((ridge(), ridge(ACROSS))):
        path = save(surface, tmp_path / f"{k}.gif", frames=2, dpi=50, renderer=renderer)
        frames.append(np.asarray(Image.open(path).convert("RGB")).astype(int))
    rows = min(f.shape[0] for f in frames) * 3 // 4  # without the caption
    assert (np.abs(frames[0][:rows] - frames[1][:rows]).max(axis=2) > 60).sum() > 20
