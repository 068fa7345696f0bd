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
from landscape.render.mesh.scenery import Shape, notes
from landscape.render.space.relief import Relief, described
from landscape.render.words.captions import name_of
from landscape.surface import Surface

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
    per surface, with what was drawn in its ``extras``; ``.ply`` and ``.obj`` (z up) hold one mesh,
    ``.obj`` with that in its first lines. Raises an InputError if there is nothing to write, or
    trimesh is not installed.

    ``cmap``: a matplotlib colour map; None is viridis. ``title``: replaces the names of the
    surfaces. ``shape``: the attributes of :class:`landscape.render.mesh.scenery.Shape`.
    """
    tm = library("trimesh", "trimesh", "mesh", f"writing {path.suffix} files")
    options = Shape(**shape)
    reliefs = options.reliefs(surfaces, _CELLS, _MOST)
    kind = path.suffix.lower().lstrip(".")
    said_of = {"surface": described(reliefs), "notes": notes(reliefs)}
    scene = tm.Scene()
    for k, relief in enumerate(reliefs):
        mesh = _mesh(tm, relief, options, k, cmap, linear=kind == "glb")
        name = title or name_of(surfaces[k])
        mesh.metadata.update(said_of, title=name)
        scene.add_geometry(mesh, node_name=f"{k + 1} {name}", geom_name=f"{k + 1} {name}")
    if kind == "glb":
        scene.apply_transform(tm.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
        content = scene.export(file_type="glb", include_normals=True)
    else:
        header = {"header": ". ".join(filter(None, said_of.values()))} if kind == "obj" else {}
        content = scene.to_mesh().export(file_type=kind, **header)
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _mesh(
    tm: Any, relief: Relief, options: Shape, place: int, cmap: str | None, *, linear: bool
) -> Any:
    from landscape.render.figure.style import colour_map

    cells = facets(whole_cells(relief.fine.heights))
    points = options.points(relief, place).reshape(-1, 3)[cells.used]
    bottom, top = relief.scale.bottom, relief.scale.top
    heights = (relief.fine.heights.ravel()[cells.used] - bottom) / (top - bottom)
    colours = colour_map(cmap)(heights)
    triangles = np.concatenate([cells.faces[:, [0, 1, 2]], cells.faces[:, [0, 2, 3]]])
    mesh = tm.Trimesh(points, triangles, process=False)
    if not linear:
        mesh.visual.vertex_colors = _bytes(colours)
        return mesh
    # glTF multiplies with linear light, and takes a surface without a material for bare metal.
    colours[:, :3] = _linear_light(colours[:, :3])
    matter = tm.visual.material.PBRMaterial(
        metallicFactor=0.0, roughnessFactor=0.55, doubleSided=True
    )
    mesh.visual = tm.visual.TextureVisuals(material=matter)
    mesh.visual.vertex_attributes["color"] = _bytes(colours)
    return mesh


def _bytes(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.rint(255 * colours).astype(np.uint8)


def _linear_light(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The colours of a screen (sRGB, IEC 61966-2-1) as amounts of light."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
