"""The caption in one line: data, examples, and what is cut off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from landscape.render.heights import Heights
from landscape.render.words.captions import averaged, origin


def in_one_line(panels: Sequence[Heights], said: Sequence[str] = ()) -> list[str]:
    """The caption of all panels together, in versions of the same meaning, the longest first.

    ``CIFAR-10, about 1,340 and 190 of 4,660 training images per point; 88 and 31 of 2,601 points
    clipped at 7 nats.``

    ``said``: what else must be said, such as that a run is unfinished.
    """
    versions = []
    for whole, total in ((True, True), (False, True), (False, False)):
        sources = _together([origin(p.surface, p.quantity, whole=whole) for p in panels])
        draws = dict.fromkeys(averaged(p.surface, p.quantity) for p in panels)
        means = [f"{words[0].lower()}{words[1:]}" for words in draws if words]
        parts = [*sources, *means, *_left_out(panels, total), *dict.fromkeys(said)]
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
    (" per point", " a point"),
    ("about ", "≈"),
)


def _together(sources: Sequence[str]) -> list[str]:
    """The origins of all panels; one where they differ in the average number of examples alone."""
    apart = [re.split(r"(?<=about )([\d,]+)", source, maxsplit=1) for source in sources]
    if len({(*part[:1], *part[2:]) for part in apart}) > 1 or len(apart[0]) == 1:
        return [source for source in dict.fromkeys(sources) if source]
    before, _, after = apart[0]
    numbers = [number for _, number, _ in apart]
    if len(set(numbers)) == 1:
        return list(sources[:1])
    if len(numbers) < 4:
        return [f"{before}{listed(numbers)}{after}"]
    values = sorted(numbers, key=lambda number: int(number.replace(",", "")))
    return [f"{before}{values[0]} to {values[-1]}{after}"]


def listed(words: Sequence[str]) -> str:
    """``1, 2 and 3``."""
    *most, last = words
    return " and ".join([", ".join(most), last] if most else [last])


def _left_out(panels: Sequence[Heights], total: bool) -> list[str]:
    """``88 and 31 of 2,601 points clipped at 7 nats``: a number for each panel."""
    words = dict.fromkeys(word for panel in panels for word in panel.left_out)
    sizes = {panel.values.size for panel in panels}
    of = f" of {sizes.pop():,}" if total and len(sizes) == 1 else ""
    found = []
    for word in words:
        counts = listed([f"{panel.left_out.get(word, 0):,}" for panel in panels])
        noun = "point" if counts == "1" and not of else "points"
        found.append(f"{counts}{of} {noun} {word}")
    return found
