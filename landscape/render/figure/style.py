"""The look of figures: sizes in inches, a sans-serif font, and text at its final size.

Figures are made without pyplot, so that drawing leaves no global state and opens no window; they
show themselves in a notebook.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib import patheffects
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from landscape.errors import unknown_choice

TEXT_SIZE = 7.5
TITLE_SIZE = 8.5
HEADING_SIZE = 9.5
CAPTION_SIZE = 7.0
LINE = 0.135
"""Height of one line of text, in inches."""

DEFAULT_CMAP = "viridis"
DIVERGING_CMAP = "RdBu_r"
HOLE_COLOUR = "#e8e8e8"
LOSS_COLOUR = "#0072B2"
ACCURACY_COLOUR = "#D55E00"

MARK: dict[str, Any] = {
    "marker": "o",
    "markersize": 4,
    "markerfacecolor": "white",
    "markeredgecolor": "black",
    "markeredgewidth": 0.8,
    "linestyle": "none",
}
"""Marker of the lowest point."""

HALO = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.85)]
"""Keeps dark lines visible on dark and light shades."""

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": TEXT_SIZE,
    "axes.titlesize": TITLE_SIZE,
    "axes.labelsize": TEXT_SIZE,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "legend.fontsize": TEXT_SIZE,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "axes.labelpad": 1.5,
    "lines.linewidth": 1.3,
    "axes.grid": False,
    **{f"axes.spines.{side}": True for side in ("left", "right", "top", "bottom")},
    "savefig.bbox": "standard",
    "savefig.transparent": False,
    "savefig.facecolor": "white",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "text.usetex": False,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "landscape",
    "hatch.linewidth": 0.5,
}


class StyledFigure(Figure):
    """A figure that always draws in its own style, because ticks are only created on drawing."""

    description: str = ""
    """The description stored in the metadata of saved files."""

    def draw(self, renderer: Any) -> None:
        """Draw under :data:`STYLE`."""
        with mpl.rc_context(STYLE):
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save under :data:`STYLE`, by default at 300 dots per inch."""
        options.setdefault("dpi", 300)
        with mpl.rc_context(STYLE):
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=150)
        return stream.getvalue()


def new_figure(width: float, height: float) -> StyledFigure:
    """An empty figure of the given size in inches, with a canvas."""
    figure = StyledFigure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def colour_map(name: str | None) -> Any:
    """The named colour map, with holes in light grey.

    Raises an InputError if matplotlib has no such colour map.
    """
    chosen = name or DEFAULT_CMAP
    if chosen not in mpl.colormaps:
        usual = ["viridis", "cividis", "plasma", "magma", "inferno", "gray", DIVERGING_CMAP]
        raise unknown_choice("colour map", chosen, usual, mpl.colormaps, "matplotlib's")
    return mpl.colormaps[chosen].with_extremes(bad=HOLE_COLOUR)


def text_width(line: str, size: float = TEXT_SIZE) -> float:
    """The width of a line of text in inches."""
    font = FontProperties(family="DejaVu Sans", size=size)
    return float(TextToPath().get_text_width_height_descent(line, font, False)[0]) / 72


def wrap(text: str, width: float, size: float = TEXT_SIZE) -> list[str]:
    """Break text into lines of at most ``width`` inches at this font size (points)."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.replace("\t", " ").split(" "):  # no-break spaces stay together
            longer = f"{line} {word}".strip()
            if line and text_width(longer, size) > width:
                lines.append(line)
                longer = word
            line = longer
            while text_width(line, size) > width and len(line) > 1:
                cut = len(line) - 1
                while cut > 1 and text_width(line[:cut], size) > width:
                    cut -= 1
                lines.append(line[:cut])
                line = line[cut:]
        if line:
            lines.append(line)
    return lines
