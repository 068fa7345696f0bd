"""Surfaces in a notebook: an interactive page in the cell, and a picture that refines itself."""

from __future__ import annotations

import html
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscape.errors import InputError, argument
from landscape.extras import library
from landscape.render.figure.options import SpaceLook, takes
from landscape.render.figure.side_by_side import side_by_side
from landscape.render.opened import opened
from landscape.render.page.document import page_html
from landscape.render.page.save import first_data
from landscape.render.page.sequence import in_order
from landscape.render.words.names import names_of
from landscape.surface import Surface

if TYPE_CHECKING:
    from typing_extensions import Unpack

_HEIGHT = 720


class Explorer:
    """A page that a notebook shows in its cell, without a server; also in exported HTML."""

    def __init__(self, page: str, words: str, height: int) -> None:
        self.page = page
        self._words, self._height = words, height

    def _repr_html_(self) -> str:
        # In srcdoc the page is a document of its own: neither its styles nor its scripts meet
        # those of the notebook.
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" title="{html.escape(self._words)}" '
            f'width="100%" height="{self._height}" style="border: 0" allowfullscreen></iframe>'
        )

    def __repr__(self) -> str:
        return f"<{self._words}>"


@takes(SpaceLook)
def explore(
    surfaces: Surface | Sequence[Surface],
    *,
    style: str | None = None,
    height: int = _HEIGHT,
    **look: Unpack[SpaceLook],
) -> Explorer:
    """The interactive page of :func:`landscape.render.save_page`, inside a notebook.

    It works in Jupyter, VS Code and Colab, offline, and in HTML that is exported from the notebook,
    which grows by the size of the page.

    Parameters
    ----------
    style
        The initial view of planes: ``surface`` (also for None) or ``contour``.
    height
        Of the page in the notebook, in pixels.

    Raises
    ------
    InputError
        If nothing can be drawn, an option is unknown, or the height is not from 200 to 4000.

    Examples
    --------
    >>> from landscape import open_surface, render
    >>> render.explore(open_surface("example:digits_eigen_ratio"), style="contour")
    <interactive page: ResNet-56 with shortcuts>
    """
    if not 200 <= height <= 4000:
        raise InputError(f"{argument('height', height)}: expected from 200 to 4000 pixels")
    several = in_order([surfaces] if isinstance(surfaces, Surface) else list(surfaces))
    page = page_html(first_data(several, several, style, look))
    return Explorer(page, f"interactive page: {', '.join(names_of(several))}", height)


@contextmanager
def refining(
    path: str | os.PathLike[str], style: str | None = None, *, every_s: float = 2.0, **look: Any
) -> Iterator[None]:
    """Show in the cell of a notebook how a surface fills while it is sampled into ``path``.

    The picture is that of :func:`landscape.render.side_by_side`, drawn again whenever the file has
    changed, from coarse to fine. ``every_s``: seconds between two looks at the file. Raises a
    MissingExtra without IPython.

    Examples
    --------
    >>> from landscape import render, sample_surface
    >>> with render.refining("mine.h5"):
    ...     surface = sample_surface(problem, "-1:1:5", "-1:1:3", path="mine.h5", progress=False)
    waiting for mine.h5
    """
    show = library("IPython.display", "IPython", "notebook", "a picture in a cell").display
    handle = show(_Waiting(f"waiting for {Path(path).name}"), display_id=True)
    stopped = threading.Event()
    seen: tuple[int, int] | None = None

    def look_again() -> None:
        nonlocal seen
        try:
            state = os.stat(path)
            stamp = (state.st_mtime_ns, state.st_size)
            if seen == stamp:
                return
            picture: Any = side_by_side([opened(Path(path))], style, **look)
        except (OSError, InputError) as error:  # nothing there yet, or nothing to draw yet
            picture, stamp = _Waiting(str(error)), (0, 0)
        if handle is not None and seen != stamp:
            handle.update(picture)
        seen = stamp

    def watch() -> None:
        while not stopped.wait(every_s):
            look_again()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()
        look_again()


class _Waiting:
    """A line of text in place of a picture."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __repr__(self) -> str:
        return self._words
