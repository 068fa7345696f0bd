"""Pictures of one surface: ``surface.plot.contour()``."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape import render
from landscape.errors import InputError
from landscape.render.resolve import is_line
from landscape.surface import Surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from landscape.render.notebook import Explorer


class SurfacePlot:
    """The pictures of one surface; each method is the function of :mod:`landscape.render`.

    >>> import landscape
    >>> figure = landscape.open_surface("example:digits_path").plot.contour()
    """

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def contour(self, **style: Any) -> Figure:
        """Filled contours with labelled lines: see :func:`landscape.render.contour`."""
        return render.contour(self._surface, **style)

    def filled_contour(self, **style: Any) -> Figure:
        """Filled contours alone: see :func:`landscape.render.filled_contour`."""
        return render.filled_contour(self._surface, **style)

    def contour_lines(self, **style: Any) -> Figure:
        """Labelled lines on white: see :func:`landscape.render.contour_lines`."""
        return render.contour_lines(self._surface, **style)

    def heatmap(self, **style: Any) -> Figure:
        """One cell of colour for each point: see :func:`landscape.render.heatmap`."""
        return render.heatmap(self._surface, **style)

    def surface(self, **style: Any) -> Figure:
        """A shaded 3-D surface (:func:`landscape.render.surface3d`), by PyVista if it can draw."""
        from landscape.render.mesh.offscreen import available

        if style.get("renderer") is None and available():
            style["renderer"] = "pyvista"
        return render.surface3d(self._surface, **style)

    def curve(self, **style: Any) -> Figure:
        """Loss and accuracy along a line: see :func:`landscape.render.curve`."""
        return render.curve(self._surface, **style)

    def trajectory(self, **style: Any) -> Figure:
        """The losses along its trajectories, step by step: see :func:`landscape.render.path`."""
        return render.path(self._surface, **style)

    def barcode(self, **style: Any) -> Figure:
        """Basins and rings as bars from birth to death: see :func:`landscape.render.barcode`."""
        return render.barcode(self._surface, **style)

    def tree(self, **style: Any) -> Figure:
        """The merge tree of its basins: see :func:`landscape.render.tree`."""
        return render.tree(self._surface, **style)

    def profile(self, **style: Any) -> Figure:
        """How wide each basin is, level by level: see :func:`landscape.render.profile`."""
        return render.profile(self._surface, **style)

    def explore(self, **style: Any) -> Explorer:
        """The interactive page in the cell: see :func:`landscape.render.explore`."""
        return render.explore(self._surface, **style)

    def html(self, path: str | Path, **style: Any) -> Path:
        """An interactive page in one file: see :func:`landscape.render.save_page`."""
        return render.save_page([self._surface], path, **style)

    def png(self) -> bytes | None:
        """The picture shown in a notebook: a contour plot, or a curve for a line.

        None where there is nothing to draw, for example with a single point.
        """
        try:
            figure = self.curve() if is_line(self._surface) else self.contour()
        except InputError:
            return None
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=144)
        return stream.getvalue()
