"""A page inside a page: the frame to put into a blog or documentation."""

from __future__ import annotations

import html
import os
from pathlib import Path


def frame(path: str | os.PathLike[str], title: str = "Loss landscape", height: int = 520) -> str:
    """The ``<iframe>`` that shows a page, compact if it was written with ``embed=True``.

    >>> frame("mine.html", height=400).split(" ")[:2]
    ['<iframe', 'src="mine.html"']
    """
    source, words = html.escape(Path(path).name), html.escape(title)
    size = f'width="100%" height="{height}" loading="lazy"'
    return f'<iframe src="{source}" title="{words}" {size}></iframe>'
