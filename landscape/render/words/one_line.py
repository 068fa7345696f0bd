"""The caption in one line: data, examples, and what is cut off."""

from __future__ import annotations

from collections.abc import Sequence

from landscape.render.heights import Heights
from landscape.render.words.captions import origin


def in_one_line(panels: Sequence[Heights], said: Sequence[str] = ()) -> list[str]:
    """The caption of all panels together, in versions of the same meaning, the longest first.

    ``CIFAR-10, about 1,340 of 4,660 training images; 88 of 2,601 points clipped at 7 nats.``

    ``said``: what else must be said, such as that a run is unfinished.
    """
    versions = []
    for whole, total in ((True, True), (False, True), (False, False)):
        sources = dict.fromkeys(origin(p.surface, p.quantity, whole=whole) for p in panels)
        parts = [*filter(None, sources), *_left_out(panels, total), *dict.fromkeys(said)]
        text = "; ".join(part.rstrip(".") for part in parts)
        versions.append(f"{text}." if text else "")
    for words, shorter in _SHORTER:
        versions.append(versions[-1].replace(words, shorter))
    return list(dict.fromkeys(versions))


_SHORTER = (
    (" points clipped at ", " points above "),
    (" point clipped at ", " point above "),
    ("handwritten digits", "digits"),
    (" training images", " images"),
)


def _left_out(panels: Sequence[Heights], total: bool) -> list[str]:
    """``88 and 31 of 2,601 points clipped at 7 nats``: a number for each panel."""
    words = dict.fromkeys(word for panel in panels for word in panel.left_out)
    sizes = {panel.values.size for panel in panels}
    of = f" of {sizes.pop():,}" if total and len(sizes) == 1 else ""
    found = []
    for word in words:
        *most, last = (f"{panel.left_out.get(word, 0):,}" for panel in panels)
        counts = " and ".join([", ".join(most), last] if most else [last])
        noun = "point" if counts == "1" and not of else "points"
        found.append(f"{counts}{of} {noun} {word}")
    return found
