"""Who draws a surface in space."""

from __future__ import annotations

from landscape.errors import unknown_choice

RENDERERS = ("pyvista", "matplotlib")


def checked_renderer(renderer: str) -> str:
    """The renderer itself.

    Raises
    ------
    InputError
        If it is not one of :data:`RENDERERS`.
    """
    if renderer not in RENDERERS:
        raise unknown_choice("renderer", renderer, RENDERERS)
    return renderer
