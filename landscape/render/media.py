"""Write surfaces to a file whose suffix decides the medium: figure, page, mesh or movie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape.atomic import replacing
from landscape.errors import InputError, unknown_choice
from landscape.render.figure.options import MapLook, Quantified, SpaceLook, check_dpi
from landscape.render.resolve import GALLERY
from landscape.render.styles import STYLES
from landscape.surface import Surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Files are reproducible: no date inside.
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}
_DESCRIPTION = {"pdf": "Subject", "svg": "Description", "png": "Description"}


@dataclass(frozen=True)
class Written:
    """A file, and the full caption of the figure in it, empty for other media."""

    path: Path
    caption: str = ""


@dataclass(frozen=True)
class Medium:
    """The medium of a suffix: its writer, and the styles and options that it supports.

    ``writer`` is a function of a module of :mod:`landscape.render`, imported when it writes.
    """

    writer: str
    styles: tuple[str, ...]
    options: frozenset[str]

    def write(self, *args: Any, **options: Any) -> Written:
        """Call the writer."""
        module, _, function = self.writer.partition(":")
        write = getattr(import_module(f"landscape.render.{module}"), function)
        done = write(*args, **options)
        return done if isinstance(done, Written) else Written(done)


def save(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
    style: str | None = None,
    **options: Any,
) -> Path:
    """Draw surfaces side by side into a file whose suffix decides the medium.

    Parameters
    ----------
    path
        ``.png``, ``.pdf`` and ``.svg`` are figures (:func:`landscape.render.side_by_side`),
        ``.html`` is a page (:func:`landscape.render.save_page`, and of style ``gallery``
        :func:`landscape.render.save_gallery`), ``.vtp``, ``.vts``, ``.glb``,
        ``.obj``, ``.ply`` and ``.stl`` are meshes (:mod:`landscape.render.mesh`), ``.gif`` and
        ``.mp4`` are movies (:mod:`landscape.render.movie`).
    style
        ``contour``, ``filled``, ``lines``, ``heatmap``, ``surface``, ``curve``, ``path``,
        ``barcode``, ``tree``, ``profile`` or ``gallery``; None chooses one that suits
        the surfaces and the medium.
    options
        Those of the function above; for figures also ``dpi`` and ``transparent``, see
        :func:`save_figure`. A ``.png`` of style ``surface`` is drawn by PyVista if it is
        installed and can draw, unless ``renderer`` says otherwise.

    Raises
    ------
    InputError
        If the suffix, the style or an option is unknown to the medium, the surfaces cannot be
        drawn, or the file cannot be written.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> render.save(open_surface("example:digits_between"), "line.svg").name
    'line.svg'
    """
    return write(surfaces, path, style, **options).path


def write(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
    style: str | None = None,
    **options: Any,
) -> Written:
    """As :func:`save`; also the full caption of a figure."""
    target = Path(path)
    medium = MEDIA.get(target.suffix.lower())
    if medium is None:
        came = target.suffix or "no suffix"
        raise InputError(f"{target}: {came}; expected a file ending in one of {', '.join(MEDIA)}")
    if style is not None and style not in (*STYLES, GALLERY):
        raise unknown_choice("style", style, (*STYLES, GALLERY))
    if style is not None and style not in medium.styles:
        raise InputError(
            f"style {style} is not supported for {target.suffix} files; "
            f"expected one of {', '.join(medium.styles)}"
        )
    strange = sorted(set(options) - medium.options)
    if strange:
        raise InputError(
            f"option {', '.join(strange)} does not apply to {target.suffix} files; "
            f"expected some of {', '.join(sorted(medium.options))}"
        )
    several = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    return medium.write(several, target, style, **options)


def save_figure(
    figure: Figure,
    path: str | os.PathLike[str],
    *,
    dpi: float | None = None,
    transparent: bool = False,
) -> Path:
    """Write a matplotlib figure as .png, .pdf or .svg, with its fonts embedded.

    Parameters
    ----------
    dpi
        Dots per inch of a .png, 300 unless given.
    transparent
        Whether the background is transparent.

    Raises
    ------
    InputError
        If the suffix is a different one, dpi is not between 1 and 2400, or the file cannot be
        written.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> figure = render.curve(open_surface("example:digits_between"))
    >>> render.save_figure(figure, "line.png", dpi=100).name
    'line.png'
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in _METADATA:
        known = ", ".join(f".{k}" for k in _METADATA)
        raise InputError(f"{target}: expected a figure file ending in one of {known}")
    check_dpi(dpi)
    import matplotlib as mpl

    from landscape.render.figure.style import STYLE

    fonts: Any = {k: STYLE[k] for k in ("pdf.fonttype", "svg.fonttype", "svg.hashsalt")}

    metadata = dict(_METADATA[kind])
    description = getattr(figure, "description", "")
    if description:
        metadata[_DESCRIPTION[kind]] = description
    look: dict[str, Any] = {"dpi": dpi or 300, "transparent": transparent}
    with replacing(target) as temporary, mpl.rc_context(fonts):
        figure.savefig(temporary, format=kind, metadata=metadata, **look)
    return target


