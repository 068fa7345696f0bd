"""The suffix of a file decides what it becomes: a figure or a page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape.atomic import replacing
from landscape.errors import InputError, unknown_choice
from landscape.render.choice import STYLES
from landscape.surface import Surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A file that is made twice is the same twice: no date inside.
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


@dataclass(frozen=True)
class Medium:
    """What a suffix stands for: its writer, and the styles and options that it knows."""

    write: Callable[..., Path]
    styles: tuple[str, ...]
    options: frozenset[str]


def save(
    surfaces: Surface | Sequence[Surface],
    path: str | os.PathLike[str],
    style: str | None = None,
    **options: Any,
) -> Path:
    """Draw surfaces side by side into a file of the kind that its suffix names.

    Parameters
    ----------
    path
        ``.png``, ``.pdf`` and ``.svg`` are figures (:func:`landscape.render.side_by_side`),
        ``.html`` is a page (:func:`landscape.render.save_page`).
    style
        ``contour``, ``surface`` or ``curve``; None is what suits the surfaces and the medium.
    options
        Those of the function above, and ``dpi`` for figures.

    Raises
    ------
    InputError
        If the suffix, the style or an option is unknown to the medium, the surfaces cannot be
        drawn, or the file cannot be written.
    """
    target = Path(path)
    medium = MEDIA.get(target.suffix.lower())
    if medium is None:
        came = target.suffix or "no suffix"
        raise InputError(f"{target}: {came}; expected a file ending in one of {', '.join(MEDIA)}")
    if style is not None and style not in STYLES:
        raise unknown_choice("style", style, STYLES)
    if style is not None and style not in medium.styles:
        raise InputError(
            f"style {style} and {target.suffix} do not go together: "
            f"{target.suffix} files know {', '.join(medium.styles)}"
        )
    strange = sorted(set(options) - medium.options)
    if strange:
        raise InputError(
            f"option {', '.join(strange)} does not apply to {target.suffix} files: "
            f"they know {', '.join(sorted(medium.options))}"
        )
    several = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    return medium.write(several, target, style, **options)


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float | None = None) -> Path:
    """Write a matplotlib figure as .png, .pdf or .svg, with its fonts embedded.

    Parameters
    ----------
    dpi
        Dots per inch of a .png, 300 unless given.

    Raises
    ------
    InputError
        If the suffix is another one, dpi is not between 1 and 2400, or it cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in _METADATA:
        known = ", ".join(f".{k}" for k in _METADATA)
        raise InputError(f"{target}: a figure can be saved as one of {known}")
    if dpi is not None and not 1 <= dpi <= 2400:
        raise InputError(f"dpi {dpi:g}: expected between 1 and 2400")
    import matplotlib as mpl

    from landscape.render.style import STYLE

    fonts: Any = {k: STYLE[k] for k in ("pdf.fonttype", "svg.fonttype", "svg.hashsalt")}

    with replacing(target) as temporary, mpl.rc_context(fonts):
        figure.savefig(temporary, format=kind, dpi=dpi or 300, metadata=_METADATA[kind])
    return target


def _write_figure(
    surfaces: Sequence[Surface],
    path: Path,
    style: str | None,
    *,
    dpi: float | None = None,
    **options: Any,
) -> Path:
    from landscape.render.figures import side_by_side

    return save_figure(side_by_side(surfaces, style, **options), path, dpi=dpi)


def _write_page(surfaces: Sequence[Surface], path: Path, style: str | None, **options: Any) -> Path:
    from landscape.render.page import save_page

    return save_page(surfaces, path, style=style, **options)


_COMMON = frozenset({"quantity", "scale", "clip", "levels", "cmap", "title", "norm_range"})
_VIEW = frozenset({"elevation", "azimuth"})
_FIGURE = Medium(_write_figure, STYLES, _COMMON | _VIEW | {"dpi"})

MEDIA: dict[str, Medium] = {
    ".png": _FIGURE,
    ".pdf": _FIGURE,
    ".svg": _FIGURE,
    ".html": Medium(_write_page, STYLES, _COMMON | _VIEW),
}
