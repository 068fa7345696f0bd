"""``.glb``, ``.ply`` and ``.obj``: coloured meshes that any 3-D viewer opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from landscape.atomic import replacing
from landscape.extras import library
from landscape.render.mesh.facets import facets, whole_cells
from landscape.render.mesh.model_axes import axes_of
from landscape.render.mesh.scenery import Shape, notes
from landscape.render.space.light import shade
from landscape.render.space.relief import Relief, described
from landscape.render.words.names import names_of
from landscape.surface import Surface

_COLOURS, _SHADES = 512, 64
_CELLS = 160
_MOST = 500


def write_model(
    surfaces: Sequence[Surface],
    path: Path,
    style: str | None = None,
    *,
    cmap: str | None = None,
    title: str | None = None,
    **shape: Any,
) -> Path:
    """Write surfaces side by side on one scale, each 1 wide, with the colours of the map.

    A cell with a hole at a corner is left out. ``.glb`` (in which y points up) holds one named mesh
    per surface, with what was drawn in its ``extras``, lit as in stills, and their axes as lines;
    ``.ply`` and ``.obj`` (z up) hold one mesh, ``.obj`` with that in its first lines. Raises an
    InputError if there is nothing to write, or trimesh is not installed.

    ``cmap``: a matplotlib colour map; None is viridis. ``title``: replaces the names of the
    surfaces. ``shape``: the attributes of :class:`landscape.render.mesh.scenery.Shape`.
    """
    tm = library("trimesh", "trimesh", "mesh", f"writing {path.suffix} files")
    options = Shape(**shape)
    reliefs = options.reliefs(surfaces, _CELLS, _MOST)
    kind = path.suffix.lower().lstrip(".")
    said_of = {"surface": described(reliefs), "notes": notes(reliefs)}
    scene = tm.Scene()
    names = [title] * len(reliefs) if title else names_of(surfaces)
    for k, (relief, name) in enumerate(zip(reliefs, names, strict=True)):
        mesh = _mesh(tm, relief, options, k, cmap, textured=kind == "glb")
        mesh.metadata.update(said_of, title=name)
        scene.add_geometry(mesh, node_name=f"{k + 1} {name}", geom_name=f"{k + 1} {name}")
    if kind == "glb":
        for k, (relief, name) in enumerate(zip(reliefs, names, strict=True)):
            ends = {"first": k == 0, "last": k == len(reliefs) - 1}
            axes = axes_of(tm, relief, options.height_ratio, options.left(k), **ends)
            words = f"axes of {k + 1} {name}"
            scene.add_geometry(axes, node_name=words, geom_name=words)
        scene.apply_transform(tm.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
        content = scene.export(file_type="glb", include_normals=True, tree_postprocessor=_unlit)
    else:
        header = {"header": ". ".join(filter(None, said_of.values()))} if kind == "obj" else {}
        content = scene.to_mesh().export(file_type=kind, **header)
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _mesh(
    tm: Any, relief: Relief, options: Shape, place: int, cmap: str | None, *, textured: bool
) -> Any:
    from landscape.render.figure.style import colour_map

    cells = facets(whole_cells(relief.fine.heights))
    points = options.points(relief, place).reshape(-1, 3)[cells.used]
    bottom, top = relief.scale.bottom, relief.scale.top
    heights = (relief.fine.heights.ravel()[cells.used] - bottom) / (top - bottom)
    triangles = np.concatenate([cells.faces[:, [0, 1, 2]], cells.faces[:, [0, 2, 3]]])
    mesh = tm.Trimesh(points, triangles, process=False)
    if textured:
        light = shade(mesh.vertex_normals)
        picture = _painted(colour_map(cmap))
        matter = tm.visual.material.PBRMaterial(
            baseColorTexture=picture, metallicFactor=0.0, roughnessFactor=1.0, doubleSided=True
        )
        # Between the middles of the outer pixels, beyond which there is nothing to interpolate.
        parts, pixels = np.stack([heights, light], axis=1), np.array(picture.size)
        places = (0.5 + parts * (pixels - 1)) / pixels
        mesh.visual = tm.visual.TextureVisuals(uv=places, material=matter)
    else:
        mesh.visual.vertex_colors = _bytes(colour_map(cmap)(heights))
    return mesh


def _painted(colours: Any) -> Any:
    """The colours of the map from left to right, lit ever more from bottom to top.

    A picture has the colours of a screen in every viewer, while the colours of points are amounts
    of light, which some show as they are: very dark.
    """
    from PIL import Image

    light = np.linspace(1.0, 0.0, _SHADES)[:, None, None]
    return Image.fromarray(_bytes(colours(np.linspace(0.0, 1.0, _COLOURS))[:, :3] * light))


def _unlit(tree: dict[str, Any]) -> None:
    """The picture holds the light: viewers without lamps or surroundings show it as others do."""
    tree["extensionsUsed"] = ["KHR_materials_unlit"]
    for material in tree["materials"]:
        material["extensions"] = {"KHR_materials_unlit": {}}


def _bytes(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.rint(255 * colours).astype(np.uint8)