def write_figure(
    surfaces: Sequence[Surface],
    path: Path,
    style: str | None,
    *,
    dpi: float | None = None,
    transparent: bool = False,
    renderer: str | None = None,
    **options: Any,
) -> Written:
    from landscape.render.figure.side_by_side import side_by_side
    from landscape.render.mesh.offscreen import available

    check_dpi(dpi)  # before seconds of drawing are wasted
    if style == "surface" and renderer is None and path.suffix.lower() == ".png" and available():
        renderer = "pyvista"
    figure = side_by_side(surfaces, style, renderer=renderer, **options)
    save_figure(figure, path, dpi=dpi, transparent=transparent)
    return Written(path, getattr(figure, "description", ""))


def write_page(surfaces: Sequence[Surface], path: Path, style: str | None, **options: Any) -> Path:
    if style == GALLERY:
        from landscape.render.gallery import save_gallery

        return save_gallery(surfaces, path, **options)
    from landscape.render.page import save_page

    return save_page(surfaces, path, style=style, **options)


_SPACE = frozenset(SpaceLook.__annotations__)
_DRAWN = frozenset({"interpolate", "renderer"})
_NAMED = frozenset({"columns", "row_titles", "column_titles"})
_PAPER = _NAMED | {"dpi", "transparent", *MapLook.__annotations__}
_FIGURE = Medium("media:write_figure", tuple(STYLES), _SPACE | _DRAWN | _PAPER)
_SHAPE = frozenset({"height_ratio", *Quantified.__annotations__})
_MODEL = Medium(
    "mesh.model_files:write_model", ("surface",), _SHAPE | {"interpolate", "cmap", "title"}
)
_PRINT = Medium(
    "mesh.print_file:write_print", ("surface",), _SHAPE | {"interpolate", "width_mm", "base_mm"}
)
_TIME = frozenset({"movie", "frames", "fps", "seconds", "dpi"})
_MOVIE = Medium("movie.film:write_movie", ("surface",), _SPACE | _DRAWN | _TIME)
_GRID = Medium("mesh.grid_files:write_grid", ("surface",), _SHAPE)

MEDIA: dict[str, Medium] = {
    ".png": _FIGURE,
    ".pdf": _FIGURE,
    ".svg": _FIGURE,
    ".html": Medium(
        "media:write_page", ("contour", "surface", "curve", GALLERY), _SPACE | {"embed"}
    ),
    ".vtp": _GRID,
    ".vts": _GRID,
    ".glb": _MODEL,
    ".obj": _MODEL,
    ".ply": _MODEL,
    ".stl": _PRINT,
    ".gif": _MOVIE,
    ".mp4": _MOVIE,
}
