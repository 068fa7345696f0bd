"""Meshes, read back by libraries that did not write them."""

from __future__ import annotations

import json
import math
import sys

import matplotlib as mpl
import meshio
import numpy as np
import pytest
import pyvista
import trimesh
from scipy.ndimage import map_coordinates

from landscape.errors import InputError, MissingExtra
from landscape.grid import Grid
from landscape.render import save
from landscape.render.mesh.facets import facets, whole_cells
from landscape.render.space.relief import HEIGHT
from landscape.surface import Quantity, Surface, Trajectory

X, Y = np.linspace(-1, 1, 6), np.linspace(0, 0.5, 4)
LOG = 0.5 * X[None, :] + 2 * Y[:, None]  # from -0.5 to 1.5, not symmetric, nx ≠ ny


def exponential(**attributes: str) -> Surface:
    """log10(loss) = x / 2 + 2 y: a plane in the picture."""
    loss = 10**LOG
    return surface(loss, accuracy=1 / (1 + loss), **attributes)


def surface(loss: np.ndarray, x=X, y=Y, accuracy=None, **attributes: str) -> Surface:
    values = {"train_loss": np.asarray(loss, float)}
    if accuracy is not None:
        values["train_accuracy"] = accuracy
    quantities = {k: Quantity(k, "1" if "accuracy" in k else "nats") for k in values}
    return Surface(Grid(x, y), quantities, values, np.ones(loss.shape, bool), attributes)


def holed(*places: tuple[int, int]) -> Surface:
    result = exponential()
    for place in places:
        result.values["train_loss"][place] = np.nan
    return result


PART = (LOG - LOG.min()) / (LOG.max() - LOG.min())
"""Heights of the samples as parts of the box."""


