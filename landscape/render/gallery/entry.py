"""One surface of a gallery."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from landscape.render.opened import opened
from landscape.surface import Surface


@dataclass(frozen=True, eq=False)
class Entry:
    """A surface as shown in a gallery.

    Attributes
    ----------
    surface
        The surface, the path of its file, or ``example:NAME``.
    title
        Replaces the title stored in the file, or the name of its network.
    lines
        Text below the two sentences, one paragraph each: for example an error on other data, or
        where the network comes from.

    Examples
    --------
    >>> from landscape.render import Entry
    >>> entry = Entry("example:resnet56", title="With shortcuts", lines=("Test error 6.9%.",))
    """

    surface: Surface | str | os.PathLike[str]
    title: str | None = None
    lines: Sequence[str] = ()

    def opened(self) -> Surface:
        """The surface, under the title of the entry.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        given = self.surface
        surface = given if isinstance(given, Surface) else opened(os.fspath(given))
        if self.title is None:
            return surface
        return replace(surface, attributes={**surface.attributes, "title": self.title})
