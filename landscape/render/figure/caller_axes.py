"""Text around axes provided by the caller: wrapped to their size, in the caller's style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from landscape.render.figure.style import wrap
from landscape.render.words.captions import name_of
from landscape.surface import Surface


def write_around(
    axes: Any, surface: Surface, title: str | None, below: str, notes: Sequence[str]
) -> Figure:
    """Set the title, and the label of the x axis with the notes below it; the axes' figure."""
    axes.set_title(name_of(surface) if title is None else title, parse_math=False)
    width, _ = _inches(axes)
    size = axes.xaxis.label.get_fontsize()
    lines = [line for text in (below, *notes) for line in wrap(text, width, size)]
    axes.set_xlabel("\n".join(lines), parse_math=False)
    figure: Figure = axes.figure
    return figure


def write_beside(axes: Any, words: str) -> None:
    """Set the label of the y axis."""
    _, height = _inches(axes)
    lines = wrap(words, height, axes.yaxis.label.get_fontsize())
    axes.set_ylabel("\n".join(lines), parse_math=False)


def _inches(axes: Any) -> tuple[float, float]:
    box = axes.get_position()
    width, height = axes.figure.get_size_inches()
    return box.width * width, box.height * height