class TestModels:
    def read(self, tmp_path, suffix: str, surfaces=None, **options):
        path = save(surfaces or exponential(), tmp_path / f"a{suffix}", **options)
        if suffix == ".glb":  # by VTK, which turns nothing: y is up there
            mesh = pyvista.read(path).combine()
            points = np.asarray(mesh.points, float)[:, [0, 2, 1]] * (1, -1, 1)
            corners = mesh.cells_dict[pyvista.CellType.TRIANGLE]  # the axes are lines
            used, faces = np.unique(corners, return_inverse=True)
            return points[used], faces.reshape(-1, 3), None
        mesh = meshio.read(path)
        # In an .obj the colour follows the coordinates.
        points = np.asarray(mesh.points, float)[:, :3]
        return points, mesh.cells_dict["triangle"], mesh.point_data

    @pytest.mark.parametrize("suffix", [".glb", ".ply", ".obj"])
    def test_the_plane_is_there_with_its_proportions(self, tmp_path, suffix):
        points, faces, _ = self.read(tmp_path, suffix, interpolate="none")
        expected = np.stack(
            [*np.meshgrid((X + 1) / 2 - 0.5, 2 * Y - 0.5), HEIGHT * PART], axis=-1
        ).reshape(-1, 3)
        order, other = np.lexsort(points.round(5).T), np.lexsort(expected.round(5).T)
        assert points[order] == pytest.approx(expected[other], abs=1e-6)
        assert len(faces) == 2 * 5 * 3
        a, b, c = (points[faces[:, k]] for k in range(3))
        assert (np.cross(b - a, c - a)[:, 2] > 0).all()  # facing up

    def test_ply_has_the_colours_of_the_map(self, tmp_path):
        points, _, data = self.read(tmp_path, ".ply", interpolate="none", cmap="magma")
        colours = np.stack([data[c] for c in ("red", "green", "blue")], axis=1).astype(int) % 256
        expected = mpl.colormaps["magma"](points[:, 2] / HEIGHT)[:, :3]
        assert colours == pytest.approx(255 * expected, abs=2.5)

    def test_obj_has_the_colours_of_the_map_and_says_what_it_is(self, tmp_path):
        path = save(exponential(), tmp_path / "a.obj")
        rows = [r.split()[1:] for r in path.read_text().splitlines() if r.startswith("v ")]
        values = np.array(rows, float)
        expected = mpl.colormaps["viridis"](values[:, 2] / HEIGHT)[:, :3]
        assert values[:, 3:] == pytest.approx(expected, abs=0.015)
        first = path.read_text().splitlines()[0]
        assert "cubic interpolation of log10(train_loss) between 6 x 4 sampled points" in first

    def document(self, path):
        """The JSON chunk of the file itself."""
        content = path.read_bytes()
        length = int.from_bytes(content[12:16], "little")
        return json.loads(content[20 : 20 + length])

    def test_glb_shows_the_colours_of_the_map_lit_in_every_viewer(self, tmp_path):
        """A fault once: amounts of light as colours of points, which many viewers show as dark."""
        path = save(exponential(title="one <b>"), tmp_path / "a.glb", interpolate="none")
        scene = trimesh.load(path, process=False)  # its reader, for what VTK does not tell
        (mesh,) = (g for g in scene.geometry.values() if isinstance(g, trimesh.Trimesh))
        assert mesh.metadata["title"] == "one <b>"
        assert mesh.metadata["surface"].startswith("log10(train_loss) at 6 x 4 sampled points")
        material = mesh.visual.material
        assert (material.metallicFactor, material.doubleSided) == (0.0, True)
        tree = self.document(path)
        assert tree["extensionsUsed"] == ["KHR_materials_unlit"]
        assert all("KHR_materials_unlit" in m["extensions"] for m in tree["materials"])
        picture = np.asarray(material.baseColorTexture.convert("RGB"), float) / 255
        across, upward = (mesh.visual.uv * picture.shape[1::-1] - 0.5).T
        shown = [map_coordinates(picture[::-1, :, c], [upward, across], order=1) for c in range(3)]
        x, y, up = mesh.vertex_normals.T  # its node turns it
        light = math.sin(math.radians(50)) * up - math.cos(math.radians(50)) * (x + y) / 2**0.5
        expected = mpl.colormaps["viridis"](mesh.vertices[:, 2] / HEIGHT)[:, :3]
        expected = expected * (0.55 + 0.45 * np.clip(light, 0, 1))[:, None]
        assert np.stack(shown, axis=1) == pytest.approx(expected, abs=2 / 255)

    def test_glb_has_axes(self, tmp_path):
        surfaces = [exponential(), exponential()]
        path = save(surfaces, tmp_path / "a.glb")
        scene = trimesh.load(path)
        axes = [g for g in scene.geometry.values() if isinstance(g, trimesh.path.Path3D)]
        assert len(axes) == 2
        lines = [
            p for m in self.document(path)["meshes"] for p in m["primitives"] if p["mode"] == 1
        ]
        assert all("COLOR_0" in line["attributes"] for line in lines)  # else white on white
        (x0, y0, z0), (x1, y1, z1) = np.transpose([a.bounds for a in axes], (1, 2, 0))
        assert (x0 < [-0.51, 0.64]).tolist() == [True, False]  # the heights, on one scale
        assert (x1 > [0.51, 1.66]).tolist() == [False, True]
        assert (y0 < -0.5).all()
        assert y1 == pytest.approx([0.5, 0.5], abs=0.02)
        assert z0 == pytest.approx([0, 0], abs=1e-3)
        assert z1 == pytest.approx([HEIGHT, 0], abs=0.02)

    def test_signs_of_markup_in_a_name_are_letters(self, tmp_path):
        made = exponential()
        facts = {"kind": "between", "start": "a $^$.pt", "end": "b\nb.pt"}
        made.axes = {"x": facts, "y": {**facts, "end": "c.pt"}}
        assert save(made, tmp_path / "a.glb").stat().st_size > 1000

    @pytest.mark.parametrize("suffix", [".glb", ".ply", ".obj"])
    def test_several_stand_side_by_side_on_one_scale(self, tmp_path, suffix):
        louder = surface(10 ** (LOG + 2))
        points, _, _ = self.read(tmp_path, suffix, [exponential(), louder], interpolate="none")
        left, right = points[points[:, 0] < 0.55], points[points[:, 0] > 0.6]
        assert len(left) == len(right) == 24
        assert np.ptp(right[:, 0]) == pytest.approx(1)
        assert left[:, 2].min() == pytest.approx(0, abs=1e-6)
        assert right[:, 2].max() == pytest.approx(HEIGHT)
        assert left[:, 2].max() == right[:, 2].min() == pytest.approx(HEIGHT / 2)

    def test_a_hole_opens_the_cells_around_it(self, tmp_path):
        points, faces, _ = self.read(tmp_path, ".ply", holed((1, 1)), interpolate="none")
        assert len(faces) == 2 * (15 - 4)
        assert np.isfinite(points).all()
        assert len(points) == 24 - 4  # the three at the corner have no cell left

    def test_the_height_ratio(self, tmp_path):
        points, _, _ = self.read(tmp_path, ".ply", height_ratio=0.25)
        assert np.ptp(points[:, 2]) == pytest.approx(0.25)


