"""Panels with their titles and notes, laid out on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from landscape.render.captions import name_of
from landscape.render.heights import Heights
from landscape.render.sheet import Margins, PanelText, Sheet, lay_out


def panel_sheet(
    panels: Sequence[Heights],
    notes: Sequence[Sequence[str]],
    margins: Margins,
    aspect: float,
    title: str | None,
    *,
    width: float,
    columns: int,
    bar: float,
    projection: str | None = None,
    foot: float = 0.0,
) -> Sheet:
    """Axes for each panel; ``title`` heads the only panel, or all if there are more."""
    alone = len(panels) == 1 and title is not None
    texts = [
        PanelText(str(title) if alone else name_of(panel.surface), panel_notes)
        for panel, panel_notes in zip(panels, notes, strict=True)
    ]
    heading = None if alone else title
    look: dict[str, Any] = {"aspect": aspect, "bar": bar, "projection": projection, "foot": foot}
    return lay_out(texts, margins, width=width, columns=columns, title=heading, **look)
