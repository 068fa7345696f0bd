"""A gallery as one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from landscape.errors import InputError
from landscape.render.figure.options import SpaceLook, takes
from landscape.render.gallery.entry import Entry
from landscape.render.gallery.numbers import numbers
from landscape.render.gallery.sentences import sentences
from landscape.render.gallery.siblings import siblings
from landscape.render.page.save import first_data, write_page
from landscape.render.resolve import one_kind, quantity_of_all
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack


@takes(SpaceLook)
def save_gallery(
    entries: Sequence[Entry | Surface | str | os.PathLike[str]],
    path: str | os.PathLike[str],
    **look: Unpack[SpaceLook],
) -> Path:
    """Write one self-contained HTML file with many planes that works offline.

    Each has its title, its surface in space, its numbers and two sentences on what to look at
    (:func:`~landscape.render.gallery.numbers.numbers`,
    :func:`~landscape.render.gallery.sentences.sentences`). All share one scale of height and
    colour, and turn together. A browser draws those near the view, at most eight at a time; the
    others are still pictures until then. The file holds plotly.js once, 4.8 MB, and some 100 kB for
    each surface of 51×51 points with loss, accuracy and their errors. The options set what the
    page initially shows; ``title`` is its heading, by default the number of surfaces, ``cmap``
    a colour scale of plotly.

    Parameters
    ----------
    entries
        Planes, in the order of the page; put two that are to be compared next to each other. A
        surface, or the path of its file, is an entry without text of its own.

    Raises
    ------
    InputError
        If there is no entry, a file cannot be read, lines are among the planes, a surface lacks
        the quantity, no surface holds a finite value, or the file cannot be written.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> render.save_gallery(["example:digits_eigen_ratio"], "gallery.html").name
    'gallery.html'
    """
    wanted = [entry if isinstance(entry, Entry) else Entry(entry) for entry in entries]
    surfaces = [entry.opened() for entry in wanted]
    one_kind(surfaces, "surface")
    name = quantity_of_all(surfaces, look.get("quantity"))
    # A surface that diverged everywhere is shown with a note, but does not affect the scale.
    drawn = [s for s in surfaces if (s.done & np.isfinite(s[name])).any()]
    if not drawn:
        raise InputError(
            f"none of {len(surfaces)} surfaces has a finite {name}; expected at least one"
        )
    heading = look.get("title") or f"{len(surfaces)} loss landscape{'s' * (len(surfaces) != 1)}"
    first: SpaceLook = {**look, "quantity": name, "title": heading}
    data = first_data(surfaces, drawn, "surface", first)
    data["layout"] = "gallery"
    besides = siblings(surfaces)
    for panel, entry, surface, sibling in zip(
        data["panels"], wanted, surfaces, besides, strict=True
    ):
        panel["numbers"] = [[n.label, n.value, n.why] for n in numbers(surface)]
        panel["look"] = list(sentences(surface, sibling))
        panel["lines"] = [str(line) for line in entry.lines]
    return write_page(data, path)