class TestPrint:
    def test_it_is_closed_and_measures_what_was_asked(self, tmp_path):
        path = save(exponential(), tmp_path / "a.stl", width_mm=70, base_mm=4, height_ratio=0.5)
        mesh = trimesh.load(path)
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        assert mesh.bounds == pytest.approx(np.array([[-35, -35, 0], [35, 35, 4 + 35]]), abs=1e-4)
        # The mean height of a plane is that of its middle.
        assert mesh.volume == pytest.approx(70 * 70 * (4 + 35 / 2), rel=1e-5)

    def test_default_sizes(self, tmp_path):
        mesh = trimesh.load(save(exponential(), tmp_path / "a.stl"))
        assert np.diff(mesh.bounds, axis=0)[0] == pytest.approx([80, 80, 3 + 80 * HEIGHT])

    @pytest.mark.parametrize(
        "places",
        [[(1, 1)], [(0, 0)], [(1, 1), (2, 3)], [(1, 2), (2, 3)], [(0, 2), (1, 2), (2, 2), (3, 2)]],
        ids=str,
    )
    @pytest.mark.parametrize("interpolate", ["none", "cubic"])
    def test_holes_go_through_and_it_stays_closed(self, tmp_path, places, interpolate):
        surface = holed(*places)
        mesh = trimesh.load(save(surface, tmp_path / "a.stl", interpolate=interpolate))
        assert mesh.is_watertight
        assert 0 < mesh.volume < trimesh.load(save(exponential(), tmp_path / "b.stl")).volume
        for j, i in places:
            # A hair beside the point, so that a ray meets no edge.
            u, v = ((X[i] + 1) / 2 - 0.5) * 79.9, (2 * Y[j] - 0.5) * 79.9
            hits, _ = pyvista.wrap(mesh).ray_trace([u, v, 500.0], [u, v, -500.0])
            assert len(hits) == 0

    def test_several_are_several_bodies(self, tmp_path):
        mesh = trimesh.load(save([exponential(), exponential()], tmp_path / "a.stl"))
        assert mesh.is_watertight
        assert len(mesh.split()) == 2


class TestGrids:
    @pytest.mark.parametrize("suffix", [".vtp", ".vts"])
    def test_everything_is_in_it(self, tmp_path, suffix):
        source = exponential(model="resnet56", title="a <b> & ü")
        source.axes["x"] = {"seed": 3}
        mesh = pyvista.read(save(source, tmp_path / f"a{suffix}"))
        points = np.asarray(mesh.points)
        assert mesh.n_points == 24
        assert mesh.n_cells == 15
        x, y = points[:, 0], points[:, 1]
        assert np.unique(x.round(6)) == pytest.approx(X, abs=1e-5)
        assert np.unique(y.round(6)) == pytest.approx(Y, abs=1e-5)
        part = (0.5 * x + 2 * y - LOG.min()) / np.ptp(LOG)
        assert points[:, 2] == pytest.approx(part * HEIGHT * 2, abs=1e-5)
        assert mesh["train_loss"] == pytest.approx(10 ** (0.5 * x + 2 * y), rel=1e-5)
        assert mesh["train_accuracy"] == pytest.approx(1 / (1 + mesh["train_loss"]))
        assert mesh["height"] == pytest.approx(np.log10(mesh["train_loss"]))
        assert mesh["train_loss"].dtype == np.float64
        assert mesh.active_scalars_name == "train_loss"
        fields = mesh.GetFieldData()
        arrays = [fields.GetAbstractArray(k) for k in range(fields.GetNumberOfArrays())]
        told = {array.GetName(): array.GetValue(0) for array in arrays}
        assert told["model"] == "resnet56"
        assert told["title"] == "a <b> & ü"
        assert told["x seed"] == "3"
        assert told["heights"] == "log10(train_loss) at 6 x 4 sampled points, no interpolation"

    def test_values_are_raw_where_heights_are_clipped(self, tmp_path):
        mesh = pyvista.read(save(exponential(), tmp_path / "a.vtp", clip=5))
        assert mesh["train_loss"].max() == pytest.approx(10**1.5)
        assert mesh["height"].max() == pytest.approx(np.log10(5))
        assert " points clipped at 5 nats" in mesh.GetFieldData().GetAbstractArray(
            "notes"
        ).GetValue(0)

    def test_holes(self, tmp_path):
        source = holed((1, 1))
        mesh = pyvista.read(save(source, tmp_path / "a.vtp"))
        assert mesh.n_cells == 11
        grid = pyvista.read(save(source, tmp_path / "a.vts"))
        hidden = np.flatnonzero(grid.point_data["vtkGhostType"])
        assert hidden.tolist() == [7]
        assert np.isnan(grid["train_loss"][7])
        assert np.flatnonzero(grid.cell_data["vtkGhostType"]).tolist() == [0, 1, 5, 6]

    def test_several_are_one_clear_error(self, tmp_path):
        with pytest.raises(InputError, match="holds one surface, got 2: write one file for each"):
            save([exponential(), exponential()], tmp_path / "a.vtp")


