"""Where a surface comes from, in plain words: titles, captions and axis labels.

Every attribute may be absent or of an unexpected kind; what is not known is left out. Of a path
only the last part is shown: folders of the machine that computed it say nothing to a reader.
"""

from __future__ import annotations

import re

from landscape.render.shown import Shown, split_of, split_words
from landscape.surface import Surface

_SHORTCUTS = {
    "none": "without shortcuts",
    "identity": "with identity shortcuts",
    "projection": "with projection shortcuts",
}
_DATA = {"cifar10": "CIFAR-10", "digits": "handwritten digits"}
_ORDINAL = {"x": "first", "y": "second"}
_IGNORED = {
    "biasbn": "biases and batch normalization are not moved",
    "bias": "biases are not moved",
    "bn": "batch normalization is not moved",
}


def _text(surface: Surface, key: str) -> str:
    value = surface.attributes.get(key, "")
    return str(value).strip()


def _whole(surface: Surface, key: str) -> int:
    value = surface.attributes.get(key, 0)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def base_name(path: str) -> str:
    """The last part of a path of any system.

    >>> base_name("/data/someone/subset.npz"), base_name("C:\\\\data\\\\subset.npz")
    ('subset.npz', 'subset.npz')
    """
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def network(surface: Surface) -> str:
    """``ResNet-56 without shortcuts``, or nothing if the network is not known."""
    model = base_name(_text(surface, "model"))
    model = re.sub(r"^resnet-?(\d+)$", r"ResNet-\1", model, flags=re.IGNORECASE)
    model = re.sub(r"^vgg-?(\d+)$", r"VGG-\1", model, flags=re.IGNORECASE)
    shortcuts = _text(surface, "shortcuts")
    if not shortcuts:
        return model
    return f"{model or 'network'} {_SHORTCUTS.get(shortcuts, f'with shortcuts {shortcuts!r}')}"


def name_of(surface: Surface) -> str:
    """What a panel and an error message call this surface: its title, its network, its size."""
    size = " × ".join(str(axis.size) for axis in surface.grid.axes.values())
    return _text(surface, "title") or network(surface) or f"a surface of {size} points"


def data(surface: Surface) -> str:
    """``CIFAR-10 (subset.npz)``, or nothing if the data are not known."""
    source, _, path = _text(surface, "data").partition(":")
    if not source:
        return ""
    # A bare path has no source before its colon (or is "C" of a drive).
    if re.search(r"[/\\]", source) or len(source) == 1:
        return base_name(_text(surface, "data"))
    words = _DATA.get(source, source)
    return f"{words} ({base_name(path)})" if path else words


def examples(surface: Surface, quantity: Shown) -> str:
    """``1,000 of 4,660 training images``, or nothing if the number is not known.

    Where every point took as many as it needed, ``about 180 per point of 4,660 training images``.
    """
    split = split_of(quantity.name)
    prefix = f"{split}_" if split else ""
    count = _whole(surface, f"{prefix}examples")
    if count < 1:
        return ""
    population = _whole(surface, f"{prefix}population")
    source = _text(surface, "data").partition(":")[0]
    noun = "images" if source in _DATA else "examples"
    split_name = split_words(quantity.name)
    if not split:
        recorded = _text(surface, "split")
        split_name = {"train": "training"}.get(recorded, recorded)
    number = f"{count:,} of {population:,}" if population > count else f"{count:,}"
    words = " ".join(filter(None, (number, split_name, noun)))
    taken = surface.values.get(f"{prefix}count")
    if taken is None or not surface.done.any() or "tolerance_relative" not in surface.attributes:
        return words
    mean = float(taken[surface.done].mean())
    about = f"{round(mean, -1):,.0f}" if mean >= 100 else f"{mean:.0f}"
    rest = " ".join(filter(None, (f"{max(population, count):,}", split_name, noun)))
    return f"about {about} per point of {rest}"


def _direction(surface: Surface, axis: str) -> str:
    kind = str(surface.axes.get(axis, {}).get("kind", "")).strip()
    ordinal = _ORDINAL.get(axis, axis) if len(surface.grid.axes) > 1 else "the"
    ordinal = ordinal if ordinal == "the" else f"the {ordinal}"
    if not kind:
        return f"{ordinal} direction"
    if kind.startswith("random"):
        return f"{ordinal} random direction"
    return f"{ordinal} direction ({base_name(kind)})"


def _normalization(surface: Surface, axis: str) -> str:
    how = str(surface.axes.get(axis, {}).get("normalization", "")).strip()
    return "" if how in ("", "none") else f"{how}-normalized"


def axis_label(surface: Surface, axis: str) -> str:
    """``multiples of the first random direction, filter-normalized``."""
    parts = (f"multiples of {_direction(surface, axis)}", _normalization(surface, axis))
    return ", ".join(filter(None, parts))


def axis_name(surface: Surface, axis: str) -> str:
    """``first random direction``: the label where there is no room for the long one."""
    return _direction(surface, axis).removeprefix("the ")


def brief(surface: Surface, quantity: Shown) -> str:
    """One line on the data behind the values; nothing if not known."""
    source, number = data(surface), examples(surface, quantity)
    if source and number:
        return f"{source}, {number}."
    return f"{source or number}." if (source or number) else ""


def full(surface: Surface, quantity: Shown) -> str:
    """The caption of a panel: what is shown, on which data, along which directions."""
    sentences = []
    subject = quantity.label[:1].upper() + quantity.label[1:]
    known = network(surface)
    source, number = data(surface), examples(surface, quantity)
    first = f"{subject} of {known}" if known else subject
    if number:
        first += f" on {number}" + (f" of {source}" if source else "")
    elif source:
        first += f" on {source}"
    sentences.append(first)
    sentences.append(_directions(surface))
    ignored = {str(a.get("ignore", "")).strip() for a in surface.axes.values()}
    if len(ignored) == 1 and (words := _IGNORED.get(next(iter(ignored)))):
        sentences.append(words[:1].upper() + words[1:])
    return " ".join(f"{s.rstrip('.')}." for s in sentences if s)


def _directions(surface: Surface) -> str:
    axes = list(surface.grid.axes)
    kinds = {str(surface.axes[a].get("kind", "")).strip() for a in axes}
    norms = {_normalization(surface, a) for a in axes}
    seeds = [str(surface.axes[a]["seed"]) for a in axes if "seed" in surface.axes[a]]
    if len(norms) == 1 and len(kinds) == 1 and next(iter(kinds)).startswith("random"):
        how = next(iter(norms))
        noun = "directions" if len(axes) > 1 else "direction"
        words = " ".join(filter(None, (how, "random", noun)))
        words = f"{'Two' if len(axes) > 1 else 'One'} {words}"
    else:
        words = "; ".join(f"{a}: {axis_label(surface, a)}" for a in axes)
    if seeds:
        different = list(dict.fromkeys(seeds))
        words += f", seed{'s' if len(different) > 1 else ''} " + " and ".join(different)
    if "multiples" in words:
        return words
    return words + (
        "; the axes count multiples of them"
        if len(axes) > 1
        else "; the axis counts multiples of it"
    )