def scattered() -> np.ndarray:
    loss = np.full((4, 6), np.nan)
    loss[::2, ::2] = 1.0
    return loss


BAD = {
    "one point": (surface(np.ones((1, 1)), X[:1], Y[:1]), {}, "needs at least 2 × 2 points"),
    "one row": (surface(np.ones((1, 6)), X, Y[:1]), {}, "needs at least 2 × 2 points"),
    "a line": (
        Surface(Grid(X), {"loss": Quantity("l")}, {"loss": X**2}, np.ones(6, bool)),
        {},
        "needs at least 2 × 2 points",
    ),
    "all NaN": (surface(np.full((4, 6), np.nan)), {}, "nothing to draw"),
    "no whole cell": (surface(scattered()), {}, "no cell whose four corners"),
    "negative on a log scale": (surface(LOG - 5), {"scale": "log"}, "use scale linear"),
    "zero on a log scale": (surface(np.zeros((4, 6))), {"scale": "log"}, "0 everywhere"),
    "other units": (
        [exponential(), surface(10**LOG)],
        {"quantity": "train_accuracy"},
        "has no 'train_accuracy'",
    ),
    "flat box": (exponential(), {"height_ratio": 0}, "height_ratio 0: expected between"),
}


@pytest.mark.parametrize("suffix", [".vtp", ".vts", ".glb", ".obj", ".ply", ".stl"])
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_written_is_one_clear_error(tmp_path, suffix, name):
    source, options, message = BAD[name]
    if name == "other units" and suffix in (".vtp", ".vts"):
        message = "holds one surface"
    with pytest.raises(InputError, match=message):
        save(source, tmp_path / f"a{suffix}", **options)
    assert list(tmp_path.iterdir()) == []


GOOD = {
    "constant": surface(np.full((4, 6), 2.0)),
    "2 × 2": surface(np.array([[1.0, 2.0], [3.0, 9.0]]), X[:2], Y[:2]),
    "some zeros": surface(np.where(LOG < 0, 0.0, 10**LOG)),
    "half done": holed(*[(j, i) for j in range(2) for i in range(6)]),
    "infinite": surface(np.where(LOG > 1.3, np.inf, 10**LOG)),
    "501 × 501": surface(
        1 + np.linspace(0, 1, 501)[:, None] + np.linspace(0, 2, 501)[None, :] ** 2,
        np.linspace(-1, 1, 501),
        np.linspace(-1, 1, 501),
    ),
}


@pytest.mark.parametrize("suffix", [".vtp", ".glb", ".ply", ".stl"])
@pytest.mark.parametrize("name", GOOD)
def test_unusual_surfaces_give_a_finite_mesh(tmp_path, suffix, name):
    path = save(GOOD[name], tmp_path / f"a{suffix}")
    mesh = pyvista.read(path)
    mesh = mesh.combine() if suffix == ".glb" else mesh
    assert mesh.n_cells >= 1
    assert np.isfinite(np.asarray(mesh.points)).all()
    if suffix == ".stl":
        assert trimesh.load(path).is_watertight


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width_mm": 0}, "width_mm 0: expected between 1"),
        ({"base_mm": 0}, "base_mm 0: expected between 0.01"),
        ({"interpolate": "linear"}, "unknown interpolation"),
        ({"renderer": "pyvista"}, "option renderer does not apply to .stl"),
    ],
)
def test_wrong_options_of_a_print(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        save(exponential(), tmp_path / "a.stl", **options)


@pytest.mark.parametrize(
    ("suffix", "library"), [(".glb", "trimesh"), (".stl", "pyvista"), (".vtp", "pyvista")]
)
def test_without_the_extra(tmp_path, monkeypatch, suffix, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[mesh\]'"):
        save(exponential(), tmp_path / f"a{suffix}")


def test_a_library_that_is_there_but_broken_is_told_apart(tmp_path, monkeypatch):
    def fail(name: str) -> None:
        raise ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr("landscape.extras.import_module", fail)
    with pytest.raises(InputError, match=r"installed but fails to import.*libGL\.so\.1") as caught:
        save(exponential(), tmp_path / "a.glb")
    assert not isinstance(caught.value, MissingExtra)


def test_facets_count_the_points_that_they_use():
    heights = np.zeros((3, 4))
    heights[0, 0] = np.nan
    cells = facets(whole_cells(heights))
    assert cells.used.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert cells.used[cells.faces[0]].tolist() == [1, 2, 6, 5]


class TestPaths:
    """Trajectories in a .vtp."""

    X, Y = np.array([-0.9, 0.0, 0.5, 3.0, 0.3]), np.array([0.1, 0.25, 0.4, 0.2, 0.3])

    def read(self, tmp_path):
        walked = exponential()
        loss, distance = np.array([3.0, 2.0, 1.5, 1.0, 0.5]), np.arange(5.0)
        walked.trajectories["SGD"] = Trajectory(self.X, self.Y, loss, 2 * loss, distance)
        walked.trajectories["far"] = Trajectory([9.0, 8.0], [9.0, 9.0])
        return pyvista.read(save(walked, tmp_path / "a.vtp"))

    def test_a_path_is_a_line_on_the_surface_cut_where_it_leaves_it(self, tmp_path):
        mesh = self.read(tmp_path)
        assert mesh.n_lines == 1
        line = mesh.lines[1 : 1 + mesh.lines[0]]
        inside = [0, 1, 2]  # the fourth step lies outside, the last is alone
        assert mesh.points[line][:, :2] == pytest.approx(np.c_[self.X, self.Y][inside])
        heights = 0.5 * self.X + 2 * self.Y
        assert mesh["height"][line] == pytest.approx(heights[inside])
        part = (heights - LOG.min()) / (LOG.max() - LOG.min())
        assert mesh.points[line][:, 2] == pytest.approx(2 * HEIGHT * part[inside])

    def test_steps_hold_what_is_known_of_them_and_the_grid_what_it_held(self, tmp_path):
        mesh, plain = self.read(tmp_path), pyvista.read(save(exponential(), tmp_path / "b.vtp"))
        steps = mesh["path"] == 1
        assert steps.sum() == 4
        kept = [0, 1, 2, 4]
        assert mesh["path loss"][steps] == pytest.approx(np.array([3, 2, 1.5, 0.5]))
        assert mesh["path plane_loss"][steps] == pytest.approx(np.array([6, 4, 3, 1.0]))
        assert mesh["path distance"][steps].tolist() == kept
        assert np.isnan(mesh["path step"][steps]).all()
        assert np.isnan(mesh["train_loss"][steps]).all()
        own = mesh["path"] == 0
        assert mesh.points[own] == pytest.approx(plain.points)
        assert mesh["train_loss"][own] == pytest.approx(plain["train_loss"])
        assert mesh.n_cells - mesh.n_lines == plain.n_cells
        assert mesh.field_data["path 1"][0] == "SGD"
        assert mesh.field_data["path 2"][0] == "far"

    def test_a_plane_without_steps_over_it_is_only_a_surface(self, tmp_path):
        walked = exponential()
        walked.trajectories["far"] = Trajectory([9.0], [9.0])
        mesh = pyvista.read(save(walked, tmp_path / "a.vtp"))
        assert (mesh.n_lines, mesh.n_points) == (0, 24)
